package generator_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/generator/config"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/droparea"
)

// TestJudgeYanked checks that the uploader of what is yanked is told by the judge what the
// run says: the same content stays yanked, and other content is refused where versions are
// final.
func TestJudgeYanked(t *testing.T) {
	for _, duplicates := range []string{config.Replace, config.Reject} {
		w := newWorld(t)
		w.configure("channels: [{match: '**', duplicates: " + duplicates + "}]\n")
		one := alphaAt("1.0.0")
		w.publish("stable", 1, one)
		w.mustAsk("stable", id(2), yank(pin("alpha", "1.0.0", one)))
		w.runOnce()
		head, err := publisher.ReadHead(t.Context(), w.site.Handle("judge"), "stable", nil)
		if err != nil {
			t.Fatal(err)
		}
		judge := generator.NewJudge(w.config, w.site.Handle("judge"), "stable", head)
		say := func(archive []byte) (string, *droparea.Offer) {
			o, err := generator.CheckOffer(w.config, "stable", bytes.NewReader(archive), nil)
			if err != nil {
				t.Fatal(err)
			}
			var problem *check.Problem
			if err := judge.Judge(t.Context(), o, false); err != nil && !errors.As(err, &problem) {
				t.Fatal(err)
			}
			if problem == nil {
				return "", o
			}
			return problem.Rule, o
		}
		rule, o := say(one)
		if n := len(o.Warnings); rule != "" || n == 0 || o.Warnings[n-1].Rule != "warn-yanked" || !strings.Contains(o.Warnings[n-1].Message, "portolan restore stable alpha 1.0.0") {
			t.Errorf("%s: the same content: rule %q, warnings %+v", duplicates, rule, o.Warnings)
		}
		rule, o = say(charttest.Simple("alpha", "1.0.0", "values.yaml", "replicas: 9\n"))
		if refused := rule == "version-exists"; refused != (duplicates == config.Reject) {
			t.Errorf("%s: other content: rule %q, warnings %+v", duplicates, rule, o.Warnings)
		}
	}
}

// TestCheckAction checks what is refused before it is asked for.
func TestCheckAction(t *testing.T) {
	c, err := config.Parse([]byte("onlyChannels: [stable, dev]\nchannels: [{match: stable, actions: {drop: [deprecate]}}]\n"), "portolan.yaml")
	if err != nil {
		t.Fatal(err)
	}
	same := deprecate("beta")
	for _, test := range []struct {
		channel string
		request action.Request
		rule    string
	}{
		{"stable", deprecate("alpha"), ""},
		{"stable", same, "action-malformed"}, // it is its own successor
		{"stable", yank(pin("alpha", "1.0.0", nil)), "action-not-allowed"},
		{"dev", yank(pin("alpha", "1.0.0", nil)), ""},
		{"other", deprecate("alpha"), "channel-unknown"},
	} {
		err := generator.CheckAction(c, test.channel, &test.request)
		var problem *check.Problem
		if errors.As(err, &problem) != (test.rule != "") || problem != nil && problem.Rule != test.rule {
			t.Errorf("%s in %s: %v, want rule %q", test.request.Kind, test.channel, err, test.rule)
		}
	}
}
