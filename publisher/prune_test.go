package publisher_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
)

const (
	day  = 24 * time.Hour
	week = 7 * day
)

// shop is a site whose chart alpha got a new upload of its only version every day.
type shop struct {
	t    *testing.T
	m    *buckettest.Mem
	now  *time.Time
	drop *buckettest.Mem
}

func upload(n int) string { return fmt.Sprintf("019cab00-0000-7000-8000-%012d", n) }

func newShop(t *testing.T, days int) *shop {
	m, now := clocked(t)
	s := &shop{t, m, now, &buckettest.Mem{TB: t, Now: func() time.Time { return *now }}}
	for n := 1; n <= days; n++ {
		s.replace(n)
		*now = now.Add(day)
	}
	return s
}

// replace publishes upload n in the place of the one before.
func (s *shop) replace(n int) {
	s.t.Helper()
	archive := fmt.Appendf(nil, "archive %d", n)
	r := &publisher.Release{Chart: "alpha", Version: "1.0.0", Archive: bucket.Bytes(archive), Prov: bucket.Bytes([]byte("signed"))}
	r.Info = publisher.ReleaseInfo{Upload: upload(n), Digest: hash(archive), Size: int64(len(archive)), Provenance: hash([]byte("signed"))}
	h := s.m.Handle("generator")
	if err := publisher.PutRelease(s.t.Context(), h, "stable", r); err != nil {
		s.t.Fatal(err)
	}
	c := s.open(h)
	d := publisher.Draft{Time: *s.now, Nonce: "n"}
	line := fmt.Sprintf(`{"name":"alpha","version":"1.0.0","digest":%q,"urls":[%q]}`, r.Info.Digest, r.URL())
	d.Removed, d.Added = c.Index().Diff(map[string][]string{"alpha": {line}})
	d.Decisions = []publisher.Decision{{
		Upload: upload(n), Arrival: *s.now, Chart: "alpha", Version: "1.0.0", Verdict: publisher.Accepted,
		Digest: r.Info.Digest, Size: r.Info.Size, Provenance: r.Info.Provenance,
	}}
	if err := c.Commit(s.t.Context(), d); err != nil {
		s.t.Fatal(err)
	}
	if err := c.Project(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
}

func (s *shop) open(h bucket.Store) *publisher.Channel {
	s.t.Helper()
	c, err := publisher.OpenChannel(s.t.Context(), h, "stable")
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}

func (s *shop) prune(o publisher.PruneOptions) (*publisher.PruneReport, error) {
	o.Now, o.Nonce, o.Workers = func() time.Time { return *s.now }, func() string { return "prune" }, 1
	return publisher.Prune(s.t.Context(), s.drop.Handle("prune"), s.m.Handle("prune"), o)
}

func (s *shop) mustPrune(o publisher.PruneOptions) *publisher.PruneReport {
	s.t.Helper()
	r, err := s.prune(o)
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

// uploads are those whose archives are on the site.
func (s *shop) uploads() (all []int) {
	for key := range s.m.Snapshot() {
		var n int
		if strings.HasSuffix(key, ".tgz") {
			if _, err := fmt.Sscanf(strings.Split(key, "/")[4], "019cab00-0000-7000-8000-%d", &n); err != nil {
				s.t.Fatal(err)
			}
			all = append(all, n)
		}
	}
	slices.Sort(all)
	return all
}

func (s *shop) snapshots() (n int) {
	for key := range s.m.Snapshot() {
		if strings.Contains(key, "/snapshots/") {
			n++
		}
	}
	return n
}

// mustVerify verifies deep, and wants as many snapshots and archives.
func (s *shop) mustVerify(snapshots, archives int) {
	s.t.Helper()
	r := verify(s.t, s.m.Handle("verify"), publisher.VerifyOptions{Deep: true})
	if c := r.Channels[0]; !r.OK() || c.Snapshots != snapshots || c.Archives != archives {
		s.t.Errorf("verify: %+v; want %d snapshots and %d archives", c, snapshots, archives)
	}
}

// TestPruneKeeps: what is kept is what any one of the options keeps.
func TestPruneKeeps(t *testing.T) {
	for name, test := range map[string]struct {
		o     publisher.PruneOptions
		floor int // of 20 generations, a day each, the newest a day old
	}{
		"everything by default": {publisher.PruneOptions{}, 0},
		"the newest":            {publisher.PruneOptions{Snapshots: 1}, 20},
		"by number":             {publisher.PruneOptions{Snapshots: 3}, 18},
		"by days":               {publisher.PruneOptions{Snapshots: 3, Keep: 10 * day}, 11},
		"by grace":              {publisher.PruneOptions{Snapshots: 3, Keep: day, Grace: week}, 14},
		"more than there are":   {publisher.PruneOptions{Snapshots: 30}, 0},
		"longer than it is":     {publisher.PruneOptions{Snapshots: 1, Keep: 30 * day}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t, 20)
			before := s.m.Snapshot()
			dry := test.o
			dry.DryRun = true
			would := s.mustPrune(dry)
			if !maps.EqualFunc(before, s.m.Snapshot(), func(a, b []byte) bool { return string(a) == string(b) }) {
				t.Fatal("a dry run changed the site")
			}
			report := s.mustPrune(test.o)
			c := report.Channels[0]
			gone := max(test.floor-1, 0)
			if c.Floor != test.floor || c.Snapshots.Files != gone || c.Charts.Files != 3*gone || c.Orphans.Files != 0 {
				t.Errorf("got %+v", c)
			}
			if would.Total() != report.Total() || would.Channels[0].Floor != c.Floor {
				t.Errorf("the dry run said %+v, then %+v", would, report)
			}
			s.mustVerify(20-gone, 20-gone)
			if got := s.uploads(); len(got) != 20-gone || got[0] != gone+1 {
				t.Errorf("archives of %v are left", got)
			}
			// Again, there is nothing to do, not even a record.
			generation := s.open(s.m.Handle("test")).Generation()
			if again := s.mustPrune(test.o); again.Total().Files != 0 || s.open(s.m.Handle("test")).Generation() != generation {
				t.Errorf("again: %+v", again)
			}
			// The floor stays, and publishing goes on.
			s.replace(99)
			if got := s.open(s.m.Handle("test")).Floor(); got != test.floor {
				t.Errorf("the floor is %d afterwards", got)
			}
			s.mustVerify(21-gone, 21-gone)
		})
	}
}

