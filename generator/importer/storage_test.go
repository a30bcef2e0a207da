package importer

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
)

// indexOf returns an index with a date of its own for each entry. Each file is the
// URL of a chart's version 1.0.0, and charts has the archives by name.
func indexOf(charts map[string][]byte, urls map[string]string) []byte {
	var b strings.Builder
	b.WriteString("apiVersion: v1\nentries:\n")
	for _, name := range slices.Sorted(maps.Keys(urls)) {
		fmt.Fprintf(&b, "  %s:\n  - created: \"%s\"\n    digest: %s\n    name: %s\n    urls:\n    - %s\n    version: 1.0.0\n", name, dateOf(name), sum(charts[name]), name, urls[name])
	}
	return []byte(b.String())
}

func dateOf(name string) string {
	return time.Date(2020, 1, 1, int(name[0]-'a'), 0, 0, 0, time.UTC).Format(time.RFC3339)
}

func simpleCharts(names ...string) map[string][]byte {
	charts := map[string][]byte{}
	for _, name := range names {
		charts[name] = charttest.Simple(name, "1.0.0")
	}
	return charts
}

// bothPlaces runs f with the files in a folder and in a bucket.
func bothPlaces(t *testing.T, files map[string][]byte, f func(where string, from *Repository)) {
	t.Helper()
	from, err := OpenFolder(writeFiles(t, files))
	if err != nil {
		t.Fatal(err)
	}
	f("folder", from)
	bucket := &buckettest.Mem{Now: time.Now}
	for key, b := range files {
		bucket.Put(key, b)
	}
	if from, err = OpenBucket("s3://old", bucket.Handle("import")); err != nil {
		t.Fatal(err)
	}
	f("bucket", from)
}

// quiet imports one entry after the other, and asks a server once.
func (g *target) quiet(from *Repository) Options {
	from.web.client.Tries = 1
	o := g.options(from)
	o.Workers = 1
	return o
}

// dated returns which charts are taken with their dates in the index.
func dated(r *Report) string {
	var words []string
	for _, result := range r.Results {
		word := fmt.Sprintf("%s %s", result.Chart, result.Outcome)
		if result.Outcome == Taken && result.Created.Format(time.RFC3339) != dateOf(result.Chart) {
			word += " without its date"
		}
		words = append(words, word)
	}
	return strings.Join(words, ", ")
}

// TestImportCheckout reads a checkout of a web site: its index has absolute URLs, and
// the archives lie at the end of their paths. The digest tells apart files of one
// name; only what the checkout lacks is fetched.
func TestImportCheckout(t *testing.T) {
	asked := ""
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked += r.URL.Path + " "
		http.NotFound(w, r)
	}))
	defer web.Close()
	charts := simpleCharts("a", "b", "c", "d", "e", "f", "g", "h", "i")
	wrong := charttest.Simple("b", "1.0.0", "values.yaml", "other: true\n")
	files := map[string][]byte{
		"index.yaml": indexOf(charts, map[string]string{
			"a": web.URL + "/charts/archives/stable/a-1.0.0.tgz",
			"b": web.URL + "/charts/b-1.0.0.tgz",
			"c": web.URL + "/charts/sub%20folder/c-1.0.0.tgz?raw=true",
			"d": web.URL + "/charts/d%2B1.tgz",
			"e": "oci://registry.example.com/charts/e:1.0.0",
			"f": web.URL + "/download?id=6",
			"g": "/charts/sub/g-1.0.0.tgz",
			"h": web.URL + "/charts/h-1.0.0.tgz",
			"i": web.URL + "/charts/i-1.0.0.tgz",
		}),
		"archives/stable/a-1.0.0.tgz":      charts["a"],
		"archives/stable/a-1.0.0.tgz.prov": charttest.NewSigner().Sign("a-1.0.0.tgz", charts["a"]),
		"a-1.0.0.tgz":                      charttest.Simple("a", "1.0.0", "values.yaml", "old: true\n"),
		"charts/b-1.0.0.tgz":               wrong, // looked at first, for another site's
		"b-1.0.0.tgz":                      charts["b"],
		"sub folder/c-1.0.0.tgz":           charts["c"],
		"d%2B1.tgz":                        charts["d"],
		"e-1.0.0.tgz":                      charts["e"],
		"f-1.0.0.tgz":                      charts["f"],
		"sub/g-1.0.0.tgz":                  charts["g"],
		"h-1.0.0.tgz":                      wrong,
	}
	bothPlaces(t, files, func(where string, from *Repository) {
		g := newTarget(t)
		asked = ""
		_, r := g.imports(g.quiet(from))
		g.want(where, dated(r), "a taken, b taken, c taken, d taken, e taken, f taken, g taken, h differs, i unfetched")
		g.want(where+" asks the web", asked, "/charts/h-1.0.0.tgz /charts/i-1.0.0.tgz ")
		if !g.waits()["a-1.0.0.tgz"].Provenance {
			t.Errorf("%s: the signature beside the archive is not taken", where)
		}
	})
}

