package generator_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/generator/config"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
	"github.com/portolan-charts/portolan/publisher/droparea"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

func (w *world) configure(yaml string) {
	w.t.Helper()
	c, err := config.Parse([]byte(yaml), "portolan.yaml")
	if err != nil {
		w.t.Fatal(err)
	}
	w.config = c
}

// verdicts are a report's, by upload.
func verdicts(r *generator.Report) map[string]string {
	all := map[string]string{}
	for _, c := range r.Channels {
		for _, receipt := range c.Receipts {
			all[receipt.ID] = strings.TrimSpace(string(receipt.Verdict) + " " + receipt.Rule)
		}
	}
	return all
}

// step is an upload, or the run over those so far and what it must decide.
type step struct {
	id          int // of the upload
	chart, prov []byte
	force       bool
	want        map[int]string // verdicts of a run, by upload; nil for an upload
	release     []byte         // what the index then has for alpha 1.0.0; nil for nothing
	signed      bool
}

func TestVerdicts(t *testing.T) {
	repacked := charttest.Pack("alpha", charttest.Chart("alpha", "1.0.0"), &charttest.Options{Time: charttest.Time.Add(time.Hour), Level: 1})
	third := charttest.Simple("alpha", "1.0.0", "README.md", "third")
	prov := signer.Sign("alpha-1.0.0.tgz", alphaOld)
	otherProv := charttest.NewSigner().Sign("alpha-1.0.0.tgz", alphaOld)
	repackedProv := signer.Sign("alpha-1.0.0.tgz", repacked)
	tests := []struct {
		name   string
		reject bool
		steps  []step
	}{
		{"replace takes the newest", false, []step{
			{id: 1, chart: alphaOld}, {want: map[int]string{1: "accepted"}, release: alphaOld},
			{id: 2, chart: alphaNew}, {want: map[int]string{2: "replaced"}, release: alphaNew},
		}},
		{"replace takes the newest of one run", false, []step{
			{id: 1, chart: alphaOld}, {id: 2, chart: third}, {id: 3, chart: alphaNew},
			{want: map[int]string{1: "superseded later-upload", 2: "superseded later-upload", 3: "accepted"}, release: alphaNew},
		}},
		{"back to what is published, in one run", false, []step{
			{id: 1, chart: alphaOld}, {want: map[int]string{1: "accepted"}, release: alphaOld},
			{id: 2, chart: alphaNew}, {id: 3, chart: repacked},
			{want: map[int]string{2: "superseded later-upload", 3: "unchanged same-content"}, release: alphaOld},
		}},
		{"the same content", false, []step{
			{id: 1, chart: alphaOld}, {id: 2, chart: alphaOld},
			{want: map[int]string{1: "accepted", 2: "unchanged same-content"}, release: alphaOld},
			{id: 3, chart: repacked}, {id: 4, chart: alphaOld},
			{want: map[int]string{3: "unchanged same-content", 4: "unchanged same-content"}, release: alphaOld},
		}},
		{"what is unchanged stays so when newer content comes", false, []step{
			{id: 1, chart: alphaOld}, {want: map[int]string{1: "accepted"}, release: alphaOld},
			{id: 2, chart: alphaOld}, {id: 3, chart: alphaNew},
			{want: map[int]string{2: "unchanged same-content", 3: "replaced"}, release: alphaNew},
		}},
		{"reject keeps the first", true, []step{
			{id: 1, chart: alphaOld}, {id: 2, chart: alphaNew},
			{want: map[int]string{1: "accepted", 2: "rejected version-exists"}, release: alphaOld},
			{id: 3, chart: repacked}, {id: 4, chart: third},
			{want: map[int]string{3: "unchanged same-content", 4: "rejected version-exists"}, release: alphaOld},
		}},
		{"reject lets a forced upload pass", true, []step{
			{id: 1, chart: alphaOld}, {want: map[int]string{1: "accepted"}, release: alphaOld},
			{id: 2, chart: alphaNew, force: true}, {id: 3, chart: third},
			{want: map[int]string{2: "replaced forced", 3: "rejected version-exists"}, release: alphaNew},
		}},
		{"a signature for what is published", true, []step{
			{id: 1, chart: alphaOld}, {want: map[int]string{1: "accepted"}, release: alphaOld},
			{id: 2, chart: alphaOld, prov: prov}, {want: map[int]string{2: "replaced signature"}, release: alphaOld, signed: true},
			{id: 3, chart: alphaOld, prov: prov}, {id: 4, chart: alphaOld},
			{want: map[int]string{3: "unchanged same-content", 4: "unchanged same-content"}, release: alphaOld, signed: true},
			{id: 5, chart: alphaOld, prov: otherProv}, {id: 6, chart: repacked, prov: repackedProv},
			{want: map[int]string{5: "rejected provenance-differs", 6: "unchanged same-content"}, release: alphaOld, signed: true},
		}},
		{"a signature alone", true, []step{
			{id: 1, prov: prov}, {want: map[int]string{}},
			{id: 2, chart: alphaOld}, {want: map[int]string{1: "replaced signature", 2: "accepted"}, release: alphaOld, signed: true},
			{id: 3, prov: prov}, {id: 4, prov: otherProv},
			{want: map[int]string{3: "unchanged same-content", 4: "rejected provenance-differs"}, release: alphaOld, signed: true},
		}},
		{"a signature alone after its chart, in one run", false, []step{
			{id: 1, chart: alphaOld}, {id: 2, prov: prov},
			{want: map[int]string{1: "accepted", 2: "replaced signature"}, release: alphaOld, signed: true},
		}},
		{"a signed repack of an unsigned release", false, []step{
			{id: 1, chart: alphaOld}, {want: map[int]string{1: "accepted"}, release: alphaOld},
			{id: 2, chart: repacked, prov: repackedProv}, {want: map[int]string{2: "replaced signature"}, release: repacked, signed: true},
		}},
		{"a signed repack of a final release", true, []step{
			{id: 1, chart: alphaOld}, {want: map[int]string{1: "accepted"}, release: alphaOld},
			{id: 2, chart: repacked, prov: repackedProv}, {want: map[int]string{2: "rejected provenance-repacked"}, release: alphaOld},
		}},
		{"a signature of something else", false, []step{
			{id: 1, chart: alphaNew, prov: prov}, {id: 2, chart: gamma, prov: prov},
			{want: map[int]string{1: "rejected prov-digest", 2: "rejected prov-name"}},
		}},
		{"a bad one harms no other", false, []step{
			{id: 1, chart: bad}, {id: 2, chart: alphaOld}, {id: 3, chart: []byte("no chart")},
			{want: map[int]string{1: "rejected version", 2: "accepted", 3: "rejected not-gzip"}, release: alphaOld},
		}},
		{"names that differ in case", false, []step{
			{id: 1, chart: alphaOld}, {id: 2, chart: charttest.Simple("Alpha", "2.0.0")},
			{want: map[int]string{1: "accepted", 2: "rejected name-case"}, release: alphaOld},
			{id: 3, chart: charttest.Simple("ALPHA", "2.0.0")}, {want: map[int]string{3: "rejected name-case"}, release: alphaOld},
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			if test.reject {
				w.configure("channels: [{match: '**', duplicates: reject}]")
			}
			for _, s := range test.steps {
				w.step(s)
			}
		})
	}
}

