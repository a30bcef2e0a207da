package main

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/portolan-charts/portolan/ci/testenv"
	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/publisher/droparea"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// TestCorpus publishes a folder of real archives in both ways there are, and
// has both Helm clients list and pull each one that was accepted: by portolan
// drop into the channel stable, and as files copied straight into the inbox of
// the channel other, where also those get a receipt that drop refuses.
func TestCorpus(t *testing.T) {
	t.Parallel()
	for _, client := range clients {
		testenv.Tool(t, client)
	}
	w := newTown(t)
	files := corpusFiles(t)
	dropped := w.dropAll(files)
	w.copyAll(files)
	report := w.generate()
	w.done("verify", "--deep")

	stable := publishedFrom(t, report.receipts("stable"), dropped)
	refused := refusedBy(t, report)
	compareRefusals(t, dropped, refused)
	t.Logf("%d archives: %d published, %d rejected", len(files), len(stable), len(refused))
	for _, file := range sortedKeys(refused) {
		t.Logf("rejected: %s: %s\nfix: %s", file, refused[file].Message, refused[file].Fix)
	}
	other := w.readHead("other")
	if len(other) != len(stable) {
		t.Errorf("%d releases in other, want %d as in stable", len(other), len(stable))
	}

	url := w.preview()
	for _, client := range clients {
		t.Run(client, func(t *testing.T) {
			t.Parallel()
			h := newHelm(t, client)
			h.run("repo", "add", "corpus", url+"/stable")
			sameReleases(t, h.search("corpus", "--devel"), stable)
			pullAll(t, h, stable)
		})
	}
}

// corpusFiles returns the paths of the archives to test with.
func corpusFiles(t *testing.T) []string {
	t.Helper()
	folder := os.Getenv("PORTOLAN_CORPUS")
	if folder == "" {
		folder = filepath.Join("..", "..", "testdata", "charts")
	}
	folder, err := filepath.Abs(folder)
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(folder, "*.tgz"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no archives in %s: %v", folder, err)
	}
	return files
}

// dropAll drops the files into stable and returns what portolan says of each.
func (w *town) dropAll(files []string) []dropped {
	w.t.Helper()
	var result struct{ Uploads []dropped }
	o := w.run([]int{exitDone, exitRejected}, append([]string{"drop", "--output", "json", "stable"}, files...)...)
	decode(w.t, o.stdout, &result)
	if len(result.Uploads) != len(files) {
		w.t.Fatalf("%d results for %d files", len(result.Uploads), len(files))
	}
	return result.Uploads
}

// copyAll puts the files into the inbox of the channel other as cp does.
func (w *town) copyAll(files []string) {
	w.t.Helper()
	for _, file := range files {
		write(w.t, filepath.Join(w.folder, "drop", "inbox", "other", filepath.Base(file)), read(w.t, file))
	}
}

// runReport is the report of portolan generate.
type runReport struct{ generator.Report }

// generate runs portolan generate.
func (w *town) generate() *runReport {
	w.t.Helper()
	r := &runReport{}
	o := w.run([]int{exitDone, exitRejected}, "generate", "--output", "json")
	decode(w.t, o.stdout, &r.Report)
	rejected := r.Count(verdict.Rejected)
	if (o.code == exitRejected) != (rejected > 0) {
		w.t.Errorf("exit code %d, and %d rejected", o.code, rejected)
	}
	return r
}

func (r *runReport) receipts(channel string) []droparea.Receipt {
	for _, c := range r.Channels {
		if c.Channel == channel {
			return c.Receipts
		}
	}
	return nil
}

