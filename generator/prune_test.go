package generator_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
)

const (
	pruneActor = "prune" // whose deletions in the drop area are no losses

	day   = 24 * time.Hour
	grace = 7 * day
	leap  = 10 * day // more than the grace time
)

var alphaNewest = charttest.Simple("alpha", "1.0.0", "README.md", "changed again")

// prune is one prune of a process of its own, that keeps little.
func (w *world) prune(drop, site bucket.Store) (*publisher.PruneReport, error) {
	return publisher.Prune(context.Background(), drop, site, publisher.PruneOptions{
		Snapshots: 1, Keep: 9 * day, Grace: grace, Workers: 1,
		Now: func() time.Time { return w.clock }, Nonce: func() string { return "prune" },
	})
}

// prunableWorld has something of everything that a prune removes: replaced
// releases and their snapshots, receipts, a refused upload, and what a generator
// staged for uploads that it did not get to decide, or that are superseded. The
// uploads that wait replace and add charts; what one generator staged for them
// before it died lies there.
func prunableWorld(t testing.TB) *world { return newWorld(t).prunable() }

// keptPrunableWorld is prunableWorld where head does not list everything.
func keptPrunableWorld(t testing.TB) *world {
	w := newWorld(t)
	w.keep(1)
	w.older = 1
	w.publish("stable", 21, charttest.Simple("beta", "0.9.0"))
	return w.prunable()
}

func (w *world) prunable() *world {
	t := w.t
	w.publish("stable", 1, alphaOld, beta)
	w.mustUpload("stable", id(3), bad, nil)
	w.clock = w.clock.Add(leap)
	w.publish("stable", 4, alphaNew)
	w.clock = w.clock.Add(leap)
	w.mustUpload("stable", id(5), alphaOld, nil) // the content that was pruned, or is about to be
	w.mustUpload("stable", id(6), alphaNewest, nil)
	w.mustUpload("stable", id(7), gamma, gammaSig)
	w.put("stable", "foreign-2.0.0.tgz", foreign)
	w.clock = w.clock.Add(time.Minute)
	w.inject(func(_ int, _ string, op buckettest.Op) buckettest.Fault {
		if op.Kind == buckettest.Create && strings.Contains(op.Key, "/log/") {
			return buckettest.DieBefore
		}
		return buckettest.None
	})
	if _, err := w.run("died"); !errors.Is(err, buckettest.ErrDead) {
		t.Fatalf("the generator did not die: %v", err)
	}
	w.inject(nil)
	return w
}

// explorePrune lets a generator and a prune happen as planned, and time leap by
// more than the grace time at some moment.
func explorePrune(t testing.TB, plan schedule) (*turns, error) {
	return prunableWorld(t).explorePrune(plan)
}

func (w *world) explorePrune(plan schedule) (*turns, error) {
	prunes := func(func()) { _, _ = w.prune(w.drop.Handle(pruneActor), w.site.Handle(pruneActor)) }
	leaps := func(turn func()) {
		turn()
		w.clock = w.clock.Add(leap)
	}
	turns := w.takeTurns(plan, w.generates("generator"), actor{pruneActor, prunes}, actor{"clock", leaps})
	return turns, w.settlePruned()
}

// settlePruned lets late writes land between clean runs and prunes, and checks
// that everything is well in the end, and nothing is left that is not needed.
func (w *world) settlePruned() error {
	w.clock = w.clock.Add(time.Minute)
	clean := func() error {
		_, runErr := w.run("clean")
		_, pruneErr := w.prune(w.drop.Handle(pruneActor), w.site.Handle(pruneActor))
		return errors.Join(runErr, pruneErr, w.failed)
	}
	if err := clean(); err != nil {
		return err
	}
	for _, m := range []*buckettest.Mem{w.drop, w.site} {
		for len(m.Pending()) > 0 {
			_ = m.Land(0)
		}
	}
	for range 2 {
		w.clock = w.clock.Add(leap)
		if err := clean(); err != nil {
			return fmt.Errorf("after late writes: %w", err)
		}
	}
	if err := w.check(); err != nil {
		return err
	}
	w.mustShowNewest()
	return w.checkPruned()
}

