package generator_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
	"github.com/portolan-charts/portolan/publisher/droparea"
	"github.com/portolan-charts/portolan/publisher/registry"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

const (
	ociOn  = "channels: [{match: '**', oci: true}]"
	ociOff = "channels: [{match: '**', oci: false}]"
)

// registryWorld is fullWorld in the registry.
func registryWorld(t testing.TB) *world {
	w := newWorld(t)
	w.configure(ociOn)
	return w.small().full()
}

// turnedOnWorld is fullWorld that is put into the registry when it has versions already.
func turnedOnWorld(t testing.TB) *world {
	w := newWorld(t).small().full()
	w.configure(ociOn)
	return w
}

// TestEveryCrashInRegistry is TestEveryCrash with the registry.
func TestEveryCrashInRegistry(t *testing.T) {
	for name, make := range map[string]func(testing.TB) *world{"from the start": registryWorld, "turned on": turnedOnWorld} {
		t.Run(name, func(t *testing.T) { crashEverywhere(t, make) })
	}
}

// TestEveryOrderInRegistry runs two generators and an uploader, as TestEveryOrder does, where
// the channel is in the registry, or both generators find that it is to be.
func TestEveryOrderInRegistry(t *testing.T) {
	depth := 1
	if testing.Short() {
		depth = 0
	}
	for name, make := range map[string]func(t testing.TB) *world{
		"from the start": func(t testing.TB) *world { return exploredIn(t, ociOn) },
		"turned on": func(t testing.TB) *world {
			w := exploredWorld(t)
			w.configure(ociOn)
			return w
		},
	} {
		explore := func(t testing.TB, plan schedule) (*turns, error) { return make(t).explore(plan) }
		t.Run(name, func(t *testing.T) {
			eachSchedule(t, explore, depth, func(s schedule, explore func(schedule) *turns) { explore(s) })
		})
		t.Run(name+", with a fault", func(t *testing.T) { eachSchedule(t, explore, depth, withFaults(depth, 24)) })
	}
}

// tagsOf are the tags that are listed for a chart; nil if there is no list.
func (w *world) tagsOf(channel, chart string) []string {
	list, err := registry.ParseTags(w.site.Snapshot()[registry.TagsKey(registry.Repository(channel, chart))])
	if err != nil {
		return nil
	}
	return list.Tags
}

// manifestOf is what a tag names; nil without such a tag.
func (w *world) manifestOf(channel, chart, version string) []byte {
	return w.site.Snapshot()[registry.TagKey(registry.Repository(channel, chart), registry.Tag(version))]
}

// TestRegistry: each version can be read by its tag and its digest, and its bytes are those
// that the index names.
func TestRegistry(t *testing.T) {
	w := registryWorld(t)
	w.mustRun()
	w.mustShowNewest()
	for chart, want := range map[string]struct {
		archive []byte
		signed  bool
	}{"alpha": {alphaNew, false}, "beta": {beta, true}, "gamma": {gamma, true}, "foreign": {foreign, false}} {
		version := map[string]string{"gamma": "0.1.0", "foreign": "2.0.0"}[chart]
		if version == "" {
			version = "1.0.0"
		}
		if got := w.tagsOf("stable", chart); !slices.Equal(got, []string{version}) {
			t.Errorf("%s has the tags %q", chart, got)
		}
		m, err := registry.Parse(w.manifestOf("stable", chart, version))
		if err != nil {
			t.Fatalf("%s: %v", chart, err)
		}
		if m.Archive != registry.SumOf(want.archive) || (m.Provenance.Size > 0) != want.signed {
			t.Errorf("%s: %+v", chart, m)
		}
		o, blob, _ := w.site.Object(registry.BlobKey("stable/"+chart, m.Archive.SHA256))
		if string(blob) != string(want.archive) || o.ContentType != "application/octet-stream" || o.CacheControl == "" {
			t.Errorf("%s: its blob has %d bytes, %s, %s", chart, len(blob), o.ContentType, o.CacheControl)
		}
		_, config, _ := w.site.Object(registry.BlobKey("stable/"+chart, m.Config.SHA256))
		if !strings.Contains(string(config), fmt.Sprintf(`"name":%q`, chart)) {
			t.Errorf("%s: its config is %s", chart, config)
		}
	}
	if got := w.tagsOf("42/devel", "gamma"); !slices.Equal(got, []string{"0.1.0"}) {
		t.Errorf("the other channel has the tags %q", got)
	}
}