func (w *world) step(s step) {
	w.t.Helper()
	if s.want == nil {
		w.submit(s)
		return
	}
	w.clock = w.clock.Add(time.Minute)
	report := w.mustRun()
	got, want := verdicts(report), map[string]string{}
	for n, v := range s.want {
		want[id(n)] = v
	}
	if !maps.Equal(got, want) {
		w.t.Errorf("verdicts:\ngot  %v\nwant %v", got, want)
	}
	w.mustServe(s)
}

// submit uploads with the options of the step.
func (w *world) submit(s step) {
	w.t.Helper()
	w.clock = w.clock.Add(time.Second)
	submission := droparea.Submission{Request: droparea.Request{Force: s.force}}
	body := s.prov
	if s.chart != nil {
		submission.Chart, body = bucket.Bytes(s.chart), s.chart
	}
	if s.prov != nil {
		submission.Prov = bucket.Bytes(s.prov)
	}
	if err := droparea.Submit(w.t.Context(), w.drop.Handle("uploader"), "stable", id(s.id), submission); err != nil {
		w.t.Fatal(err)
	}
	w.promises = append(w.promises, promise{id(s.id), digest(body)})
}

// mustServe checks what the index says of alpha 1.0.0.
func (w *world) mustServe(s step) {
	w.t.Helper()
	site := w.site.Snapshot()
	head, ok := site["stable/index.yaml"]
	if !ok {
		if s.release != nil {
			w.t.Errorf("there is no index")
		}
		return
	}
	x, err := w.judge.index(head)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, e := range x.Entries["alpha"] {
		if e.Version != "1.0.0" {
			continue
		}
		_, signed := site["stable/"+e.URLs[0]+".prov"]
		if e.Digest != digest(s.release) || signed != s.signed {
			w.t.Errorf("alpha 1.0.0 has digest %s, signed %t; want %s, %t", e.Digest, signed, digest(s.release), s.signed)
		}
		return
	}
	if s.release != nil {
		w.t.Errorf("alpha 1.0.0 is not in the index")
	}
}