// TestImportWebGone takes what lies in a folder even if it comes after many archives
// of a server that is gone, which is not asked for all of them.
func TestImportWebGone(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	charts, urls := map[string][]byte{}, map[string]string{}
	var index strings.Builder
	for i := range 3 * maxFailed {
		fmt.Fprintf(&index, "  - {name: a, version: 0.0.%d, created: 2019-01-01T00:00:00Z, urls: [%q]}\n", i, fmt.Sprintf("%s/a-0.0.%d.tgz", gone.URL, i))
	}
	charts["b"] = charttest.Simple("b", "1.0.0")
	urls["b"] = gone.URL + "/b-1.0.0.tgz"
	files := map[string][]byte{"index.yaml": append(indexOf(charts, urls), "  a:\n"+index.String()...), "b-1.0.0.tgz": charts["b"]}
	bothPlaces(t, files, func(where string, from *Repository) {
		g := newTarget(t)
		_, r := g.imports(g.quiet(from))
		if r.Count(Taken) != 1 || r.Count(Unfetched) != 3*maxFailed {
			t.Errorf("%s: %d taken, %d not fetched", where, r.Count(Taken), r.Count(Unfetched))
		}
	})
}

// TestImportMuseum reads ChartMuseum's storage with its dates: flat, with
// repositories in folders, with --chart-url, and with archives that its index does
// not have yet.
func TestImportMuseum(t *testing.T) {
	charts := simpleCharts("a", "b", "c", "d")
	plain := func(names ...string) []byte {
		urls := map[string]string{}
		for _, name := range names {
			urls[name] = "charts/" + name + "-1.0.0.tgz"
		}
		return indexOf(charts, urls)
	}
	for _, test := range []struct {
		name  string
		files map[string][]byte
		want  string
		notes int
	}{
		{"flat", map[string][]byte{"index-cache.yaml": plain("a", "b"), "a-1.0.0.tgz": charts["a"], "b-1.0.0.tgz": charts["b"]}, "a taken, b taken", 0},
		{"chart-url", map[string][]byte{
			"index-cache.yaml": indexOf(charts, map[string]string{"a": "https://museum.invalid/charts/a-1.0.0.tgz", "b": "https://museum.invalid/charts/b-1.0.0.tgz"}),
			"a-1.0.0.tgz":      charts["a"], "b-1.0.0.tgz": charts["b"],
		}, "a taken, b taken", 0},
		{"depth", map[string][]byte{
			"org/one/index-cache.yaml": plain("a", "b"), "org/one/a-1.0.0.tgz": charts["a"], "org/one/b-1.0.0.tgz": charts["b"],
			"org/two/index-cache.yaml": plain("c"), "org/two/c-1.0.0.tgz": charts["c"],
		}, "a taken, b taken, c taken", 1},
		{"deep chart-url", map[string][]byte{
			"x/org/one/index-cache.yaml": indexOf(charts, map[string]string{"a": "https://museum.invalid/x/org/one/charts/a-1.0.0.tgz"}), "x/org/one/a-1.0.0.tgz": charts["a"],
		}, "a taken", 0},
		{"one archive in two repositories", map[string][]byte{
			"one/index-cache.yaml": plain("a"), "one/a-1.0.0.tgz": charts["a"], "two/index-cache.yaml": plain("a"), "two/a-1.0.0.tgz": charts["a"],
		}, "a taken, a duplicate", 1},
		{"an archive gone, and others new", map[string][]byte{
			"index-cache.yaml": plain("a", "b"), "a-1.0.0.tgz": charts["a"], "c-1.0.0.tgz": charts["c"], "org/d-1.0.0.tgz": charts["d"],
		}, "a taken, b unfetched, c taken without its date, d taken without its date", 0},
		{"damaged", map[string][]byte{"index-cache.yaml": []byte("nothing"), "a-1.0.0.tgz": charts["a"]}, "a taken without its date", 1},
		{"without index", map[string][]byte{"org/one/a-1.0.0.tgz": charts["a"], "org/two/b-1.0.0.tgz": charts["b"]}, "a taken without its date, b taken without its date", 0},
		{"index.yaml counts", map[string][]byte{
			"index.yaml": plain("a"), "index-cache.yaml": []byte("nothing"), "charts/a-1.0.0.tgz": charts["a"], "b-1.0.0.tgz": charts["b"],
		}, "a taken", 0},
	} {
		bothPlaces(t, test.files, func(where string, from *Repository) {
			g := newTarget(t)
			_, r := g.imports(g.quiet(from))
			g.want(test.name+", "+where, dated(r), test.want)
			if len(r.Notes) != test.notes {
				t.Errorf("%s, %s: notes %q", test.name, where, r.Notes)
			}
			g.generate()
			if r.Count(Taken) > 0 && !strings.Contains(g.published(), "2020-01-01T") && !strings.Contains(test.want, "without its date") {
				t.Errorf("%s, %s: published %s", test.name, where, g.published())
			}
		})
	}
}

// TestImportIndexElsewhere names the folder that has the index, and takes the index
// file itself.
func TestImportIndexElsewhere(t *testing.T) {
	charts := simpleCharts("a")
	index := indexOf(charts, map[string]string{"a": "https://charts.invalid/a-1.0.0.tgz"})
	files := map[string][]byte{"docs/index.yaml": index, "docs/a-1.0.0.tgz": charts["a"]}
	bothPlaces(t, files, func(where string, from *Repository) {
		g := newTarget(t)
		if _, err := Run(t.Context(), g.quiet(from)); !errors.Is(err, errMissing) || !strings.Contains(err.Error(), "docs") {
			t.Errorf("%s: got %v", where, err)
		}
	})
	dir := writeFiles(t, map[string][]byte{"old.index.yaml": index, "a-1.0.0.tgz": charts["a"]})
	from, err := OpenFolder(dir + "/old.index.yaml")
	if err != nil {
		t.Fatal(err)
	}
	g := newTarget(t)
	_, r := g.imports(g.quiet(from))
	g.want("file", dated(r), "a taken")
}