// TestRegistryReplaced: a tag moves on, and what it named before can still be read.
func TestRegistryReplaced(t *testing.T) {
	w := newWorld(t)
	w.configure(ociOn)
	w.publish("stable", 1, alphaOld)
	before := w.manifestOf("stable", "alpha", "1.0.0")
	w.publish("stable", 2, alphaNew)
	after := w.manifestOf("stable", "alpha", "1.0.0")
	site := w.site.Snapshot()
	if string(before) == string(after) || string(site[registry.ManifestKey("stable/alpha", digest(before))]) != string(before) ||
		string(site[registry.BlobKey("stable/alpha", digest(alphaOld))]) != string(alphaOld) {
		t.Errorf("from %s to %s", before, after)
	}
	// A signature that comes later has a manifest of its own, and signs the same bytes.
	w.mustUpload("stable", id(3), nil, signer.Sign("alpha-1.0.0.tgz", alphaNew))
	w.mustRun()
	w.mustShowNewest()
	signed, err := registry.Parse(w.manifestOf("stable", "alpha", "1.0.0"))
	if err != nil || signed.Provenance.Size == 0 || signed.Archive != registry.SumOf(alphaNew) {
		t.Errorf("got %+v, %v", signed, err)
	}
	if m, _ := registry.Parse(after); m.Config != signed.Config {
		t.Error("its config is another one")
	}
}

// TestRegistryReceipts: a receipt has the digest that pins the version, also if the run that
// decided the upload did not get to write it, and the versions that the registry has not
// have none.
func TestRegistryReceipts(t *testing.T) {
	w := newWorld(t)
	w.configure(ociOn)
	mustPin := func(upload string, verdict verdict.Verdict, pin string) {
		t.Helper()
		r, err := droparea.ReadReceipt(t.Context(), w.drop.Handle("uploader"), upload)
		if err != nil || r.Verdict != verdict || r.Manifest != pin {
			t.Errorf("got %+v, %v; want %s, %s", r, err, verdict, pin)
		}
	}
	digestNow := func() string { return "sha256:" + digest(w.manifestOf("stable", "alpha", "1.0.0")) }
	w.publish("stable", 1, alphaOld)
	first := digestNow()
	w.publish("stable", 2, alphaOld, charttest.Simple("Capital", "1.0.0"))
	w.mustUpload("stable", id(4), alphaNew, nil)
	backup := w.drop.Snapshot()
	w.mustRun()
	mustPin(id(1), verdict.Accepted, first)
	mustPin(id(2), verdict.Unchanged, first)
	mustPin(id(3), verdict.Accepted, "")
	mustPin(id(4), verdict.Replaced, digestNow())
	if first == digestNow() {
		t.Error("new content has the old digest")
	}
	if err := w.drop.Handle("prune").Delete(t.Context(), "receipts/"+id(4)+".json", ""); err != nil {
		t.Fatal(err)
	}
	for key, b := range backup {
		w.drop.Put(key, b)
	}
	w.mustRun()
	mustPin(id(4), verdict.Replaced, digestNow())
	w.configure(ociOff)
	w.publish("stable", 5, alphaNew)
	mustPin(id(5), verdict.Unchanged, "")
}