// TestLateUpload decides an upload after one that arrived later: a generator
// may be slow, or its listing stale.
func TestLateUpload(t *testing.T) {
	for policy, want := range map[string]string{"replace": "superseded later-upload", "reject": "rejected version-exists"} {
		w := newWorld(t)
		w.configure("channels: [{match: '**', duplicates: " + policy + "}]")
		early := w.clock.Add(time.Second)
		w.clock = early.Add(time.Hour)
		w.mustUpload("stable", id(2), alphaNew, nil)
		w.mustRun()
		late := w.clock
		w.clock = early
		w.mustUpload("stable", id(1), alphaOld, nil)
		w.clock = late.Add(time.Hour)
		if got := verdicts(w.mustRun())[id(1)]; got != want {
			t.Errorf("duplicates: %s: got %q, want %q", policy, got, want)
		}
	}
}

// TestReceipt reads what an uploader gets to read.
func TestReceipt(t *testing.T) {
	w := newWorld(t)
	w.configure("channels: [{match: stable, duplicates: reject}]")
	w.publish("stable", 1, alphaOld)
	w.mustUpload("stable", id(2), alphaNew, nil)
	w.mustRun()
	var r droparea.Receipt
	if err := json.Unmarshal(w.drop.Snapshot()["receipts/"+id(2)+".json"], &r); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"alpha 1.0.0", digest(alphaOld), digest(alphaNew), "2026-03-01T12:01:01Z"} {
		if !strings.Contains(r.Message, part) {
			t.Errorf("message %q does not mention %s", r.Message, part)
		}
	}
	if r.Fix == "" || r.Generation != 2 || r.Request.File != "upload.tgz" {
		t.Errorf("got %+v; want a fix, generation 2 and the file's name", r)
	}
	if public, err := json.Marshal(w.site.Snapshot()); err != nil || strings.Contains(string(public), "upload.tgz") {
		t.Errorf("what the uploader called the file is on the site (%v)", err)
	}
}

// TestRestored: a chart whose archive is gone comes back by uploading it again.
func TestRestored(t *testing.T) {
	for _, gone := range []string{"alpha-1.0.0.tgz", "*"} {
		w := newWorld(t)
		w.configure("channels: [{match: '**', duplicates: reject}]")
		w.publish("stable", 1, alphaOld)
		w.quiet = true
		for key := range w.site.Snapshot() {
			if dir, name := path.Split(key); strings.HasPrefix(dir, "stable/charts/") && (gone == "*" || gone == name) {
				if err := w.site.Handle("vandal").Delete(t.Context(), key, ""); err != nil {
					t.Fatal(err)
				}
			}
		}
		w.mustUpload("stable", id(2), alphaNew, nil)
		w.mustUpload("stable", id(3), alphaOld, nil)
		w.clock = w.clock.Add(time.Minute)
		w.inject(nil)
		report, err := w.run("run")
		want := map[string]string{id(2): "rejected version-exists", id(3): "replaced restored"}
		if got := verdicts(report); err != nil || !maps.Equal(got, want) {
			t.Errorf("%s gone: got %v, %v; want %v", gone, got, err, want)
		}
		verified, err := publisher.Verify(t.Context(), w.site.Handle("verify"), publisher.VerifyOptions{Workers: 1})
		if err != nil || strings.Contains(fmt.Sprint(verified.Channels[0].Faults), id(3)) {
			t.Errorf("%s gone: %+v, %v", gone, verified, err)
		}
	}
}

