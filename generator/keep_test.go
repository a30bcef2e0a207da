package generator_test

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/generator/config"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

var alphaProv = signer.Sign("alpha-1.1.0.tgz", alphaAt("1.1.0"))

func alphaAt(version string, files ...string) []byte {
	return charttest.Simple("alpha", version, files...)
}

func (w *world) keep(n int) {
	w.t.Helper()
	w.configure(fmt.Sprintf("channels: [{match: '**', keep: %d}]", n))
}

// keptWorld shows two versions of a chart, and has older ones. What waits pushes
// one more out, replaces an older one, signs an older one, and brings one that is
// older than all.
func keptWorld(t testing.TB) *world {
	w := newWorld(t)
	w.keep(2)
	w.publish("stable", 1, alphaAt("1.0.0"), alphaAt("1.1.0"), alphaAt("1.2.0"), alphaAt("1.3.0"), beta)
	w.mustUpload("stable", id(11), alphaAt("1.4.0"), nil)
	w.mustUpload("stable", id(12), alphaAt("1.0.0", "README.md", "changed"), nil)
	w.mustUpload("stable", id(13), nil, alphaProv)
	w.mustUpload("stable", id(14), alphaAt("0.9.0"), nil)
	w.mustUpload("stable", id(15), bad, nil)
	w.clock = w.clock.Add(time.Minute)
	return w
}

// limitedWorld has a channel of which not all is to be shown any more, and
// unlimitedWorld one of which all is to be shown again.
func limitedWorld(t testing.TB) *world {
	w := newWorld(t)
	w.publish("stable", 1, alphaAt("1.0.0"), alphaAt("1.1.0"), alphaAt("1.2.0-rc.1"), beta)
	w.keep(1)
	w.mustUpload("stable", id(11), gamma, nil)
	return w
}

func unlimitedWorld(t testing.TB) *world {
	w := newWorld(t)
	w.keep(1)
	w.publish("stable", 1, alphaAt("1.0.0"), alphaAt("1.1.0"), alphaAt("1.2.0-rc.1"), beta)
	w.config = nil
	w.mustUpload("stable", id(11), gamma, nil)
	return w
}

// TestEveryCrashWithKeep is TestEveryCrash where head does not show everything.
func TestEveryCrashWithKeep(t *testing.T) {
	for name, make := range map[string]func(testing.TB) *world{"kept": keptWorld, "limited": limitedWorld, "unlimited": unlimitedWorld} {
		t.Run(name, func(t *testing.T) { crashEverywhere(t, make) })
	}
}

// versions are those of a chart in the index of a channel, and in its older one.
func (w *world) versions(channel, chart string) (head, older []string) {
	w.t.Helper()
	site := w.site.Snapshot()
	x, err := w.judge.index(site[channel+"/index.yaml"])
	if err != nil {
		w.t.Fatal(err)
	}
	for _, e := range x.Entries[chart] {
		head = append(head, e.Version)
	}
	folder := x.Annotations["portolan/older"]
	if folder == "" {
		return head, nil
	}
	if x, err = w.judge.index(site[path.Join(channel, folder, "index.yaml")]); err != nil {
		w.t.Fatal(err)
	}
	for _, e := range x.Entries[chart] {
		older = append(older, e.Version)
	}
	return head, older
}

func (w *world) mustShow(wantHead, wantOlder string) {
	w.t.Helper()
	head, older := w.versions("stable", "alpha")
	if got := strings.Join(head, " "); got != wantHead {
		w.t.Errorf("the index shows %q, want %q", got, wantHead)
	}
	if got := strings.Join(older, " "); got != wantOlder {
		w.t.Errorf("the older index has %q, want %q", got, wantOlder)
	}
}

// mustBeWhole fails unless the site is sound, and the index and all else that
// follows from the log is what the log says.
func (w *world) mustBeWhole() {
	w.t.Helper()
	report, err := publisher.Verify(w.t.Context(), w.site.Handle("verify"), publisher.VerifyOptions{Deep: true, Workers: 1})
	if err != nil || !report.OK() {
		w.t.Errorf("verifying: %+v, %v", report, err)
	}
	rebuilt, err := publisher.Rebuild(w.t.Context(), w.site.Handle("rebuild"), "stable", publisher.RebuildOptions{Workers: 1})
	if err != nil || len(rebuilt.Written) > 0 {
		w.t.Errorf("rebuilding: %+v, %v", rebuilt, err)
	}
}

