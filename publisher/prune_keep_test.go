package publisher_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
)

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

// TestProjectAboveFloor: a run that finds head lost does not write again a snapshot
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
