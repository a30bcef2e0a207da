package pages_test

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/generator/config"
	"github.com/portolan-charts/portolan/generator/pages"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
	"github.com/portolan-charts/portolan/templates"
)

// town is a drop area and a site with pages.
type town struct {
	t          testing.TB
	drop, site bucket.Store
	mem        *buckettest.Mem // of the site
	writer     *pages.Writer
	clock      time.Time
	uploads    int
	config     *config.Config
}

func newTown(t testing.TB, o pages.Options) *town {
	t.Helper()
	w, err := pages.New(o)
	if err != nil {
		t.Fatal(err)
	}
	town := &town{t: t, writer: w, mem: &buckettest.Mem{}, clock: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	drop := &buckettest.Mem{}
	drop.Now, town.mem.Now = town.now, town.now
	town.drop, town.site = drop.Handle("all"), town.mem.Handle("all")
	return town
}

var published = pages.Options{Site: templates.Site{Title: "Charts of Acme", URL: "https://charts.example.com/helm"}}

func (w *town) now() time.Time { return w.clock }

func (w *town) upload(channel string, chart, prov []byte) {
	w.t.Helper()
	w.clock = w.clock.Add(time.Second)
	s := publisher.Submission{Chart: bucket.Bytes(chart), Request: publisher.Request{File: "upload.tgz"}}
	if prov != nil {
		s.Prov = bucket.Bytes(prov)
	}
	w.uploads++
	id := fmt.Sprintf("019cab00-0000-7000-8000-%012d", w.uploads)
	if err := publisher.Submit(context.Background(), w.drop, channel, id, s); err != nil {
		w.t.Fatal(err)
	}
}

// run runs the generator, and returns which pages of the first channel it wrote.
func (w *town) run() []string {
	w.t.Helper()
	w.clock = w.clock.Add(time.Minute)
	report, err := generator.Run(context.Background(), generator.Options{
		Drop: w.drop, Site: w.site, Pages: w.writer, Config: w.config, Now: w.now,
		Sleep: func(_ context.Context, d time.Duration) error { w.clock = w.clock.Add(d); return nil },
	})
	if err != nil {
		w.t.Fatal(err)
	}
	if len(report.Channels) == 0 {
		return nil
	}
	slices.Sort(report.Channels[0].Pages.Written)
	return report.Channels[0].Pages.Written
}

// mustBeRebuilt fails unless a rebuild finds nothing to write.
func (w *town) mustBeRebuilt(channel, when string) {
	w.t.Helper()
	c, err := publisher.OpenChannel(context.Background(), w.site, channel)
	if err != nil {
		w.t.Fatal(err)
	}
	before := w.mem.Snapshot()
	report, err := w.writer.Rebuild(context.Background(), w.site, c)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, key := range report.Written {
		w.t.Errorf("%s: a rebuild changes %s to:\n%s\nfrom:\n%s", when, key, w.mem.Snapshot()[key], before[key])
	}
	if len(report.Written) > 0 {
		w.t.FailNow()
	}
}

// Whatever is published, in whatever order, runs leave the same pages that a
// rebuild makes from nothing.
func TestRunsMakeWhatARebuildMakes(t *testing.T) {
	signer := charttest.NewSigner()
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 1))
			w := newTown(t, published)
			for round := range 12 {
				for range 1 + random.IntN(4) {
					name := []string{"alpha", "beta", "gamma"}[random.IntN(3)]
					version := fmt.Sprintf("%d.%d.0", random.IntN(3), random.IntN(4)) + []string{"", "", "-rc.1", "+build"}[random.IntN(4)]
					chart := charttest.Simple(name, version, "values.yaml", fmt.Sprintf("replicas: %d\n", random.IntN(3)))
					var prov []byte
					if random.IntN(3) == 0 {
						prov = signer.Sign(name+"-"+version+".tgz", chart)
					}
					w.upload("group/stable", chart, prov)
				}
				if seed >= 2 {
					w.keep(random.IntN(4))
				}
				w.run()
				w.mustBeRebuilt("group/stable", fmt.Sprintf("round %d", round))
			}
		})
	}
}

// ofChart returns the files of a channel called stable that a new version of a chart
// changes, besides those of versions.
func ofChart(name string, files ...string) []string {
	all := []string{"stable/api/charts/" + name + ".json"}
	for _, file := range files {
		all = append(all, "stable/charts/"+name+"/"+file)
	}
	return all
}