// TestKeep: the index shows the newest versions, the others are in the older
// index, and the verdict on an upload does not depend on which its version is in.
func TestKeep(t *testing.T) {
	w := keptWorld(t)
	w.mustShow("1.3.0 1.2.0", "1.1.0 1.0.0")
	report := w.mustRun()
	w.mustShow("1.4.0 1.3.0", "1.2.0 1.1.0 1.0.0 0.9.0")
	want := map[string]string{
		id(11): "accepted  false", id(12): "replaced  true", id(13): "replaced signature true",
		id(14): "accepted  true", id(15): "rejected version false",
	}
	for _, r := range report.Channels[0].Receipts {
		older := slices.ContainsFunc(r.Warnings, func(w verdict.Warning) bool { return w.Rule == "warn-older" })
		if got := fmt.Sprintf("%s %s %t", r.Verdict, r.Rule, older); got != want[r.ID] {
			t.Errorf("%s %s: got %s, want %s", r.Chart, r.Version, got, want[r.ID])
		}
	}
	w.mustBeWhole()

	w.mustUpload("stable", id(21), alphaAt("0.9.0"), nil)
	if r := w.mustRun().Channels[0].Receipts[0]; r.Verdict != verdict.Unchanged || len(r.Warnings) == 0 {
		t.Errorf("an older version again: %+v", r)
	}
	w.configure("channels: [{match: '**', keep: 2, duplicates: reject}]")
	w.mustUpload("stable", id(22), alphaAt("0.9.0", "README.md", "changed"), nil)
	if r := w.mustRun().Channels[0].Receipts[0]; r.Rule != "version-exists" {
		t.Errorf("an older version with other content, which is final: %+v", r)
	}
	w.mustShow("1.4.0 1.3.0", "1.2.0 1.1.0 1.0.0 0.9.0")
}

// TestKeepAStableOne: prereleases do not push out the newest stable release.
func TestKeepAStableOne(t *testing.T) {
	w := newWorld(t)
	w.keep(3)
	w.publish("stable", 1, alphaAt("1.0.0"), alphaAt("1.1.0"), alphaAt("2.0.0-rc.1"), alphaAt("2.0.0-rc.2"), alphaAt("2.0.0-rc.3"))
	w.mustShow("2.0.0-rc.3 2.0.0-rc.2 1.1.0", "2.0.0-rc.1 1.1.0 1.0.0")
	w.publish("stable", 11, alphaAt("2.0.0-rc.4"))
	w.mustShow("2.0.0-rc.4 2.0.0-rc.3 1.1.0", "2.0.0-rc.2 2.0.0-rc.1 1.1.0 1.0.0")
	w.mustBeWhole()
	w.publish("stable", 12, alphaAt("1.2.0"))
	w.mustShow("2.0.0-rc.4 2.0.0-rc.3 1.2.0", "2.0.0-rc.2 2.0.0-rc.1 1.2.0 1.1.0 1.0.0")
	w.publish("stable", 13, alphaAt("1.2.0", "README.md", "changed"), alphaAt("2.0.0"))
	w.mustShow("2.0.0 2.0.0-rc.4 2.0.0-rc.3", "2.0.0-rc.2 2.0.0-rc.1 1.2.0 1.1.0 1.0.0")
	w.keep(1)
	w.publish("stable", 15, alphaAt("3.0.0-rc.1"), gamma)
	w.mustShow("2.0.0", "3.0.0-rc.1 2.0.0 2.0.0-rc.4 2.0.0-rc.3 2.0.0-rc.2 2.0.0-rc.1 1.2.0 1.1.0 1.0.0")
	w.mustBeWhole()
}

