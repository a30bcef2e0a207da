package pages_test

import (
	"context"
	"fmt"
	"path"
	"reflect"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/generator/pages"
	"github.com/portolan-charts/portolan/templates"
)

// An entry of the search index has at most 400 bytes, whatever the chart says.
func TestSearchIndexIsSmall(t *testing.T) {
	w := newTown(t, published)
	long := strings.Repeat("\"quoted\" и длинно ", 20)
	keys := ""
	for i := range 50 {
		keys += fmt.Sprintf("a-long-name-%d: {enabled: true}\n", i)
	}
	for i := range 50 {
		w.upload("stable", charttest.Simple(fmt.Sprintf("chart-%d", i), "1.0.0", "values.yaml", keys, "Chart.yaml", fmt.Sprintf(
			"apiVersion: v2\nname: chart-%d\nversion: 1.0.0\nappVersion: %q\ndescription: %q\nkeywords: [%[2]q, a, b, %[2]q]\nmaintainers:\n- name: %[2]q\n", i, long, long)), nil)
	}
	w.run()
	b := w.mem.Snapshot()["stable/search.json"]
	if limit := 50*400 + 20; len(b) > limit {
		t.Errorf("the search index has %d bytes for 50 charts; at most %d are allowed", len(b), limit)
	}
	for _, c := range w.index("stable") {
		if c.Description == "" || c.Maintainers == "" || c.Values == "" || len(c.Keywords) != 3 {
			t.Fatalf("an entry of the search index is %+v", c)
		}
	}
}

// index returns a channel's search index.
func (w *town) index(channel string) []templates.SearchEntry {
	w.t.Helper()
	var index templates.SearchIndex
	w.decode(path.Join(channel, "search.json"), &index)
	return index.Charts
}

// The search index has what people search for, also of charts whose archives a run has no
// reason to read.
func TestSearchIndex(t *testing.T) {
	w := newTown(t, published)
	w.upload("stable", charttest.Simple("web", "1.0.0+b", "values.yaml", "image: {}\ningress:\n  enabled: true\n", "Chart.yaml", `apiVersion: v2
name: web
version: 1.0.0+b
appVersion: "3.1"
description: Serves pages
keywords: [WWW, www, "c++ & more"]
maintainers:
- {name: Jo Doe, email: jo@example.com}
- {email: team@example.com}
`), nil)
	w.run()
	want := []templates.SearchEntry{{
		Name: "web", Version: "1.0.0+b", AppVersion: "3.1", Description: "Serves pages", Keywords: []string{"www", "c++ & more"},
		Maintainers: "Jo Doe, team@example.com", Values: "ingress.enabled image",
	}}
	if got := w.index("stable"); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	var doc pages.ChartDoc
	w.decode("stable/api/charts/web.json", &doc)
	archive := path.Join("stable/api/charts", strings.ReplaceAll(doc.Versions[0].Archive, "%2B", "+"))
	if err := w.site.Delete(context.Background(), archive, ""); err != nil {
		t.Fatal(err)
	}
	w.upload("stable", charttest.Simple("db", "1.0.0"), nil)
	w.run()
	if got := w.index("stable"); len(got) != 2 || !reflect.DeepEqual(got[1], want[0]) {
		t.Errorf("after a run that changes another chart: got %+v, want %+v as the second", got, want[0])
	}
}

// Keywords on a chart's page lead to the list, by the words that its search index has.
func TestKeywordsLead(t *testing.T) {
	w := newTown(t, published)
	w.upload("stable", charttest.Simple("web", "1.0.0", "Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\nkeywords: ['C++ & \"more\"']\n"), nil)
	w.run()
	if got, want := w.index("stable")[0].Keywords, []string{`c++ & "more"`}; !reflect.DeepEqual(got, want) {
		t.Errorf("the search index has the keywords %q, want %q", got, want)
	}
	for _, page := range []string{"stable/charts/web/index.html", "stable/charts/web/1.0.0/index.html"} {
		const link = `index.html?keyword=c%2b%2b%20%26%20%22more%22"`
		if !strings.Contains(string(w.mem.Snapshot()[page]), link) {
			t.Errorf("%s has no link to %s", page, link)
		}
	}
}

// A channel's page offers keywords that several of its charts have, but not all.
func TestKeywordsNarrow(t *testing.T) {
	w := newTown(t, published)
	for name, keywords := range map[string]string{"web": "all, some, alone", "db": "all, some", "job": "all"} {
		w.upload("stable", charttest.Simple(name, "1.0.0", "Chart.yaml", "apiVersion: v2\nname: "+name+"\nversion: 1.0.0\nkeywords: ["+keywords+"]\n"), nil)
		w.upload("one", charttest.Simple(name, "1.0.0"), nil)
	}
	w.run()
	page := string(w.mem.Snapshot()["stable/index.html"])
	if strings.Count(page, "data-keyword=") != 1 || !strings.Contains(page, `data-keyword="some"`) {
		t.Errorf("the page offers other keywords than one:\n%s", page)
	}
	if page := string(w.mem.Snapshot()["one/index.html"]); strings.Contains(page, "data-keywords") {
		t.Errorf("the page has room for keywords, and no keywords:\n%s", page)
	}
}

// A private channel is marked for programs, and its name in commands begins with the prefix.
func TestPrivateAndPrefix(t *testing.T) {
	o := published
	o.Private = func(channel string) bool { return channel == "team/stable" }
	w := newTown(t, o)
	w.upload("team/stable", charttest.Simple("web", "1.0.0"), nil)
	w.upload("stable", charttest.Simple("web", "1.0.0"), nil)
	w.run()
	var doc pages.SiteDoc
	w.decode("api/index.json", &doc)
	for i, want := range []bool{false, true} {
		if c := doc.Channels[i]; c.Private != want {
			t.Errorf("%s: private is %t", c.Name, c.Private)
		}
	}
	home := string(w.mem.Snapshot()["index.html"])
	for _, want := range []string{
		"helm repo add <span>example-stable</span> <span>https://charts.example.com/helm/stable<",
		"helm repo add <span>example-team-stable</span> <span>https://charts.example.com/helm/team/stable<",
	} {
		if !strings.Contains(home, want) {
			t.Errorf("the home page lacks %s", want)
		}
	}
	none := ""
	o.RepoPrefix = &none
	again, err := pages.New(o)
	if err != nil {
		t.Fatal(err)
	}
	w.writer = again
	w.upload("stable", charttest.Simple("db", "1.0.0"), nil)
	w.run()
	if page := string(w.mem.Snapshot()["stable/charts/db/index.html"]); !strings.Contains(page, "helm repo add <span>stable</span> <span>https://") {
		t.Error("the page has a prefix in spite of the setting")
	}
	if _, note, err := w.writer.Verify(context.Background(), w.site, "stable", true); err != nil || !strings.Contains(note, "other settings") {
		t.Errorf("another prefix is not another look: %q, %v", note, err)
	}
}
