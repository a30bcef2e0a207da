package generator_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/generator/pages"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
	"github.com/portolan-charts/portolan/templates"
)

func newPages(t testing.TB) *pages.Writer {
	t.Helper()
	w, err := pages.New(pages.Options{Site: templates.Site{URL: "https://charts.example.com/helm"}, Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// pagedWorld is fullWorld with pages.
func pagedWorld(t testing.TB) *world {
	w := newWorld(t)
	w.pages = newPages(t)
	return w.small().full()
}

// Pages are healed as everything else is: whatever breaks a run, the next one
// ends with the very site that an undisturbed one makes.
func TestEveryCrashWithPages(t *testing.T) {
	ops, want, site := undisturbed(t, pagedWorld)
	t.Logf("%d operations", ops)
	step := 1
	if testing.Short() {
		step = 7
	}
	for k := 0; k < ops; k += step {
		for fault, name := range faults {
			w := pagedWorld(t)
			w.inject(dying(k, fault))
			_, err := w.run("victim")
			w.mustHold()
			w.mustRun()
			w.mustEndAs(want, fmt.Sprintf("operation %d %s (run: %v)", k, name, err))
			sameLog(t, w, site, fmt.Sprintf("operation %d %s", k, name))
			w.mustHavePages()
		}
	}
}

// mustHavePages fails unless every page is what a rebuild would make of it.
func (w *world) mustHavePages() {
	w.t.Helper()
	site := w.site.Handle("verifier")
	channels, err := publisher.Channels(context.Background(), site)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, name := range channels {
		faults, note, err := w.pages.(*pages.Writer).Verify(context.Background(), site, name, true)
		if err != nil || note != "" {
			w.t.Fatal(note, err)
		}
		for _, f := range faults {
			w.t.Errorf("%s: %s", f.Key, f.Message)
		}
	}
	if w.t.Failed() {
		w.t.FailNow()
	}
}

// Nothing is read or written for pages that are switched off.
func TestNoPages(t *testing.T) {
	w := fullWorld(t)
	w.mustRun()
	for key := range w.site.Snapshot() {
		if strings.HasSuffix(key, ".html") || strings.Contains(key, "api/") || strings.Contains(key, "assets/") {
			t.Errorf("%s was written without pages", key)
		}
	}
}

// Switched on later, pages are made of all that there is.
func TestPagesLater(t *testing.T) {
	w := fullWorld(t)
	w.mustRun()
	w.pages = newPages(t)
	w.publish("stable", 20, gamma)
	if _, err := w.start(generator.Options{Drop: w.drop.Handle("named"), Site: w.site.Handle("named"), Channels: []string{"42/devel"}}, "named"); err != nil {
		t.Fatal(err)
	}
	w.mustHavePages()
}

// A page that fails to be written stops neither the publication nor the next run.
func TestPagesFail(t *testing.T) {
	w := pagedWorld(t)
	broken := false
	w.inject(func(_ int, store string, op buckettest.Op) buckettest.Fault {
		if store == "site" && strings.HasSuffix(op.Key, "changes.html") && op.Kind != buckettest.Get {
			broken = true
			return buckettest.Refused
		}
		return buckettest.None
	})
	_, err := w.run("victim")
	if err == nil || !broken {
		t.Fatalf("a page was not written, and the run says %v", err)
	}
	w.mustShowNewest()
	w.mustRun()
	w.mustHavePages()
}