// TestLoneProvenance: a provenance file whose chart does not come costs the same
// few operations in each run, however many records come after it, until it has
// waited for long enough. One that announces a chart under its own id waits too.
func TestLoneProvenance(t *testing.T) {
	w := newWorld(t)
	w.quiet = true
	w.publish("stable", 1, alphaOld)
	w.mustUpload("stable", id(100), nil, gammaSig)
	w.mustUpload("stable", id(101), nil, betaProv)
	w.drop.Put("inbox/stable/"+id(101)+".json", []byte(`{"provenance":true}`))
	var counts []int
	for i := range 5 {
		w.clock = w.clock.Add(time.Minute)
		w.publish("stable", 2+i, charttest.Simple("alpha", fmt.Sprintf("2.%d.0", i)))
		w.inject(nil)
		report, err := w.run("idle")
		if err != nil || len(report.Channels[0].Waiting) != 2 || len(report.Channels[0].Receipts) != 0 {
			t.Fatalf("got %+v, %v", report, err)
		}
		counts = append(counts, w.n)
	}
	if slices.Min(counts) != slices.Max(counts) {
		t.Errorf("operations of idle runs: %v; want the same number each time", counts)
	}
	w.clock = w.clock.Add(25 * time.Hour)
	want := map[string]string{id(100): "rejected provenance-alone", id(101): "rejected provenance-alone"}
	if got := verdicts(w.mustRun()); !maps.Equal(got, want) {
		t.Errorf("after a day: got %v, want %v", got, want)
	}
}

// TestMissingProvenance: a chart whose uploader announced a provenance file that
// is not there is published once that comes, and refused if it does not.
func TestMissingProvenance(t *testing.T) {
	w := newWorld(t)
	for n, chart := range [][]byte{gamma, beta} {
		w.mustUpload("stable", id(n), chart, nil)
		w.drop.Put("inbox/stable/"+id(n)+".json", []byte(`{"file":"x.tgz","provenance":true}`))
	}
	for range 2 {
		w.clock = w.clock.Add(time.Minute)
		report := w.mustRun()
		if waiting := report.Channels[0].Waiting; len(waiting) != 2 || waiting[0].ID != id(0) || !strings.Contains(waiting[0].Reason, "provenance") {
			t.Fatalf("waiting: %+v; want both", waiting)
		}
		if len(report.Channels[0].Receipts) > 0 || len(w.site.Snapshot()) > 0 {
			t.Fatalf("something was decided: %+v", report.Channels[0].Receipts)
		}
	}
	w.drop.Put("inbox/stable/"+id(1)+".tgz.prov", betaProv)
	if got, want := verdicts(w.mustRun()), map[string]string{id(1): "accepted"}; !maps.Equal(got, want) {
		t.Errorf("when one has come: got %v, want %v", got, want)
	}
	w.clock = w.clock.Add(25 * time.Hour)
	report := w.mustRun()
	if got, want := verdicts(report), map[string]string{id(0): "rejected provenance-missing"}; !maps.Equal(got, want) {
		t.Fatalf("after a day: got %v, want %v", got, want)
	}
	if r := report.Channels[0].Receipts[0]; r.Fix == "" || !strings.Contains(r.Message, "gamma 0.1.0") {
		t.Errorf("receipt: %+v", r)
	}
}

