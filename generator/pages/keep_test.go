package pages_test

import (
	"fmt"
	"path"
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

// A version that the index no longer lists keeps its place in the lists of versions
// and its page, which says so and how to get it.
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
		"stable/charts/alpha/1.1.0/index.html": {"helm pull https://charts.example.com/helm/stable/charts/alpha/1.1.0/", "no longer lists this version"},
		"stable/charts/alpha/1.2.0/index.html": {"helm repo add stable"},
		"stable/charts/alpha/index.html":       {"1.0.0</a> *<td>", "1.2.0</a><td>", "does not list this version"},
		"stable/index.html":                    {"2 older versions are not in this repository", "helm repo add stable-older https://charts.example.com/helm/stable/snapshots/00000001/older"},
	} {
		for _, text := range want {
			if !strings.Contains(string(site[key]), text) {
				t.Errorf("%s does not contain %q", key, text)
			}
		}
	}
	if strings.Contains(string(site["stable/charts/alpha/1.1.0/index.html"]), "helm repo add") {
		t.Error("the page of a version that is not in the repository says how to get it from there")
	}
	w.mustBeRebuilt("stable", "kept")
}

// When a version falls out of the index its page changes, and no page besides those
// that would have changed anyway.
func TestOlderVersionsChangeFewPages(t *testing.T) {
	w := newTown(t, published)
	w.keep(2)
	for i := range 6 {
		w.upload("stable", charttest.Simple("alpha", fmt.Sprintf("1.%d.0", i)), nil)
	}
	w.run()
	w.upload("stable", charttest.Simple("alpha", "1.6.0"), nil)
	var got []string
	for _, key := range w.run() {
		if strings.Contains(key, "/charts/alpha/1.") {
			got = append(got, path.Base(path.Dir(key)))
		}
	}
	if got, want := strings.Join(got, " "), "1.4.0 1.5.0 1.6.0"; got != want {
		t.Errorf("pages of %s were written, want %s", got, want)
	}
	w.keep(0)
	w.upload("stable", charttest.Simple("beta", "1.0.0"), nil)
	w.run()
	w.mustBeRebuilt("stable", "all are shown again")
}