// TestPruneGraceCountsFromShowing: what head named until a moment ago stays,
// however old the record is that dropped it.
func TestPruneGraceCountsFromShowing(t *testing.T) {
	for name, test := range map[string]struct {
		dies  string // where the generator that dropped it did
		after func(*shop)
	}{
		"head is behind":                   {"stable/snapshots", func(*shop) {}},
		"head alone is behind":             {"stable/index.yaml", func(*shop) {}},
		"the next generator has moved it":  {"stable/snapshots", func(s *shop) { s.replace(4) }},
		"a run without uploads has, alone": {"stable/index.yaml", func(s *shop) { _ = s.open(s.m.Handle("g")).Project(s.t.Context()) }},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t, 3)
			s.m.Hook = func(op buckettest.Op) buckettest.Fault {
				if op.Actor == "victim" && op.Kind != buckettest.Get && strings.HasPrefix(op.Key, test.dies) {
					return buckettest.DieBefore
				}
				return buckettest.None
			}
			c := s.open(s.m.Handle("victim"))
			d := publisher.Draft{Time: *s.now, Nonce: "n"}
			d.Removed, d.Added = c.Index().Diff(map[string][]string{"alpha": nil})
			if err := c.Commit(t.Context(), d); err != nil {
				t.Fatal(err)
			}
			if err := c.Project(t.Context()); err == nil {
				t.Fatal("it did not die")
			}
			*s.now = s.now.Add(30 * day)
			test.after(s)
			for _, wait := range []time.Duration{0, week - 1} {
				*s.now = s.now.Add(wait)
				s.mustPrune(publisher.PruneOptions{Snapshots: 1, Grace: week})
				if got := s.uploads(); !slices.Contains(got, 3) {
					t.Errorf("archives of %v; head named 3 less than a week ago", got)
				}
			}
			*s.now = s.now.Add(1)
			s.mustPrune(publisher.PruneOptions{Snapshots: 1, Grace: week})
			if got := s.uploads(); slices.Contains(got, 3) {
				t.Errorf("archives of %v; head has not named 3 for a week", got)
			}
			s.mustVerify(1, len(s.uploads()))
		})
	}
}

// TestPruneLongerGrace: a grace time that is longer than the one before is
// heeded, although the floor stands.
func TestPruneLongerGrace(t *testing.T) {
	s := newShop(t, 10)
	// The first prune dies when the floor stands.
	s.m.Hook = func(op buckettest.Op) buckettest.Fault {
		if op.Actor == "prune" && op.Kind == buckettest.Delete {
			return buckettest.DieBefore
		}
		return buckettest.None
	}
	if _, err := s.prune(publisher.PruneOptions{Snapshots: 1}); err == nil {
		t.Fatal("it did not die")
	}
	s.m.Hook = nil
	if got := s.mustPrune(publisher.PruneOptions{Grace: 4*day + 1}); got.Channels[0].Floor != 10 {
		t.Errorf("%+v", got)
	}
	if got := s.uploads(); !slices.Equal(got, []int{6, 7, 8, 9, 10}) {
		t.Errorf("archives of %v are left", got)
	}
	s.mustVerify(1, 1)
}

