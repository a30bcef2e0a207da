package generator_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/droparea"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

func rollback(generation int) action.Request {
	return action.Request{Kind: action.Rollback, Generation: generation}
}

// generation is the channel's newest generation.
func (w *world) generation(channel string) int {
	w.t.Helper()
	c, err := publisher.OpenChannel(context.Background(), w.site.Handle("reader"), channel)
	if err != nil {
		w.t.Fatal(err)
	}
	return c.Generation()
}

// TestRollback: a channel shows what a generation showed, also back and forth; what was
// yanked, deprecated and uploaded since stays so.
func TestRollback(t *testing.T) {
	for _, oci := range []bool{false, true} {
		w := newWorld(t)
		if oci {
			w.configure("channels:\n- match: '**'\n  oci: true\n")
		}
		first, second := alphaAt("1.0.0"), alphaAt("1.0.0", "README.md", "other content")
		new, third := alphaAt("1.1.0"), alphaAt("1.2.0")
		w.publish("stable", 1, first, beta)
		was := w.entries("stable")
		w.publish("stable", 11, second, new)
		is := w.entries("stable")
		generation := w.generation("stable")

		w.mustAsk("stable", id(20), rollback(1))
		if r := w.runOnce()[id(20)]; r.Verdict != verdict.Accepted {
			t.Fatalf("it is %s: %s", r.Verdict, r.Message)
		}
		if got := w.entries("stable"); got != was {
			t.Errorf("rolled back, the channel lists\n%s\nwant\n%s", got, was)
		}
		w.mustList("stable/all/index.yaml", "alpha", "1.1.0", "1.0.0")
		w.mustList("stable/charts/alpha/index.yaml", "alpha", "1.0.0")

		w.mustAsk("stable", id(21), rollback(generation))
		if r := w.runOnce()[id(21)]; r.Verdict != verdict.Accepted || w.entries("stable") != is {
			t.Errorf("back again is %s: %s\n%s\nwant\n%s", r.Verdict, r.Message, w.entries("stable"), is)
		}

		w.mustAsk("stable", id(22), yank(pin("beta", "1.0.0", beta)))
		w.mustAsk("stable", id(23), deprecate("alpha"))
		w.runOnce()
		w.mustAsk("stable", id(24), rollback(1))
		w.runOnce()
		if got := w.entries("stable"); strings.Contains(got, `"beta"`) || strings.Count(got, `"deprecated":true`) != 1 || !strings.Contains(got, digest(first)) {
			t.Errorf("a yank or a deprecation since does not stay:\n%s", got)
		}
		w.publish("stable", 31, third)
		w.mustVerify()
		w.mustList("stable/index.yaml", "alpha", "1.2.0", "1.0.0")
	}
}

// TestRollbackRefused: what cannot be rolled back to is refused, with the reason.
func TestRollbackRefused(t *testing.T) {
	w := newWorld(t)
	w.publish("stable", 1, alphaAt("1.0.0"))
	w.publish("stable", 11, alphaAt("1.1.0"))
	newest := w.generation("stable")
	for i, tt := range []struct {
		generation    int
		verdict       verdict.Verdict
		rule, message string
	}{
		{newest + 7, verdict.Rejected, "rollback-unknown", "its newest is"},
		{newest, verdict.Unchanged, "action-unchanged", "already"},
	} {
		w.mustAsk("stable", id(20+i), rollback(tt.generation))
		if r := w.runOnce()[id(20+i)]; r.Verdict != tt.verdict || r.Rule != tt.rule || !strings.Contains(r.Message, tt.message) {
			t.Errorf("to %d: %s, %s: %s", tt.generation, r.Verdict, r.Rule, r.Message)
		}
	}
}

