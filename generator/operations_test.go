package generator_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
)

var digests = regexp.MustCompile(`sha256:[0-9a-f]{64}`)

// operations lists what a run asks of both stores, as "store kind key".
func (w *world) operations(run func()) []string {
	var ops []string
	w.inject(func(_ int, store string, op buckettest.Op) buckettest.Fault {
		ops = append(ops, fmt.Sprintf("%s %s %s", store, op.Kind, op.Key))
		return buckettest.None
	})
	run()
	return ops
}

// settings are those by which runs cost more than others.
type settings struct {
	keep bool // head leaves something out, so there is an index of all versions
	root bool // the site's root shows the channel
	oci  bool // it is in the registry
	keys bool // it has keys for signatures, and requires none
}

func (s settings) apply(w *world) {
	var lines, channel []string
	if s.keep {
		channel = append(channel, "keep: 2")
	}
	if s.oci {
		channel = append(channel, "oci: true")
	}
	if s.keys {
		w.withKeys("require: false", signer)
		return
	}
	if len(channel) > 0 {
		lines = append(lines, fmt.Sprintf("channels: [{match: '**', %s}]", strings.Join(channel, ", ")))
	}
	if s.root {
		lines = append(lines, "rootChannel: stable")
	}
	w.configure("{" + strings.Join(lines, ", ") + "}")
}

// costs are the tests of what a run asks for: the number of operations of a run that
// publishes one new, unsigned version of a known chart.
var costs = []struct {
	name string
	settings
	operations int
}{
	{"plain", settings{}, 14 + 2},                                            // the chart's own index
	{"keep", settings{keep: true}, 14 + 2 + 2 + 2},                           // the older index, and that of all versions
	{"root", settings{root: true}, 14 + 2 + 2},                               // the index in the site's root
	{"oci", settings{oci: true}, 14 + 2 + 7},                                 // archive, config, manifest, referrers; the tag; the list of tags
	{"keys", settings{keys: true}, 14 + 2 + 2},                               // whether the keys are there, binary and as text
	{"all", settings{keep: true, root: true, oci: true}, 14 + 2 + 4 + 2 + 7}, // all of these
}

// TestOneChart states every operation that one new version of a chart costs, with 3 others
// in the channel and with 300: they are the same. Whatever follows from the log is read
// before the record is written, and written before head.
func TestOneChart(t *testing.T) {
	for _, cost := range costs {
		for _, others := range []int{3, 300} {
			t.Run(fmt.Sprintf("%s/%d", cost.name, others), func(t *testing.T) {
				w := newWorld(t)
				w.quiet = true
				cost.apply(w)
				many := [][]byte{charttest.Simple("gamma", "0.0.9")}
				for i := range others {
					many = append(many, charttest.Simple("chart", fmt.Sprintf("1.%d.0", i)))
				}
				w.publish("stable", 1, many...)
				w.mustUpload("stable", id(1000), gamma, nil)
				w.clock = w.clock.Add(time.Second)
				ops := w.operations(func() {
					if _, err := w.run("one"); err != nil {
						t.Error(err)
					}
				})
				for i, op := range ops {
					ops[i] = digests.ReplaceAllString(op, "sha256:…")
				}
				want := cost.ofOneChart()
				if !slices.Equal(ops, want) || len(ops) != cost.operations {
					t.Errorf("%d operations:\n%s\nwant %d:\n%s", len(ops), strings.Join(ops, "\n"), cost.operations, strings.Join(want, "\n"))
				}
				w.mustShowNewest()
			})
		}
	}
}

