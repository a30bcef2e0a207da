package pages

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"unicode"

	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/templates"
)

// described returns what the pages of a version show, of a chart with more fields in its
// Chart.yaml.
func described(t *testing.T, fields string, more ...string) *versionContent {
	t.Helper()
	c := readArchive(t, append([]string{"Chart.yaml", "apiVersion: v2\nname: mychart\nversion: 0.1.0\n" + fields}, more...)...)
	v := newContent(c.Metadata)
	v.show(t.Context(), newShared(), nil, c)
	return v
}

func TestPageContents(t *testing.T) {
	got := described(t, `
appVersion: "1.2"
kubeVersion: ">=1.20"
description: |
  Some   text
  in lines
home: https://example.com
icon: javascript:alert(1)
type: library
deprecated: true
keywords: [b, a, b, ""]
sources: [../z, https://github.com/x/y]
maintainers:
- {name: A, email: a@example.com, url: "https://example.com/a"}
- {name: B, email: "b@example.com?cc=x@y", url: "ftp://b"}
- {email: c@example.com}
- {url: "javascript:x"}
dependencies:
- {name: redis, version: ^1, repository: "https://charts.example.com", alias: cache, condition: cache.enabled}
- {name: common, version: "2", repository: "oci://example.com/x"}
annotations:
  artifacthub.io/license: MIT
  artifacthub.io/changes: "- a"
`, "values.schema.json", `{"properties":{"replicas":{"type":"integer"}}}`, "crds/a.yaml", crd)
	release := templates.Release{
		Badges:     templates.Badges{Deprecated: true, Library: true},
		AppVersion: "1.2", KubeVersion: ">=1.20", Description: "Some text in lines",
		Home: "https://example.com", Source: "https://github.com/x/y", License: "MIT",
	}
	if !reflect.DeepEqual(got.release, release) {
		t.Errorf("got  %+v\nwant %+v", got.release, release)
	}
	overview := templates.ChartPage{
		APIVersion: "v2",
		Keywords:   []string{"b", "a"},
		Sources:    []templates.Link{{Text: "../z"}, {Text: "https://github.com/x/y", URL: "https://github.com/x/y"}},
		Maintainers: []templates.Maintainer{
			{Name: "A", Email: "mailto:a@example.com", URL: "https://example.com/a"}, {Name: "B"},
			{Name: "c@example.com", Email: "mailto:c@example.com"}, {Name: "javascript:x"},
		},
		Dependencies: []templates.Dependency{
			{Name: "redis", Alias: "cache", Version: "^1", Repository: "https://charts.example.com", URL: "https://charts.example.com", Condition: "cache.enabled"},
			{Name: "common", Version: "2", Repository: "oci://example.com/x"},
		},
		README: &templates.Text{HTML: "<h3 id=\"readme-mychart\">mychart</h3>\n"},
	}
	if !reflect.DeepEqual(got.overview, overview) {
		t.Errorf("got  %+v\nwant %+v", got.overview, overview)
	}
	if fmt.Sprint(got.changes.Said, got.changes.Against) != "[{ [{a []}]}] <nil>" {
		t.Errorf("changes are %+v", got.changes)
	}
	if len(got.raw) != 2 || string(got.raw["values.yaml"]) != "replicas: 1\n" {
		t.Errorf("the raw files are %q", got.raw)
	}
}

func TestDescribeValues(t *testing.T) {
	v := described(t, "", "values.yaml", "replicas: 1 # of pods\nimage: {tag: x}\n", "values.schema.json", `{"properties":{"replicas":{"type":"integer"}}}`)
	want := []templates.ValueGroup{
		{Path: "replicas", Anchor: "L1", Rows: []templates.ValueReference{{Path: "replicas", Anchor: "L1", Type: "integer", Default: "1", Text: "of pods", Line: 1}}},
		{Path: "image", Anchor: "L2", Rows: []templates.ValueReference{{Path: "image.tag", Anchor: "L2-2", Type: "string", Default: `"x"`, Line: 2}}},
	}
	if page := v.values; !reflect.DeepEqual(page.Groups, want) || page.Count != 2 || page.Note != "" {
		t.Errorf("got  %+v\nwant %+v", page, want)
	}
	if page := described(t, "", "values.yaml", "{}").values; page.Count != 0 || page.Note != "" {
		t.Errorf("without values: %+v", page)
	}
	if page := described(t, "", "values.yaml", strings.Repeat("# long\n", 40_000)+"a: 1\n").values; page.Note == "" {
		t.Error("no note says that values.yaml is not read")
	}
}