// TestManyRollbacks: a run reads what a rollback goes back to when its turn has come, and so
// holds one such index at a time. That may be what the same run has just made.
func TestManyRollbacks(t *testing.T) {
	w := newWorld(t)
	for i, version := range []string{"1.0.0", "1.1.0", "1.2.0"} {
		w.publish("stable", 1+10*i, alphaAt(version))
	}
	newest := w.generation("stable")
	back := []int{newest - 2, newest - 1, newest + 1}
	for i, generation := range back {
		w.mustAsk("stable", id(50+i), rollback(generation))
	}
	w.clock = w.clock.Add(time.Minute)
	var verdict map[string]string
	ops := w.operations(func() {
		report, err := w.run("run")
		if err != nil {
			t.Fatal(err)
		}
		verdict = verdicts(report)
	})
	var turns []string
	for _, op := range ops {
		if rest, ok := strings.CutPrefix(op, "site create stable/log/"); ok && !strings.Contains(rest, "-") {
			turns = append(turns, "commit "+rest)
		} else if rest, ok := strings.CutPrefix(op, "site get stable/snapshots/"); ok && len(turns) < 2*len(back)-1 {
			turns = append(turns, "read "+rest)
		}
	}
	for i := range back {
		if got := verdict[id(50+i)]; got != "accepted" {
			t.Errorf("to %d: %s", back[i], got)
		}
	}
	var want []string
	for i, generation := range back[:2] {
		want = append(want, fmt.Sprintf("read %08d/index.yaml", generation), fmt.Sprintf("commit %08d.json", newest+1+i))
	}
	if want = append(want, fmt.Sprintf("commit %08d.json", newest+3)); !slices.Equal(turns, want) {
		t.Errorf("got %q, want %q", turns, want)
	}
	w.mustHold()
	w.mustList("stable/index.yaml", "alpha", "1.0.0")
}

// TestTooLargeRollback: a rollback that does not fit one record says how large it is.
func TestTooLargeRollback(t *testing.T) {
	w := newWorld(t)
	w.quiet = true
	w.publish("stable", 1, alphaAt("0.9.0"))
	w.publish("stable", 2, alphaAt("0.9.0", "README.md", "other content"))
	generator.SetMaxLines(t, 100)
	w.mustAsk("stable", id(3), rollback(1))
	w.clock = w.clock.Add(time.Minute)
	if r := w.mustRunQuiet().Channels[0].Receipts[0]; r.Rule != "action-too-large" || !strings.Contains(r.Message, "lines of") {
		t.Errorf("%s: %s", r.Rule, r.Message)
	}
	w.withLines(action.MaxVersions + 1)
	w.mustAsk("stable", id(4), rollback(1))
	w.clock = w.clock.Add(time.Minute)
	if r := w.mustRunQuiet().Channels[0].Receipts[0]; r.Rule != "action-too-large" || !strings.Contains(r.Message, fmt.Sprint(action.MaxVersions+2, " versions")) {
		t.Errorf("%s: %s", r.Rule, r.Message)
	}
}

// TestRollbackReason: a rollback has the reason that its asker gives, or its own.
func TestRollbackReason(t *testing.T) {
	w := newWorld(t)
	w.publish("stable", 1, beta)
	w.publish("stable", 2, alphaAt("1.0.0"))
	for i, reason := range []string{"", "a bad day"} {
		r := rollback(1)
		r.Reason = reason
		w.mustAsk("stable", id(20+i), r)
		w.runOnce()
		c, err := publisher.OpenChannel(t.Context(), w.site.Handle("reader"), "stable")
		if err != nil {
			t.Fatal(err)
		}
		y, ok := c.State().FindYanked("alpha", "1.0.0")
		if want := cmp.Or(reason, "rolled back to generation 1"); !ok || y.Reason != want || y.Rollback != 1 {
			t.Errorf("it is yanked: %t, %+v, want %q", ok, y, want)
		}
		w.mustAsk("stable", id(30+i), rollback(2))
		w.runOnce()
	}
}

// TestYankEnded: the receipt of other content for a yanked version says that lists show it
// again, and why it was yanked.
func TestYankEnded(t *testing.T) {
	w := newWorld(t)
	w.publish("stable", 1, alphaAt("1.0.0"))
	w.mustAsk("stable", id(2), yank(pin("alpha", "1.0.0", alphaAt("1.0.0"))))
	w.runOnce()
	w.mustUpload("stable", id(3), alphaAt("1.0.0", "README.md", "other content"), nil)
	r := w.runOnce()[id(3)]
	if r.Verdict != verdict.Replaced || len(r.Warnings) != 1 || r.Warnings[0].Rule != "warn-yank-ended" || !strings.Contains(r.Warnings[0].Message, "it loses data") {
		t.Errorf("%s with %+v", r.Verdict, r.Warnings)
	}
}

// rolledBack has a rollback that waits: it hides a version and gives another one its first
// content again. An upload that came after it waits, too.
func rolledBack(t testing.TB) *world {
	w := newWorld(t)
	w.configure(ociOn)
	w.publish("stable", 1, alphaAt("1.0.0"), beta)
	w.publish("stable", 11, alphaAt("1.0.0", "README.md", "other content"), alphaAt("1.1.0"))
	w.mustAsk("stable", id(21), rollback(1))
	w.mustUpload("stable", id(22), alphaAt("1.2.0"), nil)
	w.clock = w.clock.Add(time.Minute)
	return w
}

