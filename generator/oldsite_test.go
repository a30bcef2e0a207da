package generator_test

import (
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
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
)

// old makes the site, which has the channel stable, what a portolan would have made that
// knew of no indexes but head, the snapshots and the older indexes.
func (w *world) old() *world {
	w.t.Helper()
	site := w.site.Snapshot()
	for _, key := range w.derivedKeys() {
		delete(site, key)
	}
	plain := strings.NewReplacer(`"portolan/charts":"true",`, "", `"portolan/all":"true",`, "")
	put := func(key, text string) (sum string, size int64) {
		site[key] = []byte(text)
		return digest(site[key]), int64(len(text))
	}
	parent := ""
	for n := 1; site[fmt.Sprintf("stable/log/%08d.json", n)] != nil; n++ {
		key := fmt.Sprintf("stable/log/%08d.json", n)
		var r publisher.Record
		if err := json.Unmarshal(site[key], &r); err != nil {
			w.t.Fatal(err)
		}
		r.Parent = parent
		if c := r.Change; c != nil {
			snapshot := fmt.Sprintf("stable/snapshots/%08d/", n)
			text := plain.Replace(string(site[snapshot+"index.yaml"]))
			put(snapshot+"index.yaml", text)
			c.Header = plain.Replace(c.Header)
			c.SHA256, c.Size = put("stable/index.yaml", strings.ReplaceAll(text, `"urls":["../../`, `"urls":["`))
			if older := snapshot + "older/index.yaml"; c.Older != nil {
				c.Older.SHA256, c.Older.Size = put(older, plain.Replace(string(site[older])))
			}
		}
		b, err := json.MarshalIndent(r, "", " ")
		if err != nil {
			w.t.Fatal(err)
		}
		parent, _ = put(key, string(b))
	}
	w.site = &buckettest.Mem{TB: w.t, Now: w.now, Immutable: w.site.Immutable}
	for _, key := range slices.Sorted(maps.Keys(site)) {
		w.site.Put(key, site[key])
	}
	clear(w.shown)
	w.inject(nil)
	return w
}