// TestValueChanges: values that a version changes link to their rows.
func TestValueChanges(t *testing.T) {
	before := readArchive(t, "values.yaml", "a: 1\nb: 1\nc: 1\n")
	c := readArchive(t, "values.yaml", "a: 2\nc: x\nd:\n  e: 1\n")
	v := newContent(c.Metadata)
	v.show(t.Context(), newShared(), before, c)
	d := v.changes.Against
	got := fmt.Sprint(d.ValuesAdded, d.ValuesChanged, d.ValuesRetyped, d.ValuesRemoved)
	if want := `[{d L3  {"e": 1}}] [{a L1 1 2}] [{c L2 1 "x"}] [{b  1 }]`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestDescribeTemplates(t *testing.T) {
	page := described(t, "", "templates/_a.tpl", "x", "crds/a.yaml", crd).templates
	note := page.Files[0]
	want := templates.TemplatesPage{
		Kinds: []templates.TemplateKind{
			{Kind: "ConfigMap", Files: []templates.ValueLink{{Path: "note.yaml", Anchor: "templates/note.yaml"}}}, {Files: []templates.ValueLink{{Path: "_a.tpl", Anchor: "templates/_a.tpl"}}},
		},
		Files: []templates.SourceFile{
			{Path: "templates/note.yaml", Anchor: "templates/note.yaml", Kinds: "ConfigMap", Size: note.Size, Lines: 6, HTML: note.HTML},
			{Path: "templates/_a.tpl", Anchor: "templates/_a.tpl", Size: 1, Lines: 1, HTML: "x"},
		},
		CRDs: []templates.SourceFile{{Path: "crds/a.yaml", Anchor: "crds/a.yaml", Kinds: "Thing", About: "example.com v1, v2", Size: int64(len(crd)), Lines: strings.Count(crd, "\n"), HTML: page.CRDs[0].HTML}},
	}
	if !strings.HasPrefix(string(note.HTML), "<b>apiVersion</b>: v1\n<b>kind</b>: ConfigMap\n") || !strings.Contains(string(page.CRDs[0].HTML), "<b>group</b>: example.com") {
		t.Errorf("got %s, %s", note.HTML, page.CRDs[0].HTML)
	}
	if !reflect.DeepEqual(page, want) {
		t.Errorf("got  %+v\nwant %+v", page, want)
	}
}

func TestBadges(t *testing.T) {
	for _, tt := range []struct {
		version, annotation string
		want                bool
	}{
		{"1.0.0", "", false}, {"1.0.0-rc.1", "", true}, {"v1.0.0-rc.1", "false", true}, {"1.0.0", "true", true}, {"1.0.0", "maybe", false}, {"1.0.0+x-y", "", false}, {"odd", "", false},
	} {
		md := &check.Metadata{Version: tt.version, Annotations: map[string]string{"artifacthub.io/prerelease": tt.annotation}}
		if got := badges(md).Prerelease; got != tt.want {
			t.Errorf("%s, %q: got %v", tt.version, tt.annotation, got)
		}
	}
}

func TestAnnotations(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"changes", "- a\n- kind: fixed\n  description: b\n- kind: added\n  description: |\n    c\n    d\n  links:\n  - {name: n, url: \"https://x\"}\n  - {name: m, url: \"javascript:x\"}\n- kind: Added\n  description: e\n",
			"[{added [{c d [{n https://x} {name: m, url: javascript:x }]} {e []}]} {fixed [{b []}]} { [{a []}]}]"},
		{"changes", "- kind: other\n  description: a\n- kind: [x]\n  description: b\n- kind: added\n- {}\n- ~\n- [c]\n", "[{ [{other: a []} {b []} {kind: added []} {[c] []}]}]"},
		{"changes", "- fix: use x\n- #123 text\n- fixes #124\n- 'quoted' # a comment\n", "[{ [{fix: use x []} {#123 text []} {fixes #124 []} {quoted []}]}]"},
		{"changes", "- fix: a: b\n- @you: look\n- kind: added\n  description: c\n", "[{ [{fix: a: b []} {@you: look []} {kind: added description: c []}]}]"},
		{"changes", "- kind: fixed\n  description: #125 gone\n- kind: fixed\n  description: see #126\n", "[{fixed [{see #126 []}]} { [{kind: fixed description: #125 gone []}]}]"},
		{"changes", "- kind: fixed\n  text: d\n- - nested\n  - list\n", "[{ [{kind: fixed text: d []} {- nested - list []}]}]"},
		{"changes", "[fix: a, {kind: added, text: b}, c]", "[{ [{fix: a []} {kind: added, text: b []} {c []}]}]"},
		{"changes", "fixed: a\nadded: b\n", "[{ [{fixed: a added: b []}]}]"},
		{"changes", "# A comment\n---\n- \"a\" b\n- c\n", "[{ [{\"a\" b []} {c []}]}]"},
		{"changes", "- kind: added\n  description: a\n  links: https://x\n- kind: added\n  description: b\n  links: [https://y, {url: z}]\n", "[{added [{a [{https://x https://x}]} {b [{https://y https://y} {url: z }]}]}]"},
		{"changes", "just a text\nin lines", "[{ [{just a text in lines []}]}]"},
		{"changes", "- &a x\n- *a\n", "[{ [{x []} {x []}]}]"},
		{"changes", "[", "[]"},
		{"changes", "", "[]"},
		{"links", "- {name: a, url: \"https://x/y z\"}\n- {url: \"http://b\"}\n- {name: c}\n- d\n- {name: e, url: [f]}\n- {name: g, url: /h}\n", "[{a https://x/y%20z} {http://b http://b} {{name: c} } {d } {{name: e, url: [f]} } {{name: g, url: /h} }]"},
		{"links", "{name: a, url: \"https://x\"}", "[{a https://x}]"},
		{"links", "- https://x\n- docs: https://y\n- name: z: https://z\n", "[{https://x https://x} {docs: https://y } {name: z: https://z }]"},
		{"images", "- name: a\n  image: x/y:1\n  whitelisted: true\n  platforms: [linux/amd64]\n- image: z\n- name: b\n- c\n", "[{a x/y:1} { z} { name: b} { c}]"},
		{"images", "x", "[{ x}]"},
		{"images", "- image: a: b\n- {name: c}\n", "[{ image: a: b} { {name: c}}]"},
	} {
		md := &check.Metadata{Annotations: map[string]string{"artifacthub.io/" + tt.name: tt.text}}
		var got any
		switch tt.name {
		case "changes":
			got = annotatedChanges(md)
		case "links":
			got = annotatedLinks(md)
		case "images":
			got = annotatedImages(md)
		}
		if fmt.Sprint(got) != tt.want {
			t.Errorf("%s %q: got %v, want %s", tt.name, tt.text, got, tt.want)
		}
	}
}

