package generator_test

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
)

// atRoot has the site's root show the channel stable as well, from now on.
func (w *world) atRoot() *world {
	w.configure("rootChannel: stable")
	return w
}

// TestEveryCrashAtRoot is TestEveryCrash where the site's root shows the channel,
// before the run or from it on.
func TestEveryCrashAtRoot(t *testing.T) {
	for name, make := range map[string]func(testing.TB) *world{
		"shown":   func(t testing.TB) *world { return newWorld(t).atRoot().small() },
		"to show": func(t testing.TB) *world { return smallWorld(t).atRoot() },
		"with keep": func(t testing.TB) *world {
			w := keptWorld(t)
			w.configure("{rootChannel: stable, channels: [{match: '**', keep: 2}]}")
			return w
		},
	} {
		t.Run(name, func(t *testing.T) { crashEverywhere(t, make) })
	}
}

// exploreAtRoot is explore where the site's root is to show the channel.
func exploreAtRoot(t testing.TB, plan schedule) (*turns, error) {
	w := exploredWorld(t).atRoot()
	turns := w.takeTurns(plan, w.generates("generator 0"), w.generates("generator 1"), actor{"uploader", func(turn func()) {
		_ = w.upload("uploader", "stable", id(4), gamma, gammaSig) // if it fails, nothing was promised
		turn()
		w.overwrite("stable", "foreign-2.0.0.tgz", foreignNew)
	}})
	return turns, w.settle()
}

// TestEveryOrderAtRoot explores these.
func TestEveryOrderAtRoot(t *testing.T) {
	eachScheduleAndFault(t, exploreAtRoot)
}

// TestRootOrder: the site's root comes after the snapshot and before head.
func TestRootOrder(t *testing.T) {
	w := newWorld(t).atRoot()
	w.publish("stable", 1, alphaOld)
	w.mustUpload("stable", id(2), beta, nil)
	ops := w.operations(func() { w.mustRunQuiet() })
	var order []int
	for _, op := range []string{
		"site get index.yaml", "site get stable/index.yaml", "site create stable/log/00000002.json",
		"site create stable/snapshots/00000002/index.yaml", "site replace index.yaml", "site replace stable/index.yaml",
	} {
		order = append(order, slices.Index(ops, op))
	}
	if order[0] < 0 || !slices.IsSorted(order) {
		t.Errorf("the places are %v in %q", order, ops)
	}
}

// named runs the generator for the channel by name.
func (w *world) named(o generator.Options) generator.ChannelReport {
	w.t.Helper()
	o.Channels, o.Drop, o.Site = []string{"stable"}, w.drop.Handle("named"), w.site.Handle("named")
	report, err := w.start(o, "named")
	if err != nil {
		w.t.Fatal(err)
	}
	w.mustHold()
	return report.Channels[0]
}

// TestRootIsSet: the setting reaches a published channel when that is named, or with
// its next upload; then the log knows it.
func TestRootIsSet(t *testing.T) {
	for name, reach := range map[string]func(*world) generator.ChannelReport{
		"named": func(w *world) generator.ChannelReport { return w.named(generator.Options{}) },
		"accepted": func(w *world) generator.ChannelReport {
			w.mustUpload("stable", id(3), gamma, nil)
			return w.mustRun().Channels[0]
		},
		"rejected": func(w *world) generator.ChannelReport {
			w.mustUpload("stable", id(3), bad, nil)
			return w.mustRun().Channels[0]
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.publish("stable", 1, alphaOld, beta)
			w.atRoot()
			w.mustRun() // nothing waits
			if w.site.Snapshot()["index.yaml"] != nil {
				t.Error("a run with nothing to do wrote something")
			}
			if c := reach(w); c.After != 2 || !c.AtRoot || c.Root != "" || c.RootLeft != "" {
				t.Errorf("%+v", c)
			}
			w.mustShowNewest()
			w.mustBeWhole()
			if c := w.named(generator.Options{}); c.After != 2 || c.Root != "" || c.RootLeft != "" {
				t.Errorf("again: %+v", c)
			}
			o, _, _ := w.site.Object("index.yaml")
			if o.ContentType != "application/yaml" || strings.Contains(o.CacheControl, "immutable") {
				t.Errorf("it is served as %s, %s", o.ContentType, o.CacheControl)
			}
		})
	}
}

// TestRootWithoutChannel: a channel that shows nothing is not shown in the site's root.
func TestRootWithoutChannel(t *testing.T) {
	w := newWorld(t).atRoot()
	w.publish("stable", 1, bad)
	if w.site.Snapshot()["index.yaml"] != nil || w.named(generator.Options{}).After != 1 {
		t.Error("an index was made of nothing")
	}
	w.publish("stable", 2, beta)
	w.mustShowNewest()
}

