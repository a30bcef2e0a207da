package pages_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/generator/pages"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/droparea"
	"github.com/portolan-charts/portolan/publisher/registry"
)

// ask asks for an action through the drop area.
func (w *town) ask(channel string, r action.Request) {
	w.t.Helper()
	w.clock = w.clock.Add(time.Second)
	w.uploads++
	if err := droparea.Ask(context.Background(), w.drop, channel, fmt.Sprintf("019cab00-0000-7000-8000-%012d", w.uploads), r); err != nil {
		w.t.Fatal(err)
	}
}

// on asks for an action on versions of a chart.
func (w *town) on(channel string, kind action.Kind, reason, chart string, versions ...string) {
	w.t.Helper()
	r := action.Request{Kind: kind, Reason: reason}
	for _, pin := range w.pins(channel, chart) {
		if slices.Contains(versions, pin.Version) {
			r.Versions = append(r.Versions, pin)
		}
	}
	w.ask(channel, r)
}

// pins are the versions of a chart with their content.
func (w *town) pins(channel, chart string) (all []action.Pin) {
	w.t.Helper()
	for _, text := range w.open(channel).Index().Lines(chart) {
		pin := action.Pin{Chart: chart}
		if err := json.Unmarshal([]byte(text), &pin); err != nil {
			w.t.Fatal(err)
		}
		all = append(all, pin)
	}
	return all
}

