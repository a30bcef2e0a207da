package publisher_test

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
	"github.com/portolan-charts/portolan/publisher/registry"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// attic is a site in the registry whose alpha 1.0.0, which had two contents, was yanked, and
// has pages and files of an upload that was superseded and of one that is not decided.
type attic struct {
	t          *testing.T
	site, drop *buckettest.Mem
	now        time.Time
}

func newAttic(t *testing.T) *attic {
	t.Helper()
	w := &attic{t: t, site: pushed(t), drop: &buckettest.Mem{TB: t}, now: buckettest.Start().Add(time.Hour)}
	w.site.Now = func() time.Time { return w.now }
	s := w.site.Handle("test")
	for id, text := range map[string]string{upload(50): "superseded", upload(52): "another"} {
		if err := publisher.PutRelease(t.Context(), s, "stable", content(t, "alpha", "1.0.0", id, text)); err != nil {
			t.Fatal(err)
		}
	}
	act(t, s, func(c *publisher.Channel) publisher.Draft {
		d := acts(c, action.Yank, upload(60), "alpha", "1.0.0")
		d.Decisions = []publisher.Decision{{
			Upload: upload(50), Arrival: buckettest.Start(), Chart: "alpha", Version: "1.0.0", Verdict: verdict.Superseded, Digest: hash([]byte("superseded")),
		}}
		return d
	})
	return w
}

// prune frees what has been yanked for 90 days.
func (w *attic) prune(o publisher.PruneOptions) (*publisher.ChannelPrune, error) {
	yanked := 90 * day
	o.Yanked, o.Grace, o.Keep, o.Workers = &yanked, week, 1000*day, 1
	o.Now, o.Nonce = func() time.Time { return w.now }, func() string { return "prune" }
	r, err := publisher.Prune(w.t.Context(), w.drop.Handle("prune"), w.site.Handle("prune"), o)
	if len(r.Channels) == 0 {
		return nil, err
	}
	return &r.Channels[0], err
}

