package generator_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
)

// Ids of uploads in tests: UUIDv7, in order.
func id(n int) string { return fmt.Sprintf("019cab00-0000-7000-8000-%012d", n) }

var (
	signer = charttest.NewSigner()

	alphaOld = charttest.Simple("alpha", "1.0.0")
	alphaNew = charttest.Simple("alpha", "1.0.0", "README.md", "changed")
	beta     = charttest.Simple("beta", "1.0.0")
	betaAsIs = charttest.Pack("beta", charttest.Chart("beta", "1.0.0"), &charttest.Options{Time: charttest.Time.Add(time.Hour), Reverse: true})
	betaProv = signer.Sign("beta-1.0.0.tgz", beta)
	gamma    = charttest.Simple("gamma", "0.1.0")
	gammaSig = signer.Sign("gamma-0.1.0.tgz", gamma)
	foreign  = charttest.Simple("foreign", "2.0.0")

	foreignNew = charttest.Simple("foreign", "2.0.0", "README.md", "changed")

	bad = charttest.Simple("bad", "not-a-version")
)

// smallWorld has a published chart, and waiting for it a replacement, a new
// chart and a bad one.
func smallWorld(t testing.TB) *world { return newWorld(t).small() }

func (w *world) small() *world {
	w.publish("stable", 1, alphaOld, beta)
	w.mustUpload("stable", id(3), alphaNew, nil)
	w.mustUpload("stable", id(4), gamma, gammaSig)
	w.mustUpload("stable", id(5), bad, nil)
	w.clock = w.clock.Add(time.Minute)
	return w
}

// fullWorld also has the same content again, a signature on its own, and a
// file under a name of its owner's.
func fullWorld(t testing.TB) *world { return newWorld(t).small().full() }

func (w *world) full() *world {
	w.mustUpload("stable", id(6), betaAsIs, nil)
	w.mustUpload("stable", id(7), nil, betaProv)
	w.put("stable", "foreign-2.0.0.tgz", foreign)
	w.mustUpload("42/devel", id(8), gamma, nil)
	w.clock = w.clock.Add(time.Minute)
	return w
}

// finalWorld is fullWorld where published versions are final.
func finalWorld(t testing.TB) *world {
	w := fullWorld(t)
	w.configure("channels: [{match: '**', duplicates: reject}]")
	return w
}

func (w *world) publish(channel string, first int, charts ...[]byte) {
	w.t.Helper()
	for i, chart := range charts {
		w.mustUpload(channel, id(first+i), chart, nil)
	}
	w.clock = w.clock.Add(time.Minute)
	w.mustRun()
	w.clock = w.clock.Add(time.Minute)
}

func (w *world) mustUpload(channel, id string, chart, prov []byte) {
	w.t.Helper()
	if err := w.upload("uploader", channel, id, chart, prov); err != nil {
		w.t.Fatal(err)
	}
}

// undisturbed makes the run that nothing happens to, and returns the number of
// its operations and what it ends with.
func undisturbed(t *testing.T, make func(testing.TB) *world) (ops int, outcome string, site map[string][]byte) {
	t.Helper()
	w := make(t)
	w.mustRun()
	if w.n == 0 {
		t.Fatal("the run did nothing")
	}
	ops = w.n
	w.mustShowNewest()
	outcome = w.outcome()
	if strings.Contains(outcome, "inbox/") {
		t.Fatalf("the run left something in the inbox:\n%s", outcome)
	}
	return ops, outcome, w.site.Snapshot()
}

var faults = map[buckettest.Fault]string{
	buckettest.Refused: "refused", buckettest.Unacked: "unacked",
	buckettest.DieBefore: "dies before", buckettest.DieAfter: "dies after",
}

// dying is a fault at the k-th operation. A process that dies, dies for both stores.
func dying(k int, fault buckettest.Fault) faultFunc {
	dead := false
	return func(n int, _ string, _ buckettest.Op) buckettest.Fault {
		switch {
		case dead:
			return buckettest.DieBefore
		case n == k:
			dead = fault == buckettest.DieBefore || fault == buckettest.DieAfter
			return fault
		}
		return buckettest.None
	}
}

