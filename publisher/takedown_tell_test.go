package publisher_test

import (
	"slices"
	"testing"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
)

// TestTakeDownTells: a takedown notes that receivers are to be told, before head shows it,
// and only if it is asked to.
func TestTakeDownTells(t *testing.T) {
	for _, tells := range []bool{false, true} {
		w := newLeak(t)
		o := w.options()
		if tells {
			o.BeforeHead = publisher.Announce(o.Drop, "stable")
		}
		before := head(t, w.site.Handle("test"), "stable")
		r := w.mustTakeDown(o)
		want := []publisher.Untold{}
		if tells {
			want = append(want, publisher.Untold{Since: before, Generation: r.Generation})
		}
		got := []publisher.Untold{}
		for _, c := range readInbox(t, w.drop).Channels {
			got = append(got, c.Untold...)
		}
		if !slices.EqualFunc(got, want, publisher.Untold.Same) || r.Generation <= before {
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
