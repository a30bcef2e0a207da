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
				w.publish("stable", 1, append(manyCharts(others), alphaOld, beta)...)
				for i, request := range test.before {
					w.mustAsk("stable", id(1001+i), request)
					w.clock = w.clock.Add(time.Minute)
					w.mustRunQuiet()
				}
				w.clock = w.clock.Add(time.Hour)
				w.mustAsk("stable", id(1000), test.request)
				w.mustTake(test.operations)
			})
		}
	}
}

// TestOnePromotion states how many operations a run has that promotes one version, with 3
// other versions in both channels and with 300: they are the same.
func TestOnePromotion(t *testing.T) {
	all := settings{keep: true, root: true, oci: true}
	for _, test := range []struct {
		name string
		settings
		prov       []byte
		operations int
	}{
		{"plain", settings{}, nil, 23},                     // the channel that it comes from is read, and the archive is, three times
		{"signed", settings{}, alphaProv, 23 + 3},          // the provenance file is read twice, and written
		{"all settings", all, nil, 23 + 2 + 2 + 2 + 7 + 1}, // as of an upload, and the older index of the other channel
	} {
		for _, others := range []int{3, 300} {
			t.Run(fmt.Sprintf("%s/%d", test.name, others), func(t *testing.T) {
				w := newWorld(t)
				w.quiet = true
				test.apply(w)
				w.mustUpload("dev", id(999), alphaAt("1.1.0"), test.prov)
				w.publish("dev", 1, manyCharts(others)...)
				w.publish("stable", 2001, append(manyCharts(others), alphaOld)...)
				w.clock = w.clock.Add(time.Hour)
				w.mustAsk("stable", id(1000), promote("dev", pin("alpha", "1.1.0", alphaAt("1.1.0"))))
				w.mustTake(test.operations)
			})
		}
	}
}

// TestOneRollback states how many operations a run has that rolls a channel back by one
// version, with 3 other versions in the channel and with 300: they are the same.
func TestOneRollback(t *testing.T) {
	hides, puts := alphaAt("1.1.0"), alphaAt("1.0.0", "README.md", "other content")
	all := settings{keep: true, root: true, oci: true}
	for _, test := range []struct {
		name string
		settings
		since      []byte
		operations int
	}{
		{"one hidden", settings{}, hides, 18 + 2}, // as a first yank; the record and the snapshot of the generation
		{"one put back", settings{}, puts, 20 - 4},
		{"one hidden, all settings", all, hides, 25},
		{"one put back, all settings", all, puts, 25 + 2 + 4 + 2}, // what was published; the manifest; the tag
	} {
		for _, others := range []int{3, 300} {
			t.Run(fmt.Sprintf("%s/%d", test.name, others), func(t *testing.T) {
				w := newWorld(t)
				w.quiet = true
				test.apply(w)
				w.publish("stable", 1, append(manyCharts(others), alphaAt("1.0.0"))...)
				w.publish("stable", 999, test.since)
				w.clock = w.clock.Add(time.Hour)
				w.mustAsk("stable", id(1000), rollback(1))
				w.mustTake(test.operations)
			})
		}
	}
}

// manyCharts are n versions of a chart.
func manyCharts(n int) (all [][]byte) {
	for i := range n {
		all = append(all, charttest.Simple("chart", fmt.Sprintf("1.%d.0", i)))
	}
	return all
}

// mustTake fails unless the next run has this many operations.
func (w *world) mustTake(operations int) {
	w.t.Helper()
	ops := w.operations(func() { w.mustRunQuiet() })
	if len(ops) != operations {
		w.t.Errorf("%d operations, not %d:\n%s", len(ops), operations, strings.Join(ops, "\n"))
	}
	w.mustShowNewest()
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
