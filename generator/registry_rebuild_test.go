package generator_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/registry"
)

// registryFiles are the keys of the registry's files.
func (w *world) registryFiles() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(w.site.Snapshot())), func(key string) bool { return !strings.HasPrefix(key, "v2/") })
}

func (w *world) removeAll(keys ...string) {
	w.t.Helper()
	for _, key := range keys {
		if err := w.site.Handle("test").Delete(w.t.Context(), key, ""); err != nil {
			w.t.Fatal(err)
		}
	}
}

// verify returns the keys of what is wrong in a channel.
func (w *world) verify(channel string, deep bool) (faulty []string) {
	w.t.Helper()
	report, err := publisher.Verify(w.t.Context(), w.site.Handle("verify"), publisher.VerifyOptions{
		Channels: []string{channel}, Deep: deep, Workers: 1, Now: func() time.Time { return w.clock.Add(time.Hour) },
	})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, f := range report.Channels[0].Faults {
		faulty = append(faulty, f.Key)
	}
	return faulty
}

func (w *world) mustRebuild(channel string) *publisher.RebuildReport {
	w.t.Helper()
	report, err := publisher.Rebuild(w.t.Context(), w.site.Handle("rebuild"), channel, publisher.RebuildOptions{Workers: 1})
	if err != nil {
		w.t.Fatal(err)
	}
	return report
}

// replacedWorld has versions that were there before the channel was in the registry, a
// pushed manifest, one that was replaced, and one that was signed later.
func replacedWorld(t *testing.T) *world {
	w := newWorld(t)
	w.quiet = true
	w.publish("stable", 1, alphaOld, beta)
	w.configure(ociOn)
	w.publish("stable", 3, gamma)
	w.publish("stable", 4, charttest.Simple("gamma", "0.1.0", "README.md", "changed"))
	w.mustUpload("stable", id(5), nil, betaProv)
	w.mustRun()
	return w
}

// TestVerifyRegistry: every file of the registry that is missing or another one is found.
func TestVerifyRegistry(t *testing.T) {
	w := replacedWorld(t)
	if faulty := w.verify("stable", true); len(faulty) > 0 {
		t.Fatalf("faults of %q", faulty)
	}
	keys := w.registryFiles()
	if len(keys) < 20 {
		t.Fatalf("there are only %q", keys)
	}
	for _, key := range keys {
		_, data, _ := w.site.Object(key)
		w.removeAll(key)
		if faulty := w.verify("stable", false); !slices.Contains(faulty, key) {
			t.Errorf("%s is missing: faults of %q", key, faulty)
		}
		w.site.Immutable = nil
		w.site.Put(key, append(slices.Clone(data[:len(data)-1]), '?'))
		if faulty := w.verify("stable", true); !slices.Contains(faulty, key) {
			t.Errorf("%s is another one: faults of %q", key, faulty)
		}
		w.site.Put(key, data)
	}
	if faulty := w.verify("stable", true); len(faulty) > 0 {
		t.Errorf("faults of %q", faulty)
	}
}

// TestRebuildRegistry: a rebuild makes the whole registry again, byte for byte, also what
// was replaced since; and whatever one file of it has become.
func TestRebuildRegistry(t *testing.T) {
	w := replacedWorld(t)
	w.site.Immutable = nil
	want := w.site.Snapshot()
	same := func(what string) {
		t.Helper()
		got := w.site.Snapshot()
		for _, key := range slices.Sorted(maps.Keys(want)) {
			if string(got[key]) != string(want[key]) {
				t.Errorf("%s: %s is %q, not %q", what, key, got[key], want[key])
			}
		}
		if len(got) != len(want) {
			t.Errorf("%s: %d files, not %d", what, len(got), len(want))
		}
	}
	keys := w.registryFiles()
	w.removeAll(keys...)
	if report := w.mustRebuild("stable"); !slices.Equal(slices.Sorted(slices.Values(report.Written)), keys) {
		t.Errorf("wrote %q, not %q", report.Written, keys)
	}
	same("deleted wholly")
	for _, key := range keys {
		w.site.Put(key, []byte("damaged"))
		w.mustRebuild("stable")
		same(key)
	}
	if report := w.mustRebuild("stable"); len(report.Written) > 0 {
		t.Errorf("wrote %q once more", report.Written)
	}
	// What release.json has lost, the registry still has.
	for key := range want {
		if strings.HasSuffix(key, "/release.json") || strings.HasSuffix(key, "/oci.json") {
			w.removeAll(key)
		}
	}
	w.mustRebuild("stable")
	w.removeAll(keys...)
	if _, err := publisher.Rebuild(t.Context(), w.site.Handle("rebuild"), "stable", publisher.RebuildOptions{Workers: 1}); err == nil ||
		!strings.Contains(err.Error(), "could not be put into the registry again") {
		t.Errorf("got %v", err)
	}
}