// TestKeepIsSet: a new setting reaches all charts with the next run that has
// work in the channel, or is asked for it; other runs change nothing.
func TestKeepIsSet(t *testing.T) {
	w := newWorld(t)
	w.publish("stable", 1, alphaAt("1.0.0"), alphaAt("1.1.0"), alphaAt("1.2.0"), beta)
	for _, step := range []struct {
		keep        int
		head, older string
	}{
		{2, "1.2.0 1.1.0", "1.0.0"},
		{1, "1.2.0", "1.1.0 1.0.0"},
		{2, "1.2.0 1.1.0", "1.0.0"},
		{9, "1.2.0 1.1.0 1.0.0", ""},
	} {
		w.keep(step.keep)
		before := w.site.Snapshot()
		w.mustRun()
		if len(w.site.Snapshot()) != len(before) {
			t.Errorf("keep %d: a run with nothing to do wrote something", step.keep)
		}
		w.mustSettle(2)
		w.mustShow(step.head, step.older)
		w.mustBeWhole()
	}
	w.keep(1)
	w.publish("stable", 11, gamma) // another chart
	w.mustShow("1.2.0", "1.1.0 1.0.0")
	w.config = nil
	w.publish("stable", 12, bad) // no chart at all
	w.mustShow("1.2.0 1.1.0 1.0.0", "")
	w.mustBeWhole()
	w.mustSettle(0)
}

// mustSettle lets a run look at the channel that has no work there, and may take
// this many generations over two tries: the second never finds anything to do.
func (w *world) mustSettle(most int) {
	w.t.Helper()
	for _, allowed := range []int{most, 0} {
		report, err := w.start(generator.Options{Channels: []string{"stable"}, Drop: w.drop.Handle("named"), Site: w.site.Handle("named")}, "named")
		if err != nil {
			w.t.Fatal(err)
		}
		if c := report.Channels[0]; c.After-c.Before > allowed {
			w.t.Errorf("generation %d became %d", c.Before, c.After)
		}
	}
	w.mustHold()
	w.mustShowNewest()
}

// TestKeepPruned: what only the older index names stays, and a prune leaves the
// older indexes of the kept generations.
func TestKeepPruned(t *testing.T) {
	w := keptWorld(t)
	w.mustRun()
	w.clock = w.clock.Add(leap)
	w.publish("stable", 21, alphaAt("1.5.0"))
	w.clock = w.clock.Add(leap)
	report, err := w.prune(w.drop.Handle(pruneActor), w.site.Handle(pruneActor))
	if err != nil {
		t.Fatal(err)
	}
	// The content that was replaced, and the one that was not signed.
	if c := report.Channels[0]; c.Snapshots.Files != 4 || c.Charts.Files != 4 {
		t.Errorf("%+v", c)
	}
	w.mustHold()
	w.mustShow("1.5.0 1.4.0", "1.3.0 1.2.0 1.1.0 1.0.0 0.9.0")
	w.mustBeWhole()
	w.publish("stable", 22, alphaAt("1.6.0"))
	w.mustShow("1.6.0 1.5.0", "1.4.0 1.3.0 1.2.0 1.1.0 1.0.0 0.9.0")
}

// exploreKept lets two generators, one of which does not know yet that fewer
// versions are to be shown, and an uploader of one more happen as planned.
func exploreKept(t testing.TB, plan schedule) (*turns, error) {
	w := keptWorld(t)
	few, err := config.Parse([]byte("channels: [{match: '**', keep: 1}]"), "portolan.yaml")
	if err != nil {
		t.Fatal(err)
	}
	ofFew := w.generates("generator of few")
	turns := w.takeTurns(plan, w.generates("generator"), actor{ofFew.name, func(turn func()) {
		w.config = few // from here on everywhere: one actor at a time runs
		ofFew.act(turn)
	}}, actor{"uploader", func(func()) {
		_ = w.upload("uploader", "stable", id(16), alphaAt("1.1.5"), nil) // if it fails, nothing was promised
	}})
	if err := w.settleWrites(); err != nil {
		return turns, err
	}
	w.mustSettle(1)
	return turns, w.checkKept()
}

// checkKept checks that every version that was accepted is in one of the indexes.
func (w *world) checkKept() error {
	head, older := w.versions("stable", "alpha")
	got := strings.Join(older, " ")
	late := strings.Contains(got, "1.1.5") // its uploader may have been told that it failed
	promised := slices.ContainsFunc(w.promises, func(p promise) bool { return p.id == id(16) })
	rest := strings.Replace(got, "1.1.5 ", "", 1)
	if strings.Join(head, " ") != "1.4.0" || rest != "1.3.0 1.2.0 1.1.0 1.0.0 0.9.0" || promised && !late {
		return fmt.Errorf("the index has %v, and the older one %v", head, older)
	}
	return nil
}

// TestEveryOrderWithKeep explores these.
func TestEveryOrderWithKeep(t *testing.T) {
	eachScheduleAndFault(t, exploreKept)
}
