package publisher_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
)

// versionsOf are the versions that lines are about.
func versionsOf(lines []string) (versions []string) {
	for _, line := range lines {
		_, version, _ := strings.Cut(line, `"version":"`)
		version, _, _ = strings.Cut(version, `"`)
		versions = append(versions, version)
	}
	return versions
}

// TestHeadListed: what is yanked is not listed, and what only keep leaves out of head is.
// Head that changes without its state reads no state again.
func TestHeadListed(t *testing.T) {
	m := acting(t)
	s := m.Handle("test")
	act(t, s, func(c *publisher.Channel) publisher.Draft { return acts(c, action.Yank, "y1", "alpha", "2.0.0") })
	act(t, s, func(c *publisher.Channel) publisher.Draft { return acts(c, action.Yank, "y2", "beta", "1.0.0") })
	act(t, s, func(c *publisher.Channel) publisher.Draft {
		d := publisher.Draft{Time: c.Time(), Nonce: "nonce-k1", Keep: 1}
		d.Shown = []publisher.Shown{publisher.ShownBut("alpha", []bool{false, true, true})}
		return d
	})
	head, err := publisher.ReadHead(t.Context(), s, "stable", nil)
	if err != nil {
		t.Fatal(err)
	}
	for chart, want := range map[string][]string{"alpha": {"3.0.0", "1.0.0"}, "beta": nil, "gamma": nil} {
		if got := versionsOf(head.Listed(chart)); !slices.Equal(got, want) {
			t.Errorf("%s: %q are listed, want %q", chart, got, want)
		}
	}
	if y, ok := head.State.FindYanked("alpha", "2.0.0"); !ok || y.Reason != "broken" {
		t.Errorf("alpha 2.0.0 is %+v", y)
	}
	commit(t, s, "stable", release("gamma", "1.0.0", id1, ""))
	reads := 0
	m.Hook = func(op buckettest.Op) buckettest.Fault {
		if op.Kind == buckettest.Get && strings.HasSuffix(op.Key, ".state.json") {
			reads++
		}
		return buckettest.None
	}
	next, err := publisher.ReadHead(t.Context(), s, "stable", head)
	if err != nil || next == head || next.State != head.State || reads > 0 || len(next.Listed("gamma")) != 1 {
		t.Errorf("head that has changed: %+v, %v, after %d reads of the state", next, err, reads)
	}
}

// TestHeadWithoutState: where the state is lost or damaged, only head is listed.
func TestHeadWithoutState(t *testing.T) {
	for name, spoil := range map[string]func(bucket.Store) error{
		"lost": func(s bucket.Store) error { return s.Delete(t.Context(), newestState, "") },
		"damaged": func(s bucket.Store) error {
			if err := s.Delete(t.Context(), newestState, ""); err != nil {
				return err
			}
			return s.Create(t.Context(), bucket.Object{Key: newestState, Body: bucket.Bytes([]byte("{"))})
		},
	} {
		m := acted(t)
		m.TB = nil // which would not let an immutable file go
		s := m.Handle("test")
		if err := spoil(s); err != nil {
			t.Fatal(err)
		}
		head, err := publisher.ReadHead(t.Context(), s, "stable", nil)
		if err != nil || head.State != nil || !slices.Equal(versionsOf(head.Listed("alpha")), []string{"3.0.0", "1.0.0"}) || len(head.Listed("beta")) > 0 {
			t.Errorf("%s: %+v, %v", name, head, err)
		}
	}
}