// TestRegistryTurnedOn: new versions have manifests from then on, and older ones get theirs
// in the same run. A record gives manifests to a limited number of versions.
func TestRegistryTurnedOn(t *testing.T) {
	w := newWorld(t)
	w.quiet = true
	var charts [][]byte
	for i := range publisher.MaxManifests + 3 {
		charts = append(charts, charttest.Simple("many", fmt.Sprintf("1.%d.0", i)))
	}
	w.publish("stable", 1, append(charts, alphaOld, beta, charttest.Simple("Capital", "1.0.0"))...)
	w.configure(ociOn)
	w.mustUpload("stable", id(5000), charttest.Simple("alpha", "2.0.0"), nil)
	w.mustUpload("stable", id(5001), gamma, nil)
	report := w.mustRunQuiet()
	if c := report.Channels[0]; c.After-c.Before != 3 || c.Completed != publisher.MaxManifests+3+2+1 {
		t.Errorf("%d records, %d versions", c.After-c.Before, c.Completed)
	}
	w.mustShowNewest()
	if got := len(w.tagsOf("stable", "many")); got != publisher.MaxManifests+3 {
		t.Errorf("many has %d tags", got)
	}
	if got := w.tagsOf("stable", "alpha"); !slices.Equal(got, []string{"1.0.0", "2.0.0"}) {
		t.Errorf("alpha has the tags %q", got)
	}
	if w.tagsOf("stable", "Capital") != nil {
		t.Error("a chart with capitals has tags")
	}
	if err := w.check(); err != nil {
		t.Error(err)
	}
	// Now that all are there, a run has no more to do than without.
	w.mustUpload("stable", id(5002), charttest.Simple("beta", "2.0.0"), nil)
	if c := w.mustRunQuiet().Channels[0]; c.After-c.Before != 1 || c.Completed != 0 {
		t.Errorf("%d records, %d versions", c.After-c.Before, c.Completed)
	}
	if got := w.tagsOf("stable", "beta"); !slices.Equal(got, []string{"1.0.0", "2.0.0"}) {
		t.Errorf("beta has the tags %q", got)
	}
}

// TestRegistryPartly: as long as a chart has versions without a manifest, it has no list,
// from which clients would take the highest version.
func TestRegistryPartly(t *testing.T) {
	w := newWorld(t)
	w.publish("stable", 1, alphaOld, beta)
	w.configure(ociOn)
	w.mustUpload("stable", id(3), charttest.Simple("alpha", "2.0.0"), nil)
	w.mustUpload("stable", id(4), gamma, nil)
	// It dies when it has given the first chart its manifests.
	records := 0
	w.inject(func(_ int, _ string, op buckettest.Op) buckettest.Fault {
		if op.Kind == buckettest.Create && strings.Contains(op.Key, "/log/") {
			if records++; records == 2 {
				return buckettest.DieBefore
			}
		}
		return buckettest.None
	})
	if _, err := w.run("victim"); err == nil {
		t.Fatal("it did not die")
	}
	w.mustHold()
	w.mustShowNewest()
	if w.tagsOf("stable", "alpha") != nil || w.tagsOf("stable", "beta") != nil {
		t.Errorf("alpha has the tags %q, beta %q", w.tagsOf("stable", "alpha"), w.tagsOf("stable", "beta"))
	}
	if w.manifestOf("stable", "alpha", "2.0.0") == nil || !slices.Equal(w.tagsOf("stable", "gamma"), []string{"0.1.0"}) {
		t.Error("what is new cannot be read")
	}
	w.mustRun()
	w.mustShowNewest()
	if !slices.Equal(w.tagsOf("stable", "alpha"), []string{"1.0.0", "2.0.0"}) || !slices.Equal(w.tagsOf("stable", "beta"), []string{"1.0.0"}) {
		t.Errorf("alpha has the tags %q, beta %q", w.tagsOf("stable", "alpha"), w.tagsOf("stable", "beta"))
	}
}

