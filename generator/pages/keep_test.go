package pages_test

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/generator/config"
	"github.com/portolan-charts/portolan/generator/pages"
)

// keep makes the index list n versions of each chart, or all with 0.
func (w *town) keep(n int) {
	w.t.Helper()
	if w.config = nil; n == 0 {
		return
	}
	var err error
	if w.config, err = config.Parse(fmt.Appendf(nil, "channels: [{match: '**', keep: %d}]", n), "portolan.yaml"); err != nil {
		w.t.Fatal(err)
	}
}

// A version that the index no longer lists keeps its place in the lists of versions, and
// its pages, which say how to get it either way.
func TestOlderVersions(t *testing.T) {
	w := newTown(t, published)
	w.keep(2)
	for i := range 4 {
		w.upload("stable", charttest.Simple("alpha", fmt.Sprintf("1.%d.0", i)), nil)
	}
	w.upload("stable", charttest.Simple("beta", "1.0.0"), nil)
	w.run()
	var doc pages.ChartDoc
	w.decode("stable/api/charts/alpha.json", &doc)
	var got []string
	for _, v := range doc.Versions {
		got = append(got, fmt.Sprintf("%s %t", v.Version, v.Older))
		if _, ok := w.mem.Snapshot()[path.Join("stable/api/charts", v.Archive)]; !ok {
			t.Errorf("%s: no archive at %s", v.Version, v.Archive)
		}
	}
	if got, want := strings.Join(got, ", "), "1.3.0 false, 1.2.0 false, 1.1.0 true, 1.0.0 true"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	site := w.mem.Snapshot()
	for key, want := range map[string][]string{
		"stable/charts/alpha/index.html":       {"<code>https://charts.example.com/helm/stable/charts/alpha</code>"},
		"stable/charts/alpha/1.1.0/index.html": {"<code>https://charts.example.com/helm/stable/charts/alpha</code>", "helm pull https://charts.example.com/helm/stable/charts/alpha/1.1.0/", "even when the repository no longer lists this version"},
		"stable/charts/alpha/versions.html":    {"1.0.0</a> *<td>", "1.2.0</a><td>", "does not list this version"},
		"stable/charts/alpha/versions.json":    {`{"name":"alpha","newest":"1.3.0","versions":[` + "\n" + `{"v":"1.3.0","d":"2026-03-01","u":"019cab00-`, `"s":"o"},` + "\n" + `{"v":"1.0.0"`},
		"stable/index.html":                    {"Not in this repository: 2 older versions<", "helm repo add <span>example-stable-all</span> <span>https://charts.example.com/helm/stable/all<"},
	} {
		for _, text := range want {
			if !strings.Contains(string(site[key]), text) {
				t.Errorf("%s does not contain %q", key, text)
			}
		}
	}
	w.mustBeRebuilt("stable", "kept")
}

// When versions fall out of the index, or come back, no page of a version changes.
func TestOlderVersionsChangeFewPages(t *testing.T) {
	w := newTown(t, published)
	w.keep(4)
	for i := range 6 {
		w.upload("stable", charttest.Simple("alpha", fmt.Sprintf("1.%d.0", i)), nil)
	}
	w.upload("stable", charttest.Simple("beta", "1.0.0"), nil)
	w.run()
	channel := []string{"index.html", "sitemap.xml", "stable/api/changes.json", "stable/api/index.json", "stable/changes.html", "stable/feed.xml", "stable/index.html", "stable/sitemap.xml"}
	for _, n := range []int{2, 0} {
		w.keep(n)
		w.upload("stable", charttest.Simple("beta", fmt.Sprintf("2.%d.0", n)), nil)
		got := slices.DeleteFunc(w.run(), func(key string) bool {
			return strings.Contains(key, "beta") || slices.Contains(channel, key) || key == "stable/search.json"
		})
		want := []string{"stable/api/charts/alpha.json", "stable/charts/alpha/versions.html", "stable/charts/alpha/versions.json"}
		if !slices.Equal(got, want) {
			t.Errorf("keeping %d wrote %q, want %q", n, got, want)
		}
		w.mustBeRebuilt("stable", fmt.Sprintf("keeping %d", n))
	}
}
