package generator_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// takesDown takes alpha 1.0.0 down.
func takesDown(w *world) {
	w.t.Helper()
	w.clock = w.clock.Add(time.Minute)
	_, err := generator.TakeDown(context.Background(), w.site.Handle("remover"), publisher.TakeDownOptions{
		Channel: "stable", Chart: "alpha", Version: "1.0.0", Reason: "it has a password", Now: w.now,
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// frees commits what frees alpha 1.0.0, whose files go later.
func frees(w *world) {
	w.t.Helper()
	w.clock = w.clock.Add(time.Minute)
	chart, err := check.Archive(bytes.NewReader(alphaOld), check.Options{Versions: "strict"})
	if err != nil {
		w.t.Fatal(err)
	}
	c, err := publisher.OpenChannel(context.Background(), w.site.Handle("remover"), "stable")
	if err != nil {
		w.t.Fatal(err)
	}
	err = c.Commit(context.Background(), publisher.Draft{
		Time: w.clock, Nonce: "removed", Removed: []publisher.Line{{Chart: "alpha", Text: c.Index().Lines("alpha")[0]}},
		Actions: []publisher.ActionDecision{{
			ID: id(99), Arrival: w.clock, Kind: action.Free, Verdict: verdict.Accepted, Reason: "it has a password",
			Versions: []publisher.ActionVersion{{Pin: oldPin, Fingerprint: chart.Fingerprint}},
		}},
	})
	if err == nil {
		err = c.Project(context.Background())
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// TestGone: content that was removed is never published again, however packed, and its
// version stays taken where versions are final. Nobody can ask for it.
func TestGone(t *testing.T) {
	for how, removes := range map[string]move{"taken down": takesDown, "freed": frees} {
		for policy, other := range map[string]string{"replace": "22 accepted", "reject": "22 rejected version-exists"} {
			w := newWorld(t)
			w.configure("channels: [{match: '**', duplicates: " + policy + "}]")
			w.publish("stable", 1, alphaOld, beta)
			for _, m := range []move{
				removes,
				uploads(20, alphaOld, nil), uploads(21, alphaRepacked, alphaRepackedProv), uploads(22, alphaNew, nil),
				decides("20 rejected content-gone", "21 rejected content-gone", other),
				warns(20, "it has a password"), warns(20, "publish other content"),
				requests(23, restore(oldPin)),
			} {
				m(w)
			}
			wants := map[string]string{"replace": "23 rejected action-digest", "reject": "23 rejected content-gone"}
			decides(wants[policy])(w)
			forces(24, alphaOld)(w)
			decides("24 rejected content-gone")(w)
			for key := range w.site.Snapshot() {
				if strings.Contains(key, id(20)) || strings.Contains(key, id(21)) || strings.Contains(key, id(24)) {
					t.Errorf("%s %s: %s is on the site", how, policy, key)
				}
			}
		}
	}
}

var alphaRepackedProv = signer.Sign("alpha-1.0.0.tgz", alphaRepacked)

// TestGoneRecalled: a receipt that the run which refused the content did not get to write
// says the same.
func TestGoneRecalled(t *testing.T) {
	crashEverywhere(t, func(t testing.TB) *world {
		w := newWorld(t)
		w.configure("channels: [{match: '**', duplicates: reject}]")
		w.publish("stable", 1, alphaOld, beta)
		takesDown(w)
		w.mustUpload("stable", id(20), alphaOld, nil)
		w.mustUpload("stable", id(21), alphaNew, nil)
		w.mustAsk("stable", id(22), restore(oldPin))
		w.clock = w.clock.Add(time.Minute)
		return w
	})
}
