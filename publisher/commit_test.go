package publisher_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// TestCommitConflict: of two generators that saw the same log one commits, and
// the other can follow and commit after it.
func TestCommitConflict(t *testing.T) {
	m := published(t)
	first, second := open(t, m), open(t, m)
	draft := publisher.Draft{Time: buckettest.Start().Add(time.Hour), Decisions: []publisher.Decision{{Upload: "x", Arrival: buckettest.Start(), Verdict: verdict.Rejected}}}
	draft.Nonce = "first"
	if err := first.Commit(t.Context(), draft); err != nil {
		t.Fatal(err)
	}
	if err := first.Refresh(t.Context()); err != nil || first.Generation() != 4 {
		t.Errorf("generation %d, %v", first.Generation(), err)
	}
	draft.Nonce, draft.Decisions[0].Upload = "second", "y"
	if err := second.Commit(context.Background(), draft); err == nil || second.Generation() != 3 {
		t.Fatalf("the loser got %v at generation %d", err, second.Generation())
	}
	if err := second.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := second.Commit(t.Context(), draft); err != nil || second.Generation() != 5 {
		t.Errorf("generation %d, %v", second.Generation(), err)
	}
	if report := verify(t, m.Handle("test"), publisher.VerifyOptions{Deep: true}); !report.OK() {
		t.Errorf("%+v", report)
	}
}

// TestFarBehind finds the newest of many records with few gets, and reads only
// those that changed the index.
func TestFarBehind(t *testing.T) {
	m, _ := buckettest.Clocked(t)
	s := m.Handle("test")
	commit(t, s, "stable", release("alpha", "1.0.0", id1, ""))
	for range 100 {
		commit(t, s, "stable", nil)
	}
	before := len(m.Ops())
	c := open(t, m)
	if c.Generation() != 101 || c.IndexGeneration() != 1 {
		t.Errorf("generation %d, index %d", c.Generation(), c.IndexGeneration())
	}
	if n := len(m.Ops()) - before; n > 18 {
		t.Errorf("%d operations for 100 records", n)
	}
}

// TestForeignSnapshot: a file in the place of a snapshot is named, with the fix,
// which is enough.
func TestForeignSnapshot(t *testing.T) {
	m := published(t)
	const key = "stable/snapshots/00000002/index.yaml"
	remove(t, m, "stable/index.yaml")
	m.Put(key, []byte("theirs"))
	c, err := publisher.OpenChannel(t.Context(), m.Handle("test"), "stable")
	if err != nil {
		t.Fatal(err)
	}
	err = c.Project(t.Context())
	if !errors.Is(err, bucket.ErrConflict) || !strings.Contains(err.Error(), key) || !strings.Contains(err.Error(), "portolan rebuild --channel stable") {
		t.Errorf("got %v", err)
	}
	if _, err := publisher.Rebuild(t.Context(), m.Handle("test"), "stable", publisher.RebuildOptions{}); err != nil {
		t.Error(err)
	}
	if err := c.Project(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestNewerFormat stops at a record that a later portolan wrote.
func TestNewerFormat(t *testing.T) {
	m := published(t)
	record := string(m.Snapshot()["stable/log/00000003.json"])
	m.Put("stable/log/00000004.json", []byte(strings.Replace(record, `"format": 1`, `"format": 6`, 1)))
	_, err := publisher.OpenChannel(t.Context(), m.Handle("test"), "stable")
	if err == nil || !strings.Contains(err.Error(), "newer portolan") || !strings.Contains(err.Error(), "stable/log/00000004.json") {
		t.Errorf("got %v", err)
	}
}
