package generator

import (
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// TestEarlierReadsOnce: each record of another run is read once, and counts. The run's own
// are neither read nor held, so that a long run does not grow by them.
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
	commit := func(c *publisher.Channel) {
		n := c.Generation() + 1
		d := []publisher.Decision{{Upload: fmt.Sprint(n), Arrival: start, Verdict: verdict.Rejected, Rule: "r"}}
		if err := c.Commit(t.Context(), publisher.Draft{Time: start.Add(time.Duration(n) * time.Minute), Nonce: fmt.Sprint(n), Decisions: d}); err != nil {
			t.Fatal(err)
		}
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
	since := func(from time.Time, want ...int) {
		t.Helper()
		h, err := e.since(t.Context(), from)
		if err != nil {
			t.Fatal(err)
		}
		var got []int
		for id := range h.decided {
			n, _ := strconv.Atoi(id)
			got = append(got, n)
		}
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("it knows the generations %d, not %d", got, want)
		}
	}
	hook := m.Hook
	m.Hook = nil
	since(start, 1, 2, 3)
	m.Hook = hook
	for n := 4; n < 8; n++ {
		commit(e.channel)
		e.committed()
		since(start.Add(time.Hour), 1, 2, 3)
	}
	m.Hook = nil
	commit(open("other"))
	if err := e.channel.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	since(start, 1, 2, 3, 8)
	commit(e.channel)
	e.committed()
	commit(open("other"))
	if err := e.channel.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	since(start, 1, 2, 3, 8, 10)
	since(start.Add(-time.Hour), 1, 2, 3, 4, 5, 6, 7, 8, 9, 10) // further back than before: all of it again
}