// publishedFrom returns the files that were published, by chart and version.
// Of two different files that are the same version the later one counts.
func publishedFrom(t *testing.T, receipts []droparea.Receipt, uploads []dropped) map[[2]string]string {
	t.Helper()
	byID := map[string]droparea.Receipt{}
	for _, r := range receipts {
		byID[r.ID] = r
	}
	published := map[[2]string]string{}
	for _, u := range uploads {
		if u.ID == "" {
			continue // refused
		}
		r, ok := byID[u.ID]
		if !ok {
			t.Errorf("%s: no receipt", filepath.Base(u.File))
			continue
		}
		key := [2]string{r.Chart, r.Version}
		if before := published[key]; before != "" {
			t.Logf("%s is the same version as %s before it: %s", filepath.Base(u.File), filepath.Base(before), r.Verdict)
		}
		switch r.Verdict {
		case verdict.Accepted, verdict.Replaced:
			published[key] = u.File
		case verdict.Rejected:
			t.Errorf("%s: drop takes it, generate rejects it: %s", filepath.Base(u.File), r.Message)
		}
	}
	return published
}

// refusedBy returns the receipts of what was rejected in other, by file name.
func refusedBy(t *testing.T, report *runReport) map[string]droparea.Receipt {
	t.Helper()
	refused := map[string]droparea.Receipt{}
	for _, r := range report.receipts("other") {
		if r.Verdict != verdict.Rejected {
			continue
		}
		if r.Request == nil || r.Request.File == "" {
			t.Errorf("the receipt %s names no file", r.ID)
			continue
		}
		if r.Message == "" || r.Rule == "" || r.Fix == "" {
			t.Errorf("%s: the receipt lacks what its author needs: %+v", r.Request.File, r)
		}
		refused[r.Request.File] = r
	}
	return refused
}

// compareRefusals checks that a file is refused by drop for the reason that
// generate has, which only those see who do not use drop.
func compareRefusals(t *testing.T, uploads []dropped, refused map[string]droparea.Receipt) {
	t.Helper()
	for _, u := range uploads {
		file := filepath.Base(u.File)
		if r := refused[file]; r.Rule != u.Rule || r.Message != u.Message || r.Fix != u.Fix {
			t.Errorf("%s:\n    drop says %q, %s, %s\ngenerate says %q, %s, %s", file, u.Rule, u.Message, u.Fix, r.Rule, r.Message, r.Fix)
		}
	}
}

// sameReleases compares what a client finds with what was published.
func sameReleases(t *testing.T, found map[string][]string, published map[[2]string]string) {
	t.Helper()
	var got, want []string
	for name, versions := range found {
		for _, version := range versions {
			got = append(got, name+" "+version)
		}
	}
	for key := range published {
		want = append(want, key[0]+" "+key[1])
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("helm lists\n%q,\nwant\n%q", got, want)
	}
}

const (
	pullers = 2  // processes at a time, for each client
	sample  = 10 // with -short, one release in this many is pulled
)

// pullAll pulls the releases and compares them with the files they were.
func pullAll(t *testing.T, h *helm, published map[[2]string]string) {
	t.Helper()
	keys := slices.SortedFunc(maps.Keys(published), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) })
	work := make(chan [2]string)
	var group sync.WaitGroup
	for i := range pullers {
		folder := filepath.Join(h.dir, fmt.Sprint("pulled", i))
		group.Go(func() {
			for key := range work {
				if err := pullOne(t, h, folder, key, published[key]); err != nil {
					t.Errorf("helm%s pull %s: %v", h.major, key, err)
				}
			}
		})
	}
	for i, key := range keys {
		if !testing.Short() || i%sample == 0 {
			work <- key
		}
	}
	close(work)
	group.Wait()
}

// pullOne fails with an error, not the test: it runs beside others.
func pullOne(t *testing.T, h *helm, folder string, key [2]string, file string) error {
	want, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return err
	}
	o, err := start(t, h.dir, h.env, h.path, "pull", "corpus/"+key[0], "--version", key[1], "--destination", folder)
	if err != nil || o.code != 0 || strings.TrimSpace(o.stderr) != "" {
		return fmt.Errorf("%v, exit code %d, %s", err, o.code, o.stderr)
	}
	pulled := filepath.Join(folder, check.FileName(key[0], key[1]))
	got, err := os.ReadFile(pulled)
	if err != nil {
		return err
	}
	if !bytes.Equal(got, want) {
		return fmt.Errorf("the bytes are not those of %s", file)
	}
	return os.Remove(pulled)
}