// TestPruneOrphans: what an upload left that is decided otherwise goes; what
// may yet be published stays, and so does what is not portolan's.
func TestPruneOrphans(t *testing.T) {
	s := newShop(t, 2)
	s.decide(upload(50), publisher.Superseded)
	s.decide(upload(52), publisher.Superseded)
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
	if c.Orphans != (publisher.Freed{Files: 2, Bytes: 10}) || c.Charts.Files != 0 || len(s.m.Snapshot()) != before-2 {
		t.Errorf("got %+v", c)
	}
	s.mustVerify(2, 2)
}

// decide commits a verdict that leaves the index alone.
func (s *shop) decide(id string, v publisher.Verdict) {
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

// TestPruneRefusesDamagedLog: what a damaged log says removes nothing.
func TestPruneRefusesDamagedLog(t *testing.T) {
	for name, test := range map[string]struct {
		record string
		spoil  func(string) string
		want   string
	}{
		"changed": {"stable/log/00000004.json", func(s string) string { return strings.Replace(s, `"n"`, `"m"`, 1) }, "its SHA-256 is"},
		"cut":     {"stable/log/00000004.json", func(s string) string { return s[:9] }, "not a commit record"},
		"missing": {"stable/log/00000004.json", nil, "00000004.json: not found, but there are later records"},
		"the end": {"stable/log/00000006.json", func(s string) string { return strings.ReplaceAll(s, `"generation": 6`, `"generation": 9`) }, "says that it is generation 9"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t, 6)
			record := string(s.m.Snapshot()[test.record])
			if test.spoil == nil {
				remove(t, s.m, test.record)
			} else {
				s.m.Put(test.record, []byte(test.spoil(record)))
			}
			before := len(s.m.Snapshot())
			_, err := s.prune(publisher.PruneOptions{Snapshots: 4})
			if err == nil || !strings.Contains(err.Error(), test.want) || len(s.m.Snapshot()) != before {
				t.Errorf("got %v, %d files of %d; want %q", err, len(s.m.Snapshot()), before, test.want)
			}
		})
	}
}

// TestVerifyWhilePruned: a verification that began before a prune sees no faults.
func TestVerifyWhilePruned(t *testing.T) {
	s := newShop(t, 10)
	pruned := false
	s.m.Hook = func(op buckettest.Op) buckettest.Fault {
		if op.Actor == "verify" && strings.HasPrefix(op.Key, "stable/snapshots") && !pruned {
			pruned = true
			s.mustPrune(publisher.PruneOptions{Snapshots: 2})
		}
		return buckettest.None
	}
	r := verify(t, s.m.Handle("verify"), publisher.VerifyOptions{Deep: true, Workers: 1})
	if !r.OK() || !pruned {
		t.Errorf("got %+v", r)
	}
	// What a kept generation names must be there.
	remove(t, s.m, "stable/snapshots/00000009/index.yaml")
	if r := verify(t, s.m.Handle("verify"), publisher.VerifyOptions{}); len(r.Channels[0].Faults) != 1 {
		t.Errorf("got %+v", r)
	}
}

// TestProjectAboveFloor: a run that finds head lost writes no snapshot anew
// that was pruned.
func TestProjectAboveFloor(t *testing.T) {
	s := newShop(t, 5)
	s.mustPrune(publisher.PruneOptions{Snapshots: 2})
	before := s.m.Snapshot()
	remove(t, s.m, "stable/index.yaml", "stable/snapshots/00000005/index.yaml")
	if err := s.open(s.m.Handle("test")).Project(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !maps.EqualFunc(before, s.m.Snapshot(), func(a, b []byte) bool { return string(a) == string(b) }) {
		t.Errorf("%d snapshots", s.snapshots())
	}
}

// TestProjectLost: where head is lost, the log is read without holding the index
// of every generation, and yet each of their snapshots is seen to.
func TestProjectLost(t *testing.T) {
	s := newShop(t, 6)
	before := s.m.Snapshot()
	remove(t, s.m, "stable/index.yaml", "stable/snapshots/00000002/index.yaml", "stable/snapshots/00000006/index.yaml")
	c := s.open(s.m.Handle("test"))
	if n := publisher.Held(c); n != 1 {
		t.Errorf("%d indexes are held", n)
	}
	if err := c.Project(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !sameObjects(before, s.m.Snapshot()) {
		t.Errorf("%d snapshots", s.snapshots())
	}
	if n := publisher.Held(c); n != 0 || c.Behind() != "" {
		t.Errorf("%d indexes are held after that, and head is behind: %q", n, c.Behind())
	}
}

// TestPruneUnknownChannel: a name that is misspelt is no success.
func TestPruneUnknownChannel(t *testing.T) {
	s := newShop(t, 1)
	if _, err := s.prune(publisher.PruneOptions{Channels: []string{"stabel"}}); err == nil || !strings.Contains(err.Error(), "stabel: there is no such channel") {
		t.Errorf("got %v", err)
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
	if report.Leftovers != (publisher.Freed{Files: 2, Bytes: 7}) || report.Channels[0].Snapshots.Files != 2 || report.Channels[0].Charts.Files != 6 {
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
