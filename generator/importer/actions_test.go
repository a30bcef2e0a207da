package importer

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/generator/config"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
	"github.com/portolan-charts/portolan/publisher/droparea"
)

// put puts a chart into the drop area.
func (g *target) put(name, version string, more ...string) {
	g.t.Helper()
	s := droparea.Submission{Chart: bucket.Bytes(charttest.Simple(name, version, more...))}
	if err := droparea.Submit(g.t.Context(), g.drop.Handle("put"), "stable", newID(g.t), s); err != nil {
		g.t.Fatal(err)
	}
}

func newID(t *testing.T) string {
	id, err := droparea.NewID()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func (g *target) ask(r action.Request) {
	g.t.Helper()
	if err := droparea.Ask(g.t.Context(), g.drop.Handle("ask"), "stable", newID(g.t), r); err != nil {
		g.t.Fatal(err)
	}
}

func (g *target) head() *publisher.Head {
	g.t.Helper()
	head, err := publisher.ReadHead(g.t.Context(), g.site.Handle("head"), "stable", nil)
	if err != nil {
		g.t.Fatal(err)
	}
	return head
}

// pins are versions with the digests that the channel has.
func (g *target) pins(versions ...release) (pins []action.Pin) {
	g.t.Helper()
	published, err := digests("stable", g.head())
	if err != nil {
		g.t.Fatal(err)
	}
	for _, v := range versions {
		pins = append(pins, action.Pin{Chart: v.chart, Version: v.version, Digest: published[v]})
	}
	return pins
}

// state is what actions have made of the channel, in a few words, with the digests.
func (g *target) state() string {
	g.t.Helper()
	var b strings.Builder
	head := g.head()
	for chart := range head.Charts() {
		for i, line := range head.Lines(chart) {
			if !head.Shown(chart).Has(i) {
				line = "not in head: " + line
			}
			// The path of an archive has the id of its upload, and that differs.
			before, _, _ := strings.Cut(line, `"urls"`)
			fmt.Fprintln(&b, before)
		}
	}
	if head.State != nil {
		for _, y := range head.State.Yanked {
			fmt.Fprintf(&b, "%s %s yanked: %s\n", y.Chart, y.Version, y.Reason)
		}
		for _, d := range head.State.Deprecated {
			fmt.Fprintf(&b, "%s deprecated: %s, %s, %v\n", d.Chart, d.Message, d.Successor, d.Own)
		}
	}
	return b.String()
}

// newActed is a channel of another portolan, in which actions have left their marks.
func newActed(t *testing.T) *target {
	g := newTarget(t)
	g.parse("rootChannel: stable")
	for _, v := range []string{"1.0.0", "1.1.0", "1.2.0", "1.3.0-rc.1"} {
		g.put("web", v)
	}
	g.put("db", "1.0.0")
	g.put("old", "1.0.0")
	g.put("old", "0.9.0", "Chart.yaml", "apiVersion: v2\nname: old\nversion: 0.9.0\ndeprecated: true\n")
	g.generate()
	g.ask(action.Request{Kind: action.Yank, Reason: "loses data", Versions: g.pins(release{"web", "1.1.0"}, release{"db", "1.0.0"})})
	g.ask(action.Request{Kind: action.Yank, Reason: "too early", Versions: g.pins(release{"web", "1.3.0-rc.1"})})
	g.ask(action.Request{Kind: action.Deprecate, Chart: "old", Reason: "use web", Successor: "web"})
	g.generate()
	return g
}

func (g *target) parse(text string) {
	g.t.Helper()
	c, err := config.Parse([]byte(text), "portolan.yaml")
	if err != nil {
		g.t.Fatal(err)
	}
	g.config = c
}

// serve serves the site, and notes the paths that are asked for; requests overlap.
func (g *target) serve() (url string, paths func() []string) {
	store := g.site.Handle("serve")
	var mu sync.Mutex
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		asked = append(asked, r.URL.Path)
		mu.Unlock()
		b, err := store.Get(r.Context(), strings.TrimPrefix(r.URL.Path, "/"))
		if errors.Is(err, bucket.ErrNotFound) {
			http.NotFound(w, r)
			return
		}
		if err != nil {
			g.t.Error(err)
			return
		}
		defer b.Close()
		_, _ = io.Copy(w, b)
	}))
	g.t.Cleanup(server.Close)
	return server.URL, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(asked)
	}
}

