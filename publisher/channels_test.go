package publisher_test

import (
	"slices"
	"testing"

	"github.com/portolan-charts/portolan/publisher"
)

func TestChannels(t *testing.T) {
	m := published(t)
	commit(t, m.Handle("test"), "group/app/devel", release("alpha", "1.0.0", id1, ""))
	commit(t, m.Handle("test"), "group", nil)
	m.Put("notes/readme.txt", nil)
	got, err := publisher.Channels(t.Context(), m.Handle("test"))
	if want := []string{"group", "group/app/devel", "stable"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v; want %v", got, err, want)
	}
}

func TestHasChannel(t *testing.T) {
	m := published(t)
	for name, want := range map[string]bool{"stable": true, "stabel": false} {
		if got, err := publisher.HasChannel(t.Context(), m.Handle("test"), name); got != want || err != nil {
			t.Errorf("%s: %t, %v", name, got, err)
		}
	}
}