// checkPruned checks that the newest uploads are published, that what is there
// is what the log says, and no more than one snapshot and its charts.
func (w *world) checkPruned() error {
	report, err := publisher.Verify(context.Background(), w.site.Handle("verify"), publisher.VerifyOptions{
		Deep: true, Workers: 1, Now: func() time.Time { return w.clock },
	})
	if err != nil {
		return err
	}
	if c := report.Channels[0]; !report.OK() || c.Snapshots != 1 || c.Archives != 4+w.older || c.Older != w.older {
		return fmt.Errorf("verify: %+v", c)
	}
	x, err := w.judge.index(w.site.Snapshot()["stable/index.yaml"])
	if err != nil {
		return err
	}
	for name, digest := range map[string]string{
		"alpha": digest(alphaNewest), "beta": digest(beta), "gamma": digest(gamma), "foreign": digest(foreign),
	} {
		if entries := x.Entries[name]; len(entries) != 1 || entries[0].Digest != digest {
			return fmt.Errorf("the index has %v for %s", entries, name)
		}
	}
	archives := 0
	for key := range w.site.Snapshot() {
		if strings.HasSuffix(key, ".tgz") {
			archives++
		}
	}
	if archives != 4+w.older {
		return fmt.Errorf("%d archives are left", archives)
	}
	return nil
}

// everyOrder has the prune explored as far as the generators are, which takes
// some minutes: all orders with two preemptions, and faults everywhere.
func everyOrder() bool { return os.Getenv("PORTOLAN_EVERY_ORDER") != "" }

// TestEveryOrderOfPrune runs every schedule of a generator, a prune and a leap
// of time with at most one preemption; two with PORTOLAN_EVERY_ORDER.
func TestEveryOrderOfPrune(t *testing.T) {
	depth := 1
	if everyOrder() {
		depth = 2
	}
	eachSchedule(t, explorePrune, depth, func(s schedule, explore func(schedule) *turns) { explore(s) })
}

// TestEveryOrderOfPruneWithKeep is TestEveryOrderOfPrune where what is pruned has
// older versions, which are not.
func TestEveryOrderOfPruneWithKeep(t *testing.T) {
	depth := 1
	if testing.Short() {
		depth = 0
	}
	explore := func(t testing.TB, plan schedule) (*turns, error) { return keptPrunableWorld(t).explorePrune(plan) }
	eachSchedule(t, explore, depth, func(s schedule, explore func(schedule) *turns) { explore(s) })
}

// TestEveryOrderOfPruneWithAFault runs every schedule with at most one preemption
// (none with -short), and lets operations go wrong.
func TestEveryOrderOfPruneWithAFault(t *testing.T) {
	depth, step := 1, 24
	if testing.Short() {
		depth = 0
	}
	if everyOrder() {
		step = 4
	}
	eachSchedule(t, explorePrune, depth, withFaults(depth, step))
}

// TestEveryCrashOfPrune breaks every operation of a prune in four ways. A clean
// generator and a clean prune later, all is as if nothing had happened.
func TestEveryCrashOfPrune(t *testing.T) {
	end := func(w *world) string {
		w.inject(nil)
		if err := w.settlePruned(); err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("%s\n%d objects", w.outcome(), len(w.drop.Snapshot()))
	}
	w := prunableWorld(t)
	if _, err := w.prune(w.drop.Handle(pruneActor), w.site.Handle(pruneActor)); err != nil {
		t.Fatal(err)
	}
	ops := w.n
	want := end(w)
	t.Logf("%d operations", ops)
	for k := range ops {
		for fault, name := range faults {
			w := prunableWorld(t)
			w.inject(dying(k, fault))
			_, err := w.prune(w.drop.Handle(pruneActor), w.site.Handle(pruneActor))
			w.mustHold()
			if got := end(w); got != want {
				t.Fatalf("operation %d %s (%v): it ends with\n%s\nnot with\n%s", k, name, err, got, want)
			}
		}
	}
}