// waitsFor are the files in the drop area.
func (g *target) waitsFor() []string { return slices.Sorted(maps.Keys(g.drop.Snapshot())) }

func openWeb(t *testing.T, url string) *Repository {
	r, err := OpenWeb(url, Credentials{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// deeds are what a report says of actions.
func deeds(r *Report) string {
	var all []string
	for _, a := range r.Actions {
		all = append(all, fmt.Sprintf("%s: %s (%s)", a.Outcome, a.Subject(), a.Reason))
	}
	return strings.Join(all, ", ")
}

// TestImportActions: another portolan's channel comes with what is yanked and deprecated,
// wherever it is read from. Asking again asks for nothing, waiting or decided.
func TestImportActions(t *testing.T) {
	from := newActed(t)
	url, _ := from.serve()
	for name, open := range map[string]func() *Repository{
		"channel": func() *Repository { return openWeb(t, url+"/stable") },
		"all":     func() *Repository { return openWeb(t, url+"/stable/all") },
		"root":    func() *Repository { return openWeb(t, url) },
		"bucket": func() *Repository {
			copied := &buckettest.Mem{Now: time.Now}
			for key, data := range from.site.Snapshot() {
				if key, in := strings.CutPrefix(key, "stable/"); in {
					copied.Put(key, data)
				}
			}
			r, err := OpenBucket("s3://charts?prefix=stable/", copied.Handle("bucket"))
			if err != nil {
				t.Fatal(err)
			}
			return r
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := newTarget(t)
			o := g.options(open())
			o.Workers, o.Uploader = 1, map[string]string{"user": "ann"}
			const (
				charts = "db 1.0.0 taken, old 1.0.0 taken, old 0.9.0 taken, web 1.3.0-rc.1 taken, web 1.2.0 taken, web 1.1.0 taken, web 1.0.0 taken"
				asked  = "taken: yank 2 versions of db, web (loses data), taken: yank web 1.3.0-rc.1 (too early), taken: deprecate old (use web)"
			)
			o.DryRun = true
			got, report := g.imports(o)
			g.want("a dry run", got+"; "+deeds(report), charts+"; "+asked)
			g.want("what it puts into the drop area", fmt.Sprint(g.waitsFor()), "[]")
			o.DryRun = false
			got, report = g.imports(o)
			g.want("the import", got+"; "+deeds(report), charts+"; "+asked)
			before := g.waitsFor()
			for _, when := range []string{"waiting", "published"} {
				got, report = g.imports(o)
				g.want(when, got+"; "+deeds(report), strings.ReplaceAll(charts+"; "+asked, "taken", "there"))
				if report.Lost() > 0 {
					t.Errorf("%s: %d are lost", when, report.Lost())
				}
				if when == "waiting" {
					g.want("the drop area", fmt.Sprint(g.waitsFor()), fmt.Sprint(before))
					g.generate()
				}
			}
			g.want("the channel", g.state(), from.state())
		})
	}
}

// TestImportNoActions: of a channel that nothing was done to, only the index is read beside
// the archives, and nothing is asked for.
func TestImportNoActions(t *testing.T) {
	from := newTarget(t)
	from.parse("channels: [{match: stable, keep: 1}]")
	from.put("web", "1.0.0")
	from.put("web", "1.1.0")
	from.generate()
	url, paths := from.serve()
	g := newTarget(t)
	got, report := g.imports(g.options(openWeb(t, url+"/stable")))
	g.want("the import", got+deeds(report), "web 1.1.0 taken")
	for _, path := range paths() {
		if path != "/stable/index.yaml" && !strings.HasPrefix(path, "/stable/charts/web/1.1.0/") {
			t.Errorf("it asks for %s", path)
		}
	}
}

// TestImportOwnActions: what was decided here stays, and a version with other content is
// neither replaced nor yanked.
func TestImportOwnActions(t *testing.T) {
	from := newActed(t)
	url, _ := from.serve()
	g := newTarget(t)
	g.put("web", "1.1.0", "templates/other.yaml", "other: content\n")
	g.put("old", "1.0.0")
	g.generate()
	g.ask(action.Request{Kind: action.Deprecate, Chart: "old", Reason: "our words"})
	g.generate()
	got, report := g.imports(g.options(openWeb(t, url+"/stable")))
	g.want("the import", got+"; "+deeds(report),
		"db 1.0.0 taken, old 1.0.0 there, old 0.9.0 taken, web 1.3.0-rc.1 taken, web 1.2.0 taken, web 1.1.0 differs, web 1.0.0 taken; "+
			"taken: yank db 1.0.0 (loses data), taken: yank web 1.3.0-rc.1 (too early), there: deprecate old (use web)")
	g.generate()
	if _, yanked := g.head().State.FindYanked("web", "1.1.0"); yanked {
		t.Error("other content is yanked")
	}
	if d, _ := g.head().State.FindDeprecated("old"); d.Message != "our words" {
		t.Errorf("the message is %q", d.Message)
	}
}

// TestImportActionsNotAllowed: where a channel takes no yank, what is yanked does not come,
// as it would be listed.
func TestImportActionsNotAllowed(t *testing.T) {
	from := newActed(t)
	url, _ := from.serve()
	g := newTarget(t)
	g.parse("channels: [{match: stable, actions: {drop: [restore]}}]")
	got, report := g.imports(g.options(openWeb(t, url+"/stable")))
	g.want("the import", got+"; "+deeds(report),
		"db 1.0.0 refused action-not-allowed, old 1.0.0 taken, old 0.9.0 taken, web 1.3.0-rc.1 refused action-not-allowed, web 1.2.0 taken, "+
			"web 1.1.0 refused action-not-allowed, web 1.0.0 taken; refused: deprecate old (use web)")
	if report.Lost() != 4 || !strings.Contains(report.Actions[0].Fix, "add deprecate to actions") {
		t.Errorf("got %d, %+v", report.Lost(), report.Actions)
	}
}

// TestImportKeepsYanked: what is yanked does not count for how many versions are imported.
func TestImportKeepsYanked(t *testing.T) {
	from := newActed(t)
	url, _ := from.serve()
	g := newTarget(t)
	o := g.options(openWeb(t, url+"/stable"))
	o.Keep, o.Charts = 1, []string{"web"}
	got, report := g.imports(o)
	g.want("the import", got+"; "+deeds(report), "web 1.3.0-rc.1 taken, web 1.2.0 taken; taken: yank web 1.3.0-rc.1 (too early)")
}

// TestImportStateLost: without the state, the channel comes as it is listed, and the report
// says what it lacks. The list of all versions does not come at all then.
func TestImportStateLost(t *testing.T) {
	const twice = `{"yanked":[{"chart":"web","version":"1.1.0"},{"chart":"web","version":"1.1.0"}]}`
	const unsorted = `{"yanked":[{"chart":"web","version":"1.1.0"},{"chart":"db","version":"1.0.0"}]}`
	for name, damage := range map[string]string{"missing": "", "not a state": "[]", "named twice": twice, "not sorted": unsorted, "too much": `{"yanked":[` + strings.Repeat("{},", maxEntries) + "{}]}"} {
		from := newActed(t)
		for key := range from.site.Snapshot() {
			if !strings.HasSuffix(key, ".state.json") {
				continue
			}
			if from.site.Put(key, []byte(damage)); damage != "" {
				continue
			}
			if err := from.site.Handle("damage").Delete(t.Context(), key, ""); err != nil {
				t.Fatal(err)
			}
		}
		url, _ := from.serve()
		g := newTarget(t)
		_, report := g.imports(g.options(openWeb(t, url+"/stable")))
		lost := report.Results[0]
		if report.Count(Taken) != 4 || report.Lost() != 1 || lost.Outcome != Unfetched || !strings.Contains(lost.URL, ".state.json") {
			t.Errorf("%s: got %+v", name, report)
		}
		if _, err := Run(t.Context(), g.options(openWeb(t, url+"/stable/all"))); err == nil || !strings.Contains(err.Error(), "import the channel itself") {
			t.Errorf("%s: all: %v", name, err)
		}
	}
}

// TestImportOddSuccessor: a chart is deprecated, whatever is said to be its successor.
func TestImportOddSuccessor(t *testing.T) {
	for _, successor := range []string{"../x", "old", strings.Repeat("x", 300)} {
		from := newActed(t)
		for key := range from.site.Snapshot() {
			if strings.HasSuffix(key, ".state.json") {
				from.site.Put(key, fmt.Appendf(nil, `{"deprecated":[{"chart":"old","message":"gone","successor":%q}]}`, successor))
			}
		}
		url, _ := from.serve()
		g := newTarget(t)
		g.imports(g.options(openWeb(t, url+"/stable")))
		g.generate()
		if d, ok := g.head().State.FindDeprecated("old"); !ok || d.Message != "gone" || d.Successor != "" {
			t.Errorf("%.10s: deprecated: %t, %+v", successor, ok, d)
		}
	}
}

// TestImportTakenDown: content that is gone where it came from does not come, and is told
// of if it is here.
func TestImportTakenDown(t *testing.T) {
	g := newTarget(t)
	g.put("web", "1.0.0")
	g.generate()
	pin := g.pins(release{"web", "1.0.0"})[0]
	r := &run{Options: g.options(openWeb(t, "https://charts.example.com/stable")), published: map[release]string{{"web", "1.0.0"}: pin.Digest}}
	stone := action.Tombstone{Chart: "web", Version: "1.0.0", Digest: pin.Digest, Kind: action.TakeDown, Time: time.Unix(1, 0)}
	freed, other := stone, stone
	freed.Kind, other.Digest = action.Free, strings.Repeat("0a", 32)
	got := r.takenDown(&action.State{Gone: []action.Tombstone{stone, freed, other}})
	if len(got) != 1 || !strings.Contains(got[0], "portolan takedown") {
		t.Errorf("got %q", got)
	}
}

// TestImportOnlyPromotes: a channel that takes promotions only takes no import.
func TestImportOnlyPromotes(t *testing.T) {
	from := newActed(t)
	url, _ := from.serve()
	g := newTarget(t)
	g.parse("channels: [{match: stable, promote: {from: [dev], only: true}}]")
	o := g.options(openWeb(t, url+"/stable"))
	o.Charts = []string{"web"}
	got, report := g.imports(o)
	if report.Count(Refused) != len(report.Results) || len(report.Actions) > 0 || len(g.waitsFor()) > 0 {
		t.Errorf("got %s; %s", got, deeds(report))
	}
}

// TestImportActionsFaulty makes each operation on the drop area and the site fail, with and
// without effect. Whatever that leaves behind, the next import completes it.
func TestImportActionsFaulty(t *testing.T) {
	from := newActed(t)
	url, _ := from.serve()
	n, clean := 0, newTarget(t)
	count := func(buckettest.Op) buckettest.Fault { n++; return buckettest.None }
	clean.drop.Hook, clean.site.Hook = count, count
	clean.imports(clean.options(openWeb(t, url+"/stable")))
	for at := range n {
		for _, fault := range []buckettest.Fault{buckettest.Refused, buckettest.Unacked} {
			g, i := newTarget(t), 0
			hook := func(buckettest.Op) buckettest.Fault {
				if i++; i == at+1 {
					return fault
				}
				return buckettest.None
			}
			g.drop.Hook, g.site.Hook = hook, hook
			o := g.options(openWeb(t, url+"/stable"))
			o.Workers = 1
			if _, err := Run(t.Context(), o); err == nil && fault == buckettest.Refused {
				t.Errorf("operation %d is refused, but the import reports no failure", at)
			}
			g.drop.Hook, g.site.Hook = nil, nil
			if _, r := g.imports(o); r.Lost() > 0 {
				t.Errorf("operation %d: %+v, %+v", at, r.Results, r.Actions)
			}
			g.generate()
			g.want(fmt.Sprint("operation ", at), g.state(), from.state())
		}
	}
}
