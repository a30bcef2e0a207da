package pages_test

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/generator/config"
	"github.com/portolan-charts/portolan/generator/pages"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
	"github.com/portolan-charts/portolan/publisher/droparea"
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
	s := droparea.Submission{Chart: bucket.Bytes(chart), Request: droparea.Request{File: "upload.tgz"}}
	if prov != nil {
		s.Prov = bucket.Bytes(prov)
	}
	w.uploads++
	id := fmt.Sprintf("019cab00-0000-7000-8000-%012d", w.uploads)
	if err := droparea.Submit(context.Background(), w.drop, channel, id, s); err != nil {
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
	signer, told := charttest.NewSigner(), ""
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
				for range 2 * (seed % 2) * uint64(min(round, 1)) {
					w.askAny(random, "group/stable")
				}
				w.run()
				w.mustBeRebuilt("group/stable", fmt.Sprintf("round %d", round))
			}
			told += string(w.mem.Snapshot()["group/stable/api/changes.json"])
		})
	}
	for _, what := range []string{`"yanked"`, `"restored"`, `"deprecated"`, `"undeprecated"`, `"rolledBack"`} {
		if !strings.Contains(told, what) {
			t.Errorf("nothing was %s: the test tests too little", what)
		}
	}
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
	w.mem.PowerCut() // it is durable by then
	page := string(w.mem.Snapshot()["stable/changes.html"])
	for n, want := range map[int]bool{1: false, 2: false, 3: true, 4: true} {
		if got := strings.Contains(page, fmt.Sprintf("snapshots/%08d", n)); got != want {
			t.Errorf("the page links to the snapshot of generation %d: %t, want %t", n, got, want)
		}
	}
	w.mustBeRebuilt("stable", "after a prune")
}