// derivedKeys are the keys of the indexes of charts, and of that of all versions.
func (w *world) derivedKeys() (keys []string) {
	for key := range w.site.Snapshot() {
		if path.Base(key) == "index.yaml" && (strings.Contains(key, "/charts/") || strings.HasSuffix(key, "/all/index.yaml")) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

// oldWorld is such a site with records of the formats 1 to 3, of which head leaves
// something out.
func oldWorld(t testing.TB) *world {
	w := newWorld(t)
	w.publish("stable", 1, alphaAt("1.0.0"), alphaAt("1.1.0"), beta)
	w.publish("stable", 11, alphaAt("1.2.0"), gamma)
	w.keep(2)
	w.publish("stable", 21, alphaAt("1.2.0-rc.1"))
	w.clock = w.clock.Add(leap)
	w.publish("stable", 31, alphaAt("1.3.0"))
	w.old()
	w.clock = w.clock.Add(leap)
	if _, err := w.prune(w.drop.Handle(pruneActor), w.site.Handle(pruneActor)); err != nil {
		t.Fatal(err)
	}
	if keys := w.derivedKeys(); len(keys) > 0 {
		t.Fatalf("the prune wrote %q", keys)
	}
	w.mustHold()
	return w
}

// verified verifies the site deep, and returns how many charts have no index of their own.
func (w *world) verified() int {
	w.t.Helper()
	report, err := publisher.Verify(w.t.Context(), w.site.Handle("verify"), publisher.VerifyOptions{Deep: true, Workers: 1})
	if err != nil || !report.OK() {
		w.t.Fatalf("%+v, %v", report, err)
	}
	c := report.Channels[0]
	if (c.Note() == "") != (c.Unindexed == 0) {
		w.t.Errorf("%d charts without an index: %q", c.Unindexed, c.Note())
	}
	return c.Unindexed
}

// TestOldSite: on a site that an older portolan has made, nothing is wrong and nothing
// changes until a chart does, which then gets its index; a rebuild gives it to the others.
func TestOldSite(t *testing.T) {
	w := oldWorld(t)
	formats := map[int]bool{}
	for n := 1; n <= 5; n++ {
		r, err := w.judge.record(w.site.Snapshot()[fmt.Sprintf("stable/log/%08d.json", n)])
		if err != nil {
			t.Fatal(err)
		}
		formats[r.Format] = true
	}
	if len(formats) != 3 {
		t.Fatalf("the log has the formats %v", formats)
	}
	before := w.site.Snapshot()
	same := func(when string) {
		t.Helper()
		if !maps.EqualFunc(before, w.site.Snapshot(), func(a, b []byte) bool { return string(a) == string(b) }) {
			t.Errorf("%s changed something", when)
		}
	}
	if n := w.verified(); n != 3 {
		t.Errorf("%d charts without an index", n)
	}
	w.named(generator.Options{})
	w.mustRun()
	same("a run with nothing to do")
	if _, err := w.prune(w.drop.Handle(pruneActor), w.site.Handle(pruneActor)); err != nil {
		t.Fatal(err)
	}
	same("a prune with nothing to do")

	w.publish("stable", 41, charttest.Simple("gamma", "0.2.0"))
	if keys := w.derivedKeys(); !slices.Equal(keys, []string{"stable/all/index.yaml", "stable/charts/gamma/index.yaml"}) {
		t.Errorf("after a change of one chart there are %v", keys)
	}
	if n := w.verified(); n != 2 {
		t.Errorf("%d charts without an index", n)
	}
	w.clock = w.clock.Add(leap)
	if _, err := w.prune(w.drop.Handle(pruneActor), w.site.Handle(pruneActor)); err != nil {
		t.Fatal(err)
	}
	if keys := w.derivedKeys(); len(keys) != 2 {
		t.Errorf("a prune wrote some of %v", keys)
	}
	w.mustHold()
	if _, err := publisher.Rebuild(t.Context(), w.site.Handle("rebuild"), "stable", publisher.RebuildOptions{Workers: 1}); err != nil {
		t.Fatal(err)
	}
	if n := w.verified(); n != 0 {
		t.Errorf("%d charts without an index after a rebuild", n)
	}
	w.mustHold()
	w.mustShowNewest()
}

// TestOldSiteRebuilt: a rebuild gives such a site its indexes, and changes nothing else.
func TestOldSiteRebuilt(t *testing.T) {
	w := oldWorld(t)
	before := w.site.Snapshot()
	report, err := publisher.Rebuild(t.Context(), w.site.Handle("rebuild"), "stable", publisher.RebuildOptions{Workers: 1})
	if err != nil || !slices.Equal(slices.Sorted(slices.Values(report.Written)), w.derivedKeys()) || len(report.Written) != 4 {
		t.Errorf("%+v, %v", report, err)
	}
	for key, b := range before {
		if string(w.site.Snapshot()[key]) != string(b) {
			t.Errorf("%s was changed", key)
		}
	}
	w.mustHold()
	w.mustShowNewest()
	if n := w.verified(); n != 0 {
		t.Errorf("%d charts without an index", n)
	}
}

// TestOldPortolanAmongNew: what an older portolan leaves behind is found, and written again
// before a prune removes what it names.
func TestOldPortolanAmongNew(t *testing.T) {
	w := newWorld(t)
	w.publish("stable", 1, alphaOld, beta)
	stale := w.site.Snapshot()["stable/charts/alpha/index.yaml"]
	w.clock = w.clock.Add(leap)
	w.publish("stable", 11, alphaNew)
	w.old() // as if the second generation were an older one's
	w.site.Put("stable/charts/alpha/index.yaml", stale)
	w.clock = w.clock.Add(leap)
	report, err := publisher.Verify(t.Context(), w.site.Handle("verify"), publisher.VerifyOptions{Workers: 1, Now: w.now})
	if err != nil || len(report.Channels[0].Faults) != 1 || !strings.Contains(report.Channels[0].Faults[0].Message, "generation 1, but generation 2") {
		t.Errorf("%+v, %v", report, err)
	}
	w.mustRun()
	pruned, err := w.prune(w.drop.Handle(pruneActor), w.site.Handle(pruneActor))
	if err != nil || pruned.Channels[0].Charts.Files == 0 {
		t.Fatalf("%+v, %v", pruned, err)
	}
	w.mustHold()
	if n := w.verified(); n != 1 {
		t.Errorf("%d charts without an index", n)
	}
}

// TestLegacyChannelAll: an index of all versions does not take the place of a channel that
// was called so when a channel could be.
func TestLegacyChannelAll(t *testing.T) {
	w := newWorld(t)
	w.publish("stable", 1, alphaAt("1.0.0"))
	legacy := w.site.Snapshot()
	for key, b := range legacy {
		if rest, ok := strings.CutPrefix(key, "stable/"); ok {
			w.site.Put("stable/all/"+rest, b)
		}
	}
	w.clock = w.clock.Add(time.Minute)
	w.keep(1)
	w.quiet = true
	w.mustUpload("stable", id(2), alphaAt("1.1.0"), nil)
	w.mustRunQuiet()
	if got := w.site.Snapshot()["stable/all/index.yaml"]; string(got) != string(legacy["stable/index.yaml"]) {
		t.Errorf("the channel's head is\n%s", got)
	}
	if strings.Contains(string(w.site.Snapshot()["stable/index.yaml"]), "portolan/all") {
		t.Error("the log says that it has been written")
	}
	w.verified()
}
