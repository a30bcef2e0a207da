package values

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/ci/testenv"
)

func TestImages(t *testing.T) {
	digest := "sha256:" + strings.Repeat("0123456789abcdef", 4)
	for _, tt := range []struct{ name, in, want string }{
		{"a mapping", "image:\n  repository: a/b\n  tag: v1\n", "image a/b:v1\n"},
		{"the app's version", "image: {repository: a/b, tag: \"\"}\ncontroller: {image: {repository: a/c}}\n", "image a/b:9.9\ncontroller.image a/c:9.9\n"},
		{"parts", "image: {registry: x.y:5000, repository: a/b, tag: v1, digest: \"" + digest + "\"}\n", "image x.y:5000/a/b:v1@" + digest + "\n"},
		{"a digest that is not used", "image: {repository: a/b, tag: v1, digest: \"" + digest + "\", useDigest: false}\n", "image a/b:v1\n"},
		{"a registry twice", "image: {registry: x.y, repository: x.y/a, tag: 1.10}\n", "image x.y/a:1.10\n"},
		{"a tag in the repository", "image: {repository: \"a:v1\"}\n", "image a:v1\n"},
		{"a digest as tag", "image: {repository: a, tag: \"" + digest + "\"}\n", "image a@" + digest + "\n"},
		{"a name", "image: {name: a/b, tag: 1}\n", "image a/b:1\n"},
		{"another name", "a: {name: b, tag: 1}\nimagePolicy: {name: x}\n", ""},
		{"other keys", "server: {repository: a/b, tag: v1}\nimages: {web: {repo: c, tag: v2}}\n", "server a/b:v1\nimages.web c:v2\n"},
		{"texts", "image: a/b:v1\nsidecarImage: c\nsidecarImageTag: v2\n", "image a/b:v1\nsidecarImage c:v2\n"},
		{"a text with a tag beside it", "cli: {image: a/b, tag: v1}\n", "cli.image a/b:v1\n"},
		{"a text without a tag", "image: nginx\n", "image nginx\n"},
		{"items", "initContainers:\n- {name: x, image: \"a:1\"}\n", "initContainers.0.image a:1\n"},
		{"each once", "a: {image: \"x:1\"}\nb: {image: \"x:1\"}\n", "a.image x:1\n"},
		{"aliases", "a: &a x/y\nimage: {repository: *a, tag: v1}\n", "image x/y:v1\n"},
		{"no images", "repo: {repository: https://x.y/z, tag: v1}\ngit: {repository: a/b}\nimage: true\nimagePullPolicy: Always\nx: {image: \"a b\"}\n", ""},
		{"templates", "image: {repository: \"{{ .Values.x }}\", tag: v1}\n", ""},
		{"odd texts", "a: {image: \"<b>\"}\nb: {image: \"a:<b>\"}\nc: {image: \"a@b\"}\nd: {image: \"\"}\n", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			images, complete := Images(ctx, New([]byte(tt.in)), "9.9")
			var b strings.Builder
			for _, i := range images {
				fmt.Fprintf(&b, "%s %s\n", i.Path, i.Ref)
			}
			if b.String() != tt.want || !complete {
				t.Errorf("got:\n%swant:\n%s", b.String(), tt.want)
			}
		})
	}
}

// TestImagesBounds: not all of a file is looked at, and that is told.
func TestImagesBounds(t *testing.T) {
	late, cancel := context.WithCancel(ctx)
	cancel()
	for name, c := range map[string]struct {
		ctx  context.Context
		in   string
		want int
	}{
		"many":    {ctx, numbered(maxImages+1, "k%d: {image: \"a:%[1]d\"}\n"), maxImages},
		"no YAML": {ctx, "a: [", 0},
		"late":    {late, "image: a", 0},
		"deep":    {ctx, strings.Repeat("{a: ", maxDepth+2) + "{image: x}" + strings.Repeat("}", maxDepth+2), 0},
	} {
		if images, complete := Images(c.ctx, New([]byte(c.in)), ""); len(images) != c.want || complete {
			t.Errorf("%s: %d images, complete: %v", name, len(images), complete)
		}
	}
	testenv.Cheap(t, "many keys", func() { Images(ctx, New([]byte(shapes(maxInput / 2)["keys"])), "1") })
}