// TestRootHealed: what was lost or damaged in the site's root is written again by a run
// that was asked for the channel, which says so.
func TestRootHealed(t *testing.T) {
	w := newWorld(t).atRoot()
	w.publish("stable", 1, alphaOld)
	old := w.site.Snapshot()["index.yaml"]
	w.publish("stable", 2, beta)
	right := w.site.Snapshot()["index.yaml"]
	for want, damage := range map[string]func(){
		"missing":      func() { w.remove("index.yaml") },
		"damaged":      func() { w.site.Put("index.yaml", append(slices.Clone(right), '\n')) },
		"generation 1": func() { clear(w.shown); w.site.Put("index.yaml", old) },
	} {
		damage()
		if c := w.named(generator.Options{}); !strings.Contains(c.Root, "index.yaml: "+want) || c.After != 2 {
			t.Errorf("%s: %+v", want, c)
		}
		w.mustShowNewest()
	}
}

func (w *world) remove(key string) {
	w.t.Helper()
	if err := w.site.Handle("vandal").Delete(w.t.Context(), key, ""); err != nil {
		w.t.Fatal(err)
	}
}

// TestRootForeign: what portolan did not write in the site's root stays, and so does
// another channel's index, unless the run is told to replace it.
func TestRootForeign(t *testing.T) {
	other := newWorld(t).atRoot()
	other.publish("stable", 1, gamma)
	others := strings.ReplaceAll(string(other.site.Snapshot()["index.yaml"]), "stable", "devel")
	for name, file := range map[string]string{
		"YAML":             "apiVersion: v1\nentries: {}\ngenerated: \"2026-01-01T00:00:00Z\"\n",
		"nothing":          "",
		"one long line":    strings.Repeat("x", 1<<20),
		"another's":        others,
		"a head":           string(other.site.Snapshot()["stable/index.yaml"]),
		"of a lost log":    strings.Replace(string(other.site.Snapshot()["index.yaml"]), `"portolan/generation":"1"`, `"portolan/generation":"9"`, 1),
		"without a number": strings.Replace(string(other.site.Snapshot()["index.yaml"]), `"portolan/generation":"1"`, `"portolan/generation":"x"`, 1),
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t).atRoot()
			w.quiet = true // such a file may name what is not there
			w.site.Put("index.yaml", []byte(file))
			w.publishQuiet("stable", 1, alphaOld)
			w.mustUpload("stable", id(2), beta, nil)
			c := w.mustRunQuiet().Channels[0]
			if c.AtRoot || !strings.Contains(c.RootLeft, "--replace-root") || string(w.site.Snapshot()["index.yaml"]) != file {
				t.Errorf("%+v", c)
			}
			if report, err := publisher.Verify(t.Context(), w.site.Handle("verify"), publisher.VerifyOptions{Workers: 1}); err != nil || !report.OK() && name != "of a lost log" {
				t.Errorf("%+v, %v", report, err)
			}
			o := generator.Options{ReplaceRoot: true, Drop: w.drop.Handle("replacing"), Site: w.site.Handle("replacing")}
			report, err := w.start(o, "replacing") // which looks at the channel although nothing waits
			if err != nil || len(report.Channels) != 1 || !report.Channels[0].AtRoot || report.Channels[0].RootLeft != "" {
				t.Errorf("%+v, %v", report, err)
			}
			w.mustShowNewest()
			w.mustBeWhole()
		})
	}
}

func (w *world) publishQuiet(channel string, first int, chart []byte) {
	w.t.Helper()
	w.mustUpload(channel, id(first), chart, nil)
	w.clock = w.clock.Add(time.Minute)
	w.mustRunQuiet()
}

// TestRootNotWanted: a channel that the site's root shows says so when the settings name
// another one, or none, until the file is gone.
func TestRootNotWanted(t *testing.T) {
	for name, settings := range map[string]string{"none": "{}", "another": "rootChannel: devel"} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t).atRoot()
			w.publish("stable", 1, alphaOld)
			left := w.site.Snapshot()["index.yaml"]
			w.configure(settings)
			w.mustUpload("stable", id(2), beta, nil)
			for range 2 {
				report := w.mustRun()
				if len(report.Channels) == 0 {
					w.mustUpload("stable", id(3), gamma, nil)
					report = w.mustRun()
				}
				if c := report.Channels[0]; !strings.Contains(c.RootLeft, "rootChannel") || c.AtRoot != true {
					t.Errorf("%+v", c)
				}
			}
			if string(w.site.Snapshot()["index.yaml"]) != string(left) {
				t.Error("it was written")
			}
			w.remove("index.yaml")
			if c := w.named(generator.Options{}); c.RootLeft != "" || c.AtRoot || c.After != c.Before+1 {
				t.Errorf("without the file: %+v", c)
			}
			w.mustBeWhole()
			if c := w.named(generator.Options{}); c.RootLeft != "" || c.After != c.Before {
				t.Errorf("and again: %+v", c)
			}
		})
	}
}

