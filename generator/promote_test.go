package generator_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
	"github.com/portolan-charts/portolan/publisher/droparea"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

func promote(from string, pins ...action.Pin) action.Request {
	return action.Request{Kind: action.Promote, From: from, Versions: pins}
}

// decide asks for an action, runs, and returns its receipt.
func (w *world) decide(channel string, n int, r action.Request) droparea.Receipt {
	w.t.Helper()
	w.mustAsk(channel, id(n), r)
	return w.runOnce()[id(n)]
}

// line is what the channel's index says of a version, without its URL.
func (w *world) line(channel, chart, version string) string {
	w.t.Helper()
	for line := range strings.Lines(w.entries(channel)) {
		if strings.Contains(line, fmt.Sprintf(`"name":%q,"version":%q`, chart, version)) {
			before, _, _ := strings.Cut(line, `,"urls"`)
			return before
		}
	}
	return ""
}

// TestPromote: a version comes to another channel as it is: with its signature, its date
// and its manifest; once more changes nothing.
func TestPromote(t *testing.T) {
	for _, settings := range []string{"", ociOn} {
		w := newWorld(t)
		w.configure(settings)
		archive := alphaAt("1.1.0")
		w.mustUpload("dev", id(1), archive, alphaProv)
		w.publish("dev", 2, alphaAt("1.0.0"), beta)
		w.clock = w.clock.Add(time.Hour)
		if r := w.decide("stable", 10, promote("dev", pin("alpha", "1.1.0", archive), pin("beta", "1.0.0", beta))); r.Verdict != verdict.Accepted {
			t.Fatalf("it is %s, %s: %s", r.Verdict, r.Rule, r.Message)
		}
		w.mustList("stable/index.yaml", "alpha", "1.1.0")
		if is, was := w.line("stable", "alpha", "1.1.0"), w.line("dev", "alpha", "1.1.0"); is != was || is == "" {
			t.Errorf("it is listed as\n%s\nnot\n%s", is, was)
		}
		if is, was := w.manifestOf("stable", "alpha", "1.1.0"), w.manifestOf("dev", "alpha", "1.1.0"); string(is) != string(was) || (is == nil) != (settings == "") {
			t.Errorf("its manifest is %s, not %s", is, was)
		}
		url := publisher.ReleaseURL("alpha", "1.1.0", id(10))
		if got := w.site.Snapshot()["stable/"+url+".prov"]; string(got) != string(alphaProv) {
			t.Errorf("its provenance file is %q", got)
		}
		info, err := publisher.ReadRelease(context.Background(), w.site.Handle("reader"), "stable", url)
		if err != nil || info.From != "dev" || info.Upload != id(10) {
			t.Errorf("%+v, %v", info, err)
		}
		before := w.generation("stable")
		r := w.decide("stable", 11, promote("dev", pin("alpha", "1.1.0", archive)))
		if r.Verdict != verdict.Unchanged || !strings.Contains(r.Message, "already as in channel dev") {
			t.Errorf("once more it is %s: %s", r.Verdict, r.Message)
		}
		if after := w.generation("stable"); after != before+1 {
			t.Errorf("from generation %d to %d", before, after)
		}
	}
}

