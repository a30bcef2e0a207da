package importer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	oci "github.com/opencontainers/image-spec/specs-go/v1"
)

// TestRegistryPages: a registry may send few tags at a time, refuse to be told how many,
// and tell clients to come back later.
func TestRegistryPages(t *testing.T) {
	h, g := newHub(t), newTarget(t)
	var want []string
	for i := range 25 {
		version := fmt.Sprintf("1.0.%d", i)
		h.push("web", "web", version, nil, nil)
		want = append([]string{"web " + version + " taken"}, want...)
	}
	waited := time.Duration(0)
	h.odd = func(w http.ResponseWriter, r *http.Request, n int) bool {
		if !strings.HasSuffix(r.URL.Path, "/tags/list") {
			return false
		}
		if n%3 == 0 {
			w.Header().Set("Retry-After", "7")
			http.Error(w, "busy", http.StatusTooManyRequests)
			return true
		}
		q := r.URL.Query()
		if q.Has("n") && q.Get("n") != "4" {
			http.Error(w, "pagination number invalid", http.StatusBadRequest)
			return true
		}
		q.Set("n", "4")
		r.URL.RawQuery = q.Encode()
		return false
	}
	from := h.open("web", Credentials{})
	sleep := from.web.registries.http.Sleep
	from.web.registries.http.Sleep = func(ctx context.Context, d time.Duration) error {
		waited += d
		return sleep(ctx, 0)
	}
	got, _ := g.imports(g.options(from))
	g.want("pages", got, strings.Join(want, ", "))
	if waited < 7*time.Second {
		t.Errorf("waited %s", waited)
	}
}

// TestRegistryMany: no list of tags takes more memory or time than is allowed.
func TestRegistryMany(t *testing.T) {
	h, g := newHub(t), newTarget(t)
	for name, test := range map[string]struct {
		tags func(n int) []string
		want string
	}{
		"tags without end": {func(n int) []string { return slices.Repeat([]string{strings.Repeat("x", 1000)}, 1) }, fmt.Sprintf("more than %d pages", maxPages)},
		"too many versions": {func(n int) []string {
			var all []string
			for i := range 100_000 {
				all = append(all, fmt.Sprintf("%d.%d.0", n, i))
			}
			return all
		}, "more than 500000 entries"},
		"a page that is too large": {func(n int) []string { return slices.Repeat([]string{strings.Repeat("x", 1000)}, 6000) }, "a page of it is larger than 4.0 MiB, the most that is read: ask"},
	} {
		h.odd = func(w http.ResponseWriter, r *http.Request, n int) bool {
			w.Header().Set("Link", fmt.Sprintf(`<%s?n=1&last=%d>; rel="next"`, r.URL.Path, n))
			json.NewEncoder(w).Encode(map[string]any{"name": "web", "tags": test.tags(n)})
			return true
		}
		if _, err := Run(t.Context(), g.options(h.open("web", Credentials{}))); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", name, err, test.want)
		}
	}
}

// TestRegistryManyLists: nor do the lists of many repositories take more together.
func TestRegistryManyLists(t *testing.T) {
	h, g := newHub(t), newTarget(t)
	var list, catalog []string
	for i := range maxEntries/10 + 1 {
		list = append(list, fmt.Sprintf("1.%d.0", i))
	}
	for i := range 10 + 4*defaultWorkers {
		catalog = append(catalog, fmt.Sprintf("acme/chart%d", i))
	}
	var asked atomic.Int64
	h.odd = func(w http.ResponseWriter, r *http.Request, n int) bool {
		switch {
		case r.URL.Path == "/v2/_catalog":
			json.NewEncoder(w).Encode(map[string]any{"repositories": catalog})
		case strings.HasPrefix(r.URL.Path, "/v2/acme/chart") && strings.HasSuffix(r.URL.Path, "/tags/list"):
			asked.Add(1)
			json.NewEncoder(w).Encode(map[string]any{"tags": list})
		default:
			w.WriteHeader(http.StatusNotFound)
		}
		return true
	}
	if _, err := Run(t.Context(), g.options(h.open("acme", Credentials{}))); !errors.Is(err, errEntries) {
		t.Errorf("got %v, want %v", err, errEntries)
	}
	if n := asked.Load(); n > 10+2*defaultWorkers {
		t.Errorf("asked for %d lists of %d", n, len(catalog))
	}
}

