package generator_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/publisher/action"
)

// TestOneAction states how many operations a run has that carries out one action, with 3
// other versions in the channel and with 300: they are the same. One upload takes 16.
func TestOneAction(t *testing.T) {
	first, all := settings{}, settings{keep: true, root: true, oci: true}
	betaPin := pin("beta", "1.0.0", beta)
	for _, test := range []struct {
		name string
		settings
		before     []action.Request
		request    action.Request
		operations int
	}{
		{"first yank", first, nil, yank(oldPin), 18},
		{"yank", first, []action.Request{yank(betaPin)}, yank(oldPin), 18 - 1 + 2},                              // the older index and the state are there
		{"restore", first, []action.Request{yank(betaPin), yank(oldPin)}, restore(oldPin), 19},                  // as a yank
		{"last restore", first, []action.Request{yank(oldPin)}, restore(oldPin), 19 - 1},                        // no older index is written
		{"first deprecation", first, nil, deprecate("alpha"), 14},                                               // nor any of these
		{"yank with all settings", all, []action.Request{yank(betaPin)}, yank(oldPin), 19 + 2 + 2},              // the index in the site's root, the list of tags
		{"deprecation with all settings", all, []action.Request{yank(betaPin)}, deprecate("alpha"), 19 + 2 + 2}, // likewise
		{"repeated yank", first, []action.Request{yank(oldPin)}, yank(oldPin), 11},                              // nothing but a record
	} {
		for _, others := range []int{3, 300} {
			t.Run(fmt.Sprintf("%s/%d", test.name, others), func(t *testing.T) {
				w := newWorld(t)
				w.quiet = true
				test.apply(w)
				many := [][]byte{alphaOld, beta}
				for i := range others {
					many = append(many, charttest.Simple("chart", fmt.Sprintf("1.%d.0", i)))
				}
				w.publish("stable", 1, many...)
				for i, request := range test.before {
					w.mustAsk("stable", id(1001+i), request)
					w.clock = w.clock.Add(time.Minute)
					w.mustRunQuiet()
				}
				w.clock = w.clock.Add(time.Hour)
				w.mustAsk("stable", id(1000), test.request)
				ops := w.operations(func() { w.mustRunQuiet() })
				if len(ops) != test.operations {
					t.Errorf("%d operations, not %d:\n%s", len(ops), test.operations, strings.Join(ops, "\n"))
				}
				w.mustShowNewest()
			})
		}
	}
}

// TestFirstYank states every operation of a run with a channel's first yank, in order.
func TestFirstYank(t *testing.T) {
	w := newWorld(t)
	w.publish("stable", 1, alphaOld, beta)
	w.mustAsk("stable", id(10), yank(oldPin))
	ops := w.operations(func() { w.mustRunQuiet() })
	if want := []string{
		"drop list inbox",
		"drop get receipts/" + id(10) + ".json", // it may have been put back
		"site get stable/index.yaml",
		"site get stable/log/00000001.json",
		"site get stable/log/00000002.json",
		"drop get inbox/stable/" + id(10) + ".action.json",
		"site get stable/all/log/00000001.json", // no channel is called so
		"site get stable/charts/alpha/index.yaml",
		"site get stable/all/index.yaml",
		"site create stable/log/00000002-nonce.state.json",
		"site create stable/log/00000002.json",
		"site create stable/snapshots/00000002/index.yaml",
		"site create stable/snapshots/00000002/older/index.yaml",
		"site replace stable/charts/alpha/index.yaml",
		"site create stable/all/index.yaml",
		"site replace stable/index.yaml",
		"drop create receipts/" + id(10) + ".json",
		"drop delete inbox/stable/" + id(10) + ".action.json",
	}; !slices.Equal(ops, want) {
		t.Errorf("operations:\n%s\nwant\n%s", strings.Join(ops, "\n"), strings.Join(want, "\n"))
	}
}