func (w *attic) mustPrune() *publisher.ChannelPrune {
	w.t.Helper()
	r, err := w.prune(publisher.PruneOptions{})
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// lists is how many versions an index of the channel has.
func (w *attic) lists(name string) int {
	return bytes.Count(w.site.Snapshot()["stable/"+name], []byte(`"urls"`))
}

// wantFreed makes sure that no list has the version, and its contents have tombstones.
func (w *attic) wantFreed(when string) {
	w.t.Helper()
	for name, want := range map[string]int{"index.yaml": 1, "charts/alpha/index.yaml": 1, "all/index.yaml": 1} {
		if got := w.lists(name); got != want {
			w.t.Errorf("%s: %s has %d versions", when, name, got)
		}
	}
	g, ok := open(w.t, w.site).State().FindGone(hash([]byte("second")), "")
	if !ok || g.Kind != action.Free || g.Fingerprint != hash([]byte("print of second")) || g.Reason != "it was yanked for 90d or longer" {
		w.t.Errorf("%s: the tombstone is %+v", when, g)
	}
	if w.site.Snapshot()[registry.TagKey("stable/alpha", "1.0.0")] != nil {
		w.t.Errorf("%s: there is a tag", when)
	}
	wantSound(w.t, w.site, when)
}

// wantRemoved makes sure that nothing of its files is left, and nothing else is gone.
func (w *attic) wantRemoved(when string) {
	w.t.Helper()
	w.wantFreed(when)
	site := w.site.Snapshot()
	for key, b := range site {
		for _, text := range []string{"first", "second", "superseded"} {
			if string(b) == text || string(b) == "signs "+text || strings.HasPrefix(key, "v2/") && bytes.Contains(b, []byte(hash([]byte(text)))) {
				w.t.Errorf("%s: %s is still there", when, key)
			}
		}
		if strings.HasPrefix(key, alphaFolder) && !strings.HasPrefix(key, alphaFolder+upload(52)) {
			w.t.Errorf("%s: %s is still there", when, key)
		}
	}
	newer := content(w.t, "alpha", "2.0.0", id3, "newer")
	for _, key := range []string{
		"stable/" + newer.URL(), alphaFolder + upload(52) + "/alpha-1.0.0.tgz",
		registry.TagKey("stable/alpha", "2.0.0"), registry.ManifestKey("stable/alpha", newer.Info.Manifest.SHA256()),
	} {
		if site[key] == nil {
			w.t.Errorf("%s: %s is gone", when, key)
		}
	}
}

// TestFree: what was yanked for long leaves all lists at first, and loses its files once the
// grace time has passed, also those that kept snapshots name; they stay as they are.
func TestFree(t *testing.T) {
	w := newAttic(t)
	before := w.site.Snapshot()
	w.now = buckettest.Start().Add(90 * day)
	if r := w.mustPrune(); len(r.Freed) != 0 || r.Generation != 4 {
		t.Errorf("too early: %+v", r)
	}
	w.now = w.now.Add(time.Hour)
	r := w.mustPrune()
	if len(r.Freed) != 1 || r.Freed[0].Version != "1.0.0" || r.Freed[0].Reason != "broken" || r.Freed[0].Bytes == 0 || r.FreedFiles.Files != 0 || !r.FreedUntil.Equal(w.now.Add(week)) {
		t.Errorf("%+v", r)
	}
	w.wantFreed("freed")
	for _, id := range []string{id1, id2} {
		if w.site.Snapshot()[alphaFolder+id+"/alpha-1.0.0.tgz"] == nil {
			t.Errorf("the archive of %s is gone", id)
		}
	}
	w.now = w.now.Add(week - time.Minute)
	if r := w.mustPrune(); len(r.Freed) != 0 || r.FreedFiles.Files != 0 || r.FreedUntil.IsZero() {
		t.Errorf("within the grace time: %+v", r)
	}
	w.now = w.now.Add(time.Minute)
	sizes := 2 * len("first"+"second")
	if r := w.mustPrune(); r.FreedFiles.Files < 9 || r.FreedFiles.Bytes < int64(sizes) || !r.FreedUntil.IsZero() || r.Charts.Files+r.Orphans.Files != 0 {
		t.Errorf("after it: %+v", r)
	}
	w.wantRemoved("removed")
	after := w.site.Snapshot()
	for key := range before {
		if strings.Contains(key, "/snapshots/") && !bytes.Equal(before[key], after[key]) {
			t.Errorf("%s is another", key)
		}
	}
	if r := w.mustPrune(); r.FreedFiles.Files != 0 || r.Generation != 5 {
		t.Errorf("once more: %+v", r)
	}
	sameSite(t, w.site.Snapshot(), after, "once more")
	if _, err := rebuild(t, w.site); err != nil {
		t.Fatal(err)
	}
	w.wantRemoved("rebuilt")
}

// TestFreeDry says what would be freed, and how large that is, and changes nothing.
func TestFreeDry(t *testing.T) {
	w := newAttic(t)
	w.now = buckettest.Start().Add(91 * day)
	for _, step := range []string{"record", "files"} {
		before := w.site.Snapshot()
		dry, err := w.prune(publisher.PruneOptions{DryRun: true})
		if err != nil {
			t.Fatal(err)
		}
		sameSite(t, w.site.Snapshot(), before, step)
		r := w.mustPrune()
		if len(dry.Freed) != len(r.Freed) || len(dry.Freed) > 0 && dry.Freed[0].Bytes != r.Freed[0].Bytes || dry.FreedFiles != r.FreedFiles {
			t.Errorf("%s: it would be %+v, and was %+v", step, dry, r)
		}
		w.now = w.now.Add(8 * day)
	}
	w.wantRemoved("in the end")
}

// TestFreeAgain: other content of a freed version can be published, yanked and freed in its
// turn. What both share in the registry stays as long as one of them does.
func TestFreeAgain(t *testing.T) {
	w := newAttic(t)
	w.now = buckettest.Start().Add(91 * day)
	w.mustPrune()
	fixed := content(t, "alpha", "1.0.0", upload(80), "fixed")
	s := w.site.Handle("test")
	stage(t, s, "stable", fixed)
	act(t, s, func(c *publisher.Channel) publisher.Draft {
		d := accepting(c, fixed)
		d.Time = w.now
		return d
	})
	w.now = w.now.Add(8 * day)
	w.mustPrune()
	site := w.site.Snapshot()
	if site[alphaFolder+id2+"/alpha-1.0.0.tgz"] != nil || site["stable/"+fixed.URL()] == nil || string(site[registry.TagKey("stable/alpha", "1.0.0")]) != fixed.Info.Manifest.Manifest {
		t.Error("the wrong files are gone, or the tag is")
	}
	wantSound(t, w.site, "published since")
	act(t, s, func(c *publisher.Channel) publisher.Draft {
		d := acts(c, action.Yank, upload(81), "alpha", "1.0.0")
		d.Time = w.now
		return d
	})
	for range 2 {
		w.now = w.now.Add(91 * day)
		w.mustPrune()
	}
	w.wantRemoved("freed again")
	if w.site.Snapshot()["stable/"+fixed.URL()] != nil {
		t.Error("the second content is still there")
	}
}

// TestFreeUnshown: a prune dies right after its record, and another record follows before
// anybody shows that: the tag goes all the same.
func TestFreeUnshown(t *testing.T) {
	w := newAttic(t)
	w.now = buckettest.Start().Add(91 * day)
	w.site.Hook = func(op buckettest.Op) buckettest.Fault {
		if op.Kind == buckettest.Create && op.Key == "stable/log/00000005.json" {
			return buckettest.DieAfter
		}
		return buckettest.None
	}
	if _, err := w.prune(publisher.PruneOptions{}); err == nil {
		t.Error("the prune did not die")
	}
	w.site.Hook = nil
	s, beta := w.site.Handle("test"), content(t, "beta", "1.0.0", upload(80), "beta")
	stage(t, s, "stable", beta)
	act(t, s, func(c *publisher.Channel) publisher.Draft { d := accepting(c, beta); d.Time = w.now; return d })
	if w.site.Snapshot()[registry.TagKey("stable/alpha", "1.0.0")] != nil {
		t.Error("the tag is still there")
	}
	wantSound(t, w.site, "shown")
}

// TestFreeMany: more versions than a record takes are freed by several.
func TestFreeMany(t *testing.T) {
	publisher.SetMaxFreed(t, 2)
	w := newAttic(t)
	s := w.site.Handle("test")
	for i := range 5 {
		r := content(t, "beta", fmt.Sprintf("1.0.%d", i), upload(100+i), fmt.Sprint(i))
		stage(t, s, "stable", r)
		act(t, s, func(c *publisher.Channel) publisher.Draft { d := accepting(c, r); d.Time = c.Time(); return d })
	}
	act(t, s, func(c *publisher.Channel) publisher.Draft {
		return acts(c, action.Yank, upload(120), "beta", "1.0.0", "1.0.1", "1.0.2", "1.0.3", "1.0.4")
	})
	w.now = buckettest.Start().Add(91 * day)
	if r := w.mustPrune(); len(r.Freed) != 6 || r.Generation != 10+3 {
		t.Errorf("%+v", r)
	}
	w.wantFreed("freed")
	if open(t, w.site).Index().Lines("beta") != nil {
		t.Error("beta has lines")
	}
}

// TestFreeCrash fails each operation of the prune that frees a version, and of the one that
// removes its files, in turn. At any moment head names only what is there; and one more prune
// ends as if nothing had happened.
func TestFreeCrash(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds: it breaks every operation, in five ways")
	}
	for _, step := range []string{"record", "files"} {
		build := func() *attic {
			w := newAttic(t)
			if w.now = buckettest.Start().Add(91 * day); step == "files" {
				w.mustPrune()
				w.now = w.now.Add(8 * day)
			}
			return w
		}
		clean := build()
		first := len(clean.site.Ops())
		clean.mustPrune()
		ops := len(clean.site.Ops()) - first
		want := slices.Sorted(maps.Keys(clean.site.Snapshot()))
		t.Logf("%s: %d operations", step, ops)
		for n := range ops {
			for _, fault := range []buckettest.Fault{buckettest.Refused, buckettest.Unacked, buckettest.DieBefore, buckettest.DieAfter, buckettest.Delayed} {
				when := fmt.Sprintf("%s: operation %d, fault %d", step, n, fault)
				w := build()
				w.site.Hook = func(op buckettest.Op) buckettest.Fault {
					if op.N == first+n {
						return fault
					}
					return buckettest.None
				}
				_, err := w.prune(publisher.PruneOptions{})
				if w.site.Hook = nil; err != nil && (fault == buckettest.DieBefore || fault == buckettest.DieAfter) {
					w.site.PowerCut()
				}
				wantHead(t, w.site, when)
				for len(w.site.Pending()) > 0 {
					_ = w.site.Land(0)
				}
				if w.mustPrune(); step == "record" {
					w.wantFreed(when)
				} else {
					w.wantRemoved(when)
				}
				if got := slices.Sorted(maps.Keys(w.site.Snapshot())); !slices.Equal(got, want) {
					t.Errorf("%s: there is another file, or one less", when)
				}
				if t.Failed() {
					return
				}
			}
		}
	}
}
