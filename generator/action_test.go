package generator_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// TestActions: what is yanked is in no list but all/, and comes back; a deprecation marks
// the lines of a chart and leaves them as they were once it is undone.
func TestActions(t *testing.T) {
	w := newWorld(t)
	one, two := alphaAt("1.1.0"), alphaAt("1.2.0")
	w.publish("stable", 1, one, two, beta)
	published := w.entries("stable")
	for i, step := range []struct {
		request action.Request
		message string
		listed  []string
		marked  int
	}{
		{yank(pin("alpha", "1.2.0", two)), "alpha 1.2.0 is yanked: lists hide it, its URL stays", []string{"1.1.0"}, 0},
		{yank(pin("alpha", "1.1.0", one)), "alpha 1.1.0 is yanked: lists hide it, its URL stays", nil, 0},
		{restore(pin("alpha", "1.2.0", two), pin("alpha", "1.1.0", one)), "alpha 1.2.0 and 1.1.0 are listed again", []string{"1.2.0", "1.1.0"}, 0},
		{deprecate("alpha"), "all versions of alpha are marked as deprecated, also later ones", []string{"1.2.0", "1.1.0"}, 2},
		{undeprecate("alpha"), "alpha is not deprecated any more, but for versions whose Chart.yaml says so", []string{"1.2.0", "1.1.0"}, 0},
	} {
		w.mustAsk("stable", id(10+i), step.request)
		if r := w.runOnce()[id(10+i)]; r.Verdict != verdict.Accepted || r.Message != step.message {
			t.Errorf("step %d is %s: %s", i, r.Verdict, r.Message)
		}
		w.mustList("stable/index.yaml", "alpha", step.listed...)
		w.mustList("stable/charts/alpha/index.yaml", "alpha", step.listed...)
		w.mustList("stable/all/index.yaml", "alpha", "1.2.0", "1.1.0")
		if n := strings.Count(w.entries("stable"), `"deprecated":true`); n != step.marked {
			t.Errorf("step %d: %d versions are marked as deprecated", i, n)
		}
	}
	if got := w.entries("stable"); got != published {
		t.Errorf("in the end, the channel lists\n%s\nnot, as in the beginning,\n%s", got, published)
	}
}

// TestYankAndKeep: keep counts versions that are not yanked, and a report tells those that
// it hides from those that are yanked.
func TestYankAndKeep(t *testing.T) {
	w := newWorld(t)
	w.keep(1)
	newest := pin("alpha", "1.3.0", alphaAt("1.3.0"))
	w.publish("stable", 1, alphaAt("1.0.0"), alphaAt("1.1.0"), alphaAt("1.2.0-rc.1"), alphaAt("1.3.0"))
	for i, step := range []struct {
		request       action.Request
		listed        string
		older, yanked int
	}{
		{yank(newest), "1.1.0", 2, 1}, // not the prerelease
		{yank(pin("alpha", "1.1.0", alphaAt("1.1.0"))), "1.0.0", 1, 2},
		{restore(newest), "1.3.0", 2, 1},
	} {
		w.mustAsk("stable", id(20+i), step.request)
		w.clock = w.clock.Add(time.Minute)
		c := w.mustRun().Channels[0]
		w.mustShowNewest()
		w.mustVerify()
		w.mustList("stable/index.yaml", "alpha", step.listed)
		if c.Older != step.older || c.Yanked != step.yanked {
			t.Errorf("the report says %d older and %d yanked, not %d and %d", c.Older, c.Yanked, step.older, step.yanked)
		}
	}
	w.keep(2)
	w.mustUpload("stable", id(30), beta, nil)
	w.runOnce()
	w.mustList("stable/index.yaml", "alpha", "1.3.0", "1.2.0-rc.1")
}

