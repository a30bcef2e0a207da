package generator_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
	"github.com/portolan-charts/portolan/publisher/droparea"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

const yankedFor = 90 * day

// freeAtOnce lets prunes free what is yanked already, until the test ends.
func (w *world) freeAtOnce() { w.frees = new(time.Duration) }

// retain is one prune of a process of its own, that carries out the channels' rules, frees
// what has been yanked for long, and keeps everything else.
func (w *world) retain(dry bool) (*generator.PruneReport, error) {
	yanked := yankedFor
	if w.frees != nil {
		yanked = *w.frees
	}
	o := generator.Options{
		Drop: w.drop.Handle(pruneActor), Site: w.site.Handle(pruneActor), Config: w.config, Pages: w.pages, Workers: 1, DryRun: dry,
		Now: func() time.Time { return w.clock }, Nonce: func() string { w.retains++; return fmt.Sprintf("prune-%d", w.retains) }, // the ids of actions differ
	}
	return generator.Prune(context.Background(), o, publisher.PruneOptions{Yanked: &yanked, Keep: 1000 * day, Grace: grace})
}

// mustRetain is retain, in which nothing may go wrong.
func (w *world) mustRetain() *generator.PruneReport {
	w.t.Helper()
	w.inject(nil)
	report, err := w.retain(false)
	if err != nil {
		w.t.Fatal(err)
	}
	w.mustHold()
	w.mustShowNewest()
	w.mustVerify()
	return report
}

// devWorld has a channel of prereleases, some of which were imported with their dates, and
// whose rule lets two of them go.
func devWorld(t testing.TB) *world { return newWorld(t).dev("") }

func (w *world) dev(more string) *world {
	w.configure("channels: [{match: dev, retain: {prereleases: 30d, newest: 2}" + more + "}]")
	for i, version := range []string{"1.0.0-dev.1", "1.0.0-dev.2", "1.0.0-dev.3", "1.0.0-dev.4"} {
		w.mustUpload("dev", id(1+i), alphaAt(version), nil)
	}
	w.mustUpload("dev", id(5), beta, nil)
	w.clock = w.clock.Add(time.Minute)
	w.mustRun()
	w.clock = w.clock.Add(31 * day)
	return w
}

// names are the versions that a rule lets go.
func names(r generator.Retained) (all []string) {
	for _, v := range r.Versions {
		all = append(all, v.Version)
	}
	return all
}