// TestPageBounds describes a chart with more of everything than a page shows.
func TestPageBounds(t *testing.T) {
	many := func(item string) string { return strings.Repeat(item, 3*maxPageList) }
	md := &check.Metadata{Annotations: map[string]string{
		"artifacthub.io/changes": many("- {kind: added, description: x, links: [" + strings.Repeat("{name: a, url: 'http://b'},", 20) + "]}\n"),
		"artifacthub.io/links":   many("- {name: a, url: 'http://b'}\n"),
		"artifacthub.io/images":  many("- {image: a}\n"),
	}}
	for range 3 * maxPageList {
		md.Sources, md.Keywords = append(md.Sources, "x"), append(md.Keywords, fmt.Sprint(len(md.Keywords)))
	}
	changes := annotatedChanges(md)
	if len(changes) != 1 || len(changes[0].Changes) > maxPageList || len(changes[0].Changes[0].Links) > 10 {
		t.Errorf("%d groups of changes", len(changes))
	}
	for name, n := range map[string]int{
		"links": len(annotatedLinks(md)), "images": len(annotatedImages(md)), "sources": len(sources(md)),
	} {
		if n != maxPageList {
			t.Errorf("%d %s", n, name)
		}
	}
	if n := len(keywords(md)); n != maxKeywords {
		t.Errorf("%d keywords", n)
	}
}

func TestShortened(t *testing.T) {
	for _, tt := range []struct {
		in    string
		limit int
		want  string
	}{
		{"abc", 3, "abc"}, {"abcd", 3, "abc…"}, {"  a \n b ", 9, "a b"}, {"漢漢", 4, "漢…"}, {"漢漢", 6, "漢漢"}, {"a\u202eb\x00c\xff", 9, "abc"}, {"", 3, ""},
		{strings.Repeat(" ", 50) + "x", 3, "…"},
	} {
		if got := shortened(tt.in, tt.limit); got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.in, got, tt.want)
		}
	}
}

