package shim

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/publisher/shim/auth"
)

// prefixed opens a port that clients reach at /team. It has a channel of that name, and
// others whose names begin with it.
func prefixed(t *testing.T, change func(*Options)) *port {
	p := open(t, func(o *Options) {
		o.PublicURL = &url.URL{Scheme: "https", Host: "example.com", Path: "/team"}
		if change != nil {
			change(o)
		}
	})
	for _, channel := range []string{"stable", "team", "team/stable", "other"} {
		p.publish(channel, strings.ReplaceAll(channel, "/", "-")+"-chart")
	}
	return p
}

// TestPrefix checks that a path never leads to another channel than the one that is
// meant, whether a proxy removes the prefix from requests or not.
func TestPrefix(t *testing.T) {
	for name, test := range map[string]struct {
		stripped, sure bool
		want           map[string]string // the chart in the index, or the status and rule
	}{
		"stripped": {true, true, map[string]string{
			"/index.yaml": "stable-chart", "/team/index.yaml": "team-chart", "/team/stable/index.yaml": "team-stable-chart", "/other/index.yaml": "other-chart",
			"/api/team/charts": "team-chart", "/livez": "healthy",
		}},
		"kept": {false, true, map[string]string{
			"/index.yaml": "404 prefix", "/other/index.yaml": "404 prefix", "/api/charts": "404 prefix", "/": "404 prefix", "/teams/index.yaml": "404 prefix",
			"/team/index.yaml": "stable-chart", "//team//index.yaml": "stable-chart", "/team%2Findex.yaml": "stable-chart", "/team/team/index.yaml": "team-chart",
			"/team/stable/index.yaml": "stable-chart", "/team/team/stable/index.yaml": "team-stable-chart", "/team/api/team/charts": "team-chart",
			"/livez": "healthy", "/readyz": "healthy", "/health": "healthy", "/team/livez": "healthy",
		}},
		"not said": {false, false, map[string]string{
			"/index.yaml": "404 prefix", "/team/index.yaml": "409 prefix", "/team/stable/index.yaml": "409 prefix", "/team/team/index.yaml": "team-chart",
			"/team/other/index.yaml": "other-chart", "/team/api/team/charts": "team-chart", "/team/stable/charts/x.tgz": "409 prefix", "/livez": "healthy",
		}},
	} {
		p := prefixed(t, func(o *Options) { o.Stripped, o.Unstripped = test.stripped, test.sure && !test.stripped })
		for path, want := range test.want {
			got := p.get(path)
			if status, rule, refused := strings.Cut(want, " "); refused {
				failed(t, got, map[string]int{"404": http.StatusNotFound, "409": http.StatusConflict}[status], rule)
			} else if got.StatusCode != http.StatusOK || !strings.Contains(got.body, `"`+want+`"`) {
				t.Errorf("%s: %s: %d %s, want %s", name, path, got.StatusCode, got.body, want)
			}
		}
	}
}

// TestPrefixNoChannel checks that a prefix which cannot be a channel leaves no doubt.
func TestPrefixNoChannel(t *testing.T) {
	for _, prefix := range []string{"/charts", "/charts/team", "/api"} {
		p := prefixed(t, func(o *Options) { o.PublicURL.Path = prefix })
		for path, want := range map[string]string{"/index.yaml": "stable-chart", "/team/index.yaml": "team-chart", "/team/stable/index.yaml": "team-stable-chart"} {
			if got := p.get(prefix + path); got.StatusCode != http.StatusOK || !strings.Contains(got.body, `"`+want+`"`) {
				t.Errorf("%s: %d %s, want %s", prefix+path, got.StatusCode, got.body, want)
			}
		}
	}
}

// TestPrefixUploads checks the same of uploads.
func TestPrefixUploads(t *testing.T) {
	p := prefixed(t, nil)
	failed(t, p.post("/api/team/charts", "chart alpha 1.0.0"), http.StatusNotFound, "prefix")
	failed(t, p.post("/team/api/charts", "chart alpha 1.0.0"), http.StatusConflict, "prefix")
	if got := p.post("/team/api/team/charts", "chart alpha 1.0.0"); got.StatusCode != http.StatusCreated || !strings.HasPrefix(got.Header.Get("Location"), "https://example.com/team/api/team/uploads/") {
		t.Errorf("%d %s, Location %s", got.StatusCode, got.body, got.Header.Get("Location"))
	}
	if got := p.inbox(); len(got) != 2 || !strings.HasPrefix(got[0], "inbox/team/") {
		t.Errorf("the inbox has %q", got)
	}
}

// TestPrefixSlash checks that the site's root has its slash, without which links in its
// page lead elsewhere.
func TestPrefixSlash(t *testing.T) {
	p := prefixed(t, func(o *Options) { o.Unstripped, o.Projects = true, []string{"7"} })
	p.put(p.site, "index.html", "<p>root")
	for path, to := range map[string]string{"/team?x=y": "./team/?x=y", "/team/api/v4/projects/7/packages/helm": "./helm/"} {
		if got := p.get(path); got.StatusCode != http.StatusMovedPermanently || got.Header.Get("Location") != to {
			t.Errorf("%s: %d, Location %q", path, got.StatusCode, got.Header.Get("Location"))
		}
	}
	for _, path := range []string{"/team/", "/team//", "/team/api/v4/projects/7/packages/helm/"} {
		if got := p.get(path); got.body != "<p>root" {
			t.Errorf("%s: %d %s", path, got.StatusCode, got.body)
		}
	}
}

// TestPrefixSecret checks that a path which may mean two channels does not give away one
// that the caller may not read.
func TestPrefixSecret(t *testing.T) {
	file := filepath.Join(t.TempDir(), "auth.yaml")
	if err := os.WriteFile(file, []byte("anonymous: [\"read:stable\"]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := prefixed(t, func(o *Options) {
		var err error
		if o.Auth, err = auth.Open(file, nil, nil); err != nil {
			t.Fatal(err)
		}
	})
	if got := p.get("/team/index.yaml"); got.StatusCode != http.StatusOK || !strings.Contains(got.body, "stable-chart") {
		t.Errorf("%d %s", got.StatusCode, got.body)
	}
}