// TestRetain: a prune yanks what the channel's rule lets go, though the drop area may carry
// no yanks; nothing twice, and what is yanked counts no more. Later it frees that.
func TestRetain(t *testing.T) {
	w := newWorld(t).dev(", actions: {drop: []}")
	dry, err := w.retain(true)
	if err != nil {
		t.Fatal(err)
	}
	r := w.mustRetain().Retained[0]
	if got := names(r); !slices.Equal(got, []string{"1.0.0-dev.2", "1.0.0-dev.1"}) || r.Generation != 2 || r.Rule != "retention keeps prereleases for 30d, the newest 2" {
		t.Errorf("%+v", r)
	}
	if d := dry.Retained[0]; !slices.Equal(names(d), names(r)) || d.Generation != 0 || d.Versions[0].Bytes != int64(len(alphaAt("1.0.0-dev.2"))) {
		t.Errorf("it would be %+v", d)
	}
	for key, listed := range map[string][]string{
		"index.yaml": {"1.0.0-dev.4", "1.0.0-dev.3"}, "charts/alpha/index.yaml": {"1.0.0-dev.4", "1.0.0-dev.3"},
		"all/index.yaml": {"1.0.0-dev.4", "1.0.0-dev.3", "1.0.0-dev.2", "1.0.0-dev.1"},
	} {
		w.mustList("dev/"+key, "alpha", listed...)
	}
	c := w.open("dev")
	y, ok := c.State().FindYanked("alpha", "1.0.0-dev.1")
	if !ok || y.Reason != r.Rule || !y.Time.Equal(c.Time()) {
		t.Errorf("it is yanked by %+v", y)
	}
	if receipts := len(w.drop.Snapshot()); receipts != 5 {
		t.Errorf("the drop area has %d files", receipts)
	}
	if r := w.mustRetain().Retained[0]; len(r.Versions) != 0 || r.Generation != 0 {
		t.Errorf("once more, it yanks %+v", r)
	}

	w.clock = w.clock.Add(yankedFor)
	if c := w.mustRetain().Channels[0]; len(c.Freed) != 2 || c.FreedFiles.Files != 0 || c.Generation != 3 {
		t.Errorf("90 days later: %+v", c)
	}
	w.mustList("dev/all/index.yaml", "alpha", "1.0.0-dev.4", "1.0.0-dev.3")
	w.clock = w.clock.Add(grace)
	if c := w.mustRetain().Channels[0]; len(c.Freed) != 0 || c.FreedFiles.Files != 4 {
		t.Errorf("a week later: %+v", c)
	}
	w.mustUpload("dev", id(20), alphaAt("1.0.0-dev.1"), nil)
	w.mustUpload("dev", id(21), alphaAt("1.0.0-dev.2", "README.md", "changed"), nil)
	w.mustAsk("dev", id(22), restore(pin("alpha", "1.0.0-dev.1", alphaAt("1.0.0-dev.1"))))
	w.configure("channels: [{match: dev}]")
	receipts := w.runOnce()
	for n, want := range map[int]string{20: "rejected content-gone", 21: "accepted ", 22: "rejected content-gone"} {
		if r := receipts[id(n)]; string(r.Verdict)+" "+r.Rule != want || n != 21 && !strings.Contains(r.Message, "was yanked and removed") {
			t.Errorf("%d is %s %s: %s", n, r.Verdict, r.Rule, r.Message)
		}
	}
}

// TestRetainFreesLater: a prune that frees everything yanked frees what a dry run named, and
// leaves what the rule has just yanked to the next one.
func TestRetainFreesLater(t *testing.T) {
	w := devWorld(t)
	w.freeAtOnce()
	w.mustAsk("dev", id(10), yank(pin("beta", "1.0.0", beta)))
	w.runOnce()
	w.clock = w.clock.Add(time.Minute)
	dry, err := w.retain(true)
	if err != nil {
		t.Fatal(err)
	}
	done := w.mustRetain()
	if would, did := dry.Channels[0].Freed, done.Channels[0].Freed; len(would) != 1 || len(did) != 1 || did[0].Chart != "beta" {
		t.Errorf("it would free %+v, and frees %+v", would, did)
	}
	if n := len(done.Retained[0].Versions); n != 2 {
		t.Errorf("%d were yanked", n)
	}
	w.clock = w.clock.Add(time.Minute)
	if did := w.mustRetain().Channels[0].Freed; len(did) != 2 {
		t.Errorf("the next one frees %+v", did)
	}
}