// TestPromoteRefused: what cannot be promoted is refused as a whole, and says why.
func TestPromoteRefused(t *testing.T) {
	one, other := alphaAt("1.0.0"), alphaAt("1.0.0", "README.md", "other content")
	for name, tt := range map[string]struct {
		settings string
		prepare  func(w *world)
		request  action.Request
		rule     string
		message  string
	}{
		"no channel":    {"", nil, promote("nowhere", pin("alpha", "1.0.0", one)), "promote-unknown", "alpha 1.0.0 is not published in channel nowhere"},
		"no version":    {"", nil, promote("dev", pin("alpha", "7.0.0", one), pin("beta", "1.0.0", beta)), "promote-unknown", "alpha 7.0.0"},
		"other content": {"", nil, promote("dev", pin("alpha", "1.0.0", other)), "action-digest", digest(one)},
		"yanked": {"", func(w *world) { w.mustAsk("dev", id(50), yank(pin("alpha", "1.0.0", one))) },
			promote("dev", pin("alpha", "1.0.0", one)), "promote-yanked", "it loses data"},
		"final": {"channels: [{match: stable, duplicates: reject}]", func(w *world) { w.mustUpload("stable", id(50), other, nil) },
			promote("dev", pin("alpha", "1.0.0", one), pin("beta", "1.0.0", beta)), "version-exists", "other content"},
		"its rules":   {"channels: [{match: stable, require: [home]}]", nil, promote("dev", pin("alpha", "1.0.0", one)), "field-required", "home"},
		"odd channel": {"", nil, promote("../dev", pin("alpha", "1.0.0", one)), "action-malformed", "../dev"},
		"lost": {"", func(w *world) { w.remove("dev/" + publisher.ReleaseURL("alpha", "1.0.0", id(1))) },
			promote("dev", pin("alpha", "1.0.0", one)), "promote-lost", "missing or damaged"},

		"from":   {"channels: [{match: stable, promote: {from: [qa, 'team/*']}}]", nil, promote("dev", pin("alpha", "1.0.0", one)), "gate-from", "from qa, team/* only"},
		"soak":   {"channels: [{match: stable, promote: {soak: 3d}}]", nil, promote("dev", pin("alpha", "1.0.0", one)), "gate-soak", "this gate opens at 2026-03-04T"},
		"signed": {"channels: [{match: stable, promote: {signed: true}}]", nil, promote("dev", pin("alpha", "1.0.0", one)), "gate-signed", "no signature that was verified"},
		"dependencies": {"baseURL: https://charts.example.com\nchannels: [{match: stable, promote: {dependencies: present}}]", func(w *world) {
			w.mustUpload("dev", id(50), withDependency, nil)
		}, promote("dev", pin("needs", "1.0.0", withDependency)), "gate-dependencies", `depends on "beta" "^1.0.0"`},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.configure(tt.settings)
			w.publish("dev", 1, one, beta)
			if tt.prepare != nil {
				tt.prepare(w)
				_, _ = w.run("generator")
			}
			w.mustAsk("stable", id(60), tt.request)
			w.clock = w.clock.Add(actionWait)
			if _, err := w.run("generator"); err != nil {
				t.Fatal(err)
			}
			if name != "lost" {
				w.mustHold()
			}
			r, err := droparea.ReadReceipt(context.Background(), w.drop.Handle("reader"), id(60))
			if err != nil || r.Verdict != verdict.Rejected || r.Rule != tt.rule || !strings.Contains(r.Message, tt.message) || r.Fix == "" {
				t.Errorf("%+v, %v", r, err)
			}
			if got := w.line("stable", "beta", "1.0.0"); got != "" {
				t.Errorf("a part of it was promoted: %s", got)
			}
		})
	}
}

// TestPromoteUnread: a promotion from a channel that cannot be read waits, and delays nothing
// else in the channel that it would come to.
func TestPromoteUnread(t *testing.T) {
	w := newWorld(t)
	w.publish("dev", 1, alphaOld)
	w.site.Hook = func(op buckettest.Op) buckettest.Fault {
		if op.Kind == "get" && strings.HasPrefix(op.Key, "dev/log/") {
			return buckettest.Refused
		}
		return buckettest.None
	}
	w.mustAsk("stable", id(60), promote("dev", oldPin))
	w.mustAsk("stable", id(61), yank(pin("gamma", "1.0.0", beta)))
	w.mustUpload("stable", id(62), beta, nil)
	w.clock = w.clock.Add(actionWait)
	report, err := w.run("generator")
	if err == nil || !strings.Contains(err.Error(), "dev/log/00000001.json") {
		t.Errorf("the run says %v", err)
	}
	if got, want := fmt.Sprint(verdicts(report)), fmt.Sprint(map[string]string{id(61): "rejected action-unknown", id(62): "accepted"}); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if waiting := fmt.Sprint(report.Channels[0].Waiting); !strings.Contains(waiting, "channel dev cannot be read") {
		t.Errorf("waiting is %s", waiting)
	}
	w.site.Hook = nil
	if r := w.runOnce()[id(60)]; r.Verdict != verdict.Accepted {
		t.Errorf("then it is %s %s", r.Verdict, r.Rule)
	}
}

const actionWait = 10 * time.Minute

var withDependency = charttest.Pack("needs", map[string]string{
	"Chart.yaml": "apiVersion: v2\nname: needs\nversion: 1.0.0\ndependencies:\n- {name: beta, version: ^1.0.0, repository: 'https://charts.example.com/dev'}\n",
}, nil)

