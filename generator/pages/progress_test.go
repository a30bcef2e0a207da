package pages_test

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/generator/pages"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
)

// runUntil runs the generator until an object of the site is about to be written,
// and returns which charts were read for their pages.
func (w *town) runUntil(key string) (read []string, err error) {
	w.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	w.clock = w.clock.Add(time.Minute)
	w.mem.Hook = func(op buckettest.Op) buckettest.Fault {
		switch {
		case op.Kind == buckettest.Get && strings.HasSuffix(op.Key, ".tgz"):
			read = append(read, path.Base(op.Key))
		case op.Kind != buckettest.Get && op.Key == key:
			cancel()
		}
		return buckettest.None
	}
	defer func() { w.mem.Hook = nil }()
	_, err = generator.Run(ctx, generator.Options{Drop: w.drop, Site: w.site, Pages: w.writer, Config: w.config, Workers: 1, Now: w.now})
	slices.Sort(read)
	return slices.Compact(read), err
}

// A run that is cut off is not begun again from the start: charts that have their
// pages are left alone, and of one that has some the others are made.
func TestProgressIsKept(t *testing.T) {
	for name, before := range map[string]int{"a new channel": 0, "more charts": 3} {
		t.Run(name, func(t *testing.T) {
			w := newTown(t, pages.Options{Site: published.Site, Turn: 1})
			for i := range before {
				w.upload("stable", charttest.Simple(fmt.Sprintf("old%d", i), "1.0.0"), nil)
			}
			w.run()
			for i := range 6 {
				w.upload("stable", charttest.Simple(fmt.Sprintf("chart%d", i), "1.0.0"), nil)
			}
			for i := range 4 {
				w.upload("stable", charttest.Simple("many", fmt.Sprintf("1.%d.0", i)), nil)
			}
			read, err := w.runUntil("stable/charts/chart3/badge.svg")
			if !errors.Is(err, context.Canceled) || len(read) > 0 {
				t.Fatalf("the first run reads %q, which it still holds, and says %v", read, err)
			}
			read, err = w.runUntil("stable/charts/many/1.1.0/index.html")
			if want := "[chart4-1.0.0.tgz chart5-1.0.0.tgz many-1.1.0.tgz many-1.2.0.tgz many-1.3.0.tgz]"; !errors.Is(err, context.Canceled) || len(read) > 7 || strings.Contains(fmt.Sprint(read), "chart0") {
				t.Errorf("the second run reads %q and says %v; want about %s", read, err, want)
			}
			read, err = w.runUntil("")
			if want := "[many-1.0.0.tgz many-1.1.0.tgz many-1.3.0.tgz]"; err != nil || fmt.Sprint(read) != want {
				t.Errorf("the third run reads %q and says %v; want %s", read, err, want)
			}
			w.mustBeRebuilt("stable", "in the end")
			if doc := string(w.mem.Snapshot()["stable/api/changes.json"]); strings.Contains(doc, "progress") {
				t.Errorf("the progress is still noted: %s", doc)
			}
		})
	}
}

// What was cut off is made again if its chart changes once more, all of it.
func TestProgressOfAnEarlierGeneration(t *testing.T) {
	w := newTown(t, published)
	w.upload("stable", charttest.Simple("alpha", "1.0.0"), nil)
	w.upload("stable", charttest.Simple("beta", "1.0.0"), nil)
	w.run()
	w.upload("stable", charttest.Simple("alpha", "1.0.0", "README.md", "other"), nil)
	w.upload("stable", charttest.Simple("beta", "2.0.0"), nil)
	if _, err := w.runUntil("stable/charts/beta/2.0.0/index.html"); err == nil {
		t.Fatal("the run was not cut off")
	}
	w.upload("stable", charttest.Simple("alpha", "1.1.0"), nil)
	w.run()
	w.mustBeRebuilt("stable", "in the end")
}

// Pages that nobody knows are all made, also if the run that makes them is cut off:
// they may show what neither the generation before nor the one after says.
func TestProgressOfTwoEarlierGenerations(t *testing.T) {
	w := newTown(t, published)
	for i := range 4 {
		w.upload("stable", charttest.Simple("alpha", fmt.Sprintf("1.%d.0", i)), nil)
	}
	w.upload("stable", charttest.Simple("beta", "1.0.0"), nil)
	w.run()
	cut := func(chart, version, at string) {
		t.Helper()
		w.upload("stable", charttest.Simple(chart, version), nil)
		w.upload("stable", charttest.Simple("beta", version), nil)
		if _, err := w.runUntil(at); !errors.Is(err, context.Canceled) {
			t.Fatalf("the run was not cut off: %v", err)
		}
	}
	w.keep(2)
	cut("alpha", "1.4.0", "stable/charts/beta/1.4.0/index.html")
	w.keep(0)
	cut("alpha", "1.5.0", "stable/charts/alpha/versions.html")
	w.run()
	w.mustBeRebuilt("stable", "in the end")
}

// Charts that have their pages are left alone although the snapshot that the last
// complete pages show was pruned.
func TestProgressWithoutSnapshot(t *testing.T) {
	w := newTown(t, published)
	w.upload("stable", charttest.Simple("alpha", "1.0.0"), nil)
	w.run()
	for i := range 6 {
		w.upload("stable", charttest.Simple(fmt.Sprintf("chart%d", i), "1.0.0"), nil)
	}
	for key := range w.mem.Snapshot() {
		if strings.HasPrefix(key, "stable/snapshots/00000001/") {
			if err := w.site.Delete(context.Background(), key, ""); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := w.runUntil("stable/charts/chart2/badge.svg"); !errors.Is(err, context.Canceled) {
		t.Fatalf("the first run says %v", err)
	}
	read, err := w.runUntil("stable/charts/chart4/badge.svg")
	if got := fmt.Sprint(read); !errors.Is(err, context.Canceled) || strings.Contains(got, "chart0") {
		t.Errorf("the second run reads %s and says %v", got, err)
	}
	read, err = w.runUntil("")
	if got := fmt.Sprint(read); err != nil || strings.Contains(got, "alpha") || strings.Contains(got, "chart0") || strings.Contains(got, "chart2") {
		t.Errorf("the third run reads %s and says %v", got, err)
	}
	w.mustBeRebuilt("stable", "in the end")
}

// Pages for which there is no time are made all the same: plain, with notes.
func TestPageTime(t *testing.T) {
	w := newTown(t, pages.Options{Site: published.Site, PageTime: 1})
	w.upload("stable", charttest.Simple("alpha", "1.0.0", "README.md", "# *A*", "values.yaml", "a: 1\n", "values.schema.json", `{"properties":{"a":{}}}`), nil)
	w.upload("stable", charttest.Simple("alpha", "1.1.0", "README.md", "# *A*", "values.yaml", "a: 2\n"), nil)
	w.run()
	for key, wanted := range map[string]int{
		"1.0.0/index.html": 1, "index.html": 1, "1.0.0/values.html": 2, "1.1.0/changes.html": 1,
	} {
		page := string(w.mem.Snapshot()["stable/charts/alpha/"+key])
		if got := strings.Count(page, "the page took too long"); got != wanted {
			t.Errorf("%s: %d notes:\n%s", key, got, page)
		}
		if path.Base(key) == "index.html" && !strings.Contains(page, "# *A*") {
			t.Errorf("%s lacks the README:\n%s", key, page)
		}
	}
}