func (w *world) open(channel string) *publisher.Channel {
	w.t.Helper()
	c, err := publisher.OpenChannel(context.Background(), w.site.Handle("reader"), channel)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

// TestRetainMany: more than one action names are yanked by several; a dry run tells them all.
func TestRetainMany(t *testing.T) {
	generator.SetMaxRetained(t, 2)
	w := newWorld(t)
	w.configure("channels: [{match: dev, retain: {newest: 1}}]")
	var charts [][]byte
	for i := range 6 {
		charts = append(charts, alphaAt(fmt.Sprintf("1.0.%d", i)))
	}
	w.publish("dev", 1, charts...)
	if dry, err := w.retain(true); err != nil || len(dry.Retained[0].Versions) != 5 {
		t.Errorf("%+v, %v", dry, err)
	}
	if r := w.mustRetain().Retained[0]; len(r.Versions) != 5 || r.Generation != 1+3 {
		t.Errorf("%+v", r)
	}
	w.mustList("dev/index.yaml", "alpha", "1.0.5")
}

// TestRetainImported: what counts is when an imported version was published first.
func TestRetainImported(t *testing.T) {
	w := newWorld(t)
	w.configure("channels: [{match: stable, retain: {prereleases: 30d}}]")
	w.imported(id(1), "2026-01-01T00:00:00Z", alphaAt("1.0.0-dev.1"), nil)
	w.imported(id(2), "2026-02-27T00:00:00Z", alphaAt("1.0.0-dev.2"), nil)
	w.imported(id(3), "2020-01-01T00:00:00Z", alphaAt("0.9.0"), nil)
	w.mustRun()
	if got := names(w.mustRetain().Retained[0]); !slices.Equal(got, []string{"1.0.0-dev.1"}) {
		t.Errorf("it yanks %q", got)
	}
}

// TestRetainOvertakesNothing: what came before the rule was carried out, and is decided
// after it, counts as if it came after it.
func TestRetainOvertakesNothing(t *testing.T) {
	w := devWorld(t)
	one, two := alphaAt("1.0.0-dev.1", "README.md", "changed"), alphaAt("1.0.0-dev.2")
	w.mustUpload("dev", id(11), one, nil)
	w.mustUpload("dev", id(12), two, nil)
	w.mustAsk("dev", id(13), yank(pin("beta", "1.0.0", beta)))
	w.clock = w.clock.Add(time.Second)
	w.mustRetain()
	receipts := w.runOnce()
	for n, want := range map[int]verdict.Verdict{11: verdict.Replaced, 12: verdict.Unchanged, 13: verdict.Accepted} {
		if got := receipts[id(n)].Verdict; got != want {
			t.Errorf("%d is %s, not %s", n, got, want)
		}
	}
	w.mustList("dev/index.yaml", "alpha", "1.0.0-dev.4", "1.0.0-dev.3", "1.0.0-dev.1")
}

// TestRetainTells: the next run tells receivers of what a rule has done.
func TestRetainTells(t *testing.T) {
	t.Setenv("RECEIVER_SECRET", "s3cret")
	w := newWorld(t).dev(", notify: [{url: 'https://example.com', secretEnv: RECEIVER_SECRET}]")
	for _, step := range []struct {
		after time.Duration
		note  string
	}{{0, "00000001-00000002"}, {yankedFor, "00000002-00000003"}} {
		w.clock = w.clock.Add(step.after)
		w.mustRetain()
		if w.drop.Snapshot()["inbox/dev/"+step.note+".notify.json"] == nil {
			t.Errorf("nobody notes %s", step.note)
		}
	}
}

// retainedWorld waits for its rule: there is something to yank, something to free and
// something to remove.
func retainedWorld(t testing.TB) *world {
	w := newWorld(t)
	w.configure("channels: [{match: dev, retain: {prereleases: 30d}, oci: true, keep: 2}]")
	w.publish("dev", 1, alphaAt("1.0.0"), alphaAt("1.0.1-dev.1"), alphaAt("1.0.1-dev.2"), alphaAt("1.0.1-dev.3"), alphaAt("1.0.1-dev.9"))
	w.mustAsk("dev", id(10), yank(pin("alpha", "1.0.1-dev.1", alphaAt("1.0.1-dev.1"))))
	w.clock = w.clock.Add(time.Minute)
	w.mustRun()
	w.clock = w.clock.Add(91 * day)
	w.configure("channels: [{match: dev, oci: true, keep: 2}]")
	w.mustRetain()
	w.mustAsk("dev", id(11), yank(pin("alpha", "1.0.1-dev.2", alphaAt("1.0.1-dev.2"))))
	w.clock = w.clock.Add(time.Minute)
	w.mustRun()
	w.clock = w.clock.Add(91 * day)
	w.configure("channels: [{match: dev, retain: {prereleases: 30d}, oci: true, keep: 2}]")
	return w
}

// retained is what is left of the versions: what lists show, and the files.
func (w *world) retained() string {
	w.inject(nil)
	left := []string{w.outcome()}
	for key := range w.site.Snapshot() {
		if !strings.Contains(key, "/log/") {
			left = append(left, key)
		}
	}
	slices.Sort(left)
	return strings.Join(left, "\n")
}

// TestEveryCrashOfRetain breaks every operation of a prune that yanks, frees and removes in
// four ways. One more prune later, all is as if nothing had happened.
func TestEveryCrashOfRetain(t *testing.T) {
	w := retainedWorld(t)
	report := w.mustRetain()
	ops := w.n
	if c := report.Channels[0]; len(report.Retained[0].Versions) != 1 || len(c.Freed) != 1 || c.FreedFiles.Files == 0 {
		t.Fatalf("%+v", report)
	}
	want := w.retained()
	t.Logf("%d operations", ops)
	step := 1
	if testing.Short() {
		step = 7
	}
	for k := 0; k < ops; k += step {
		for fault, name := range faults {
			w := retainedWorld(t)
			w.inject(dying(k, fault))
			_, err := w.retain(false)
			if fault == buckettest.DieAfter {
				w.site.PowerCut()
			}
			w.mustHold()
			w.mustRetain()
			if got := w.retained(); got != want {
				t.Fatalf("operation %d %s (%v): it ends with\n%s\nnot with\n%s", k, name, err, got, want)
			}
		}
	}
}

// TestEveryOrderOfRetain lets a prune that yanks, frees and removes, a generator that
// restores what is to be freed and publishes what is to be yanked anew, and a leap of time
// happen in every order with at most one preemption. Whichever comes first, all is well.
func TestEveryOrderOfRetain(t *testing.T) {
	var freed, kept atomic.Int32
	eachSchedule(t, func(t testing.TB, plan schedule) (*turns, error) {
		w := retainedWorld(t)
		w.mustAsk("dev", id(20), restore(pin("alpha", "1.0.1-dev.2", alphaAt("1.0.1-dev.2"))))
		w.mustUpload("dev", id(21), alphaAt("1.0.1-dev.3", "README.md", "changed"), nil)
		w.clock = w.clock.Add(time.Second)
		w.inject(nil)
		turns := w.takeTurns(plan, w.generates("generator"), actor{pruneActor, func(func()) { _, _ = w.retain(false) }}, actor{"clock", func(turn func()) {
			turn()
			w.clock = w.clock.Add(leap)
		}})
		if err := w.settleWrites(); err != nil {
			return turns, err
		}
		state := w.open("dev").State()
		_, gone := state.FindGoneVersion("alpha", "1.0.1-dev.2")
		_, yanked := state.FindYanked("alpha", "1.0.1-dev.2")
		receipt, err := droparea.ReadReceipt(context.Background(), w.drop.Handle("reader"), id(20))
		if err != nil {
			return turns, err
		}
		if accepted := receipt.Verdict == verdict.Accepted; gone == accepted && !yanked {
			return turns, fmt.Errorf("the restore is %s, and that the version is gone is %t", receipt.Verdict, gone)
		}
		if _, yanked := state.FindYanked("alpha", "1.0.1-dev.3"); yanked {
			return turns, fmt.Errorf("new content of a version is yanked")
		}
		if gone {
			freed.Add(1)
		} else {
			kept.Add(1)
		}
		if _, err := w.retain(false); err != nil {
			return turns, err
		}
		w.mustVerify()
		return turns, w.failed
	}, 1, func(s schedule, explore func(schedule) *turns) { explore(s) })
	if t.Logf("it was freed %d times, and restored %d times", freed.Load(), kept.Load()); freed.Load() == 0 || kept.Load() == 0 {
		t.Error("one of them never happened")
	}
}
