package generator_test

import (
	"errors"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/droparea"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// judgeWorld has versions 1.0.0, which is taken down, 2.0.0 and 2.1.0, which is yanked, of
// alpha in stable; and 2.0.0 and 3.0.0 in dev, where 3.0.0 is yanked.
func judgeWorld(t *testing.T) *world {
	w := newWorld(t)
	w.quiet = true // what is taken down is missing
	w.publish("stable", 1, alphaAt("1.0.0"), alphaAt("2.0.0"), alphaAt("2.1.0"))
	w.publish("dev", 11, alphaAt("2.0.0"), alphaAt("3.0.0"))
	w.mustAsk("stable", id(4), yank(pin("alpha", "2.1.0", alphaAt("2.1.0"))))
	w.mustAsk("dev", id(14), yank(pin("alpha", "3.0.0", alphaAt("3.0.0"))))
	w.mustRunQuiet()
	if _, err := w.takeDown(); err != nil {
		t.Fatal(err)
	}
	return w
}

// judgeAction is what the judges of the channel, and of the one that is promoted from, say.
func (w *world) judgeAction(r action.Request) (said string) {
	w.t.Helper()
	ask := func(channel string, judge func(*generator.Judge) ([]verdict.Warning, error)) {
		head, err := publisher.ReadHead(w.t.Context(), w.site.Handle("judge"), channel, nil)
		if err != nil {
			w.t.Fatal(err)
		}
		warnings, err := judge(generator.NewJudge(w.config, w.site.Handle("judge"), channel, head))
		var problem *check.Problem
		switch {
		case errors.As(err, &problem):
			said += problem.Rule
		case err != nil:
			w.t.Fatal(err)
		case len(warnings) > 0:
			said += warnings[0].Rule
		}
	}
	ask("stable", func(j *generator.Judge) ([]verdict.Warning, error) { return j.JudgeAction(&r) })
	if r.From != "" && (said == "" || said == "warn-action") {
		ask(r.From, func(j *generator.Judge) ([]verdict.Warning, error) { return j.JudgeSource(&r) })
	}
	return said
}

// TestJudgeAction asks for actions on what is not published. What the judge refuses is
// refused by a run, whatever waits before it. What it only warns of is refused, too, unless
// something waits that makes it true: so it must not be refused before.
func TestJudgeAction(t *testing.T) {
	one, two, fresh := alphaAt("1.0.0"), alphaAt("2.0.0"), alphaAt("9.0.0")
	other := alphaAt("2.0.0", "values.yaml", "replicas: 9\n")
	upload := func(channel string, archive []byte) func(*world) {
		return func(w *world) { w.mustUpload(channel, id(20), archive, nil) }
	}
	asks := func(channel string, r action.Request) func(*world) {
		return func(w *world) { w.mustAsk(channel, id(20), r) }
	}
	for name, c := range map[string]struct {
		request action.Request
		judged  string         // a rule, or ""
		alone   string         // the rule of the run if nothing else waits
		waiting func(w *world) // what makes it true, or does not; nil if that is not needed
	}{
		"published":               {yank(pin("alpha", "2.0.0", two)), "", "", nil},
		"yanked":                  {restore(pin("alpha", "2.1.0", alphaAt("2.1.0"))), "", "", nil},
		"version to come":         {yank(pin("alpha", "9.0.0", fresh)), "warn-action", "action-unknown", upload("stable", fresh)},
		"restore of such":         {restore(pin("alpha", "9.0.0", fresh)), "warn-action", "action-unknown", upload("stable", fresh)},
		"chart to come":           {deprecate("gamma"), "warn-action", "action-unknown", upload("stable", charttest.Simple("gamma", "1.0.0"))},
		"undeprecate of such":     {undeprecate("gamma"), "warn-action", "action-unknown", upload("stable", charttest.Simple("gamma", "1.0.0"))},
		"content to come":         {yank(pin("alpha", "2.0.0", other)), "warn-action", "action-digest", upload("stable", other)},
		"promote":                 {promote("dev", pin("alpha", "2.0.0", two)), "", "action-unchanged", nil},
		"promote what is to come": {promote("dev", pin("alpha", "9.0.0", fresh)), "warn-action", "promote-unknown", upload("dev", fresh)},
		"promote other content":   {promote("dev", pin("alpha", "2.0.0", other)), "warn-action", "action-digest", upload("dev", other)},
		"promote what is yanked": {
			promote("dev", pin("alpha", "3.0.0", alphaAt("3.0.0"))), "warn-action", "promote-yanked",
			asks("dev", restore(pin("alpha", "3.0.0", alphaAt("3.0.0")))),
		},
		"roll back to what is to come": {rollback(99), "warn-action", "rollback-unknown", nil},
		"roll back":                    {rollback(1), "", "action-unchanged", nil},
		"taken down":                   {yank(pin("alpha", "1.0.0", one)), "content-gone", "content-gone", upload("stable", one)},
		"promote what is taken down":   {promote("dev", pin("alpha", "1.0.0", one)), "content-gone", "promote-unknown", upload("dev", one)},
		"no version":                   {yank(pin("alpha", "latest", fresh)), "action-unknown", "action-unknown", upload("stable", charttest.Simple("alpha", "latest"))},
		"no chart":                     {deprecate("al/pha"), "action-unknown", "action-unknown", upload("stable", charttest.Simple("al/pha", "1.0.0"))},
	} {
		w := judgeWorld(t)
		if said := w.judgeAction(c.request); said != c.judged {
			t.Errorf("%s: the judge says %q, want %q", name, said, c.judged)
		}
		w.mustAsk("stable", id(30), c.request)
		w.clock = w.clock.Add(11 * time.Minute)
		if r := w.verdict(id(30)); r.Rule != c.alone || (r.Verdict == verdict.Rejected) != (c.judged != "") {
			t.Errorf("%s alone: %s by rule %q, want %q", name, r.Verdict, r.Rule, c.alone)
		}
		if c.waiting == nil {
			continue
		}
		w = judgeWorld(t)
		c.waiting(w)
		w.mustAsk("stable", id(30), c.request)
		w.mustRunQuiet()
		w.clock = w.clock.Add(11 * time.Minute)
		if r := w.verdict(id(30)); (r.Verdict == verdict.Rejected) != (c.judged != "warn-action") {
			t.Errorf("%s, after what waits: %s by rule %q: %s", name, r.Verdict, r.Rule, r.Message)
		}
	}
}

// verdict runs, and returns the receipt.
func (w *world) verdict(id string) *droparea.Receipt {
	w.t.Helper()
	w.mustRunQuiet()
	r, err := droparea.ReadReceipt(w.t.Context(), w.drop.Handle("reader"), id)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}