func TestURLs(t *testing.T) {
	for in, want := range map[string]string{
		"https://x/y": "https://x/y", "HTTP://x": "http://x", "mailto:a@b": "", "javascript:x": "", "//x": "", "https://": "", "https://u:p@x": "", "https://x/\"": "https://x/%22", "": "",
	} {
		if got := webURL(in); got != want {
			t.Errorf("webURL(%q) is %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{
		" a@b.c ": "mailto:a@b.c", "a+b@c": "mailto:a+b@c", "a": "", "a@b?subject=x": "", "a@b,c@d": "", "a@b@c": "", "\"a b\"@c": "", "javascript:a@b": "",
	} {
		if got := mailURL(in); got != want {
			t.Errorf("mailURL(%q) is %q, want %q", in, got, want)
		}
	}
}

// TestCompareContents compares two versions of a chart.
func TestCompareContents(t *testing.T) {
	yaml := func(fields string) string { return "apiVersion: v2\nname: mychart\nversion: 0.1.0\n" + fields }
	before := readArchive(t, "Chart.yaml", yaml("appVersion: '1'\nkubeVersion: '>=1.20'\ndependencies:\n- {name: a, version: '1', repository: 'https://x'}\n- {name: b, version: '1', repository: 'https://x'}\n- {name: c, version: '1', repository: 'https://x'}\n- {name: d, version: '1', repository: 'https://x'}\n"),
		"values.yaml", "x: 1\ny: 2\n", "crds/a.yaml", crd, "crds/b.yaml", strings.ReplaceAll(crd, "Thing", "Gone"), "crds/c.yaml", strings.ReplaceAll(crd, "Thing", "Same"), "crds/d.yaml", "- odd")
	after := readArchive(t, "Chart.yaml", yaml("appVersion: '2'\ntype: library\ndependencies:\n- {name: a, version: '2', repository: 'https://x'}\n- {name: b, version: '1', repository: 'https://y'}\n- {name: c, version: '1', repository: 'https://x'}\n- {name: c, alias: cc, version: '3'}\n"),
		"values.yaml", "x: 3\nz: 4\n", "crds/a.yaml", crd+"  preserveUnknownFields: false\n", "crds/moved.yaml", strings.ReplaceAll(crd, "Thing", "Same"), "crds/e.yaml", strings.ReplaceAll(crd, "Thing", "New"))
	got := compare(t.Context(), before, after)
	want := &templates.Difference{Comparison: templates.Comparison{
		Version:    "0.1.0",
		AppVersion: &templates.Pair{Before: "1", After: "2"}, KubeVersion: &templates.Pair{Before: ">=1.20"}, Type: &templates.Pair{Before: "application", After: "library"},
		ValuesAdded:   []templates.ValueChange{{Path: "z", After: "4"}},
		ValuesRemoved: []templates.ValueChange{{Path: "y", Before: "2"}},
		ValuesChanged: []templates.ValueChange{{Path: "x", Before: "1", After: "3"}},
		CRDsAdded:     []string{"New (example.com)"}, CRDsRemoved: []string{"Gone (example.com)", "crds/d.yaml"}, CRDsChanged: []string{"Thing (example.com)"},
		DependenciesAdded:   []templates.DependencyChange{{Name: "c (cc)", After: "3"}},
		DependenciesRemoved: []templates.DependencyChange{{Name: "d", Before: "1"}},
		DependenciesChanged: []templates.DependencyChange{{Name: "a", Before: "1", After: "2"}, {Name: "b", Before: "1 https://x", After: "1 https://y"}},
	}}
	if files := differing(got); files != "crds/a.yaml changed +1-0, crds/b.yaml removed +0-11, crds/d.yaml removed +0-1, crds/e.yaml added +11-0, crds/moved.yaml renamed +0-0 crds/c.yaml" {
		t.Errorf("the files are %s", files)
	}
	want.Files = got.Files
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if n := changed(got); n != 19 || got.Same {
		t.Errorf("%d things differ", n)
	}
	if same := compare(t.Context(), after, after); !same.Same {
		t.Errorf("a chart differs from itself: %+v", same)
	}
}

// crd is a custom resource definition.
const crd = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: things.example.com\nspec:\n  group: example.com\n  names:\n    kind: Thing\n  versions:\n  - name: v1\n  - name: v2\n"

// readArchive reads the archive of a chart with files added.
func readArchive(t *testing.T, more ...string) *archive {
	t.Helper()
	return archiveOf(contentsOf(t, more...), newShared())
}

func contentsOf(t *testing.T, more ...string) *check.Contents {
	t.Helper()
	c, err := check.ReadContents(bytes.NewReader(charttest.Simple("mychart", "0.1.0", more...)), check.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// invisible reports whether a character moves or hides others.
func invisible(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029'
}