// TestForeignHead refuses to overwrite somebody else's repository.
func TestForeignHead(t *testing.T) {
	w := newWorld(t)
	theirs := []byte("apiVersion: v1\nentries: {}\n")
	w.site.Put("stable/index.yaml", theirs)
	w.mustUpload("stable", id(1), alphaOld, nil)
	w.mustUpload("devel", id(2), alphaOld, nil)
	w.quiet = true
	report, err := w.run("run")
	if err == nil || !strings.Contains(err.Error(), "stable/index.yaml was not written by portolan") {
		t.Errorf("got %v", err)
	}
	if got := w.site.Snapshot()["stable/index.yaml"]; string(got) != string(theirs) {
		t.Errorf("it was overwritten by %s", got)
	}
	if got := verdicts(report); got[id(2)] != "accepted" || got[id(1)] != "" {
		t.Errorf("verdicts %v; want one for the other channel alone", got)
	}
}

// TestDamagedHead puts right a head that is not what the log says.
func TestDamagedHead(t *testing.T) {
	for name, damage := range map[string]func(w *world, head []byte){
		"cut short": func(w *world, head []byte) { w.site.Put("stable/index.yaml", head[:len(head)/2]) },
		"a byte changed": func(w *world, head []byte) {
			w.site.Put("stable/index.yaml", []byte(strings.Replace(string(head), "beta", "bets", 1)))
		},
		"removed": func(w *world, _ []byte) {
			_ = w.site.Handle("vandal").Delete(w.t.Context(), "stable/index.yaml", "")
		},
		"replaced by an older one": func(w *world, _ []byte) {
			old := string(w.site.Snapshot()["stable/snapshots/00000001/index.yaml"])
			w.site.Put("stable/index.yaml", []byte(strings.ReplaceAll(old, `"../../charts/`, `"charts/`)))
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.publish("stable", 1, alphaOld)
			w.publish("stable", 2, beta)
			w.quiet = true
			damage(w, w.site.Snapshot()["stable/index.yaml"])
			w.mustUpload("stable", id(3), gamma, nil)
			w.mustRun()
			w.mustShowNewest()
			x, err := w.judge.index(w.site.Snapshot()["stable/index.yaml"])
			if err != nil || len(x.Entries) != 3 {
				t.Errorf("got %v, %v; want three charts", x, err)
			}
		})
	}
}

// TestHeadOfNamed: a channel that is named has its head put right without an
// upload; one that there is not is not made.
func TestHeadOfNamed(t *testing.T) {
	w := newWorld(t)
	w.publish("stable", 1, alphaOld)
	w.publish("devel", 2, beta)
	w.quiet = true
	want := string(w.site.Snapshot()["stable/index.yaml"])
	for _, channel := range []string{"stable", "devel"} {
		if err := w.site.Handle("vandal").Delete(t.Context(), channel+"/index.yaml", ""); err != nil {
			t.Fatal(err)
		}
	}
	w.inject(nil)
	named := func(dry bool) *generator.Report {
		report, err := w.start(generator.Options{
			Drop: w.drop.Handle("run"), Site: w.site.Handle("run"), Channels: []string{"stable", "misspelt"}, DryRun: dry,
		}, "run")
		if err != nil || len(report.Channels) != 1 || report.Channels[0].Channel != "stable" {
			t.Fatalf("got %+v, %v; want stable alone", report, err)
		}
		return report
	}
	if r := named(true).Channels[0]; r.Head != "stable/index.yaml: missing" || w.site.Snapshot()["stable/index.yaml"] != nil {
		t.Errorf("dry run: got %+v", r)
	}
	if r := named(false).Channels[0]; r.Head == "" || r.Before != 1 || r.After != 1 {
		t.Errorf("got %+v", r)
	}
	site := w.site.Snapshot()
	if got := string(site["stable/index.yaml"]); got != want || site["devel/index.yaml"] != nil {
		t.Errorf("head is %q; want %q, and none of devel", got, want)
	}
	if r := named(false).Channels[0]; r.Head != "" {
		t.Errorf("once it is right: %+v", r)
	}
}

