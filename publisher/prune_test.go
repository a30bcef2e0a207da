package publisher_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
	"github.com/portolan-charts/portolan/publisher/verdict"
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
	m, now := buckettest.Clocked(t)
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
		Upload: upload(n), Arrival: *s.now, Chart: "alpha", Version: "1.0.0", Verdict: verdict.Accepted,
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

// TestPruneUnknownChannel: a misspelt name is an error.
func TestPruneUnknownChannel(t *testing.T) {
	s := newShop(t, 1)
	if _, err := s.prune(publisher.PruneOptions{Channels: []string{"stabel"}}); err == nil || !strings.Contains(err.Error(), "stabel: there is no such channel") {
		t.Errorf("got %v", err)
	}
}