// TestRegistryBelow: where a path is that of several charts, the registry's catalog says
// which. What holds no charts is left out and told.
func TestRegistryBelow(t *testing.T) {
	h, g := newHub(t), newTarget(t)
	h.push("acme/charts/web", "web", "1.0.0", nil, nil, "latest")
	h.push("acme/charts/db", "db", "1.0.0", nil, nil)
	h.push("acme/chartsother/x", "x", "1.0.0", nil, nil)
	h.push("acme/charts/app", "app", "1.0.0", nil, func(m *oci.Manifest) { m.Config.MediaType = oci.MediaTypeImageConfig })
	got, r := g.imports(g.options(h.open("acme/charts", Credentials{})))
	g.want("all", got, "db 1.0.0 taken, web 1.0.0 taken")
	if notes := strings.Join(r.Notes, "; "); notes != "1 tag is not a version and was left out: acme/charts/web:latest; 1 repository holds no charts and was left out: acme/charts/app" {
		t.Errorf("notes %q", notes)
	}
	h.push("acme/charts/old/web", "web", "1.0.0", nil, nil)
	got, _ = g.imports(g.options(h.open("acme/charts", Credentials{})))
	g.want("twice", got, "db 1.0.0 there, web 1.0.0 there, web 1.0.0 duplicate")
	o := g.options(h.open("", Credentials{}))
	o.Charts = []string{"x"}
	got, _ = g.imports(o)
	g.want("by name", got, "x 1.0.0 taken")
	for path, odd := range map[string]func(w http.ResponseWriter, r *http.Request, n int) bool{
		"none": nil,
		"unlisted": func(w http.ResponseWriter, r *http.Request, n int) bool {
			if r.URL.Path == "/v2/_catalog" {
				w.WriteHeader(http.StatusMethodNotAllowed)
			}
			return r.URL.Path == "/v2/_catalog"
		},
	} {
		h.odd = odd
		if _, err := Run(t.Context(), g.options(h.open(path, Credentials{}))); err == nil || !strings.Contains(err.Error(), "oci://HOST/PATH/CHART") {
			t.Errorf("%s: got %v", path, err)
		}
	}
}

// TestParseOCISecrets: what is told of a URL that cannot be used has none of its secrets.
func TestParseOCISecrets(t *testing.T) {
	for _, url := range []string{"oci://me:secret@charts.example.com/web:1.0.0", "oci://charts.example.com/web:1.0.0?token=secret", "oci://charts.example.com:secret/web"} {
		if _, err := parseOCI(url, ""); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got %v", url, err)
		}
	}
}

// TestOpenRegistry: a URL is that of a chart or a path, and holds no secrets.
func TestOpenRegistry(t *testing.T) {
	for url, want := range map[string]string{
		"oci://charts.example.com/a/b":     "",
		"oci://charts.example.com":         "",
		"oci://charts.example.com/":        "",
		"oci://docker.io/a/b/":             "",
		"oci://localhost:5000/a":           "",
		"oci://charts.example.com/a:1.0.0": "has a tag",
		"oci://charts.example.com/a@x":     "has a tag",
		"oci://me:pw@example.com/a":        "credentials",
		"oci://charts.example.com/A":       "not the URL",
		"oci://":                           "not the URL",
		"oci:///a":                         "not the URL",
		"oci://exa mple.com/a":             "not the URL",
	} {
		r, err := OpenRegistry(url, nil, Credentials{})
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", url, err, want)
		}
		if err == nil && r.String() != strings.TrimSuffix(url, "/") {
			t.Errorf("%s: is called %s", url, r)
		}
	}
	yes, no := true, false
	for _, test := range []struct {
		url   string
		plain *bool
		want  bool
	}{
		{"oci://localhost:5000/a", nil, true}, {"oci://127.0.0.1/a", nil, true}, {"oci://localhost:5000/a", &no, false},
		{"oci://example.com/a", nil, false}, {"oci://example.com/a", &yes, true},
	} {
		r, err := OpenRegistry(test.url, test.plain, Credentials{})
		if err != nil {
			t.Fatal(err)
		}
		p := r.place.(*inRegistry)
		if got := p.isPlain(p.at.Host()); got != test.want || p.isPlain("other.example.com") || !p.isPlain("[::1]:5000") {
			t.Errorf("%s: by http: %t", test.url, got)
		}
	}
}
