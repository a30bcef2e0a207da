package publisher_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

const (
	olderSecond = "stable/snapshots/00000002/older/index.yaml"
	olderThird  = "stable/snapshots/00000003/older/index.yaml"

	id3 = "01980000-0000-7000-8000-000000000003"
	id4 = "01980000-0000-7000-8000-000000000004"
)

// limited is a site with a channel of three generations, of which each adds a
// version, and head has the newest alone.
func limited(t *testing.T) *buckettest.Mem {
	t.Helper()
	m, _ := buckettest.Clocked(t)
	for i, id := range []string{id1, id2, id3} {
		commitNewest(t, m.Handle("test"), fmt.Sprintf("%d.0.0", i+1), id)
	}
	return m
}

// commitNewest publishes a version that is newer than all others, and shows
// it alone.
func commitNewest(t *testing.T, s bucket.Store, version, upload string) {
	t.Helper()
	c, err := publisher.OpenChannel(t.Context(), s, "stable")
	if err != nil {
		t.Fatal(err)
	}
	r := release("alpha", version, upload, "")
	if err := publisher.PutRelease(t.Context(), s, "stable", r); err != nil {
		t.Fatal(err)
	}
	line := fmt.Sprintf(`{"name":"alpha","version":%q,"digest":%q,"urls":[%q]}`, version, r.Info.Digest, r.URL())
	d := publisher.Draft{Time: buckettest.Start().Add(time.Duration(c.Generation()) * time.Minute), Nonce: "n", Keep: 1}
	d.Removed, d.Added = c.Index().Diff(map[string][]string{"alpha": append([]string{line}, c.Index().Lines("alpha")...)})
	d.Shown = []publisher.Shown{{Chart: "alpha", First: 1}}
	d.Decisions = []publisher.Decision{{
		Upload: upload, Arrival: buckettest.Start(), Chart: "alpha", Version: version,
		Verdict: verdict.Accepted, Digest: r.Info.Digest, Size: r.Info.Size,
	}}
	if err := c.Commit(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	if err := c.Project(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// TestOlderFiles: each generation has what is not in its head in a repository
// of its own, whose URLs lead to the charts.
func TestOlderFiles(t *testing.T) {
	m := limited(t)
	site := m.Snapshot()
	if n := strings.Count(string(site["stable/index.yaml"]), "charts/alpha/"); n != 1 {
		t.Errorf("head has %d versions", n)
	}
	for key, want := range map[string]int{"stable/snapshots/00000001/older/index.yaml": 0, olderSecond: 1, olderThird: 2} {
		if got := strings.Count(string(site[key]), `"urls":["../../../charts/alpha/`); got != want {
			t.Errorf("%s has %d versions, want %d", key, got, want)
		}
	}
	c := open(t, m)
	if n := len(c.Index().Lines("alpha")); n != 3 || c.Behind() != "" || c.Index().Older() != 2 {
		t.Errorf("%d versions, of which %d are not in head; head: %s", n, c.Index().Older(), c.Behind())
	}
	at, err := c.At(t.Context(), 2)
	if err != nil || len(at.Lines("alpha")) != 2 || at.Shown("alpha").First != 1 {
		t.Errorf("generation 2: %+v, %v", at, err)
	}
	head, err := publisher.ReadHead(t.Context(), m.Handle("reader"), "stable", nil)
	if err != nil || len(head.Lines("alpha")) != 3 || len(head.HeadLines("alpha")) != 1 {
		t.Errorf("head: %+v, %v", head, err)
	}
}

// TestOlderVerify finds what is wrong with an older index, and with what it names.
func TestOlderVerify(t *testing.T) {
	m := limited(t)
	for _, deep := range []bool{false, true} {
		report := verify(t, m.Handle("test"), publisher.VerifyOptions{Deep: deep})
		if c := report.Channels[0]; !report.OK() || c.Snapshots != 3 || c.Versions != 3 || c.Older != 2 || c.Archives != 3 {
			t.Errorf("deep %t: %+v", deep, c)
		}
	}
	oldest := "stable/" + release("alpha", "1.0.0", id1, "").URL()
	for key, spoil := range map[string]func(*buckettest.Mem, string){
		olderSecond: func(m *buckettest.Mem, key string) { remove(t, m, key) },
		olderThird:  func(m *buckettest.Mem, key string) { m.Put(key, []byte("{}")) },
		oldest:      func(m *buckettest.Mem, key string) { remove(t, m, key) },
	} {
		m := limited(t)
		spoil(m, key)
		report := verify(t, m.Handle("test"), publisher.VerifyOptions{})
		if f := report.Channels[0].Faults; len(f) != 1 || f[0].Key != key {
			t.Errorf("%s: %+v", key, f)
		}
	}
}

// TestOlderLost: the log has what is not in head, so that the next run puts a
// lost older index back, and a rebuild also a damaged one. Nobody takes its
// versions for unpublished.
func TestOlderLost(t *testing.T) {
	for name, spoil := range map[string]func(*buckettest.Mem){
		"lost":     func(m *buckettest.Mem) { remove(t, m, olderThird) },
		"damaged":  func(m *buckettest.Mem) { m.Put(olderThird, []byte("{}")) },
		"an other": func(m *buckettest.Mem) { m.Put(olderThird, m.Snapshot()[olderSecond]) },
	} {
		m := limited(t)
		want := m.Snapshot()
		spoil(m)
		if _, err := publisher.ReadHead(t.Context(), m.Handle("reader"), "stable", nil); err == nil && name != "an other" {
			t.Errorf("%s: head was read without its older versions", name)
		}
		c := open(t, m)
		if n := len(c.Index().Lines("alpha")); n != 3 {
			t.Errorf("%s: %d versions", name, n)
		}
		if !strings.Contains(c.Behind(), "its older index is missing or damaged") {
			t.Errorf("%s: head is said to be %s", name, c.Behind())
		}
		err := c.Project(t.Context())
		if (err == nil) != (name == "lost") {
			t.Errorf("%s: projecting: %v", name, err)
		}
		if _, err := publisher.Rebuild(t.Context(), m.Handle("test"), "stable", publisher.RebuildOptions{}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		sameSite(t, m.Snapshot(), want, name)
	}
}

func sameSite(t *testing.T, got, want map[string][]byte, when string) {
	t.Helper()
	for key := range want {
		if string(got[key]) != string(want[key]) {
			t.Errorf("%s: %s is another", when, key)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%s: %d files, not %d", when, len(got), len(want))
	}
}

// TestOlderRebuild derives head, snapshots and older indexes from the log alone.
func TestOlderRebuild(t *testing.T) {
	m := limited(t)
	want := m.Snapshot()
	for key := range want {
		if strings.HasSuffix(key, "/index.yaml") {
			remove(t, m, key)
		}
	}
	report, err := publisher.Rebuild(t.Context(), m.Handle("test"), "stable", publisher.RebuildOptions{})
	if err != nil || report.Snapshots != 3 || len(report.Written) != 8 {
		t.Errorf("%+v, %v", report, err)
	}
	sameSite(t, m.Snapshot(), want, "rebuilt")
}

// TestOlderPrune removes older indexes with their snapshots, and no file of a
// version that a kept one names.
func TestOlderPrune(t *testing.T) {
	m := limited(t)
	later := func() time.Time { return buckettest.Start().Add(1000 * time.Hour) }
	report, err := publisher.Prune(t.Context(), (&buckettest.Mem{TB: t}).Handle("test"), m.Handle("test"), publisher.PruneOptions{
		Snapshots: 1, Now: later, Nonce: func() string { return "p" },
	})
	if err != nil || report.Channels[0].Snapshots.Files != 3 || report.Channels[0].Charts.Files != 0 {
		t.Fatalf("%+v, %v", report, err)
	}
	site := m.Snapshot()
	if site[olderSecond] != nil || site[olderThird] == nil {
		t.Error("the wrong older index was removed")
	}
	if report := verify(t, m.Handle("test"), publisher.VerifyOptions{Deep: true, Now: later}); !report.OK() {
		t.Errorf("%+v", report)
	}
	commitNewest(t, m.Handle("test"), "4.0.0", id4)
	if n := len(open(t, m).Index().Lines("alpha")); n != 4 {
		t.Errorf("%d versions", n)
	}
}
