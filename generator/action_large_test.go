package generator_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/droparea"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// withLines publishes n versions of chart alpha by a record, without their archives.
func (w *world) withLines(n int) []action.Pin {
	w.t.Helper()
	c, err := publisher.OpenChannel(w.t.Context(), w.site.Handle("lines"), "stable")
	if err != nil {
		w.t.Fatal(err)
	}
	draft := publisher.Draft{Time: w.clock, Nonce: "lines"}
	var pins []action.Pin
	for i := range n {
		upload, version, sum := id(10_000+i), fmt.Sprintf("1.%d.0", n-i), digest(fmt.Append(nil, i))
		text := fmt.Sprintf(`{"name":"alpha","version":%q,"apiVersion":"v2","created":"2026-03-01T12:00:00Z","digest":%q,"urls":[%q]}`,
			version, sum, publisher.ReleaseURL("alpha", version, upload))
		draft.Decisions = append(draft.Decisions, publisher.Decision{
			Upload: upload, Arrival: w.clock, Chart: "alpha", Version: version, Verdict: verdict.Accepted, Digest: sum, Fingerprint: sum,
		})
		draft.Added = append(draft.Added, publisher.Line{Chart: "alpha", At: i, Text: text})
		pins = append(pins, action.Pin{Chart: "alpha", Version: version, Digest: sum})
	}
	if err := c.Commit(w.t.Context(), draft); err != nil {
		w.t.Fatal(err)
	}
	if err := c.Project(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	return pins
}

// TestManyVersions: one action, and so one record, marks, hides and shows 10,000 versions.
// Its receipt can be read, and the report does not name them all.
func TestManyVersions(t *testing.T) {
	w := newWorld(t)
	w.quiet = true
	pins := w.withLines(action.MaxVersions)
	before := w.entries("stable")
	requests := []action.Request{deprecate("alpha"), yank(pins...), restore(pins...), undeprecate("alpha")}
	named := map[string]int{}
	for n, request := range requests {
		w.mustAsk("stable", id(n), request)
		named[id(n)] = len(request.Versions)
	}
	w.clock = w.clock.Add(time.Minute)
	report := w.mustRunQuiet()
	if c := report.Channels[0]; c.After-c.Before != 2 {
		t.Errorf("the run commits %d records, not one to mark and hide, and one to undo that", c.After-c.Before)
	}
	for _, r := range report.Channels[0].Receipts {
		if r.Verdict != verdict.Accepted || len(r.Action.Versions) > 100 || len(r.Message) > 300 {
			t.Errorf("the report has %s %s with %d versions: %s", r.Verdict, r.Rule, len(r.Action.Versions), r.Message)
		}
		full, err := droparea.ReadReceipt(t.Context(), w.drop.Handle("reader"), r.ID)
		if err != nil || len(full.Action.Versions) != named[r.ID] {
			t.Errorf("receipt %s: %v", r.ID, err)
		}
	}
	if got := w.entries("stable"); got != before {
		t.Error("in the end, the channel does not list what it did in the beginning")
	}
	w.mustAsk("stable", id(10), deprecate("alpha"))
	w.clock = w.clock.Add(time.Minute)
	w.mustRunQuiet()
	if n := strings.Count(w.entries("stable"), `"deprecated":true`); n != len(pins) {
		t.Errorf("%d versions are marked as deprecated", n)
	}
}

// TestManyRecords: actions that undo each other take a record each. Head shows them in between,
// so that a run does not hold the indexes of all.
func TestManyRecords(t *testing.T) {
	w := newWorld(t)
	w.publish("stable", 1, beta)
	generator.SetMaxUnshown(t, 2)
	for n := range 6 {
		w.mustAsk("stable", id(10+n), []action.Request{yank(pin("beta", "1.0.0", beta)), restore(pin("beta", "1.0.0", beta))}[n%2])
	}
	w.clock = w.clock.Add(time.Minute)
	var report *generator.Report
	ops := w.operations(func() {
		var err error
		if report, err = w.run("run"); err != nil {
			t.Error(err)
		}
	})
	if c := report.Channels[0]; c.After-c.Before != 6 || len(c.Receipts) != 6 {
		t.Errorf("the run commits %d records and gives %d receipts", c.After-c.Before, len(c.Receipts))
	}
	if n := count(ops, "site replace stable/index.yaml", ""); n != 3 {
		t.Errorf("head is written %d times", n)
	}
	w.mustHold()
	w.mustShowNewest()
	w.mustVerify()
}

// TestTooManyLines: a deprecation that does not fit one record is refused and says what can
// be done; one that fits is not put into a record that others have filled.
func TestTooManyLines(t *testing.T) {
	w := newWorld(t)
	w.quiet = true
	w.withLines(100)
	w.mustUpload("stable", id(1), beta, nil)
	w.mustRunQuiet()
	size := len(w.entries("stable"))
	for n, test := range []struct {
		limit int
		want  string
	}{{size / 2, "rejected action-too-large"}, {size + size/2, "accepted"}} {
		generator.SetMaxLines(t, test.limit)
		upload := id(20 + n)
		w.mustAsk("stable", upload, action.Request{Kind: action.Deprecate, Chart: "alpha", Reason: fmt.Sprint(test.limit)})
		w.clock = w.clock.Add(time.Minute)
		report := w.mustRunQuiet()
		if got := verdicts(report)[upload]; got != test.want {
			t.Errorf("with at most %d bytes of lines in a record, the deprecation is %s", test.limit, got)
		}
		if fix := report.Channels[0].Receipts[0].Fix; test.want != "accepted" && !strings.Contains(fix, "deprecated: true") {
			t.Errorf("the fix is %q", fix)
		}
	}
	w.mustAsk("stable", id(40), undeprecate("alpha"))
	generator.SetMaxLines(t, size)
	w.mustAsk("stable", id(50), action.Request{Kind: action.Deprecate, Chart: "beta"})
	w.clock = w.clock.Add(time.Minute)
	report := w.mustRunQuiet()
	if c := report.Channels[0]; c.After-c.Before != 2 {
		t.Errorf("it takes %d records to undo a deprecation and make another that do not fit one together", c.After-c.Before)
	}
}