func (w *town) open(channel string) *publisher.Channel {
	w.t.Helper()
	c, err := publisher.OpenChannel(context.Background(), w.site, channel)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

// mustSay fails unless files of the site have texts, and lack those that begin with "!".
func (w *town) mustSay(when string, files map[string][]string) {
	w.t.Helper()
	for key, texts := range files {
		content, ok := w.mem.Snapshot()[key]
		if !ok {
			w.t.Errorf("%s: %s is missing", when, key)
			continue
		}
		for _, text := range texts {
			text, not := strings.CutPrefix(text, "!")
			if strings.Contains(string(content), text) == not {
				w.t.Errorf("%s: %s says %q: %t\n%s", when, key, text, !not, content)
			}
		}
	}
}

// A yanked version keeps its pages, which say so, and commands that find it. Whatever lists
// versions passes over it, or marks it, until it is restored. Pages of other charts, and
// those of the chart's other versions, stay as they are.
func TestYankedVersion(t *testing.T) {
	w := newTown(t, published)
	for _, version := range []string{"1.0.0", "1.1.0", "1.2.0"} {
		w.upload("stable", charttest.Simple("web", version), nil)
	}
	w.upload("stable", charttest.Simple("db", "1.0.0"), nil)
	w.run()
	before := w.mem.Snapshot()
	w.on("stable", action.Yank, "Loses <data> & more", "web", "1.2.0")
	for _, key := range w.run() {
		if strings.Contains(key, "/db") || strings.Contains(key, "/1.1.0/") || strings.Contains(key, "/1.0.0/") {
			t.Errorf("yanking another version wrote %s", key)
		}
	}
	page := []string{"<strong>Yanked.</strong> Do not use 1.2.0: <span dir=\"auto\">Loses &lt;data&gt; &amp; more</span>", "2026-03-01", "portolan restore stable web 1.2.0", "example-stable-all/web"}
	w.mustSay("yanked", map[string][]string{
		"stable/charts/web/1.2.0/index.html": append(page, "helm repo add <span>example-stable-all</span> <span>https://charts.example.com/helm/stable/all</span>",
			"helm pull https://charts.example.com/helm/stable/charts/web/1.2.0/", "url: https://charts.example.com/helm/stable/all\n", "!stable/charts/web</code>"),
		"stable/charts/web/1.2.0/values.html":  page,
		"stable/charts/web/1.2.0/changes.html": page,
		"stable/charts/web/index.html":         {`<span class="version">1.1.0</span>`, "!anked", "!-all"},
		"stable/charts/web/versions.html":      {`<s><a href="1.2.0/index.html">1.2.0</a></s> <span class="badge warn">yanked</span><td>`, `1.1.0</a> <span class="badge good">newest`, "!does not list"},
		"stable/charts/web/changelog.html":     {`<s><a href="1.2.0/changes.html">1.2.0</a></s> <span class="badge warn">yanked`},
		"stable/charts/web/versions.json":      {`"newest":"1.1.0"`, `"s":"oy"}`},
		"stable/charts/web/badge.svg":          {"helm: 1.1.0", "!1.2.0"},
		"stable/charts/web/feed.xml":           {"<title>web 1.2.0 is yanked</title>", "Loses &lt;data&gt; &amp; more"},
		"stable/feed.xml":                      {"<title>web 1.2.0 yanked</title>", "!1.2.0 was added", "1.1.0 was added"},
		"stable/search.json":                   {`"v":"1.1.0"`, "!1.2.0"},
		"stable/index.html":                    {"2 charts · 3 versions", "Not in this repository: 1 yanked version<", "!1.2.0"},
		"stable/changes.html":                  {`<span class="what yanked">yanked</span> <a href="charts/web/1.2.0/index.html">web 1.2.0</a> <span class="meta" dir="auto">Loses &lt;data`},
		"index.html":                           {"2 charts · 3 versions"},
	})
	var doc pages.ChartDoc
	w.decode("stable/api/charts/web.json", &doc)
	if y := doc.Versions[0].Yanked; doc.Version != "1.1.0" || y == nil || y.Reason != "Loses <data> & more" || y.Time.IsZero() || doc.Versions[1].Yanked != nil {
		t.Errorf("the chart's document is %+v", doc)
	}
	w.mustBeRebuilt("stable", "yanked")
	if written := w.show(w.open("stable")); len(written) > 0 {
		t.Errorf("pages that were up to date were written again: %q", written)
	}

	w.on("stable", action.Restore, "", "web", "1.2.0")
	w.run()
	w.mustSay("restored", map[string][]string{"stable/changes.html": {`<span class="what restored">restored</span> <a href="charts/web/1.2.0/index.html">`}})
	for key, content := range w.mem.Snapshot() {
		if strings.HasPrefix(key, "stable/charts/web/") && !strings.HasSuffix(key, "/index.yaml") && string(before[key]) != string(content) {
			t.Errorf("restoring left %s other than it was:\n%s", key, content)
		}
	}
	w.mustBeRebuilt("stable", "restored")
}

// A chart of which all versions are yanked keeps its pages, and leaves lists of charts.
func TestYankedChart(t *testing.T) {
	w := newTown(t, published)
	for _, version := range []string{"1.0.0", "1.1.0", "2.0.0-rc.1"} {
		w.upload("stable", charttest.Simple("web", version), nil)
	}
	w.upload("stable", charttest.Simple("db", "1.0.0"), nil)
	w.run()
	w.on("stable", action.Yank, "Broken", "web", "1.0.0", "1.1.0")
	w.run()
	w.mustSay("but for a prerelease", map[string][]string{"stable/charts/web/index.html": {`<span class="version">2.0.0-rc.1</span>`, "!anked"}, "stable/index.html": {">web<"}})
	w.on("stable", action.Yank, "Broken, too", "web", "2.0.0-rc.1")
	w.run()
	gone := []string{"!web"}
	w.mustSay("yanked", map[string][]string{
		"stable/charts/web/index.html":       {"All versions of this chart are yanked.", "Do not use 1.1.0", "Broken"},
		"stable/charts/web/1.1.0/index.html": {"<strong>Yanked.</strong>", "!All versions"},
		"stable/charts/web/badge.svg":        {"helm: yanked"},
		"stable/charts/web/versions.json":    {`"newest":""`},
		"stable/charts/web/versions.html":    {"!newest<"},
		"stable/index.html":                  {"1 chart · 1 version ·", "3 yanked versions", "!>web<"},
		"stable/search.json":                 gone,
		"stable/sitemap.xml":                 gone,
		"stable/api/index.json":              gone,
		"index.html":                         {"1 chart · 1 version ·"},
	})
	w.mustBeRebuilt("stable", "yanked")
	if faults, _, err := w.writer.Verify(context.Background(), w.site, "stable", true); len(faults) > 0 || err != nil {
		t.Errorf("verifying finds %v, %v", faults, err)
	}
	w.upload("stable", charttest.Simple("db", "1.1.0"), nil)
	if written := w.run(); slices.ContainsFunc(written, func(key string) bool { return strings.Contains(key, "web") }) {
		t.Errorf("another chart's change wrote %q", written)
	}
	w.on("stable", action.Restore, "", "web", "1.0.0")
	w.run()
	w.mustSay("one is back", map[string][]string{"stable/charts/web/index.html": {`<span class="version">1.0.0</span>`, "!anked"}, "stable/index.html": {">web<", "2 charts · 3 versions"}})
	w.mustBeRebuilt("stable", "one is back")
}

// A chart that an action deprecated says so once, on all its pages, with what to use
// instead. A link to that comes and goes with it.
func TestDeprecatedChart(t *testing.T) {
	w := newTown(t, published)
	w.upload("stable", charttest.Simple("web", "1.0.0"), nil)
	w.upload("stable", charttest.Simple("web", "2.0.0", "Chart.yaml", "apiVersion: v2\nname: web\nversion: 2.0.0\ndeprecated: true\n"), nil)
	w.run()
	own := []string{"<strong>Deprecated.</strong> This chart is no longer maintained.</p>"}
	w.mustSay("by Chart.yaml", map[string][]string{"stable/charts/web/2.0.0/index.html": own, "stable/charts/web/1.0.0/index.html": {"!Deprecated"}})
	w.ask("stable", action.Request{Kind: action.Deprecate, Chart: "web", Reason: "<b>Old</b>", Successor: "site"})
	w.run()
	for _, page := range []string{"1.0.0/index.html", "1.0.0/values.html", "2.0.0/index.html", "index.html"} {
		key := "stable/charts/web/" + page
		w.mustSay("deprecated", map[string][]string{key: {`<strong>Deprecated.</strong> <span dir="auto">&lt;b&gt;Old&lt;/b&gt;</span> Use site instead.</p>`}})
		if n := strings.Count(string(w.mem.Snapshot()[key]), "Deprecated."); n != 1 {
			t.Errorf("%s says it %d times", key, n)
		}
	}
	w.mustSay("deprecated", map[string][]string{
		"stable/index.html":                  {`<span class="badge warn">deprecated</span>`},
		"stable/charts/web/versions.html":    {`1.0.0</a> <span class="badge warn">deprecated</span>`},
		"stable/changes.html":                {`<span class="what deprecated">deprecated</span> <a href="charts/web/index.html">web</a> <span class="meta" dir="auto">&lt;b&gt;Old`, "!replaced"},
		"stable/api/charts/web.json":         {`"message": "<b>Old</b>"`, `"successor": "site"`},
		"stable/charts/web/1.0.0/index.html": {"!<b>Old"},
	})
	w.mustBeRebuilt("stable", "deprecated")

	w.upload("stable", charttest.Simple("site", "1.0.0"), nil)
	w.run()
	w.mustSay("with its successor", map[string][]string{
		"stable/charts/web/index.html":        {`Use <a href="../site/index.html">site</a> instead.`},
		"stable/charts/web/1.0.0/values.html": {`Use <a href="../../site/index.html">site</a> instead.`},
	})
	w.mustBeRebuilt("stable", "with its successor")
	w.ask("stable", action.Request{Kind: action.Undeprecate, Chart: "web"})
	w.run()
	w.mustSay("undone", map[string][]string{"stable/charts/web/2.0.0/index.html": own, "stable/charts/web/1.0.0/index.html": {"!Deprecated"}, "stable/changes.html": {">undeprecated<"}})
	w.mustBeRebuilt("stable", "undone")
}

// What promotions, rollbacks and takedowns did is told as such, and nothing links to pages
// that they removed.
func TestActivityTellsActions(t *testing.T) {
	w := newTown(t, published)
	w.upload("group/dev", charttest.Simple("web", "1.2.0"), nil)
	w.run()
	w.upload("stable", charttest.Simple("web", "1.0.0"), nil)
	w.upload("stable", charttest.Simple("web", "1.1.0"), nil)
	w.run()
	w.ask("stable", action.Request{Kind: action.Promote, From: "group/dev", Versions: w.pins("group/dev", "web")})
	w.run()
	for _, generation := range []int{1, 2} {
		w.ask("stable", action.Request{Kind: action.Rollback, Generation: generation})
		w.run()
		w.mustBeRebuilt("stable", "rolled back")
	}
	if _, err := publisher.TakeDown(context.Background(), w.site, publisher.TakeDownOptions{
		Channel: "stable", Chart: "web", Version: "1.0.0", Reason: "leaked <key>", Drop: w.drop, Now: func() time.Time { return w.clock.Add(time.Minute) },
	}); err != nil {
		t.Fatal(err)
	}
	w.show(w.open("stable"))
	w.mustSay("in the end", map[string][]string{
		"stable/changes.html": {
			`<span class="what added">added</span> <a href="charts/web/1.2.0/index.html">web 1.2.0</a> <span class="meta">promoted from group/dev</span>`,
			"rolled back to generation 1:", `<span class="what yanked">yanked</span> <a href="charts/web/1.2.0/index.html">`,
			"rolled back to generation 2:", `<span class="what restored">restored</span> <a href="charts/web/1.2.0/index.html">`,
			`<span class="what removed">removed</span> web 1.0.0 <span class="meta">taken down</span> <span class="meta" dir="auto">leaked &lt;key&gt;</span>`,
			`<span class="what added">added</span> web 1.0.0<`,
		},
		"stable/feed.xml":                      {"It was promoted from group/dev.", "!1.0.0"},
		"stable/charts/web/1.1.0/changes.html": {"There is no earlier version to compare it with"},
	})
	for key := range w.mem.Snapshot() {
		if strings.HasPrefix(key, "stable/charts/web/1.0.0/") {
			t.Errorf("%s is left of a version that was taken down", key)
		}
	}
	w.mustBeRebuilt("stable", "in the end")
}

// Pages of a yank that were cut off are finished by the next pass, and made again if the
// state has moved on since.
func TestYankIsCutOff(t *testing.T) {
	for name, then := range map[string]func(*town){
		"finished": func(w *town) {},
		"restored": func(w *town) { w.on("stable", action.Restore, "", "web", "1.1.0") },
		"another":  func(w *town) { w.on("stable", action.Yank, "Broken, too", "web", "1.0.0") },
		"other reason": func(w *town) {
			w.on("stable", action.Restore, "", "web", "1.1.0")
			w.on("stable", action.Yank, "Once more", "web", "1.1.0")
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTown(t, published)
			for _, version := range []string{"1.0.0", "1.1.0", "1.2.0", "1.3.0"} {
				w.upload("stable", charttest.Simple("web", version), nil)
			}
			w.run()
			w.on("stable", action.Yank, "Broken", "web", "1.1.0", "1.3.0")
			for _, last := range []string{"charts/web/1.1.0/values.html", "feed.xml"} {
				if _, err := w.runUntil("stable/" + last); err == nil {
					t.Fatal("the run was not cut off")
				}
			}
			then(w)
			w.run()
			w.mustBeRebuilt("stable", "in the end")
		})
	}
}

