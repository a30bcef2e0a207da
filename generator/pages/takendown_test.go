package pages_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/publisher"
)

// takeDown takes a version of web down, but leaves the pages to the test.
func (w *town) takeDown(version string) *publisher.TakeDownReport {
	w.t.Helper()
	w.clock = w.clock.Add(time.Minute)
	r, err := generator.TakeDown(w.t.Context(), w.site, publisher.TakeDownOptions{
		Channel: "stable", Chart: "web", Version: version, Reason: "leaked", Now: w.now, Nonce: func() string { return "n-" + version },
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return r.TakeDownReport
}

// takenDown makes the pages, and returns which were written, and which caches may have.
func (w *town) takenDown(t *publisher.TakeDownReport) (written, cached []string) {
	w.t.Helper()
	r, cached, err := w.writer.TakenDown(w.t.Context(), w.site, t)
	if err != nil {
		w.t.Fatal(err)
	}
	return r.Written, cached
}

// After a takedown, no page shows anything of the version, also if pages that say so are up
// to date already, and a slow generator has written others since.
func TestTakenDown(t *testing.T) {
	w := newTown(t, published)
	for _, version := range []string{"1.0.0", "1.1.0", "1.2.0"} {
		values := "password: none\n"
		if version == "1.0.0" {
			values = "password: hunter2\n"
		}
		w.upload("stable", charttest.Simple("web", version, "values.yaml", values), nil)
	}
	w.upload("stable", charttest.Simple("db", "1.0.0"), nil)
	w.run()
	shows := func() (keys []string) {
		for key, content := range w.mem.Snapshot() {
			if strings.Contains(string(content), "hunter2") {
				keys = append(keys, key)
			}
		}
		return keys
	}
	const compared = "stable/charts/web/1.1.0/changes.html"
	slow := w.mem.Snapshot()[compared]
	if !strings.Contains(string(slow), "hunter2") {
		t.Fatalf("it does not compare:\n%s", slow)
	}
	first := w.takeDown("1.0.0")
	written, _ := w.takenDown(first)
	for _, key := range written {
		if strings.HasPrefix(key, "stable/charts/db/") {
			t.Errorf("it has written %s", key)
		}
	}
	if keys := shows(); len(keys) > 0 {
		t.Errorf("these show it: %q", keys)
	}
	w.mustBeRebuilt("stable", "taken down")

	w.mem.Put(compared, slow)
	if written, _ := w.takenDown(first); len(written) != 1 || written[0] != compared {
		t.Errorf("once more, it has written %q", written)
	}
	if keys := shows(); len(keys) > 0 {
		t.Errorf("once more, these show it: %q", keys)
	}
	w.mustBeRebuilt("stable", "once more")

	w.takeDown("1.1.0")
	last := w.takeDown("1.2.0")
	w.takenDown(last)
	w.mem.Put("stable/charts/web/index.html", slow)
	w.takenDown(last)
	if keys := shows(); len(keys) > 0 {
		t.Errorf("without versions, these show it: %q", keys)
	}
	w.mustBeRebuilt("stable", "without versions")
}

// A channel without pages gets none.
func TestTakenDownWithoutPages(t *testing.T) {
	w := newTown(t, published)
	w.upload("stable", charttest.Simple("web", "1.0.0"), nil)
	w.upload("stable", charttest.Simple("web", "1.1.0"), nil)
	w.runWithout()
	report := w.takeDown("1.0.0")
	before := len(w.mem.Snapshot())
	if written, cached := w.takenDown(report); len(written)+len(cached) > 0 || len(w.mem.Snapshot()) != before {
		t.Errorf("it has written %q, and caches may have %q", written, cached)
	}
}

// TestTakenDownCached: caches may have every page that showed something of the version before,
// and what was written; and no file of which there never was one. They may have the same if
// a generator has made the pages first, or an earlier call has.
func TestTakenDownCached(t *testing.T) {
	for _, versions := range [][]string{{"0.9.0", "1.0.0", "1.1.0", "1.2.0"}, {"1.0.0"}} {
		for _, how := range []string{"first", "after a generator", "once more"} {
			t.Run(fmt.Sprintf("%d versions, %s", len(versions), how), func(t *testing.T) {
				w := newTown(t, published)
				w.upload("stable", charttest.Simple("db", "1.0.0"), nil)
				for _, version := range versions {
					w.upload("stable", charttest.Simple("web", version, "values.yaml", "password: in"+version+"\n"), nil)
				}
				w.run()
				before := w.mem.Snapshot()
				report := w.takeDown("1.0.0")
				var earlier []string
				switch how {
				case "after a generator":
					w.upload("stable", charttest.Simple("db", "1.1.0"), nil)
					w.run()
				case "once more":
					earlier, _ = w.takenDown(report)
					w.upload("stable", charttest.Simple("web", "1.0.1"), nil)
					w.run()
					report = w.takeDown("1.0.0")
				}
				written, cached := w.takenDown(report)
				cached = append(cached, report.Keys...)
				for key, text := range before {
					kept := strings.Contains(key, "/log/") || strings.Contains(key, "/snapshots/") || strings.HasPrefix(key, "stable/charts/db/")
					if !kept && strings.Contains(string(text), "1.0.0") && strings.Contains(string(text), "web") && !slices.Contains(cached, key) {
						t.Errorf("%s showed it", key)
					}
				}
				for _, key := range slices.Concat(written, earlier) {
					if strings.HasPrefix(key, "stable/") && !slices.Contains(cached, key) {
						t.Errorf("%s was written", key)
					}
				}
				after := w.mem.Snapshot()
				for _, key := range cached {
					never := before[key] == nil && after[key] == nil
					if ofVersion := strings.HasPrefix(key, "stable/charts/web/1.0.0/"); never && !(ofVersion && report.Before) {
						t.Errorf("there never was a %s", key)
					}
					if strings.HasPrefix(key, "stable/charts/web/1.2.0/") || strings.HasPrefix(key, "stable/charts/db/1.0.0/") {
						// it shows nothing of it, but its own page may be another one
						if !slices.Contains(slices.Concat(written, earlier), key) {
							t.Errorf("%s has nothing of it", key)
						}
					}
				}
			})
		}
	}
}

// runWithout runs the generator without pages.
func (w *town) runWithout() {
	w.t.Helper()
	w.clock = w.clock.Add(time.Minute)
	if _, err := generator.Run(w.t.Context(), generator.Options{Drop: w.drop, Site: w.site, Now: w.now}); err != nil {
		w.t.Fatal(err)
	}
}
