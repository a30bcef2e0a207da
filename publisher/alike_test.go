package publisher_test

import (
	"testing"

	"github.com/portolan-charts/portolan/publisher"
)

func TestAlike(t *testing.T) {
	m := published(t)
	s := m.Handle("test")
	commit(t, s, "team/devel", release("alpha", "1.0.0", id1, ""))
	commit(t, s, "42/v1", release("alpha", "1.0.0", id1, ""))
	commit(t, s, "nothing", nil) // a refused upload: no channel
	for name, want := range map[string][2]string{
		"Stable": {"stable"}, "stabel": {"", "stable"}, "STABEL": {"", "stable"}, "stablee": {"", "stable"}, "devel": {}, "quite-other": {},
		"team/develop": {}, "Team/devel": {"team/devel"}, "tema/devel": {"", "team/devel"}, "team/deve": {"", "team/devel"}, "tema/deve": {},
		"42/v2": {}, "43/v1": {}, "42/w1": {"", "42/v1"}, "Nothing": {}, "nothin": {}, "stable/devel": {}, "team": {},
	} {
		inCase, aSlip, err := publisher.Alike(t.Context(), s, name)
		if got := [2]string{inCase, aSlip}; got != want || err != nil {
			t.Errorf("%s: got %q, %v; want %q", name, got, err, want)
		}
	}
}