// Of a chart with many versions, the list that has a yanked one is made again, even if the
// repository did not list that version before.
func TestYankedOlderVersion(t *testing.T) {
	w := newTown(t, published)
	w.keep(2)
	for i := range 203 {
		w.upload("stable", charttest.Simple("web", fmt.Sprintf("1.%d.0", i)), nil)
	}
	w.run()
	w.on("stable", action.Yank, "Broken", "web", "1.1.0")
	w.run()
	w.mustSay("yanked", map[string][]string{
		"stable/charts/web/versions-1.html": {`<s><a href="1.1.0/index.html">1.1.0</a></s>`, "1.2.0</a> *"},
		"stable/index.html":                 {"1 chart · 202 versions", "Not in this repository: 200 older versions, 1 yanked version<"},
	})
	w.mustBeRebuilt("stable", "yanked")
}

// A promoted version says from where and since when, on its page, to programs and in feeds.
func TestPromotedVersion(t *testing.T) {
	w := newTown(t, published)
	archive := charttest.Simple("web", "1.1.0")
	w.upload("group/dev", archive, nil)
	w.run()
	w.clock = w.clock.Add(24 * time.Hour)
	w.upload("group/stable", charttest.Simple("web", "1.0.0"), nil)
	w.ask("group/stable", action.Request{Kind: action.Promote, From: "group/dev", Versions: []action.Pin{{Chart: "web", Version: "1.1.0", Digest: registry.SumOf(archive).SHA256}}})
	when := w.clock
	w.run()
	w.mustSay("promoted", map[string][]string{
		"group/stable/charts/web/1.1.0/index.html": {`">2026-03-01</time>` + "\n<dt>Promoted<dd>" + `<time datetime="` + when.Format(time.RFC3339) + `">2026-03-02</time> from group/dev`},
		"group/stable/charts/web/1.0.0/index.html": {"!Promoted"},
		"group/dev/charts/web/1.1.0/index.html":    {"!Promoted"},
		"group/stable/charts/web/feed.xml":         {"<updated>" + when.Format(time.RFC3339) + "</updated>"},
		"group/stable/changes.html":                {`web 1.1.0</a> <span class="meta">promoted from group/dev</span>`},
	})
	var doc pages.ChartDoc
	w.decode("group/stable/api/charts/web.json", &doc)
	if p := doc.Versions[0].Promoted; p == nil || *p != (pages.Promotion{From: "group/dev", Time: when}) || doc.Versions[1].Promoted != nil {
		t.Errorf("the document has %+v", doc.Versions)
	}
	w.mustBeRebuilt("group/stable", "promoted")
}

// askAny asks for one of the actions on what the channel has.
func (w *town) askAny(random *rand.Rand, channel string) {
	w.t.Helper()
	c := w.open(channel)
	charts := slices.Collect(c.Index().Charts())
	chart := charts[random.IntN(len(charts))]
	versions := w.pins(channel, chart)
	versions = versions[:1+random.IntN(len(versions))]
	switch random.IntN(6) {
	case 0, 1:
		w.ask(channel, action.Request{Kind: action.Yank, Versions: versions, Reason: "broken"})
	case 2:
		w.ask(channel, action.Request{Kind: action.Restore, Versions: versions})
	case 3:
		w.ask(channel, action.Request{Kind: action.Deprecate, Chart: chart, Reason: "old", Successor: "gamma"})
	case 4:
		w.ask(channel, action.Request{Kind: action.Undeprecate, Chart: chart})
	default:
		w.ask(channel, action.Request{Kind: action.Rollback, Generation: 1 + random.IntN(c.Generation())})
	}
}
