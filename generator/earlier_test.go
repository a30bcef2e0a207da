package generator

import (
	"fmt"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
)

// TestEarlierReadsOnce: each record is read once in a run, those of other runs from the
// log and its own not at all, and all of them count.
func TestEarlierReadsOnce(t *testing.T) {
	m := &buckettest.Mem{TB: t}
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	open := func(actor string) *publisher.Channel {
		c, err := publisher.OpenChannel(t.Context(), m.Handle(actor), "stable")
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	commit := func(c *publisher.Channel) []publisher.Decision {
		n := c.Generation() + 1
		d := []publisher.Decision{{Upload: fmt.Sprint(n), Arrival: start, Verdict: publisher.Rejected, Rule: "r"}}
		if err := c.Commit(t.Context(), publisher.Draft{Time: start.Add(time.Duration(n) * time.Minute), Nonce: fmt.Sprint(n), Decisions: d}); err != nil {
			t.Fatal(err)
		}
		return d
	}
	for other := open("other"); other.Generation() < 3; {
		commit(other)
	}
	e := &earlier{channel: open("run")}
	m.Hook = func(op buckettest.Op) buckettest.Fault {
		if op.Kind == buckettest.Get && op.Actor == "run" {
			t.Errorf("%s is read again", op.Key)
		}
		return buckettest.None
	}
	since := func(from time.Time, want int) {
		t.Helper()
		h, err := e.since(t.Context(), from)
		if err != nil {
			t.Fatal(err)
		}
		for n := range want {
			if !h.has(fmt.Sprint(n + 1)) {
				t.Errorf("generation %d is not known", n+1)
			}
		}
	}
	hook := m.Hook
	m.Hook = nil
	since(start, 3)
	m.Hook = hook
	for n := 4; n < 8; n++ {
		e.committed(commit(e.channel))
		since(start.Add(time.Hour), n)
	}
	m.Hook = nil
	commit(open("other"))
	if err := e.channel.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	since(start, 8)
	e.committed(commit(e.channel))
	commit(open("other"))
	if err := e.channel.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	since(start, 10)
	since(start.Add(-time.Hour), 10) // further back than before: all of it again
}
