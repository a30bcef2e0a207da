package ask_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/generator/ask"
	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/generator/config"
	"github.com/portolan-charts/portolan/generator/survey"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
	"github.com/portolan-charts/portolan/publisher/droparea"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// world is a drop area and a site in memory.
type world struct {
	t          *testing.T
	drop, site bucket.Store
	config     *config.Config
}

func newWorld(t *testing.T) *world {
	drop, site := &buckettest.Mem{Now: time.Now}, &buckettest.Mem{Now: time.Now}
	return &world{t: t, drop: drop.Handle("all"), site: site.Handle("all")}
}

func (w *world) upload(channel, version string, more ...string) {
	w.t.Helper()
	w.submit(channel, droparea.Submission{Chart: bucket.Bytes(charttest.Simple("web", version, more...))})
}

func (w *world) submit(channel string, s droparea.Submission) {
	w.t.Helper()
	id, err := droparea.NewID()
	if err == nil {
		err = droparea.Submit(w.t.Context(), w.drop, channel, id, s)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) run() {
	w.t.Helper()
	if _, err := generator.Run(w.t.Context(), generator.Options{Drop: w.drop, Site: w.site, Config: w.config}); err != nil {
		w.t.Fatal(err)
	}
}

// asks puts a plan into the drop area, and has a run decide it.
func (w *world) asks(p *ask.Plan, err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
	if r := w.decide(p.Channel, p.Request); r.Verdict != verdict.Accepted {
		w.t.Fatalf("%s: got %+v", p.Request.Subject(), r)
	}
}

// decide asks for an action, and returns what a run says of it.
func (w *world) decide(channel string, request action.Request) *droparea.Receipt {
	w.t.Helper()
	id, err := droparea.NewID()
	if err == nil {
		err = droparea.Ask(w.t.Context(), w.drop, channel, id, request)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	w.run()
	r, err := droparea.ReadReceipt(w.t.Context(), w.drop, id)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// pin is a version with its digest.
func (w *world) pin(channel, chart, version string) action.Pin {
	w.t.Helper()
	c, err := survey.Open(w.t.Context(), w.site, channel)
	if err != nil {
		w.t.Fatal(err)
	}
	all, err := c.Versions(chart)
	at := slices.IndexFunc(all, func(v survey.Version) bool { return v.Version == version })
	if err != nil || at < 0 {
		w.t.Fatalf("channel %s has no %s %s: %v", channel, chart, version, err)
	}
	return action.Pin{Chart: chart, Version: version, Digest: all[at].Digest}
}

// idle makes sure that there is nothing left to do.
func (w *world) idle(p *ask.Plan, err error) {
	w.t.Helper()
	if err != nil || !p.Idle {
		w.t.Errorf("got %+v, %v; want that there is nothing to do", p, err)
	}
}

// TestPlansAreDone: a run does what each kind of plan says, and then there is nothing left
// to do.
func TestPlansAreDone(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), t.Context()
	w.upload("dev", "1.0.0")
	w.upload("dev", "1.1.0")
	w.upload("stable", "1.0.0", "README.md", "other")
	w.run()
	promotion := ask.Promotion{From: "dev", To: "stable", Chart: "web", Versions: []string{"1.x"}, Policy: (*config.Config)(nil).Policy("stable"), Now: time.Now()}
	plans := []func() (*ask.Plan, error){
		func() (*ask.Plan, error) { return ask.Yank(ctx, w.site, "dev", "web", []string{"1.0.0"}, "broken") },
		func() (*ask.Plan, error) { return ask.Restore(ctx, w.site, "dev", "web", []string{"*"}) },
		func() (*ask.Plan, error) { return ask.Promote(ctx, w.site, promotion) },
		func() (*ask.Plan, error) { return ask.Rollback(ctx, w.site, "stable", 1, "") },
		func() (*ask.Plan, error) { return ask.Rollback(ctx, w.site, "stable", 2, "") },
		func() (*ask.Plan, error) { return ask.Deprecate(ctx, w.site, "stable", "web", "use db", "db") },
		func() (*ask.Plan, error) { return ask.Undeprecate(ctx, w.site, "stable", "web") },
	}
	for _, plan := range plans {
		w.asks(plan())
		w.idle(plan())
	}
	report, err := publisher.Verify(ctx, w.site, publisher.VerifyOptions{Deep: true})
	if err != nil || len(report.Channels) != 2 {
		t.Fatalf("got %+v, %v", report, err)
	}
	for _, c := range report.Channels {
		if len(c.Faults) > 0 {
			t.Errorf("%s: %v", c.Channel, c.Faults)
		}
	}
}

// TestUnknown: what is not there is an error that names what was probably meant.
func TestUnknown(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), t.Context()
	w.upload("stable", "1.0.0")
	w.run()
	for _, tt := range []struct{ channel, chart, want, fix string }{
		{"stabel", "web", "nothing was ever published in channel stabel", "did you mean stable?"},
		{"elsewhere", "web", "channel elsewhere", "'portolan status' lists the channels"},
		{"stable", "wep", `channel stable has no chart "wep"`, "did you mean web?"},
		{"stable", "something", `no chart "something"`, "'portolan list stable' lists its charts"},
	} {
		_, err := ask.Yank(ctx, w.site, tt.channel, tt.chart, []string{"1.0.0"}, "broken")
		e := (*ask.Error)(nil)
		if !errors.As(err, &e) || !strings.Contains(e.Message, tt.want) || !strings.Contains(e.Fix(), tt.fix) || e.Rule != "" {
			t.Errorf("%s %s: got %v", tt.channel, tt.chart, err)
		}
	}
	for generation, want := range map[int]string{-1: "no generation -1", 0: "no generation 0", 2: "its newest is 1"} {
		if _, err := ask.Rollback(ctx, w.site, "stable", generation, ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("generation %d: got %v", generation, err)
		}
	}
}