// TestRegistryMissing: a version whose archive is lost keeps no other from its manifest.
func TestRegistryMissing(t *testing.T) {
	w := newWorld(t)
	w.quiet = true
	w.publish("stable", 1, alphaOld, beta)
	for key := range w.site.Snapshot() {
		if strings.Contains(key, "/alpha/1.0.0/") && !strings.HasSuffix(key, "release.json") {
			if err := w.site.Handle("test").Delete(t.Context(), key, ""); err != nil {
				t.Fatal(err)
			}
		}
	}
	w.configure(ociOn)
	w.mustUpload("stable", id(3), gamma, nil)
	if _, err := w.run("clean"); err == nil || !strings.Contains(err.Error(), "alpha-1.0.0.tgz: the index names an archive that is missing") {
		t.Errorf("got %v", err)
	}
	if w.tagsOf("stable", "alpha") != nil || !slices.Equal(w.tagsOf("stable", "beta"), []string{"1.0.0"}) {
		t.Errorf("alpha has the tags %q, beta %q", w.tagsOf("stable", "alpha"), w.tagsOf("stable", "beta"))
	}
	w.mustUpload("stable", id(4), alphaOld, nil) // which restores it
	w.mustRunQuiet()
	if !slices.Equal(w.tagsOf("stable", "alpha"), []string{"1.0.0"}) {
		t.Errorf("alpha has the tags %q", w.tagsOf("stable", "alpha"))
	}
}

// TestRegistryDamaged: a version whose archive is damaged is not put into the registry, and
// keeps no other from its manifest.
func TestRegistryDamaged(t *testing.T) {
	w := newWorld(t)
	w.quiet = true
	w.publish("stable", 1, alphaOld, beta)
	w.site.Immutable = nil
	archive := ""
	for key := range w.site.Snapshot() {
		if strings.HasSuffix(key, "/alpha-1.0.0.tgz") {
			archive = key
		}
	}
	w.site.Put(archive, []byte("damaged"))
	w.configure(ociOn)
	w.mustUpload("stable", id(3), gamma, nil)
	if _, err := w.run("clean"); err == nil || !strings.Contains(err.Error(), archive+": it is damaged") {
		t.Errorf("got %v", err)
	}
	for key, content := range w.site.Snapshot() {
		if strings.HasPrefix(key, "v2/") && string(content) == "damaged" {
			t.Errorf("%s is damaged", key)
		}
	}
	if w.tagsOf("stable", "alpha") != nil || !slices.Equal(w.tagsOf("stable", "beta"), []string{"1.0.0"}) {
		t.Errorf("alpha has the tags %q, beta %q", w.tagsOf("stable", "alpha"), w.tagsOf("stable", "beta"))
	}
	for key := range w.drop.Snapshot() {
		if strings.HasPrefix(key, "inbox/") {
			t.Errorf("%s would bring every run here", key)
		}
	}
	w.site.Put(archive, alphaOld)
	w.publish("stable", 4, gamma)
	if !slices.Equal(w.tagsOf("stable", "alpha"), []string{"1.0.0"}) {
		t.Errorf("alpha has the tags %q", w.tagsOf("stable", "alpha"))
	}
	// A rebuild does not take a damaged archive for the one that the registry lost.
	w.removeAll(w.registryFiles()...)
	w.site.Put(archive, []byte("damaged"))
	if _, err := publisher.Rebuild(t.Context(), w.site.Handle("rebuild"), "stable", publisher.RebuildOptions{Workers: 1}); err == nil ||
		!strings.Contains(err.Error(), "it is damaged") {
		t.Errorf("got %v", err)
	}
	for key, content := range w.site.Snapshot() {
		if strings.HasPrefix(key, "v2/") && string(content) == "damaged" {
			t.Errorf("%s is damaged", key)
		}
	}
}

// TestSignDamaged: a damaged archive gets no signature, in the registry or not, since its
// copy could not be put right. Once it is restored, it gets it.
func TestSignDamaged(t *testing.T) {
	for name, config := range map[string]string{"off": ociOff, "on": ociOn} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.quiet = true
			w.configure(config)
			w.publish("stable", 1, alphaOld)
			w.site.Immutable = nil
			archive := "stable/" + publisher.ReleaseURL("alpha", "1.0.0", id(1))
			w.site.Put(archive, []byte("damaged"))
			w.mustUpload("stable", id(2), nil, signer.Sign("alpha-1.0.0.tgz", alphaOld))
			if _, err := w.run("clean"); err == nil || !strings.Contains(err.Error(), archive+": it is damaged") {
				t.Errorf("got %v", err)
			}
			w.site.Put(archive, alphaOld)
			if r := w.mustRunQuiet().Channels[0].Receipts[0]; r.Verdict != verdict.Replaced || r.Rule != "signature" {
				t.Errorf("got %+v", r)
			}
			if faulty := w.verify("stable", true); len(faulty) > 0 {
				t.Errorf("faults of %q", faulty)
			}
		})
	}
}

