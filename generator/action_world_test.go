package generator_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/droparea"
)

// ask asks for an action as the commands do, a second after what came before.
func (w *world) ask(actor, channel, id string, r action.Request) error {
	w.clock = w.clock.Add(time.Second)
	if err := droparea.Ask(context.Background(), w.drop.Handle(actor), channel, id, r); err != nil {
		return err
	}
	b, err := json.Marshal(r)
	if err != nil {
		return err
	}
	w.promises = append(w.promises, promise{id, digest(b)})
	return nil
}

func (w *world) mustAsk(channel, id string, r action.Request) {
	w.t.Helper()
	if err := w.ask("uploader", channel, id, r); err != nil {
		w.t.Fatal(err)
	}
}

// pin names a version by its archive.
func pin(chart, version string, archive []byte) action.Pin {
	return action.Pin{Chart: chart, Version: version, Digest: digest(archive)}
}

func yank(pins ...action.Pin) action.Request {
	return action.Request{Kind: action.Yank, Versions: pins, Reason: "it loses data"}
}

func restore(pins ...action.Pin) action.Request {
	return action.Request{Kind: action.Restore, Versions: pins}
}

func deprecate(chart string) action.Request {
	return action.Request{Kind: action.Deprecate, Chart: chart, Reason: "use beta", Successor: "beta"}
}

func undeprecate(chart string) action.Request {
	return action.Request{Kind: action.Undeprecate, Chart: chart}
}

// mustVerify fails unless the site is what its logs say.
func (w *world) mustVerify() {
	w.t.Helper()
	report, err := publisher.Verify(context.Background(), w.site.Handle("verify"), publisher.VerifyOptions{Deep: true})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, c := range report.Channels {
		for _, f := range c.Faults {
			w.t.Errorf("%s: %s", f.Key, f.Message)
		}
	}
}

// runOnce runs, and checks the invariants and what follows from the log. It returns the
// receipts.
func (w *world) runOnce() map[string]droparea.Receipt {
	w.t.Helper()
	w.clock = w.clock.Add(time.Minute)
	report := w.mustRun()
	w.mustShowNewest()
	w.mustVerify()
	receipts := map[string]droparea.Receipt{}
	for _, c := range report.Channels {
		for _, r := range c.Receipts {
			receipts[r.ID] = r
		}
	}
	return receipts
}

// mustList fails unless an index lists these versions of a chart, in this order.
func (w *world) mustList(key, chart string, versions ...string) {
	w.t.Helper()
	x, err := w.judge.index(w.site.Snapshot()[key])
	if err != nil {
		w.t.Fatal(err)
	}
	var got []string
	for _, e := range x.Entries[chart] {
		got = append(got, e.Version)
	}
	if len(got) != len(versions) {
		w.t.Fatalf("%s lists %q of %s, not %q", key, got, chart, versions)
	}
	for i, v := range versions {
		if got[i] != v {
			w.t.Fatalf("%s lists %q of %s, not %q", key, got, chart, versions)
		}
	}
}

// entries is what the channel's index lists, without its header.
func (w *world) entries(channel string) string {
	_, entries, _ := strings.Cut(string(w.site.Snapshot()[channel+"/index.yaml"]), "\n")
	return entries
}

// move is something that happens in a channel: an upload, a request, a run.
type move func(w *world)

// uploads is an upload to the channel stable.
func uploads(n int, chart, prov []byte) move {
	return func(w *world) { w.mustUpload("stable", id(n), chart, prov) }
}

// forces is an upload that may take the place of a final version.
func forces(n int, chart []byte) move {
	return func(w *world) { w.submit(step{id: n, chart: chart, force: true}) }
}

// requests asks for an action in the channel stable.
func requests(n int, r action.Request) move { return func(w *world) { w.mustAsk("stable", id(n), r) } }

// unseen is what happened some time ago, of which no run since was told.
func unseen(ago time.Duration, m move) move {
	return func(w *world) {
		now := w.clock
		w.clock = now.Add(-ago)
		m(w)
		w.clock = now
	}
}

// passes lets time pass.
func passes(d time.Duration) move { return func(w *world) { w.clock = w.clock.Add(d) } }

// decides is a run, a minute later, and all that it decides: "N verdict rule" each.
func decides(want ...string) move {
	return func(w *world) {
		w.t.Helper()
		var got []string
		for uploaded, r := range w.runOnce() {
			n := strings.TrimLeft(strings.TrimPrefix(uploaded, "019cab00-0000-7000-8000-"), "0")
			got = append(got, strings.TrimSpace(fmt.Sprintf("%s %s %s", n, r.Verdict, r.Rule)))
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			w.t.Errorf("the run decides %q, not %q", got, want)
		}
	}
}

// lists checks which versions of chart alpha the index lists.
func lists(versions ...string) move {
	return func(w *world) {
		w.t.Helper()
		w.mustList("stable/index.yaml", "alpha", versions...)
	}
}

// shows checks which archive the index lists as a version of chart alpha.
func shows(version string, archive []byte) move {
	return func(w *world) {
		w.t.Helper()
		x, err := w.judge.index(w.site.Snapshot()["stable/index.yaml"])
		if err != nil {
			w.t.Fatal(err)
		}
		for _, e := range x.Entries["alpha"] {
			if e.Version == version && e.Digest == digest(archive) {
				return
			}
		}
		w.t.Errorf("the index has %v, not alpha %s with the SHA-256 %s", x.Entries["alpha"], version, digest(archive))
	}
}

// warns checks that the receipt has a warning that says so.
func warns(n int, text string) move {
	return func(w *world) {
		w.t.Helper()
		if receipt := string(w.drop.Snapshot()["receipts/"+id(n)+".json"]); !strings.Contains(receipt, text) {
			w.t.Errorf("the receipt of %d does not say %q:\n%s", n, text, receipt)
		}
	}
}