// TestGatesOpen: the same gates let through what they ask for.
func TestGatesOpen(t *testing.T) {
	w := newWorld(t)
	w.configure("baseURL: https://charts.example.com\nchannels: [{match: stable, promote: {from: [d*], only: true, soak: 3d, dependencies: present}}]")
	w.publish("dev", 1, beta, withDependency)
	if r := w.decide("stable", 10, promote("dev", pin("beta", "1.0.0", beta))); r.Rule != "gate-soak" {
		t.Errorf("it is %s, %s: %s", r.Verdict, r.Rule, r.Message)
	}
	w.clock = w.clock.Add(72 * time.Hour)
	if r := w.decide("stable", 11, promote("dev", pin("needs", "1.0.0", withDependency), pin("beta", "1.0.0", beta))); r.Verdict != verdict.Accepted {
		t.Errorf("it is %s, %s: %s", r.Verdict, r.Rule, r.Message)
	}
	w.mustUpload("stable", id(12), alphaAt("1.0.0"), nil)
	if r := w.runOnce()[id(12)]; r.Rule != "promote-only" || !strings.Contains(r.Fix, "promote FROM stable alpha 1.0.0") || !strings.Contains(r.Fix, "upload to channel d*") {
		t.Errorf("an upload is %s, %s: %s", r.Verdict, r.Message, r.Fix)
	}
}

// TestGatesInOneRun: what a run decides before a promotion counts for its gates, also where
// one record has both.
func TestGatesInOneRun(t *testing.T) {
	newBeta := charttest.Simple("beta", "1.5.0")
	needs := promote("dev", pin("needs", "1.0.0", withDependency))
	for name, tt := range map[string]struct {
		before func(w *world)
		rule   string
	}{
		"promoted": {func(w *world) { w.mustAsk("stable", id(20), promote("dev", pin("beta", "1.0.0", beta))) }, ""},
		"uploaded": {func(w *world) { w.mustUpload("stable", id(20), newBeta, nil) }, ""},
		"yanked": {func(w *world) {
			w.mustAsk("stable", id(20), yank(pin("beta", "1.1.0", charttest.Simple("beta", "1.1.0"))))
		}, "gate-dependencies"},
		"uploaded, but too old":  {func(w *world) { w.mustUpload("stable", id(20), charttest.Simple("beta", "0.9.0"), nil) }, "gate-dependencies"},
		"promoted only later on": {nil, "gate-dependencies"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.configure("baseURL: https://charts.example.com\nchannels: [{match: stable, promote: {dependencies: present}}]")
			w.publish("dev", 1, beta, withDependency)
			if name == "yanked" {
				w.publish("stable", 10, charttest.Simple("beta", "1.1.0"))
			}
			generation := w.generation("stable")
			if tt.before != nil {
				tt.before(w)
			}
			w.mustAsk("stable", id(30), needs)
			w.mustAsk("stable", id(40), promote("dev", pin("beta", "1.0.0", beta)))
			r := w.runOnce()[id(30)]
			if (r.Verdict == verdict.Accepted) != (tt.rule == "") || r.Rule != tt.rule {
				t.Errorf("it is %s, %s: %s", r.Verdict, r.Rule, r.Message)
			}
			if after := w.generation("stable"); name != "promoted" && after != generation+1 {
				t.Errorf("from generation %d to %d", generation, after)
			}
		})
	}
}

// promotable has a promotion of three versions that waits: one is new, one is published
// already, and one takes the place of other content that is yanked.
func promotable(t testing.TB) *world {
	w := newWorld(t)
	w.configure(ociOn)
	was, is := alphaAt("1.0.0", "README.md", "other content"), alphaAt("1.0.0")
	w.mustUpload("dev", id(1), alphaAt("1.1.0"), alphaProv)
	w.publish("dev", 2, is, beta)
	w.publish("stable", 11, was, beta)
	w.mustAsk("stable", id(19), yank(pin("alpha", "1.0.0", was)))
	w.clock = w.clock.Add(time.Minute)
	w.mustRun()
	w.mustAsk("stable", id(13), promote("dev", pin("alpha", "1.1.0", alphaAt("1.1.0")), pin("alpha", "1.0.0", is), pin("beta", "1.0.0", beta)))
	w.mustUpload("stable", id(14), gamma, gammaSig)
	w.clock = w.clock.Add(time.Minute)
	return w
}