// TestDryRun says what a run then does, and writes nothing.
func TestDryRun(t *testing.T) {
	w := fullWorld(t)
	before := [2]map[string][]byte{w.drop.Snapshot(), w.site.Snapshot()}
	dry, err := w.start(generator.Options{Drop: w.drop.Handle("dry"), Site: w.site.Handle("dry"), DryRun: true}, "dry")
	if err != nil {
		t.Fatal(err)
	}
	for i, m := range []*buckettest.Mem{w.drop, w.site} {
		if !maps.EqualFunc(before[i], m.Snapshot(), func(a, b []byte) bool { return string(a) == string(b) }) {
			t.Errorf("it wrote to store %d", i)
		}
	}
	wet := w.mustRun()
	if got, want := verdicts(dry), verdicts(wet); !maps.Equal(got, want) {
		t.Errorf("verdicts:\ndry %v\nwet %v", got, want)
	}
	for i := range wet.Channels {
		if dry.Channels[i].After != wet.Channels[i].After {
			t.Errorf("generation %d dry, %d wet", dry.Channels[i].After, wet.Channels[i].After)
		}
	}
}

// TestBadRequests survives what strangers may write beside an upload.
func TestBadRequests(t *testing.T) {
	w := newWorld(t)
	w.mustUpload("stable", id(1), alphaOld, nil)
	w.drop.Put("inbox/stable/"+id(1)+".json", []byte("{not json"))
	w.drop.Put("inbox/stable/"+id(2)+".json", []byte(`{"force":true}`)) // no chart came
	w.drop.Put("inbox/README.md", nil)
	w.drop.Put("inbox/stable/notes.txt", nil)
	w.drop.Put("inbox/charts/x.tgz", nil)
	w.clock = w.clock.Add(time.Minute)
	report := w.mustRun()
	if got := verdicts(report); !maps.Equal(got, map[string]string{id(1): "accepted"}) {
		t.Errorf("verdicts %v", got)
	}
	if len(report.Ignored) != 3 {
		t.Errorf("ignored: %v; want three files", report.Ignored)
	}
	if warned := report.Channels[0].Receipts[0].Warnings; len(warned) != 1 || warned[0].Rule != "warn-request" || !strings.Contains(warned[0].Message, ".json") {
		t.Errorf("warnings %v; want one of the request", warned)
	}
	if message, _ := generator.Describe("warn-request"); message == "" {
		t.Error("the warning's rule has no text")
	}
	w.clock = w.clock.Add(25 * time.Hour)
	report = w.mustRun()
	orphan := slices.IndexFunc(report.Ignored, func(i droparea.Ignored) bool { return i.Key == "inbox/stable/"+id(2)+".json" })
	if orphan < 0 || len(report.Ignored) != 4 || !strings.Contains(report.Ignored[orphan].Reason, "has not arrived") {
		t.Errorf("ignored: %v; want the request without a chart, too", report.Ignored)
	}
}

// TestLargeRequest: a request that is too large is left out, with a warning.
func TestLargeRequest(t *testing.T) {
	w := newWorld(t)
	w.mustUpload("stable", id(1), alphaOld, nil)
	w.drop.Put("inbox/stable/"+id(1)+".json", []byte(`{"file":"`+strings.Repeat("x", 3_000_000)+`"}`))
	receipt := w.mustRun().Channels[0].Receipts[0]
	if receipt.Verdict != verdict.Accepted || len(receipt.Warnings) != 1 || receipt.Warnings[0].Rule != "warn-request" {
		t.Errorf("got %+v", receipt)
	}
}

// TestSettling leaves a file alone that is still being copied into the inbox.
func TestSettling(t *testing.T) {
	w := newWorld(t)
	w.put("stable", "alpha-1.0.0.tgz", alphaOld)
	slept := time.Duration(0)
	o := generator.Options{Drop: w.drop.Handle("run"), Site: w.site.Handle("run"), Workers: 1}
	o.Now = func() time.Time { return w.clock }
	o.Sleep = func(_ context.Context, d time.Duration) error {
		slept += d
		w.clock = w.clock.Add(d)
		if slept <= droparea.Settle { // it goes on being written
			w.drop.Put("inbox/stable/alpha-1.0.0.tgz", alphaOld)
		}
		return nil
	}
	report, err := generator.Run(t.Context(), o)
	if err != nil || report.Count(verdict.Accepted) != 1 {
		t.Errorf("got %+v, %v", report, err)
	}
	if slept != 2*droparea.Settle {
		t.Errorf("slept %v, want %v", slept, 2*droparea.Settle)
	}
}
