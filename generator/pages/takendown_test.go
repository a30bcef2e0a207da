package pages_test

import (
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/publisher"
)

// takeDown takes a version of web down, but leaves the pages to the test.
func (w *town) takeDown(version string) {
	w.t.Helper()
	w.clock = w.clock.Add(time.Minute)
	_, err := generator.TakeDown(w.t.Context(), w.site, publisher.TakeDownOptions{
		Channel: "stable", Chart: "web", Version: version, Reason: "leaked", Now: w.now, Nonce: func() string { return "n-" + version },
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *town) takenDown() []string {
	w.t.Helper()
	r, err := w.writer.TakenDown(w.t.Context(), w.site, "stable", "web")
	if err != nil {
		w.t.Fatal(err)
	}
	return r.Written
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
	w.takeDown("1.0.0")
	for _, key := range w.takenDown() {
		if strings.HasPrefix(key, "stable/charts/db/") {
			t.Errorf("it has written %s", key)
		}
	}
	if keys := shows(); len(keys) > 0 {
		t.Errorf("these show it: %q", keys)
	}
	w.mustBeRebuilt("stable", "taken down")

	w.mem.Put(compared, slow)
	if written := w.takenDown(); len(written) != 1 || written[0] != compared {
		t.Errorf("once more, it has written %q", written)
	}
	if keys := shows(); len(keys) > 0 {
		t.Errorf("once more, these show it: %q", keys)
	}
	w.mustBeRebuilt("stable", "once more")

	w.takeDown("1.1.0")
	w.takeDown("1.2.0")
	w.takenDown()
	w.mem.Put("stable/charts/web/index.html", slow)
	w.takenDown()
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
	w.takeDown("1.0.0")
	before := len(w.mem.Snapshot())
	if written := w.takenDown(); len(written) > 0 || len(w.mem.Snapshot()) != before {
		t.Errorf("it has written %q", written)
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