// TestRollbackCrashes is TestEveryCrash with a rollback.
func TestRollbackCrashes(t *testing.T) { crashEverywhere(t, rolledBack) }

// TestRollbackOrders: two generators decide two rollbacks and uploads around them, in every
// order, and end where one would.
func TestRollbackOrders(t *testing.T) {
	explore := func(t testing.TB, plan schedule) (*turns, error) {
		w := rolledBack(t)
		w.mustUpload("stable", id(20), alphaAt("1.3.0"), nil)
		turns := w.takeTurns(plan, w.generates("generator 0"), w.generates("generator 1"), actor{"asker", func(turn func()) {
			_ = w.ask("asker", "stable", id(23), rollback(2))
			turn()
			_ = w.upload("asker", "stable", id(24), gamma, gammaSig)
		}})
		if err := w.settleWrites(); err != nil {
			return turns, err
		}
		// Generation 2 showed alpha 1.1.0, and what came after the last rollback stays.
		if got := w.listed("stable/index.yaml", "alpha"); !slices.Contains(got, "1.1.0") {
			return turns, fmt.Errorf("alpha has %q", got)
		}
		return turns, nil
	}
	eachScheduleAndFault(t, explore)
}

// TestRollbackBesidePrune: a rollback to a generation whose snapshot a prune is about to
// remove happens wholly, or is refused.
func TestRollbackBesidePrune(t *testing.T) {
	explore := func(t testing.TB, plan schedule) (*turns, error) {
		w := newWorld(t)
		w.publish("stable", 1, alphaAt("1.0.0"))
		w.publish("stable", 2, alphaAt("1.0.0", "README.md", "other content"))
		w.clock = w.clock.Add(leap)
		w.publish("stable", 3, beta)
		w.clock = w.clock.Add(leap)
		w.mustAsk("stable", id(21), rollback(1))
		w.clock = w.clock.Add(time.Minute)
		prunes := func(func()) { _, _ = w.prune(w.drop.Handle(pruneActor), w.site.Handle(pruneActor)) }
		leaps := func(turn func()) {
			turn()
			w.clock = w.clock.Add(leap)
		}
		turns := w.takeTurns(plan, w.generates("generator"), actor{pruneActor, prunes}, actor{"clock", leaps})
		if err := w.settleWrites(); err != nil {
			return turns, err
		}
		receipt, err := droparea.ReadReceipt(context.Background(), w.drop.Handle("reader"), id(21))
		if errors.Is(err, bucket.ErrNotFound) { // it has been pruned
			return turns, nil
		}
		if err != nil {
			return turns, err
		}
		content := digest(alphaAt("1.0.0", "README.md", "other content"))
		switch {
		case receipt.Verdict == verdict.Accepted:
			content = digest(alphaAt("1.0.0"))
		case receipt.Verdict != verdict.Rejected || receipt.Rule != "rollback-pruned":
			return turns, fmt.Errorf("it is %s: %s", receipt.Verdict, receipt.Message)
		}
		if !strings.Contains(w.entries("stable"), content) {
			return turns, fmt.Errorf("it is %s, and the channel lists %s", receipt.Verdict, w.entries("stable"))
		}
		report, err := publisher.Verify(context.Background(), w.site.Handle("verify"), publisher.VerifyOptions{
			Deep: true, Now: func() time.Time { return w.clock },
		})
		if err == nil && !report.OK() {
			err = fmt.Errorf("verify: %+v", report.Channels)
		}
		return turns, err
	}
	eachSchedule(t, explore, 1, func(s schedule, explore func(schedule) *turns) { explore(s) })
}

// TestRollbackGone: a version that a rollback has hidden stays hidden by one to a generation
// that showed what was taken down since.
func TestRollbackGone(t *testing.T) {
	w := newWorld(t)
	w.publish("stable", 1, beta)
	w.publish("stable", 2, alphaAt("1.0.0"))
	if _, err := w.takeDown(); err != nil {
		t.Fatal(err)
	}
	w.publish("stable", 3, alphaAt("1.0.0", "README.md", "without it"))
	if r := w.decide("stable", 10, action.Request{Kind: action.Rollback, Generation: 1}); r.Verdict != verdict.Accepted {
		t.Errorf("to 1: %+v", r)
	}
	if r := w.decide("stable", 11, action.Request{Kind: action.Rollback, Generation: 2}); r.Verdict != verdict.Unchanged {
		t.Errorf("to 2: %+v", r)
	}
	w.mustList("stable/index.yaml", "alpha")
}