// TestEveryCrash breaks every single operation of a run in four ways. After
// each operation the invariants hold, and one clean run later the site, the
// receipts and the inbox are those of a run that nothing happened to.
func TestEveryCrash(t *testing.T) {
	for policy, make := range map[string]func(testing.TB) *world{"replace": fullWorld, "reject": finalWorld} {
		t.Run(policy, func(t *testing.T) { crashEverywhere(t, make) })
	}
}

func crashEverywhere(t *testing.T, make func(testing.TB) *world) {
	ops, want, site := undisturbed(t, make)
	t.Logf("%d operations", ops)
	for k := range ops {
		for fault, name := range faults {
			w := make(t)
			w.inject(dying(k, fault))
			_, err := w.run("victim")
			w.mustHold()
			w.mustRun()
			w.mustShowNewest()
			w.mustEndAs(want, fmt.Sprintf("operation %d %s (run: %v)", k, name, err))
			sameLog(t, w, site, fmt.Sprintf("operation %d %s", k, name))
		}
	}
}

// sameLog compares the whole site, byte for byte, if the records decide the same uploads as
// without a fault. They do not if a fault kept a single upload from being read, so that the
// run decided the others without it.
func sameLog(t *testing.T, w *world, want map[string][]byte, when string) {
	t.Helper()
	got := w.site.Snapshot()
	if !maps.EqualFunc(w.decidedBy(got), w.decidedBy(want), slices.Equal) {
		return
	}
	for key, b := range want {
		if string(got[key]) != string(b) {
			t.Fatalf("%s: %s differs from that of an undisturbed run", when, key)
		}
	}
	for key := range got {
		if want[key] == nil && !strings.Contains(key, "/"+bucket.ProbePrefix) { // a crash may leave it
			t.Fatalf("%s: %s is not there after an undisturbed run", when, key)
		}
	}
}

// decidedBy are the uploads and actions that each record of a site decides, by its key.
func (w *world) decidedBy(site map[string][]byte) map[string][]string {
	w.t.Helper()
	decided := map[string][]string{}
	for key, b := range site {
		if !logFile.MatchString(key) {
			continue
		}
		r, err := w.judge.record(b)
		if err != nil {
			w.t.Fatal(err)
		}
		decided[key] = []string{}
		for _, d := range r.Decisions {
			decided[key] = append(decided[key], d.Upload)
		}
		for _, a := range r.Actions {
			decided[key] = append(decided[key], a.ID)
		}
	}
	return decided
}

var logFile = regexp.MustCompile(`/log/[0-9]+\.json$`)

// TestEveryPairOfCrashes breaks the recovery as well, at every operation.
func TestEveryPairOfCrashes(t *testing.T) {
	ops, want, _ := undisturbed(t, smallWorld)
	step := 1
	if testing.Short() {
		step = 7
	}
	var pairs atomic.Int64
	t.Cleanup(func() { t.Logf("%d pairs", pairs.Load()) })
	for k := 0; k < ops; k += step {
		t.Run(fmt.Sprint(k), func(t *testing.T) {
			t.Parallel()
			for first := range faults {
				for l, more := 0, true; more; l += step {
					more = false
					for second := range faults {
						more = crashTwice(t, k, first, l, second, want) || more
						pairs.Add(1)
					}
				}
			}
		})
	}
}

// crashTwice breaks a run at operation k, the next one at operation l, and lets
// the third one be. It reports whether the second run got as far as l.
func crashTwice(t *testing.T, k int, first buckettest.Fault, l int, second buckettest.Fault, want string) bool {
	w := smallWorld(t)
	w.inject(dying(k, first))
	_, _ = w.run("victim")
	w.inject(dying(l, second))
	_, _ = w.run("second victim")
	reached := w.n > l
	w.mustHold()
	w.mustRun()
	w.mustShowNewest()
	w.mustEndAs(want, fmt.Sprintf("operation %d %s, then %d %s", k, faults[first], l, faults[second]))
	return reached
}

// TestPowerCut lets the machine fail, and with it everything on disk that the
// generator had put off making durable.
func TestPowerCut(t *testing.T) {
	ops, want, _ := undisturbed(t, fullWorld)
	for k := range ops {
		w := fullWorld(t)
		w.inject(dying(k, buckettest.DieAfter))
		_, _ = w.run("victim")
		w.drop.PowerCut()
		w.site.PowerCut()
		w.mustHold()
		w.mustRun()
		w.mustShowNewest()
		w.mustEndAs(want, fmt.Sprintf("power cut after operation %d", k))
	}
}