// TestActionsOlder: what an action publishes or lists again, and what keep then leaves out,
// its receipt says.
func TestActionsOlder(t *testing.T) {
	w := newWorld(t)
	w.keep(1)
	one, two, newest := pin("alpha", "1.0.0", alphaAt("1.0.0")), pin("alpha", "1.1.0", alphaAt("1.1.0")), pin("alpha", "1.2.0", alphaAt("1.2.0"))
	w.publish("dev", 1, alphaAt("1.0.0"), alphaAt("1.1.0"), alphaAt("1.2.0"))
	for i, tt := range []struct {
		request action.Request
		older   string // "" if everything is listed
	}{
		{promote("dev", two), ""},
		{promote("dev", one), "alpha 1.0.0 is not among these: clients find it at its URL"},
		{promote("dev", two, newest), "alpha 1.1.0 is not among these"},
		{yank(one, two, newest), ""},
		{restore(one, two, newest), "alpha 1.0.0 and 1.1.0 are not among these: clients find them at their URLs"},
	} {
		r := w.decide("stable", 10+i, tt.request)
		if warnings := fmt.Sprint(r.Warnings); r.Verdict != verdict.Accepted || !strings.Contains(warnings, tt.older) || (tt.older == "") != (len(r.Warnings) == 0) {
			t.Errorf("%d is %s: %s, with %s", i, r.Verdict, r.Message, warnings)
		}
	}
}

// deprecated is alpha with a Chart.yaml that says so.
func deprecated(version string) []byte {
	return alphaAt(version, "Chart.yaml", "apiVersion: v2\nname: alpha\nversion: "+version+"\ndescription: A chart for tests\ndeprecated: true\n")
}

// TestDeprecationsOwn: what Chart.yaml says itself stays when an action is undone, also of
// what is published, replaced or signed meanwhile.
func TestDeprecationsOwn(t *testing.T) {
	w := newWorld(t)
	w.publish("stable", 1, deprecated("1.0.0"), alphaAt("1.1.0"), deprecated("1.2.0"))
	w.mustAsk("stable", id(10), deprecate("alpha"))
	w.runOnce()
	for i, chart := range [][]byte{
		alphaAt("1.3.0"), deprecated("1.4.0"), // new
		deprecated("1.1.0"), alphaAt("1.2.0"), // replaced
	} {
		w.mustUpload("stable", id(20+i), chart, nil)
	}
	w.mustUpload("stable", id(30), nil, signer.Sign("alpha-1.0.0.tgz", deprecated("1.0.0")))
	again := deprecate("alpha")
	again.Reason = "use gamma"
	w.mustAsk("stable", id(31), again)
	w.mustAsk("stable", id(32), deprecate("alpha"))
	w.runOnce()
	if n := strings.Count(w.entries("stable"), `"deprecated":true`); n != 5 {
		t.Errorf("%d of 5 versions are marked as deprecated", n)
	}
	w.mustAsk("stable", id(40), undeprecate("alpha"))
	w.runOnce()
	var marked []string
	for line := range strings.Lines(w.entries("stable")) {
		if version, _, _ := strings.Cut(strings.TrimPrefix(line, `{"name":"alpha","version":"`), `"`); strings.Contains(line, `"deprecated":true`) {
			marked = append(marked, version)
		}
	}
	if got, want := fmt.Sprint(marked), "[1.4.0 1.1.0 1.0.0]"; got != want {
		t.Errorf("deprecated are %s, not %s", got, want)
	}
}

// TestActionsAllowed: a channel takes the actions that its settings name.
func TestActionsAllowed(t *testing.T) {
	w := newWorld(t)
	w.configure("channels: [{match: '**', actions: {drop: [restore]}}, {match: closed, actions: {drop: []}}]")
	w.publish("stable", 1, alphaOld)
	w.publish("closed", 5, alphaOld)
	w.mustAsk("stable", id(10), yank(oldPin))
	w.mustAsk("stable", id(11), restore(oldPin))
	w.mustAsk("closed", id(12), restore(oldPin))
	got := w.runOnce()
	for n, want := range map[int]string{10: "rejected action-not-allowed", 11: "unchanged action-unchanged", 12: "rejected action-not-allowed"} {
		if r := got[id(n)]; fmt.Sprintf("%s %s", r.Verdict, r.Rule) != want {
			t.Errorf("action %d is %s %s, not %s", n, r.Verdict, r.Rule, want)
		}
	}
	if r := got[id(10)]; !strings.Contains(r.Fix, "actions: {drop: […]}") {
		t.Errorf("the fix is %q", r.Fix)
	}
}