// TestDigestsStay: the code that makes manifests is another one; no digest changes, neither
// by a run, nor by a rebuild of what was deleted wholly.
func TestDigestsStay(t *testing.T) {
	other := func(r registry.Release) ([]byte, error) {
		b, err := registry.New(r)
		return append(b, '\n'), err
	}
	w := replacedWorld(t)
	before := w.registryFiles()
	w.removeAll(before...)
	w.mustRebuild("stable")
	o := generator.Options{Site: w.site.Handle("rebuild"), Config: w.config, Now: func() time.Time { return w.clock }}
	generator.MakeManifests(&o, other)
	if done, err := generator.CompleteRegistry(t.Context(), o, "stable"); done.Versions != 0 || err != nil {
		t.Errorf("%d versions got a manifest, %v", done.Versions, err)
	}
	if got := w.registryFiles(); !slices.Equal(got, before) {
		t.Errorf("there are\n%q, not\n%q", got, before)
	}
	// Turned off and on again, all manifests that were made once come back.
	w.configure(ociOff)
	w.publish("stable", 10, foreign)
	w.configure(ociOn)
	o = generator.Options{Site: w.site.Handle("rebuild"), Config: w.config, Now: func() time.Time { return w.clock }}
	generator.MakeManifests(&o, other)
	if done, err := generator.CompleteRegistry(t.Context(), o, "stable"); done.Versions != 4 || err != nil {
		t.Errorf("%d versions got a manifest, %v", done.Versions, err)
	}
	fresh := slices.DeleteFunc(w.registryFiles(), func(key string) bool { return slices.Contains(before, key) })
	for _, key := range fresh {
		if !strings.HasPrefix(key, "v2/stable/foreign/") {
			t.Errorf("%s is new", key)
		}
	}
	w.mustShowNewest()
	if faulty := w.verify("stable", true); len(faulty) > 0 {
		t.Errorf("faults of %q", faulty)
	}
}

// TestCompleteRegistry: a rebuild by hand puts versions into the registry from before, and
// says what became of the channel; it takes none out.
func TestCompleteRegistry(t *testing.T) {
	w := newWorld(t)
	w.publish("stable", 1, alphaOld, beta)
	complete := func(channel string, want generator.Completion) {
		t.Helper()
		o := generator.Options{Site: w.site.Handle("rebuild"), Now: func() time.Time { return w.clock }, Config: w.config}
		done, err := generator.CompleteRegistry(t.Context(), o, channel)
		if left := want.RegistryLeft; err != nil || !strings.Contains(done.RegistryLeft, left) || left == "" && done.RegistryLeft != "" {
			t.Errorf("%q, %v; want %q", done.RegistryLeft, err, left)
		}
		if done.RegistryLeft = want.RegistryLeft; done != want {
			t.Errorf("got %+v, want %+v", done, want)
		}
		w.mustShowNewest()
	}
	complete("stable", generator.Completion{Generation: 1})
	if len(w.registryFiles()) > 0 {
		t.Error("it is in the registry")
	}
	w.configure(ociOn)
	complete("stable", generator.Completion{Generation: 2, Versions: 2})
	complete("stable", generator.Completion{Generation: 2})
	complete("none", generator.Completion{})
	if faulty := w.verify("stable", true); len(faulty) > 0 || len(w.tagsOf("stable", "beta")) != 1 {
		t.Errorf("faults of %q", faulty)
	}
	w.configure("baseURL: https://acme.github.io/charts\n" + ociOn)
	complete("stable", generator.Completion{Generation: 2, RegistryLeft: "clients ask the root of a host"})
	w.configure(ociOff)
	complete("stable", generator.Completion{Generation: 2, RegistryLeft: "'portolan generate --channel stable', which takes it out"})
}
