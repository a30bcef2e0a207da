package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/droparea"
)

// dates puts charts with old dates into the drop area, as import does: the n-th version of
// each chart is n days old, and the first one the newest.
func (w *town) dates(channel, chart string, versions int) {
	w.t.Helper()
	drop, err := bucket.Open(w.t.Context(), filepath.Join(w.folder, "drop"))
	if err != nil {
		w.t.Fatal(err)
	}
	for n := range versions {
		version := fmt.Sprintf("1.0.0-dev.%d", versions-n)
		id, err := droparea.NewID()
		if err == nil {
			err = droparea.Submit(w.t.Context(), drop, channel, id, droparea.Submission{
				Chart:   bucket.Bytes(charttest.Simple(chart, version)),
				Request: droparea.Request{File: chart + "-" + version + ".tgz", Created: time.Now().Add(-time.Duration(n) * 24 * time.Hour)},
			})
		}
		if err != nil {
			w.t.Fatal(err)
		}
	}
}

// prunes prunes, and returns what it reports.
func (w *town) prunes(args ...string) *generator.PruneReport {
	w.t.Helper()
	var r generator.PruneReport
	out := w.done(append([]string{"prune", "--output", "json"}, args...)...).stdout
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		w.t.Fatalf("%v in %s", err, out)
	}
	return &r
}

// TestRetentionStory lets a channel of 1,000 versions of a chart go on with the newest: a
// prune yanks the others, which stay where they are; later it frees them, and then they are
// gone, with all that belongs to them.
func TestRetentionStory(t *testing.T) {
	t.Parallel()
	const versions, stay = 1000, 30
	w := newTown(t)
	write(t, filepath.Join(w.folder, "portolan.yaml"), fmt.Appendf(nil, "pages: false\nchannels: [{match: dev, retain: {prereleases: %dd, newest: 20}}]\n", stay))
	w.dates("dev", "web", versions)
	w.done("generate")
	said := w.done("prune", "--dry-run").stdout
	for _, want := range []string{"would be yanked  dev web 1.0.0-dev.1  created ", "dev: 970 versions would be yanked: retention keeps prereleases for 30d, the newest 20"} {
		if !strings.Contains(said, want) {
			t.Errorf("a dry run does not say %q: %s", want, said[:min(len(said), 1000)])
		}
	}
	if r := w.prunes().Retained; len(r) != 1 || len(r[0].Versions) != versions-stay || r[0].Generation != 2 {
		t.Fatalf("%d rules, %+v", len(r), r[0].Generation)
	}
	pinned := filepath.Join("site", "dev", "charts", "web", "1.0.0-dev.1")
	listed := func(index string) int {
		return strings.Count(string(read(t, filepath.Join(w.folder, "site", "dev", index))), `"version":`)
	}
	archives := func() int {
		all, err := filepath.Glob(filepath.Join(w.folder, "site", "dev", "charts", "web", "*", "*", "*.tgz"))
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	if head, all := listed("index.yaml"), listed("all/index.yaml"); head != stay || all != versions {
		t.Errorf("head lists %d versions, and all/ %d", head, all)
	}
	if files, _ := filepath.Glob(filepath.Join(w.folder, pinned, "*", "web-1.0.0-dev.1.tgz")); len(files) != 1 {
		t.Errorf("a pinned version is %q", files)
	}
	if n := strings.Count(w.done("list", "dev", "web", "--yanked").stdout, "retention keeps"); n != versions-stay {
		t.Errorf("list shows %d yanked versions", n)
	}
	if r := w.prunes(); len(r.Retained[0].Versions) != 0 {
		t.Errorf("%d versions are yanked again", len(r.Retained[0].Versions))
	}
	w.done("verify", "--deep")

	dry, real := w.prunes("--yanked", "0s", "--dry-run").Channels[0], w.prunes("--yanked", "0s").Channels[0]
	if len(real.Freed) != versions-stay || len(dry.Freed) != len(real.Freed) || dry.Freed[0].Bytes != real.Freed[0].Bytes || real.Freed[0].Bytes == 0 {
		t.Errorf("%d versions are freed, and %d would be", len(real.Freed), len(dry.Freed))
	}
	if n := listed("all/index.yaml"); n != stay || archives() != versions {
		t.Errorf("all/ lists %d versions; there are %d archives", n, archives())
	}
	w.done("verify", "--deep")
	if r := w.prunes(); r.Channels[0].FreedFiles.Files != 0 || r.Channels[0].FreedUntil.IsZero() {
		t.Errorf("within the grace time: %+v", r.Channels[0].FreedFiles)
	}
	freed := w.prunes("--grace", "0s").Channels[0]
	if freed.FreedFiles.Files != 2*(versions-stay) || archives() != stay {
		t.Errorf("%+v; there are %d archives", freed.FreedFiles, archives())
	}
	w.done("verify", "--deep")
	if out := w.done("status").stdout; !strings.Contains(out, fmt.Sprint(stay)) {
		t.Errorf("status says %s", out)
	}
}

// TestRetentionPages: what a rule lets go is struck out on pages, and what is freed has none.
func TestRetentionPages(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	write(t, filepath.Join(w.folder, "portolan.yaml"), []byte("channels: [{match: dev, retain: {newest: 2}}]\n"))
	w.dates("dev", "web", 3)
	w.done("generate")
	w.done("prune")
	page := filepath.Join(w.folder, "site", "dev", "charts", "web", "1.0.0-dev.1", "index.html")
	if text := string(read(t, page)); !strings.Contains(text, "retention keeps the newest 2") {
		t.Error("its page does not say why it is yanked")
	}
	w.done("prune", "--yanked", "0s")
	if files, _ := filepath.Glob(page); len(files) > 0 {
		t.Error("its page is still there")
	}
	w.done("verify", "--deep")
}