// TestRootGivenAway: --replace-root gives the site's root to another channel, and
// nothing is wrong with the first one then.
func TestRootGivenAway(t *testing.T) {
	w := newWorld(t).atRoot()
	w.publish("stable", 1, alphaOld)
	w.publish("devel", 2, beta)
	w.configure("rootChannel: devel")
	o := generator.Options{Channels: []string{"devel"}, Drop: w.drop.Handle("named"), Site: w.site.Handle("named")}
	report, err := w.start(o, "named")
	if err != nil || !strings.Contains(report.Channels[0].RootLeft, "channel stable") {
		t.Errorf("%+v, %v", report, err)
	}
	o.ReplaceRoot = true
	if _, err := w.start(o, "named"); err != nil {
		t.Fatal(err)
	}
	w.mustShowNewest()
	w.mustBeWhole()
	if c := w.named(generator.Options{}); c.RootLeft != "" || c.AtRoot {
		t.Errorf("%+v", c)
	}
	w.mustBeWhole()
}

// TestRootAfterAnother: a generator that is overtaken by one without the setting writes
// the site's root once more, and a prune does so before it removes anything.
func TestRootAfterAnother(t *testing.T) {
	w := newWorld(t).atRoot()
	rooted := w.config
	w.publish("stable", 1, alphaOld)
	w.mustUpload("stable", id(2), beta, nil)
	w.clock = w.clock.Add(time.Minute)
	overtaken := false
	w.inject(func(_ int, _ string, op buckettest.Op) buckettest.Fault {
		if op.Actor == "slow" && op.Kind == buckettest.Replace && op.Key == "stable/index.yaml" && !overtaken {
			overtaken = true
			w.config = nil
			w.mustUpload("stable", id(3), gamma, nil)
			if _, err := w.run("fast"); err != nil {
				t.Error(err)
			}
			w.config = rooted
		}
		return buckettest.None
	})
	if _, err := w.run("slow"); err != nil || !overtaken {
		t.Fatal(err)
	}
	w.mustHold()
	w.mustShowNewest()

	w.config = nil
	w.clock = w.clock.Add(leap)
	w.publish("stable", 11, alphaNew)
	w.clock = w.clock.Add(leap)
	w.inject(nil)
	if _, err := w.prune(w.drop.Handle(pruneActor), w.site.Handle(pruneActor)); err != nil {
		t.Fatal(err)
	}
	w.mustHold()
	w.config = rooted
	w.mustShowNewest()
	if gone := path.Join("stable", publisher.ReleaseURL("alpha", "1.0.0", id(1))); w.site.Snapshot()[gone] != nil {
		t.Error("it removed nothing")
	}
}

// TestEveryCrashOfPruneAtRoot is TestEveryCrashOfPrune where the site's root shows the
// channel as it was before the last generation.
func TestEveryCrashOfPruneAtRoot(t *testing.T) {
	make := func() *world {
		w := newWorld(t).atRoot()
		w.publish("stable", 1, alphaOld, beta)
		w.clock = w.clock.Add(leap)
		rooted := w.config
		w.config = nil
		w.publish("stable", 4, alphaNew)
		w.config = rooted
		w.clock = w.clock.Add(leap)
		w.inject(nil)
		return w
	}
	prune := func(w *world) error {
		_, err := w.prune(w.drop.Handle(pruneActor), w.site.Handle(pruneActor))
		return err
	}
	w := make()
	if err := prune(w); err != nil {
		t.Fatal(err)
	}
	ops, want := w.n, w.outcome()
	for k := range ops {
		for fault, name := range faults {
			w := make()
			w.inject(dying(k, fault))
			err := prune(w)
			w.mustHold()
			w.inject(nil)
			if err := prune(w); err != nil {
				t.Fatal(err)
			}
			w.mustHold()
			w.mustShowNewest()
			w.mustEndAs(want, fmt.Sprintf("operation %d %s (%v)", k, name, err))
		}
	}
}

// TestRootOfOddVersions: the index in the site's root has all that head has.
func TestRootOfOddVersions(t *testing.T) {
	w := newWorld(t)
	w.configure("rootChannel: Group.A_b/x-1/Stable.2")
	w.publish("Group.A_b/x-1/Stable.2", 1, charttest.Simple("Alpine_9.x", "9.0.0+a-b.1"), alphaOld)
	w.mustShowNewest()
	report, err := publisher.Verify(t.Context(), w.site.Handle("verify"), publisher.VerifyOptions{Deep: true, Workers: 1})
	if err != nil || !report.OK() {
		t.Errorf("%+v, %v", report, err)
	}
}