// ofOneChart are the operations, in order. Those that begin with the name of a setting are
// asked for only with that.
func (s settings) ofOneChart() []string {
	release := "stable/charts/gamma/0.1.0/" + id(1000)
	var ops []string
	for _, op := range []string{
		"drop list inbox",
		"root: site get index.yaml",
		"site get stable/index.yaml",
		"site get stable/log/00000001.json",
		"keep: site get stable/snapshots/00000001/older/index.yaml",
		"site get stable/log/00000002.json",
		"drop get inbox/stable/" + id(1000) + ".json",
		"drop get inbox/stable/" + id(1000) + ".tgz",
		"site create " + release + "/gamma-0.1.0.tgz",
		"site create " + release + "/release.json",
		"oci: site create v2/stable/gamma/blobs/sha256:…",
		"oci: site create v2/stable/gamma/blobs/sha256:…",
		"oci: site create v2/stable/gamma/manifests/sha256:…",
		"oci: site create v2/stable/gamma/referrers/sha256:…",
		"site get stable/charts/gamma/index.yaml",
		"oci: site get v2/stable/gamma/tags/list",
		"keep: site get stable/all/index.yaml",
		"site create stable/log/00000002.json",
		"keys: site get stable/api/keyring.asc",
		"keys: site get stable/api/keyring.gpg",
		"site create stable/snapshots/00000002/index.yaml",
		"keep: site create stable/snapshots/00000002/older/index.yaml",
		"site replace stable/charts/gamma/index.yaml",
		"oci: site create v2/stable/gamma/manifests/0.1.0",
		"keep: site replace stable/all/index.yaml",
		"oci: site replace v2/stable/gamma/tags/list",
		"root: site replace index.yaml",
		"site replace stable/index.yaml",
		"drop create receipts/" + id(1000) + ".json",
		"drop delete inbox/stable/" + id(1000) + ".json",
		"drop delete inbox/stable/" + id(1000) + ".tgz",
	} {
		setting, rest, ok := strings.Cut(op, ": ")
		switch {
		case !ok:
			ops = append(ops, op)
		case setting == "keep" && s.keep, setting == "root" && s.root, setting == "oci" && s.oci, setting == "keys" && s.keys:
			ops = append(ops, rest)
		}
	}
	return ops
}

// TestOneChartInRegistry: what the registry costs a run that publishes one version. A store
// that cannot copy is also asked for the archive, and for the provenance file.
func TestOneChartInRegistry(t *testing.T) {
	changed := charttest.Simple("gamma", "0.0.9", "README.md", "changed")
	for name, test := range map[string]struct {
		chart, prov []byte
		more        int
	}{
		"new":      {gamma, nil, 7},
		"signed":   {gamma, gammaSig, 8}, // its provenance file
		"replaced": {changed, nil, 8},    // what the tag named
	} {
		t.Run(name, func(t *testing.T) {
			var ops [2]int
			for i, s := range []settings{{}, {oci: true}} {
				w := newWorld(t)
				s.apply(w)
				w.publish("stable", 1, charttest.Simple("gamma", "0.0.9"), alphaOld)
				w.mustUpload("stable", id(1000), test.chart, test.prov)
				ops[i] = len(w.operations(func() { w.mustRunQuiet() }))
				w.mustShowNewest()
			}
			if got := ops[1] - ops[0]; got != test.more {
				t.Errorf("%d more operations, not %d", got, test.more)
			}
		})
	}
}

// TestNothingToDo: a run that finds nothing in the inbox costs its listing, whatever the
// channels have.
func TestNothingToDo(t *testing.T) {
	for _, cost := range costs {
		t.Run(cost.name, func(t *testing.T) {
			w := newWorld(t)
			cost.apply(w)
			w.publish("stable", 1, alphaOld, beta, alphaAt("1.1.0"), alphaAt("1.2.0"))
			before := [2]map[string][]byte{w.drop.Snapshot(), w.site.Snapshot()}
			ops := w.operations(func() {
				report, err := w.run("idle")
				if err != nil || len(report.Channels) != 0 {
					t.Errorf("got %v, %v; want no channels", report, err)
				}
			})
			if want := []string{"drop list inbox"}; !slices.Equal(ops, want) {
				t.Errorf("operations:\ngot  %q\nwant %q", ops, want)
			}
			for i, m := range []*buckettest.Mem{w.drop, w.site} {
				if !maps.EqualFunc(before[i], m.Snapshot(), func(a, b []byte) bool { return string(a) == string(b) }) {
					t.Errorf("a run with nothing to do changed store %d", i)
				}
			}
		})
	}
}

// TestNewChart: a chart that is new has no index yet that would have to be read.
func TestNewChart(t *testing.T) {
	w := newWorld(t)
	w.publish("stable", 1, alphaOld)
	w.mustUpload("stable", id(2), gamma, nil)
	ops := w.operations(func() { w.mustRunQuiet() })
	if n := len(ops); n != 14+1 || !slices.Contains(ops, "site create stable/charts/gamma/index.yaml") {
		t.Errorf("%d operations:\n%s", n, strings.Join(ops, "\n"))
	}
}