// TestActionMalformed: what is not an action is refused and kept, and says nothing in the log.
func TestActionMalformed(t *testing.T) {
	w := newWorld(t)
	w.publish("stable", 1, alphaOld)
	texts := map[int]string{
		10: "no JSON", 11: "", 12: `{"kind":"takedown"}`, 13: `{"kind":"yank"}`,
		14: `{"kind":"yank","versions":[],"reason":"r","secret":1}`,
		15: `{"kind":"restore","versions":[{"chart":"alpha","version":"1.0.0","digest":"short"}]}`,
		16: `{"kind":"` + strings.Repeat("secret", 1000) + `"}`,
		17: `{"kind":"restore","requester":{"who":"` + strings.Repeat("secret", 10_000) + `"}}`,
		18: strings.Repeat(" ", action.MaxRequest+1),
	}
	for n, text := range texts {
		w.drop.Put("inbox/stable/"+id(n)+".action.json", []byte(text))
		w.promises = append(w.promises, promise{id(n), digest([]byte(text))})
	}
	got := w.runOnce()
	for n := range texts {
		if r := got[id(n)]; r.Rule != "action-malformed" || r.Fix == "" || len(r.Message) > 2000 {
			t.Errorf("action %d is %s %s: %.3000s", n, r.Verdict, r.Rule, r.Message)
		}
		if _, kept := w.drop.Snapshot()["rejected/stable/"+id(n)+".action.json"]; !kept {
			t.Errorf("action %d is not kept", n)
		}
	}
	if log := string(w.site.Snapshot()["stable/log/00000002.json"]); strings.Contains(log, "secret") {
		t.Errorf("the log has texts of what is refused:\n%s", log)
	}
}

// TestActionsDry: a dry run says what would become of actions, and leaves everything.
func TestActionsDry(t *testing.T) {
	w := newWorld(t)
	w.publish("stable", 1, alphaOld, beta)
	w.mustAsk("stable", id(10), yank(oldPin))
	w.mustAsk("stable", id(11), action.Request{Kind: action.Deprecate, Chart: "beta"})
	w.mustUpload("stable", id(12), alphaOld, nil)
	before, dropped := w.site.Snapshot(), w.drop.Snapshot()
	w.clock = w.clock.Add(time.Minute)
	report, err := w.start(generator.Options{Drop: w.drop.Handle("dry"), Site: w.site.Handle("dry"), DryRun: true}, "dry")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{id(10): "accepted", id(11): "accepted", id(12): "unchanged same-content"}
	if got := verdicts(report); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if len(w.site.Snapshot()) != len(before) || len(w.drop.Snapshot()) != len(dropped) {
		t.Error("the dry run wrote something")
	}
	c := report.Channels[0]
	if warnings := fmt.Sprint(c.Receipts[2].Warnings); c.Yanked != 1 || !strings.Contains(warnings, "warn-yanked") {
		t.Errorf("the dry run would yank %d versions, and warn of %s", c.Yanked, warnings)
	}
}

// TestActionWaits: a report says what an action waits for.
func TestActionWaits(t *testing.T) {
	w := newWorld(t)
	w.mustAsk("stable", id(1), yank(oldPin, pin("beta", "1.0.0", beta)))
	report := w.mustRun()
	ends := w.clock.Add(10 * time.Minute).UTC().Format(time.RFC3339)
	if got := report.Channels[0].Waiting; len(got) != 1 || got[0].Name() != "action "+id(1) || got[0].Action != action.Yank ||
		!strings.Contains(got[0].Reason, "yank alpha 1.0.0 and beta 1.0.0") || !strings.Contains(got[0].Reason, "until "+ends) {
		t.Errorf("the report says: %+v, want until %s", got, ends)
	}
	if log := w.site.Snapshot()["stable/log/00000001.json"]; log != nil {
		t.Errorf("the channel has a record:\n%s", log)
	}
	w.clock = w.clock.Add(time.Hour)
	if r := w.runOnce()[id(1)]; r.Rule != "action-unknown" {
		t.Errorf("the action is %s %s", r.Verdict, r.Rule)
	}
}