// TestRegistryTurnedOff: nothing more is written, and turning it on again begins anew.
func TestRegistryTurnedOff(t *testing.T) {
	w := newWorld(t)
	w.configure(ociOn)
	w.publish("stable", 1, alphaOld)
	before := w.manifestOf("stable", "alpha", "1.0.0")
	w.configure(ociOff)
	w.publish("stable", 2, alphaNew, beta)
	if string(w.manifestOf("stable", "alpha", "1.0.0")) != string(before) || w.tagsOf("stable", "beta") != nil {
		t.Error("something was written though it is turned off")
	}
	w.configure(ociOn)
	w.publish("stable", 4, gamma)
	w.mustShowNewest()
	if m, err := registry.Parse(w.manifestOf("stable", "alpha", "1.0.0")); err != nil || m.Archive != registry.SumOf(alphaNew) {
		t.Errorf("alpha is %+v, %v", m, err)
	}
	if !slices.Equal(w.tagsOf("stable", "beta"), []string{"1.0.0"}) {
		t.Errorf("beta has the tags %q", w.tagsOf("stable", "beta"))
	}
}

// pushRequest is the request beside a chart that was pushed. Its manifest is not quite as
// portolan would make it.
func pushRequest(w *world, name, version string, chart []byte) droparea.Request {
	w.t.Helper()
	w.clock = w.clock.Add(time.Second)
	config := fmt.Sprintf(`{"name":%q, "version":%q}`, name, version)
	text, err := registry.New(registry.Release{Config: []byte(config), Archive: registry.SumOf(chart), Created: w.clock})
	if err != nil {
		w.t.Fatal(err)
	}
	return droparea.Request{File: "a", Manifest: " " + string(text), Config: config}
}

// mustPush puts a chart that was pushed to stable into the inbox.
func (w *world) mustPush(n int, chart []byte, r droparea.Request) {
	w.t.Helper()
	s := droparea.Submission{Chart: bucket.Bytes(chart), Request: r}
	if err := droparea.Submit(w.t.Context(), w.drop.Handle("shim"), "stable", id(n), s); err != nil {
		w.t.Fatal(err)
	}
}

// TestRegistryPushed: a manifest that was pushed with a chart is used as it is, also if the
// chart is read a second time; one that is not the chart's own is refused.
func TestRegistryPushed(t *testing.T) {
	push := func(w *world, n int, chart []byte, change func(*droparea.Request)) {
		w.t.Helper()
		request := pushRequest(w, "alpha", "1.0.0", alphaOld)
		change(&request)
		w.mustPush(n, chart, request)
	}
	same := func(*droparea.Request) {}
	for name, test := range map[string]struct {
		chart  []byte
		change func(*droparea.Request)
		want   string // part of the reason; "" if it is accepted
	}{
		"its own":         {alphaOld, same, ""},
		"another chart's": {alphaNew, same, "names an archive of"},
		"another config":  {alphaOld, func(r *droparea.Request) { r.Config += " " }, "names a config of"},
		"no manifest":     {alphaOld, func(r *droparea.Request) { r.Manifest = "" }, "not JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.configure(ociOn)
			push(w, 1, test.chart, test.change)
			receipt := w.mustRun().Channels[0].Receipts[0]
			if test.want != "" {
				if receipt.Rule != "manifest" || !strings.Contains(receipt.Message, test.want) || receipt.Fix == "" {
					t.Errorf("got %+v", receipt)
				}
				return
			}
			w.mustShowNewest()
			got := string(w.manifestOf("stable", "alpha", "1.0.0"))
			if receipt.Verdict != verdict.Accepted || !strings.HasPrefix(got, " {") || receipt.Request.Manifest != "" {
				t.Errorf("got %+v, and the tag is %q", receipt, got)
			}
		})
	}
	t.Run("read twice", func(t *testing.T) {
		w := newWorld(t)
		w.configure(ociOn)
		w.publish("stable", 1, alphaNew)
		w.mustUpload("stable", id(2), alphaNewest, nil) // it is staged early, but a later one takes its place
		push(w, 3, alphaOld, same)
		w.mustRun()
		w.mustShowNewest()
		if got := string(w.manifestOf("stable", "alpha", "1.0.0")); !strings.HasPrefix(got, " {") {
			t.Errorf("the tag is %q", got)
		}
	})
	t.Run("turned off", func(t *testing.T) {
		w := newWorld(t)
		push(w, 1, alphaOld, same)
		if r := w.mustRun().Channels[0].Receipts[0]; r.Verdict != verdict.Accepted || w.manifestOf("stable", "alpha", "1.0.0") != nil {
			t.Errorf("got %+v", r)
		}
	})
}