// TestPromoteCrashes is TestEveryCrash with a promotion, after which the yanked version is
// shown, since it has other content.
func TestPromoteCrashes(t *testing.T) {
	crashEverywhere(t, promotable)
	w := promotable(t)
	w.mustRun()
	w.mustList("stable/index.yaml", "alpha", "1.1.0", "1.0.0")
	w.mustVerify()
}

// TestPromoteOrders: two generators decide a promotion while somebody asks for it once
// more, and what it names is replaced where it comes from, and pruned there.
func TestPromoteOrders(t *testing.T) {
	was, is := alphaAt("1.0.0"), alphaAt("1.0.0", "README.md", "other content")
	explore := func(t testing.TB, plan schedule) (*turns, error) {
		w := newWorld(t)
		w.publish("dev", 1, was)
		w.clock = w.clock.Add(leap)
		w.mustUpload("dev", id(2), is, nil)
		w.mustAsk("stable", id(3), promote("dev", pin("alpha", "1.0.0", was)))
		w.clock = w.clock.Add(time.Minute)
		turns := w.takeTurns(plan, w.generates("generator 0"), w.generates("generator 1"), actor{pruneActor, func(turn func()) {
			_ = w.ask(pruneActor, "stable", id(4), promote("dev", pin("alpha", "1.0.0", was)))
			turn()
			w.clock = w.clock.Add(leap)
			_, _ = publisher.Prune(context.Background(), w.drop.Handle(pruneActor), w.site.Handle(pruneActor), publisher.PruneOptions{
				Channels: []string{"dev"}, Snapshots: 1, Keep: 9 * day, Grace: grace, Workers: 1,
				Now: func() time.Time { return w.clock }, Nonce: func() string { return "prune" },
			})
		}})
		if err := w.settleWrites(); err != nil {
			return turns, err
		}
		var listed []string
		if w.site.Snapshot()["stable/index.yaml"] != nil {
			listed = w.listed("stable/index.yaml", "alpha")
		}
		receipt, err := droparea.ReadReceipt(context.Background(), w.drop.Handle("reader"), id(3))
		switch {
		case err != nil:
			return turns, err
		case receipt.Verdict == verdict.Accepted && len(listed) == 1:
		case receipt.Rule == "action-digest" || receipt.Rule == "promote-lost":
		default:
			return turns, fmt.Errorf("it is %s, %s: %s; %q are listed", receipt.Verdict, receipt.Rule, receipt.Message, listed)
		}
		report, err := publisher.Verify(context.Background(), w.site.Handle("verify"), publisher.VerifyOptions{
			Deep: true, Now: func() time.Time { return w.clock },
		})
		if err == nil && !report.OK() {
			err = fmt.Errorf("verify: %+v", report.Channels)
		}
		return turns, err
	}
	eachScheduleAndFault(t, explore)
}

// TestPromoteTakenDown takes a version down in the middle of its promotion, between any two
// operations: either the takedown names the copy in the other channel, or nothing was copied.
func TestPromoteTakenDown(t *testing.T) {
	is := alphaAt("1.0.0")
	named, refused := 0, 0
	for n := 0; ; n++ {
		w := newWorld(t)
		w.publish("dev", 1, is)
		w.mustAsk("stable", id(2), promote("dev", pin("alpha", "1.0.0", is)))
		w.clock = w.clock.Add(time.Minute)
		first := len(w.site.Ops()) + n
		var report *generator.TakeDownReport
		hook := w.site.Hook
		w.site.Hook = func(op buckettest.Op) buckettest.Fault {
			if report == nil && op.Actor == "generator" && op.N >= first {
				report = &generator.TakeDownReport{}
				r, err := generator.TakeDown(t.Context(), w.site.Handle("takedown"), publisher.TakeDownOptions{
					Channel: "dev", Chart: "alpha", Version: "1.0.0", Reason: "has a key in it", Workers: 1, Now: func() time.Time { return w.clock },
				})
				if err != nil {
					t.Error(err)
				}
				report = r
			}
			if hook != nil {
				return hook(op)
			}
			return buckettest.None
		}
		_, _ = w.run("generator")
		w.site.Hook = hook
		if report == nil {
			break
		}
		w.clock = w.clock.Add(actionWait)
		w.mustRun()
		copies := 0
		for key := range w.site.Snapshot() {
			if strings.HasPrefix(key, "stable/charts/alpha/1.0.0/"+id(2)+"/") && strings.HasSuffix(key, ".tgz") {
				copies++
			}
		}
		switch {
		case copies != 0 && len(report.Copies) == 0:
			t.Errorf("operation %d: the takedown does not name the copy", n)
		case copies != 0:
			named++
		default:
			refused++
		}
		if report, err := publisher.Verify(t.Context(), w.site.Handle("verify"), publisher.VerifyOptions{Deep: true, Now: func() time.Time { return w.clock.Add(leap) }}); err != nil || !report.OK() {
			t.Errorf("operation %d: %+v, %v", n, report, err)
		}
	}
	if named == 0 || refused == 0 {
		t.Errorf("%d times it was named, and %d times refused", named, refused)
	}
}

