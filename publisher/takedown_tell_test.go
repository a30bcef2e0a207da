package publisher_test

import (
	"slices"
	"testing"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/droparea"
)

// TestTakeDownTells: a takedown notes that receivers are to be told, before head shows it,
// and only if it is asked to.
func TestTakeDownTells(t *testing.T) {
	for _, tells := range []bool{false, true} {
		w := newLeak(t)
		o := w.options()
		if tells {
			o.BeforeHead = droparea.Announce(o.Drop, "stable")
		}
		before := head(t, w.site.Handle("test"), "stable")
		r := w.mustTakeDown(o)
		want := []droparea.Untold{}
		if tells {
			want = append(want, droparea.Untold{Since: before, Generation: r.Generation})
		}
		got := []droparea.Untold{}
		for _, c := range inboxOf(t, w.drop).Channels {
			got = append(got, c.Untold...)
		}
		if !slices.EqualFunc(got, want, droparea.Untold.Same) || r.Generation <= before {
			t.Errorf("after generation %d: got %+v, want %+v", r.Generation, got, want)
		}
	}
}

// head is the generation that a channel's head shows.
func head(t *testing.T, site bucket.Store, channel string) int {
	t.Helper()
	c, err := publisher.OpenChannel(t.Context(), site, channel)
	if err != nil {
		t.Fatal(err)
	}
	return c.IndexGeneration()
}
