package generator_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
)

// TestActionOrders: two generators and somebody who asks and uploads go on at the same time,
// in every order, also with a listing that does not show the newest of it yet. In the end,
// the channel shows what it would had all been decided in order of arrival.
func TestActionOrders(t *testing.T) {
	for name, test := range map[string]struct {
		config string
		first  action.Request // that waits already
		then   []move
		check  func(*world) error
	}{
		"a yank beside other content": {"", yank(oldPin), []move{uploads(4, alphaNew, nil)}, ends("alpha", "1.0.0 "+digest(alphaNew))},
		"a yank where versions are final": {"channels: [{match: '**', duplicates: reject}]", yank(oldPin),
			[]move{uploads(4, alphaNew, nil)}, ends("alpha")},
		"a yank, a restore and a yank": {"", yank(oldPin), []move{
			requests(4, restore(oldPin)), uploads(5, alphaRepacked, nil), requests(6, yank(oldPin)),
		}, ends("alpha")},
		"a yank and a restore": {"", yank(oldPin), []move{uploads(4, alphaRepacked, nil), requests(5, restore(oldPin))},
			ends("alpha", "1.0.0 "+digest(alphaOld))},
		"a deprecation that is undone": {"", deprecate("alpha"), []move{uploads(4, alphaAt("1.1.0"), nil), requests(5, undeprecate("alpha"))},
			ends("alpha", "1.1.0 "+digest(alphaAt("1.1.0")), "1.0.0 "+digest(alphaOld))},
		"a deprecation": {"", deprecate("alpha"), []move{uploads(4, alphaAt("1.1.0"), nil)},
			ends("alpha", "1.1.0 "+digest(alphaAt("1.1.0"))+" deprecated", "1.0.0 "+digest(alphaOld)+" deprecated")},
	} {
		t.Run(name, func(t *testing.T) {
			exploreActions(t, func(t testing.TB, plan schedule) (*turns, error) {
				w := newWorld(t)
				w.configure(test.config)
				w.publish("stable", 1, alphaOld)
				w.mustAsk("stable", id(3), test.first)
				w.clock = w.clock.Add(time.Minute)
				turns := w.takeTurns(plan, w.generates("generator 0"), w.generates("generator 1"), actor{"uploader", func(func()) {
					for _, m := range test.then {
						m(w)
					}
				}})
				if err := w.settleWrites(); err != nil {
					return turns, err
				}
				return turns, test.check(w)
			})
		})
	}
}

// ends checks what head lists of a chart in the end: "version digest", and whether it is
// deprecated.
func ends(chart string, want ...string) func(*world) error {
	return func(w *world) error {
		x, err := w.judge.index(w.site.Snapshot()["stable/index.yaml"])
		if err != nil {
			return err
		}
		var got []string
		for _, e := range x.Entries[chart] {
			entry := e.Version + " " + e.Digest
			if e.Deprecated {
				entry += " deprecated"
			}
			got = append(got, entry)
		}
		if !slices.Equal(got, want) {
			return fmt.Errorf("head lists %q, not %q", got, want)
		}
		return nil
	}
}

// exploreActions runs every schedule with at most one preemption, and each once more for
// either generator, whose listing does not show the newest write. Those without a
// preemption also have every operation go wrong.
func exploreActions(t *testing.T, explore func(testing.TB, schedule) (*turns, error)) {
	depth := 1
	if testing.Short() {
		depth = 0
	}
	faults := []buckettest.Fault{buckettest.Unacked, buckettest.Delayed, buckettest.DieAfter}
	eachSchedule(t, explore, depth, func(s schedule, run func(schedule) *turns) {
		clean := run(s)
		for generator := range 2 {
			s.faultAt, s.fault = slices.Index(clean.trace, generator), buckettest.Stale
			run(s)
		}
		for n := range clean.trace {
			if len(s.preemptions) == 0 && clean.trace[n] < 2 {
				s.faultAt, s.fault = n, faults[(n+s.first)%len(faults)]
				run(s)
			}
		}
	})
}
