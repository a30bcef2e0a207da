package generator_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// inDev publishes n versions of alpha in channel dev, each with as many files, and returns how
// many bytes their lines have.
func (w *world) inDev(n, files int) (pins []action.Pin, size int) {
	w.t.Helper()
	var more []string
	for i := range files {
		more = append(more, fmt.Sprintf("files/of-a-name-that-has-some-length/%03d.txt", i), "x")
	}
	for i := range n {
		version := fmt.Sprintf("1.%d.0", i)
		archive := alphaAt(version, more...)
		w.mustUpload("dev", id(1+i), archive, nil)
		pins = append(pins, pin("alpha", version, archive))
	}
	w.clock = w.clock.Add(time.Minute)
	w.mustRunQuiet()
	return pins, len(w.entries("dev"))
}

// TestTooLargePromotion: a promotion whose lines do not fit one record is refused, with a fix,
// before all of its archives are read.
func TestTooLargePromotion(t *testing.T) {
	w := newWorld(t)
	w.quiet = true
	pins, size := w.inDev(40, 0)
	generator.SetMaxLines(t, size/4)
	w.mustAsk("stable", id(60), promote("dev", pins...))
	w.clock = w.clock.Add(time.Minute)
	var report *generator.Report
	ops := w.operations(func() {
		var err error
		if report, err = w.run("run"); err != nil {
			t.Error(err)
		}
	})
	r := report.Channels[0].Receipts[0]
	if r.Rule != "action-too-large" || !strings.Contains(r.Message, "40 versions") || !strings.Contains(r.Fix, "fewer versions") {
		t.Errorf("%s: %s; %s", r.Rule, r.Message, r.Fix)
	}
	if n := count(ops, "site get dev/charts/", ".tgz"); n == 0 || n > 25 {
		t.Errorf("%d of 40 archives are read", n)
	}
	w.mustHold()
}

// TestPromotionWaits: as long as something that a promotion names is not published, no run
// reads the archives of the rest.
func TestPromotionWaits(t *testing.T) {
	w := newWorld(t)
	pins, _ := w.inDev(3, 0)
	w.mustAsk("stable", id(60), promote("dev", append(pins, pin("beta", "1.0.0", beta))...))
	w.clock = w.clock.Add(time.Minute)
	ops := w.operations(func() {
		if report, err := w.run("run"); err != nil || len(report.Channels) != 1 || len(report.Channels[0].Waiting) != 1 {
			t.Errorf("%+v, %v", report, err)
		}
	})
	if n := count(ops, "site get dev/charts/", ""); n != 0 {
		t.Errorf("%d files of dev are read", n)
	}
	w.mustUpload("dev", id(50), beta, nil)
	if r := w.runOnce()[id(60)]; r.Verdict != verdict.Accepted {
		t.Errorf("it is %s: %s", r.Verdict, r.Message)
	}
}

// TestPromotionsTakeTurns: what a run holds of promotions is bounded: those that are too much
// together are read and decided one after another, in order of arrival.
func TestPromotionsTakeTurns(t *testing.T) {
	w := newWorld(t)
	w.quiet = true
	pins, size := w.inDev(30, 0)
	generator.SetMaxLines(t, size/2)
	for i := range 3 {
		w.mustAsk("stable", id(60+i), promote("dev", pins[10*i:10*(i+1)]...))
	}
	w.clock = w.clock.Add(time.Minute)
	var report *generator.Report
	ops := w.operations(func() {
		var err error
		if report, err = w.run("run"); err != nil {
			t.Error(err)
		}
	})
	for i := range 3 {
		if got := verdicts(report)[id(60+i)]; got != "accepted" {
			t.Errorf("promotion %d is %s", i, got)
		}
	}
	first := slices.Index(ops, "site create stable/log/00000001.json")
	if n := count(ops[:max(first, 0)], "site get dev/charts/alpha/1.29.0/", ""); first < 0 || n > 0 {
		t.Errorf("what comes last is looked at %d times before the first record", n)
	}
	if n := strings.Count(w.entries("stable"), `"version"`); n != 30 {
		t.Errorf("%d versions are published", n)
	}
	w.mustHold()
}

// TestPromotedFromMany: a run holds no more channels that it promotes from than it has room for;
// the next ones are opened once the promotions from these are decided.
func TestPromotedFromMany(t *testing.T) {
	w := newWorld(t)
	w.quiet = true
	for i := range 3 {
		w.publish(fmt.Sprint("dev", i), 10+i, alphaAt(fmt.Sprintf("1.%d.0", i)))
	}
	for i := range 3 {
		w.mustAsk("stable", id(60+i), promote(fmt.Sprint("dev", i), pin("alpha", fmt.Sprintf("1.%d.0", i), alphaAt(fmt.Sprintf("1.%d.0", i)))))
	}
	generator.SetMaxHeld(t, 1)
	w.clock = w.clock.Add(time.Minute)
	var turns []string
	for _, op := range w.operations(func() {
		if report, err := w.run("run"); err != nil || report.Count(verdict.Accepted) != 3 {
			t.Errorf("%+v, %v", report, err)
		}
	}) {
		for i := range 3 {
			if op == fmt.Sprintf("site get dev%d/index.yaml", i) || op == fmt.Sprintf("site create stable/log/%08d.json", 1+i) {
				turns = append(turns, strings.TrimPrefix(op, "site "))
			}
		}
	}
	if got, want := strings.Join(turns, ", "), "get dev0/index.yaml, create stable/log/00000001.json, "+
		"get dev1/index.yaml, create stable/log/00000002.json, get dev2/index.yaml, create stable/log/00000003.json"; got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	w.mustHold()
}

// TestPromoteManyFiles: the long list of a chart's files is promoted, though it is not held.
func TestPromoteManyFiles(t *testing.T) {
	w := newWorld(t)
	w.configure(ociOn)
	pins, _ := w.inDev(1, 100)
	w.mustAsk("stable", id(60), promote("dev", pins...))
	w.runOnce()
	was, err := publisher.ReadRelease(t.Context(), w.site.Handle("reader"), "dev", publisher.ReleaseURL("alpha", "1.0.0", id(1)))
	if err != nil {
		t.Fatal(err)
	}
	is, err := publisher.ReadRelease(t.Context(), w.site.Handle("reader"), "stable", publisher.ReleaseURL("alpha", "1.0.0", id(60)))
	if err != nil || len(is.Files) < 100 || !slices.Equal(is.Files, was.Files) || is.Manifest != was.Manifest {
		t.Errorf("%d files and the manifest %s, %v", len(is.Files), is.Manifest.Digest(), err)
	}
}

// count counts the operations with that beginning and end.
func count(ops []string, before, after string) (n int) {
	for _, op := range ops {
		if strings.HasPrefix(op, before) && strings.HasSuffix(op, after) {
			n++
		}
	}
	return n
}