// TestRegistryFirstStands: digests stay, although a run that was cut off and the next one
// would make different manifests, or only one of them makes any.
func TestRegistryFirstStands(t *testing.T) {
	other := func(r registry.Release) ([]byte, error) {
		b, err := registry.New(r)
		return append(b, '\n'), err
	}
	for name, first := range map[string]string{"another build": ociOn, "turned on meanwhile": ociOff} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.configure(first)
			w.mustUpload("stable", id(1), alphaOld, nil)
			w.inject(func(_ int, _ string, op buckettest.Op) buckettest.Fault {
				if op.Kind == buckettest.Create && strings.Contains(op.Key, "/log/") {
					return buckettest.DieBefore
				}
				return buckettest.None
			})
			if _, err := w.run("victim"); err == nil {
				t.Fatal("it did not die")
			}
			w.inject(nil)
			w.configure(ociOn)
			o := generator.Options{Drop: w.drop.Handle("next"), Site: w.site.Handle("next")}
			generator.MakeManifests(&o, other)
			if _, err := w.start(o, "next"); err != nil {
				t.Fatal(err)
			}
			w.mustHold()
			w.mustShowNewest()
			got := w.manifestOf("stable", "alpha", "1.0.0")
			if want := first == ociOff; strings.HasSuffix(string(got), "\n") != want {
				t.Errorf("got %q", got)
			}
		})
	}
}

// TestRegistryCannot: what cannot be in a registry is published nevertheless, and told, also
// if somebody has put a manifest beside it.
func TestRegistryCannot(t *testing.T) {
	w := newWorld(t)
	w.configure(ociOn)
	long := "1.0.0-" + strings.Repeat("a", 123)
	w.mustUpload("stable", id(1), charttest.Simple("Capital", "1.0.0"), nil)
	w.mustUpload("stable", id(2), alphaOld, nil)
	w.mustUpload("Stable2", id(3), alphaOld, nil)
	for n, v := range []struct{ name, version string }{{"Capital", "2.0.0"}, {"beta", long}} {
		chart := charttest.Simple(v.name, v.version)
		w.mustPush(4+n, chart, pushRequest(w, v.name, v.version, chart))
	}
	report := w.mustRun()
	w.mustShowNewest()
	for _, c := range report.Channels {
		if (c.RegistryLeft != "") != (c.Channel == "Stable2") {
			t.Errorf("%s: %q", c.Channel, c.RegistryLeft)
		}
		for _, r := range c.Receipts {
			warned := slices.ContainsFunc(r.Warnings, func(w verdict.Warning) bool { return w.Rule == "warn-oci" })
			if r.Verdict != verdict.Accepted || warned != (r.Chart == "Capital" || r.Version == long) {
				t.Errorf("got %+v", r)
			}
		}
	}
	for key := range w.site.Snapshot() {
		if strings.HasPrefix(key, "v2/") && !strings.HasPrefix(key, "v2/stable/alpha/") {
			t.Errorf("there is %s", key)
		}
	}
}
