package publisher_test

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/sweep"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// TestPruneOrphans: what an upload left that is decided otherwise goes; what
// may yet be published stays, and so does what is not portolan's.
func TestPruneOrphans(t *testing.T) {
	s := newShop(t, 2)
	s.decide(upload(50), verdict.Superseded)
	s.decide(upload(52), verdict.Superseded)
	s.drop.Put("inbox/stable/"+upload(52)+".tgz", []byte("x"))
	for _, name := range []string{
		"alpha/1.0.0/" + upload(50) + "/alpha-1.0.0.tgz", "alpha/1.0.0/" + upload(50) + "/release.json",
		"alpha/1.0.0/" + upload(51) + "/alpha-1.0.0.tgz", // not decided
		"alpha/1.0.0/" + upload(52) + "/alpha-1.0.0.tgz", // decided, but put back
		"alpha/1.0.0/" + upload(50) + "/notes.txt", "alpha/index.html", "alpha/1.0.0/old/alpha-1.0.0.tgz",
	} {
		s.m.Put("stable/charts/"+name, []byte("12345"))
	}
	before := len(s.m.Snapshot())
	c := s.mustPrune(publisher.PruneOptions{}).Channels[0]
	if c.Orphans != (sweep.Freed{Files: 2, Bytes: 10}) || c.Charts.Files != 0 || len(s.m.Snapshot()) != before-2 {
		t.Errorf("got %+v", c)
	}
	s.mustVerify(2, 2)
}

// decide commits a verdict that leaves the index alone.
func (s *shop) decide(id string, v verdict.Verdict) {
	s.t.Helper()
	c := s.open(s.m.Handle("generator"))
	err := c.Commit(s.t.Context(), publisher.Draft{Time: *s.now, Nonce: "n", Decisions: []publisher.Decision{{Upload: id, Arrival: *s.now, Verdict: v}}})
	if err != nil {
		s.t.Fatal(err)
	}
}

// TestPruneDrop: receipts and refused uploads go when they are old.
func TestPruneDrop(t *testing.T) {
	s := newShop(t, 1)
	put := func(n int) {
		for _, key := range []string{
			"receipts/" + upload(n) + ".json", "receipts/42/devel/" + upload(n) + ".json",
			"rejected/stable/" + upload(n) + ".json", "rejected/stable/" + upload(n) + ".tgz", "rejected/stable/" + upload(n) + ".tgz.prov",
			"rejected/42/devel/" + upload(n) + ".json", "rejected/42/devel/" + upload(n) + ".tgz",
			"inbox/stable/" + upload(10*n) + ".tgz", "receipts/" + upload(10*n) + ".json", // not cleaned up
		} {
			s.drop.Put(key, []byte("x"))
		}
	}
	put(1)
	s.drop.Put("receipts/README", []byte("x"))
	*s.now = s.now.Add(30 * day)
	put(2)
	report := s.mustPrune(publisher.PruneOptions{Keep: 30 * day, Channels: []string{"stable"}})
	if report.Receipts.Files != 0 || report.Rejected.Files != 3 {
		t.Errorf("of one channel: %+v", report)
	}
	report = s.mustPrune(publisher.PruneOptions{Keep: 30 * day})
	if report.Receipts.Files != 2 || report.Rejected.Files != 2 {
		t.Errorf("got %+v", report)
	}
	left := slices.Sorted(maps.Keys(s.drop.Snapshot()))
	if len(left) != 12 || !slices.Contains(left, "inbox/stable/"+upload(10)+".tgz") || !slices.Contains(left, "receipts/README") {
		t.Errorf("left: %v", left)
	}
}

// TestPruneFolders: of local folders, also what the dead left behind goes, and
// folders that become empty.
func TestPruneFolders(t *testing.T) {
	dir := t.TempDir()
	site, err := bucket.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	for key, b := range newShop(t, 3).m.Snapshot() {
		if err := site.Create(t.Context(), bucket.Object{Key: key, Body: bucket.Bytes(b)}); err != nil {
			t.Fatal(err)
		}
	}
	stale := filepath.Join(dir, ".portolan", "tmp", "STALE")
	fresh := filepath.Join(dir, ".portolan", "tmp", "FRESH")
	for _, name := range []string{stale, fresh} {
		if err := os.WriteFile(name, []byte("123"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chtimes(stale, time.Time{}, time.Now().Add(-2*day)); err != nil {
		t.Fatal(err)
	}
	aside := deleting(t, site, filepath.Join(dir, "stable"), "gone")
	report, err := publisher.Prune(context.Background(), site, site, publisher.PruneOptions{Channels: []string{"stable"}, Snapshots: 1})
	if err != nil {
		t.Fatal(err)
	}
	if report.Leftovers != (sweep.Freed{Files: 2, Bytes: 7}) || report.Channels[0].Snapshots.Files != 2 || report.Channels[0].Charts.Files != 6 {
		t.Errorf("got %+v", report)
	}
	for name, want := range map[string]bool{
		stale: false, fresh: true, aside: false,
		filepath.Join(dir, "stable", "snapshots", "00000001"):                   false,
		filepath.Join(dir, "stable", "charts", "alpha", "1.0.0", upload(1)):     false,
		filepath.Join(dir, "stable", "charts", "alpha", "1.0.0", upload(3)):     true,
		filepath.Join(dir, "stable", "snapshots", "00000003", "index.yaml"):     true,
		filepath.Join(dir, "stable", "log", "00000001.json"):                    true,
		filepath.Join(dir, "stable", "charts", "alpha", "1.0.0", "unknown.tgz"): false,
	} {
		if _, err := os.Stat(name); (err == nil) != want {
			t.Errorf("%s: %v; want it there: %t", name, err, want)
		}
	}
}

// deleting makes what a deletion leaves that died half way: 4 bytes.
func deleting(t *testing.T, s bucket.Store, dir, name string) string {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte("1234"), 0o666); err != nil {
		t.Fatal(err)
	}
	r, err := s.Get(t.Context(), filepath.Base(dir)+"/"+name)
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	aside := filepath.Join(dir, ".deleting-"+r.Entry.Token+"~"+name)
	if err := os.Rename(filepath.Join(dir, name), aside); err != nil {
		t.Fatal(err)
	}
	return aside
}

// A probe's object stays if its process dies. It goes once the grace time has
// passed, and no younger one does, whose process may be at it.
func TestPruneProbes(t *testing.T) {
	s := newShop(t, 1)
	s.m.Put("stable/"+bucket.ProbePrefix+"old", []byte("old"))
	*s.now = s.now.Add(week)
	s.m.Put("stable/"+bucket.ProbePrefix+"new", []byte("new"))
	*s.now = s.now.Add(time.Hour)
	report, err := s.prune(publisher.PruneOptions{Grace: day})
	if err != nil {
		t.Fatal(err)
	}
	if _, stays := s.m.Snapshot()["stable/"+bucket.ProbePrefix+"new"]; !stays || report.Leftovers.Files != 1 {
		t.Errorf("removed %+v; the younger one stays: %t", report.Leftovers, stays)
	}
}