// TestPromoteYanked: of versions that are yanked, and stay so since they have the same
// content, a promotion warns, also when its receipt is written by a later run.
func TestPromoteYanked(t *testing.T) {
	for _, later := range []bool{false, true} {
		promoteYanked(t, later)
	}
}

func promoteYanked(t *testing.T, later bool) {
	w := newWorld(t)
	one, two, signed := alphaAt("1.0.0"), alphaAt("1.2.0"), alphaAt("1.1.0")
	w.mustUpload("dev", id(1), signed, alphaProv)
	w.publish("dev", 2, one, two, beta)
	w.publish("stable", 11, one, two, signed)
	w.mustAsk("stable", id(20), yank(pin("alpha", "1.0.0", one), pin("alpha", "1.1.0", signed), pin("alpha", "1.2.0", two)))
	w.runOnce()
	for i, tt := range []struct {
		pins              []action.Pin
		verdict           verdict.Verdict
		message, warnings string
	}{
		{[]action.Pin{pin("alpha", "1.0.0", one)}, verdict.Unchanged, "alpha 1.0.0 is published already as in channel dev", "'portolan restore stable alpha 1.0.0' lists it again"},
		{[]action.Pin{pin("alpha", "1.0.0", one), pin("alpha", "1.2.0", two)}, verdict.Unchanged, "alpha 1.0.0 and 1.2.0 are published", "alpha 1.0.0 and 1.2.0 are yanked, and lists go on hiding them"},
		{[]action.Pin{pin("alpha", "1.1.0", signed), pin("beta", "1.0.0", beta)}, verdict.Accepted, "alpha 1.1.0 and beta 1.0.0 are published", "alpha 1.1.0 was yanked"},
	} {
		w.mustAsk("stable", id(30+i), promote("dev", tt.pins...))
		w.clock = w.clock.Add(time.Minute)
		w.inject(func(_ int, _ string, op buckettest.Op) buckettest.Fault {
			if later && strings.HasPrefix(op.Key, "receipts/") && op.Kind == buckettest.Create {
				return buckettest.DieBefore
			}
			return buckettest.None
		})
		if _, err := w.run("dies"); (err != nil) != later {
			t.Errorf("%d ends with %v", i, err)
		}
		w.inject(nil)
		if later {
			w.mustRun()
		}
		r, err := droparea.ReadReceipt(t.Context(), w.drop.Handle("reader"), id(30+i))
		if warnings := fmt.Sprint(r.Warnings); err != nil || r.Verdict != tt.verdict || !strings.Contains(r.Message, tt.message) || !strings.Contains(warnings, tt.warnings) {
			t.Errorf("%d is %s: %s, with %s; %v", i, r.Verdict, r.Message, warnings, err)
		}
	}
	w.mustList("stable/index.yaml", "alpha")
}

// TestPromoteStands: an upload from before a promotion does not replace what that found
// published already.
func TestPromoteStands(t *testing.T) {
	w := newWorld(t)
	w.publish("dev", 1, alphaOld)
	w.publish("stable", 11, alphaOld)
	requests(20, promote("dev", oldPin))(w)
	decides("20 unchanged action-unchanged")(w)
	unseen(90*time.Second, uploads(21, alphaNew, nil))(w)
	decides("21 superseded later-upload")(w)
	shows("1.0.0", alphaOld)(w)
}
