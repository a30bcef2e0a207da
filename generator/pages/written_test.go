package pages_test

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/publisher"
)

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

// What a page of changes leaves out for room is in the comparison of the two versions, to which it links.
func TestLeftOutIsCompared(t *testing.T) {
	w := newTown(t, published)
	for i, version := range []string{"1.0.0", "1.1.0+b"} {
		w.upload("stable", charttest.Simple("web", version, "templates/long.yaml", strings.Repeat(fmt.Sprintf("# line of %d\n", i), 5000)), nil)
	}
	w.run()
	page := string(w.mem.Snapshot()["stable/charts/web/1.1.0+b/changes.html"])
	const link = `has no room for the differences. <a href="../compare.html?from=1.0.0&amp;to=1.1.0%2Bb">Compare both versions</a>`
	if !strings.Contains(page, link) {
		t.Errorf("the page lacks\n%s:\n%s", link, page)
	}
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
	w.show(c)
}

// show makes the pages of what a channel shows, and returns which files it wrote.
func (w *town) show(c *publisher.Channel) []string {
	w.t.Helper()
	ctx := context.Background()
	all, err := w.writer.Project(ctx, w.site, c, nil)
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
	slices.Sort(all.Report.Written)
	return all.Report.Written
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
			if strings.HasPrefix(key, dir) && path.Ext(key) != ".tgz" && path.Base(key) != "release.json" && path.Base(key) != "index.yaml" {
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
// changes only the last list, and that one; so does a backport.
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
	w.upload("stable", charttest.Simple("many", "1.0.1"), nil)
	mustWrite(t, "a backport among many", w.run(), ofVersions("many", "1.0.1"),
		ofChart("many", "feed.xml", "versions-3.html", "versions.html", "versions.json"))
	w.mustBeRebuilt("stable", "with a backport")
}

// Where a list of versions begins, only the one before changes with it.
func TestNextListOfVersions(t *testing.T) {
	w := newTown(t, published)
	for i := range 400 {
		w.upload("stable", charttest.Simple("many", fmt.Sprintf("1.%d.0", i)), nil)
	}
	w.run()
	w.upload("stable", charttest.Simple("many", "1.400.0"), nil)
	mustWrite(t, "the 401st version", w.run(), ofVersions("many", "1.400.0"),
		ofChart("many", "badge.svg", "changelog.html", "feed.xml", "index.html", "versions-2.html", "versions-3.html", "versions.html", "versions.json"))
	page := func(name string) string { return string(w.mem.Snapshot()["stable/charts/many/"+name+".html"]) }
	for name, links := range map[string]string{"versions-1": "2", "versions-2": "3 1", "versions-3": "2", "versions": "3 2 1"} {
		for n := range 3 {
			link, want := fmt.Sprintf(`<a href="versions-%d.html">`, n+1), strings.Contains(links, fmt.Sprint(n+1))
			if strings.Contains(page(name), link) != want {
				t.Errorf("%s has the link %s: %t", name, link, !want)
			}
		}
	}
	if !strings.Contains(page("versions"), `>2 <small>2026-03-01</small></a>`) {
		t.Errorf("the newest versions do not say of which days the others are:\n%s", page("versions"))
	}
	if n := strings.Count(page("versions-3"), "<tr><td>"); n != 1 {
		t.Errorf("the last list has %d versions, want 1", n)
	}
	w.mustBeRebuilt("stable", "with another list")
}