// ofVersions returns the files of versions of a chart that has no schema.
func ofVersions(name string, versions ...string) (all []string) {
	for _, version := range versions {
		for _, file := range []string{"changes.html", "index.html", "templates.html", "values.html", "values.yaml"} {
			all = append(all, "stable/charts/"+name+"/"+version+"/"+file)
		}
	}
	return all
}

// mustWrite fails unless the files of charts that were written are those.
func mustWrite(t *testing.T, what string, written []string, wanted ...[]string) {
	t.Helper()
	got := slices.DeleteFunc(slices.Clone(written), func(key string) bool { return !strings.Contains(key, "/charts/") })
	want := slices.Sorted(slices.Values(slices.Concat(wanted...)))
	if !slices.Equal(got, want) {
		t.Errorf("%s wrote\n%s\nwant\n%s", what, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// One new version of one chart writes the pages of that version, those of the chart that
// are about all its versions, and the channel's: 20 files, however many there are. It
// writes no other version's page.
func TestOneVersionChangesFewPages(t *testing.T) {
	w := newTown(t, published)
	for i := range 450 {
		w.upload("stable", charttest.Simple(fmt.Sprintf("chart-%03d", i), "1.0.0"), nil)
	}
	for i := range 3 {
		w.upload("stable", charttest.Simple("chart-300", fmt.Sprintf("0.%d.0", i)), nil)
	}
	w.run()
	w.upload("stable", charttest.Simple("chart-300", "1.1.0"), nil)
	got := w.run()
	want := slices.Sorted(slices.Values(slices.Concat(
		ofChart("chart-300", "badge.svg", "changelog.html", "feed.xml", "index.html", "versions.html", "versions.json"), ofVersions("chart-300", "1.1.0"),
		[]string{
			"index.html", "sitemap.xml", // the site's document is not in the channel's count
			"stable/api/changes.json", "stable/api/index.json", "stable/changes.html",
			"stable/feed.xml", "stable/index.html", "stable/page-2.html", "stable/search.json", "stable/sitemap.xml",
		})))
	if !slices.Equal(got, want) {
		t.Errorf("one new version wrote\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	w.mustBeRebuilt("stable", "after one new version")
	if again := w.run(); len(again) > 0 {
		t.Errorf("a run with nothing to do wrote %q", again)
	}
}

// A backport changes no page of another version: not of those that are newer, nor of the
// chart, which shows the newest one.
func TestBackport(t *testing.T) {
	w := newTown(t, published)
	for _, version := range []string{"1.0.4", "1.1.0"} {
		w.upload("stable", charttest.Simple("web", version, "values.yaml", "a: "+version+"\n"), nil)
		w.run()
	}
	w.upload("stable", charttest.Simple("web", "1.0.5"), nil)
	mustWrite(t, "a backport", w.run(), ofChart("web", "changelog.html", "feed.xml", "versions.html", "versions.json"), ofVersions("web", "1.0.5"))
	for version, before := range map[string]string{"1.1.0": "1.0.4", "1.0.5": "1.0.4"} {
		if page := string(w.mem.Snapshot()["stable/charts/web/"+version+"/changes.html"]); !strings.Contains(page, "../"+before+"/index.html") {
			t.Errorf("%s is not compared with %s:\n%s", version, before, page)
		}
	}
	w.mustBeRebuilt("stable", "after a backport")
}

// A replaced version changes its own pages and those that compare with it. What its new
// archive lacks is removed.
func TestReplacedVersion(t *testing.T) {
	w := newTown(t, published)
	w.upload("stable", charttest.Simple("web", "1.0.0", "values.schema.json", "{}"), nil)
	w.run()
	w.upload("stable", charttest.Simple("web", "1.1.0"), nil)
	w.upload("stable", charttest.Simple("web", "2.0.0"), nil)
	w.run()
	const schema = "stable/charts/web/1.0.0/values.schema.json"
	if w.mem.Snapshot()[schema] == nil {
		t.Fatalf("%s is missing", schema)
	}
	w.upload("stable", charttest.Simple("web", "1.1.0", "README.md", "other"), nil)
	written := w.run()
	for key, want := range map[string]bool{"1.0.0": false, "1.1.0": true} {
		if got := slices.Contains(written, "stable/charts/web/"+key+"/index.html"); got != want {
			t.Errorf("%s was written: %t, want %t; all are %q", key, got, want, written)
		}
	}
	w.mustBeRebuilt("stable", "after a replacement")
	w.upload("stable", charttest.Simple("web", "1.0.0"), nil)
	w.run()
	if w.mem.Snapshot()[schema] != nil {
		t.Errorf("%s is still there", schema)
	}
	w.mustBeRebuilt("stable", "after a replacement without a schema")
}

// withdraw publishes an index without a chart's versions, besides those that are left.
func (w *town) withdraw(chart string, left func(line string) bool) {
	w.t.Helper()
	w.clock = w.clock.Add(time.Minute)
	ctx := context.Background()
	c, err := publisher.OpenChannel(ctx, w.site, "stable")
	if err != nil {
		w.t.Fatal(err)
	}
	lines := slices.DeleteFunc(slices.Clone(c.Index().Lines(chart)), func(line string) bool { return !left(line) })
	d := publisher.Draft{Time: w.clock, Nonce: "n"}
	d.Removed, d.Added = c.Index().Diff(map[string][]string{chart: lines})
	if err := errors.Join(c.Commit(ctx, d), c.Project(ctx)); err != nil {
		w.t.Fatal(err)
	}
	all, err := w.writer.Project(ctx, w.site, c)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, part := range all.Parts {
		for done := false; !done; {
			if done, err = part(ctx); err != nil {
				w.t.Fatal(err)
			}
		}
	}
	if err := all.Finish(ctx); err != nil {
		w.t.Fatal(err)
	}
}

// Of a version or chart that is removed, no file is left but its archives.
func TestRemoved(t *testing.T) {
	w := newTown(t, published)
	for i := range 205 {
		w.upload("stable", charttest.Simple("web", fmt.Sprintf("1.%d.0", i), "values.schema.json", "{}"), nil)
	}
	w.upload("stable", charttest.Simple("db", "1.0.0"), nil)
	w.run()
	left := func(dir string) (files []string) {
		for key := range w.mem.Snapshot() {
			if strings.HasPrefix(key, dir) && path.Ext(key) != ".tgz" && path.Base(key) != "release.json" {
				files = append(files, key)
			}
		}
		return files
	}
	w.withdraw("web", func(line string) bool { return !strings.Contains(line, `"version":"1.204.0"`) })
	if files := left("stable/charts/web/1.204.0/"); len(files) > 0 {
		t.Errorf("of a removed version there are %q", files)
	}
	if page := string(w.mem.Snapshot()["stable/charts/web/index.html"]); !strings.Contains(page, "1.203.0/values.html") {
		t.Errorf("the chart's page is\n%s", page)
	}
	w.mustBeRebuilt("stable", "without a version")
	w.withdraw("web", func(line string) bool { return !strings.Contains(line, `"version":"1.10`) })
	if files := left("stable/charts/web/versions-"); len(files) > 0 {
		t.Errorf("there are %q, and fewer than 200 versions", files)
	}
	w.withdraw("web", func(string) bool { return false })
	if files := left("stable/charts/web/"); len(files) > 0 {
		t.Errorf("of a removed chart there are %q", files)
	}
	w.mustBeRebuilt("stable", "without a chart")
	faults, _, err := w.writer.Verify(context.Background(), w.site, "stable", true)
	if err != nil || len(faults) > 0 {
		t.Errorf("verifying says %v, %v", faults, err)
	}
}

// Verifying notices files that are missing or do not belong.
func TestVerify(t *testing.T) {
	for _, tt := range []struct {
		name, key, content string
		quick, deep        bool // is noticed
	}{
		{"nothing", "", "", false, false},
		{"overview", "1.0.0/index.html", "", true, true},
		{"values", "1.0.0/values.html", "", true, true},
		{"versions", "versions.json", "", true, true},
		{"raw values", "1.0.0/values.yaml", "", false, true},
		{"a schema that the chart lacks", "1.0.0/values.schema.json", "{}", false, true},
		{"other values", "1.0.0/values.html", "<p>", false, true},
	} {
		synctest.Test(t, func(t *testing.T) { // verifying waits before it looks again
			w := newTown(t, published)
			w.upload("stable", charttest.Simple("web", "1.0.0"), nil)
			w.run()
			key := "stable/charts/web/" + tt.key
			if tt.key != "" {
				if err := w.site.Delete(context.Background(), key, ""); err != nil {
					t.Fatal(err)
				}
			}
			if tt.content != "" {
				w.mem.Put(key, []byte(tt.content))
			}
			for deep, want := range map[bool]bool{false: tt.quick, true: tt.deep} {
				faults, _, err := w.writer.Verify(context.Background(), w.site, "stable", deep)
				if err != nil {
					t.Fatal(err)
				}
				if len(faults) > 1 || (len(faults) == 1) != want || want && faults[0].Key != key {
					t.Errorf("%s, deep %t: got %v, want a fault: %t", tt.name, deep, faults, want)
				}
			}
		})
	}
}

// A chart with many versions has lists of them, and one of the newest. A new version
// changes only the last list, and that one.
func TestManyVersions(t *testing.T) {
	w := newTown(t, published)
	for i := range 410 {
		w.upload("stable", charttest.Simple("many", fmt.Sprintf("1.%d.0", i)), nil)
	}
	w.run()
	w.upload("stable", charttest.Simple("many", "1.410.0"), nil)
	written := w.run()
	if page := string(w.mem.Snapshot()["stable/charts/many/versions.html"]); strings.Count(page, "<tr><td>") != 200 || !strings.Contains(page, "newest 200 of 411 versions") {
		t.Error("the page of the newest versions does not have 200 of 411")
	}
	mustWrite(t, "the newest of many", written, ofVersions("many", "1.410.0"),
		ofChart("many", "badge.svg", "changelog.html", "feed.xml", "index.html", "versions-3.html", "versions.html", "versions.json"))
	for n := range 3 {
		key := fmt.Sprintf("stable/charts/many/versions-%d.html", n+1)
		if w.mem.Snapshot()[key] == nil {
			t.Errorf("%s is missing", key)
		}
		if got, want := slices.Contains(written, key), n == 2; got != want {
			t.Errorf("%s was written: %t, want %t", key, got, want)
		}
	}
	w.mustBeRebuilt("stable", "with many versions")
}

// Two channels are both on the site's index, even if different generators publish
// them.
func TestHome(t *testing.T) {
	w := newTown(t, published)
	w.upload("stable", charttest.Simple("alpha", "1.0.0"), nil)
	w.run()
	w.upload("group/devel", charttest.Simple("beta", "1.0.0-rc.1"), nil)
	w.run()
	var doc pages.SiteDoc
	w.decode("api/index.json", &doc)
	var names []string
	for _, c := range doc.Channels {
		names = append(names, c.Name)
		if w.mem.Snapshot()[path.Join("api", c.API)] == nil || w.mem.Snapshot()[path.Join("api", c.Page)] == nil {
			t.Errorf("%s names files that do not exist: %q, %q", c.Name, c.API, c.Page)
		}
	}
	if want := []string{"group/devel", "stable"}; !slices.Equal(names, want) {
		t.Errorf("the site's channels are %q, want %q", names, want)
	}
	if robots := string(w.mem.Snapshot()["robots.txt"]); !strings.Contains(robots, "Sitemap: https://charts.example.com/helm/sitemap.xml\n") {
		t.Errorf("robots.txt is %q", robots)
	}
}

func (w *town) decode(key string, doc any) {
	w.t.Helper()
	b := w.mem.Snapshot()[key]
	if b == nil {
		w.t.Fatalf("%s is missing", key)
	}
	if err := json.Unmarshal(b, doc); err != nil {
		w.t.Fatalf("%s: %v", key, err)
	}
}

// The documents for programs name only files that exist.
func TestDocuments(t *testing.T) {
	w := newTown(t, published)
	signer := charttest.NewSigner()
	chart := charttest.Simple("web", "1.0.0+build")
	w.upload("stable", chart, signer.Sign("web-1.0.0+build.tgz", chart))
	w.upload("stable", charttest.Simple("web", "1.1.0-rc.1"), nil)
	w.run()
	var doc pages.ChartDoc
	w.decode("stable/api/charts/web.json", &doc)
	if doc.Version != "1.0.0+build" || len(doc.Versions) != 2 || !doc.Versions[0].Prerelease || !doc.Versions[1].Signed || doc.Versions[1].Size != int64(len(chart)) {
		t.Errorf("the chart's document is %+v", doc)
	}
	for _, v := range doc.Versions {
		for _, url := range []string{v.Archive, v.Page} {
			key := path.Join("stable/api/charts", strings.ReplaceAll(url, "%2B", "+"))
			if w.mem.Snapshot()[key] == nil {
				t.Errorf("version %s names %s, which does not exist", v.Version, key)
			}
		}
	}
	if schema := path.Join("stable/api/charts", doc.Schema); w.mem.Snapshot()[schema] == nil {
		t.Errorf("the document's schema %s does not exist", schema)
	}
	var changes pages.ChangesDoc
	w.decode("stable/api/changes.json", &changes)
	if len(changes.Generations) != 1 || len(changes.Generations[0].Events) != 2 || changes.Generations[0].Events[0].What != "added" {
		t.Errorf("the channel's changes are %+v", changes)
	}
}

// A replaced version is listed as replaced.
func TestChangesTellReplacements(t *testing.T) {
	w := newTown(t, published)
	w.upload("stable", charttest.Simple("web", "1.0.0"), nil)
	w.run()
	w.upload("stable", charttest.Simple("web", "1.0.0", "README.md", "other"), nil)
	w.run()
	var changes pages.ChangesDoc
	w.decode("stable/api/changes.json", &changes)
	if n := len(changes.Generations); n != 2 || changes.Generations[0].Events[0].What != "replaced" {
		t.Errorf("the channel's changes are %+v", changes)
	}
}

// Feeds are well-formed Atom, with all required elements.
func TestFeeds(t *testing.T) {
	for name, o := range map[string]pages.Options{"with URL": published, "without": {}} {
		t.Run(name, func(t *testing.T) {
			w := newTown(t, o)
			w.upload("stable", charttest.Simple("web", "1.0.0", "Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\ndescription: a & b < c\n"), nil)
			w.run()
			for _, key := range []string{"stable/feed.xml", "stable/charts/web/feed.xml"} {
				var feed struct {
					XMLName xml.Name `xml:"http://www.w3.org/2005/Atom feed"`
					ID      string   `xml:"id"`
					Title   string   `xml:"title"`
					Updated string   `xml:"updated"`
					Author  string   `xml:"author>name"`
					Entries []struct {
						ID, Title, Updated string
						Link               struct {
							Href string `xml:"href,attr"`
						} `xml:"link"`
					} `xml:"entry"`
				}
				if err := xml.Unmarshal(w.mem.Snapshot()[key], &feed); err != nil {
					t.Fatalf("%s: %v", key, err)
				}
				if feed.ID == "" || feed.Title == "" || feed.Author == "" || len(feed.Entries) != 1 || feed.Entries[0].Link.Href == "" {
					t.Errorf("%s: %+v", key, feed)
				}
				if _, err := time.Parse(time.RFC3339, feed.Updated); err != nil {
					t.Errorf("%s: %v", key, err)
				}
			}
		})
	}
}

// Verifying notes pages of another look, and a rebuild gives all pages the new look.
func TestMixedLooks(t *testing.T) {
	w := newTown(t, published)
	w.upload("stable", charttest.Simple("web", "1.0.0"), nil)
	w.run()
	other := published
	other.Site.Title = "Other charts"
	again, err := pages.New(other)
	if err != nil {
		t.Fatal(err)
	}
	w.writer = again
	w.upload("stable", charttest.Simple("db", "1.0.0"), nil)
	w.run()
	verify := func() (int, string) {
		faults, note, err := w.writer.Verify(context.Background(), w.site, "stable", true)
		if err != nil {
			t.Fatal(err)
		}
		return len(faults), note
	}
	const comparison = "stable/charts/web/compare.html" // which an earlier version of portolan did not make
	if err := w.site.Delete(context.Background(), comparison, ""); err != nil {
		t.Fatal(err)
	}
	if faults, note := verify(); faults > 0 || !strings.Contains(note, "other settings") {
		t.Errorf("pages of several looks: %d faults, %q", faults, note)
	}
	w.upload("stable", charttest.Simple("web", "1.1.0"), nil)
	if written := w.run(); !slices.Contains(written, comparison) {
		t.Errorf("a new version's pages link to %s, which is missing; written were %q", comparison, written)
	}
	c, err := publisher.OpenChannel(context.Background(), w.site, "stable")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.writer.Rebuild(context.Background(), w.site, c); err != nil {
		t.Fatal(err)
	}
	if faults, note := verify(); faults > 0 || note != "" {
		t.Errorf("rebuilt pages: %d faults, %q", faults, note)
	}
}

// After snapshots are pruned, no page links to them.
func TestPrunedSnapshots(t *testing.T) {
	w := newTown(t, published)
	for i := range 4 {
		w.upload("stable", charttest.Simple("web", fmt.Sprintf("1.%d.0", i)), nil)
		w.run()
	}
	if _, err := publisher.Prune(context.Background(), w.drop, w.site, publisher.PruneOptions{
		Snapshots: 2, Now: func() time.Time { return w.clock.Add(time.Hour) },
	}); err != nil {
		t.Fatal(err)
	}
	if err := w.writer.Pruned(context.Background(), w.site, "stable"); err != nil {
		t.Fatal(err)
	}
	page := string(w.mem.Snapshot()["stable/changes.html"])
	for n, want := range map[int]bool{1: false, 2: false, 3: true, 4: true} {
		if got := strings.Contains(page, fmt.Sprintf("snapshots/%08d", n)); got != want {
			t.Errorf("the page links to the snapshot of generation %d: %t, want %t", n, got, want)
		}
	}
	w.mustBeRebuilt("stable", "after a prune")
}