// TestYankInRegistry: what is yanked is not in the list of tags, and its tag and manifest
// stay. A deprecation changes no manifest.
func TestYankInRegistry(t *testing.T) {
	w := newWorld(t)
	w.configure("channels: [{match: '**', oci: true}]")
	w.publish("stable", 1, alphaAt("1.1.0"), alphaAt("1.2.0"))
	tagged := w.site.Snapshot()
	two := pin("alpha", "1.2.0", alphaAt("1.2.0"))
	for n, request := range []action.Request{yank(two), deprecate("alpha"), restore(two), undeprecate("alpha")} {
		w.mustAsk("stable", id(10+n), request)
		w.runOnce()
		site := w.site.Snapshot()
		if list := string(site["v2/stable/alpha/tags/list"]); strings.Contains(list, "1.2.0") != (n >= 2) {
			t.Errorf("after action %d, the tags are %s", n, list)
		}
		for key, b := range tagged {
			if strings.HasPrefix(key, "v2/") && !strings.HasSuffix(key, "tags/list") && string(site[key]) != string(b) {
				t.Errorf("after action %d, %s is another", n, key)
			}
		}
	}
}

// TestDeprecatedConfig: the registry shows Chart.yaml as it is, also of versions that come
// into the registry, or get their signature, once an action has deprecated their chart.
func TestDeprecatedConfig(t *testing.T) {
	manifests := func(request action.Request) string {
		w := newWorld(t)
		w.publish("stable", 1, alphaOld, deprecated("1.1.0"))
		w.mustAsk("stable", id(10), request)
		w.runOnce()
		w.configure("channels: [{match: '**', oci: true}]")
		w.mustUpload("stable", id(11), nil, alphaProvenance)
		w.mustUpload("stable", id(12), alphaAt("1.2.0"), nil)
		w.runOnce()
		if _, err := generator.CompleteRegistry(t.Context(), generator.Options{Drop: w.drop.Handle("c"), Site: w.site.Handle("c"), Config: w.config, Now: w.now}, "stable"); err != nil {
			t.Fatal(err)
		}
		var all strings.Builder
		for _, version := range []string{"1.0.0", "1.1.0", "1.2.0"} {
			fmt.Fprintln(&all, digest(w.site.Snapshot()["v2/stable/alpha/manifests/"+version]))
		}
		return all.String()
	}
	if got, want := manifests(deprecate("alpha")), manifests(undeprecate("alpha")); got != want {
		t.Errorf("the manifests' digests are\n%snot\n%s", got, want)
	}
}

// TestActionPutBack: an action that is decided stays so, however much later it is put into
// the inbox once more under its id.
func TestActionPutBack(t *testing.T) {
	for _, later := range []time.Duration{time.Minute, 30 * time.Hour, 1000 * time.Hour} {
		w := newWorld(t)
		w.publish("stable", 1, alphaOld)
		for n, moves := range []move{requests(10, yank(oldPin)), requests(11, restore(oldPin)), requests(12, deprecate("delta"))} {
			moves(w)
			if n == 0 {
				w.runOnce()
			}
		}
		asked := w.drop.Snapshot()
		w.clock = w.clock.Add(11 * time.Minute)
		w.runOnce()
		asked["inbox/stable/"+id(10)+".action.json"], _ = json.Marshal(yank(oldPin))
		w.clock = w.clock.Add(later)
		for key, b := range asked {
			if strings.HasPrefix(key, "inbox/") {
				w.drop.Put(key, b)
			}
		}
		decides("10 accepted", "11 accepted", "12 rejected action-unknown")(w)
		lists("1.0.0")(w)
	}
}
