package publisher_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
	"github.com/portolan-charts/portolan/publisher/droparea"
	"github.com/portolan-charts/portolan/publisher/registry"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// leak is a world in which alpha 1.0.0 has to go: it had two contents, has pages, files of an
// upload that was superseded and of one that is not decided, and a copy in another channel.
type leak struct {
	t          *testing.T
	site, drop *buckettest.Mem
}

const (
	alphaFolder = "stable/charts/alpha/1.0.0/"
	keptPage    = "stable/charts/alpha/2.0.0/index.html"
)

func newLeak(t *testing.T) *leak {
	t.Helper()
	w := &leak{t, pushed(t), &buckettest.Mem{TB: t}}
	s := w.site.Handle("test")
	stage(t, s, "stable", content(t, "alpha", "1.0.0", upload(50), "superseded"))
	stage(t, s, "stable", content(t, "alpha", "1.0.0", upload(51), "second"))
	stage(t, s, "stable", content(t, "alpha", "1.0.0", upload(52), "another"))
	act(t, s, func(c *publisher.Channel) publisher.Draft {
		return publisher.Draft{Time: buckettest.Start(), Nonce: "s", Decisions: []publisher.Decision{{
			Upload: upload(50), Arrival: buckettest.Start(), Chart: "alpha", Version: "1.0.0", Verdict: verdict.Superseded, Digest: hash([]byte("superseded")),
		}}}
	})
	again := content(t, "alpha", "1.0.0", upload(60), "first, packed again")
	again.Info.Fingerprint = hash([]byte("print of first"))
	for id, r := range map[string]*publisher.Release{
		upload(60): again, upload(61): content(t, "alpha", "1.0.0", upload(61), "second"), upload(62): content(t, "alpha", "1.0.0", upload(62), "harmless"),
	} {
		r.Info.Upload = id
		if err := publisher.PutRelease(t.Context(), s, "other", r); err != nil {
			t.Fatal(err)
		}
	}
	commit(t, s, "other", release("gamma", "1.0.0", id4, ""))
	for _, key := range []string{alphaFolder + "index.html", alphaFolder + "values.yaml", keptPage} {
		w.site.Put(key, []byte("page"))
	}
	w.refuse(upload(70), droparea.Receipt{Chart: "alpha", Version: "1.0.0"})
	w.refuse(upload(71), droparea.Receipt{Digest: hash([]byte("first"))})
	w.refuse(upload(73), droparea.Receipt{Rule: "gzip-truncated", Request: &droparea.Request{File: "alpha-1.0.0.tgz"}})
	w.refuse(upload(72), droparea.Receipt{Chart: "alpha", Version: "2.0.0", Digest: hash([]byte("newer"))})
	return w
}

// refuse keeps a refused upload.
func (w *leak) refuse(id string, r droparea.Receipt) {
	b, err := json.Marshal(r)
	if err != nil {
		w.t.Fatal(err)
	}
	w.drop.Put("rejected/stable/"+id+".json", b)
	w.drop.Put("rejected/stable/"+id+".tgz", []byte("x"))
}

func (w *leak) options() publisher.TakeDownOptions {
	return publisher.TakeDownOptions{
		Channel: "stable", Chart: "alpha", Version: "1.0.0", Reason: "has a key in it", Drop: w.drop.Handle("takedown"), Workers: 1,
		Now: func() time.Time { return buckettest.Start().Add(time.Hour) }, Nonce: func() string { return "takedown" },
	}
}

func (w *leak) takeDown(o publisher.TakeDownOptions) (*publisher.TakeDownReport, error) {
	return publisher.TakeDown(w.t.Context(), w.site.Handle("takedown"), o)
}

func (w *leak) mustTakeDown(o publisher.TakeDownOptions) *publisher.TakeDownReport {
	w.t.Helper()
	r, err := w.takeDown(o)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// wantGone makes sure that nothing is left of what was taken down, that nothing else is gone,
// and that the site is sound.
func (w *leak) wantGone(when string) {
	w.t.Helper()
	site := w.site.Snapshot()
	for key, b := range site {
		inChannel := strings.HasPrefix(key, "stable/") || strings.HasPrefix(key, "v2/stable/")
		for _, text := range []string{"first", "second", "superseded"} {
			if inChannel && (string(b) == text || string(b) == "signs "+text || strings.HasPrefix(key, "v2/") && bytes.Contains(b, []byte(hash([]byte(text))))) {
				w.t.Errorf("%s: %s is still there", when, key)
			}
		}
		if strings.HasPrefix(key, alphaFolder) && !strings.HasPrefix(key, alphaFolder+upload(52)) {
			w.t.Errorf("%s: %s is still there", when, key)
		}
	}
	newer := content(w.t, "alpha", "2.0.0", id3, "newer")
	for _, key := range []string{
		keptPage, "stable/" + newer.URL(), alphaFolder + upload(52) + "/alpha-1.0.0.tgz", "other/charts/alpha/1.0.0/" + upload(61) + "/alpha-1.0.0.tgz",
		registry.TagKey("stable/alpha", "2.0.0"), registry.ManifestKey("stable/alpha", newer.Info.Manifest.SHA256()),
	} {
		if site[key] == nil {
			w.t.Errorf("%s: %s is gone", when, key)
		}
	}
	for _, key := range []string{"stable/index.yaml", alphaIndex} {
		if n := bytes.Count(site[key], []byte(`"urls"`)); n != 1 {
			w.t.Errorf("%s: %s has %d versions", when, key, n)
		}
	}
	if list := string(site[registry.TagsKey("stable/alpha")]); strings.Contains(list, "1.0.0") {
		w.t.Errorf("%s: %s", when, list)
	}
	if kept := slices.Sorted(maps.Keys(w.drop.Snapshot())); len(kept) != 2 || !strings.Contains(kept[0], upload(72)) {
		w.t.Errorf("%s: refused uploads are %q", when, kept)
	}
	wantSound(w.t, w.site, when)
}

// TestTakeDown: all of a version goes, the report says what, and verify finds all well.
func TestTakeDown(t *testing.T) {
	w := newLeak(t)
	before := w.site.Snapshot()
	r := w.mustTakeDown(w.options())
	w.wantGone("taken down")
	first, second := hash([]byte("first")), hash([]byte("second"))
	contents := []string{first, second}
	if slices.Sort(contents); r.Generation != 5 || r.Before || r.Since || !slices.Equal(r.Contents, contents) {
		t.Errorf("%+v", r)
	}
	after := w.site.Snapshot()
	var gone []string
	for key := range before {
		if after[key] == nil {
			gone = append(gone, key)
		}
		if strings.Contains(key, "/snapshots/") && !bytes.Equal(before[key], after[key]) {
			t.Errorf("%s is another", key)
		}
	}
	slices.Sort(gone)
	removed := append(slices.Clone(r.Removed), registry.TagKey("stable/alpha", "1.0.0"))
	if slices.Sort(removed); !slices.Equal(gone, slices.Compact(removed)) {
		t.Errorf("it says that it removed %q; these are gone: %q", removed, gone)
	}
	for _, key := range gone {
		if !slices.Contains(r.Keys, key) {
			t.Errorf("%s is not among the keys", key)
		}
	}
	if len(r.Copies) != 2 || r.Copies[0].Same || r.Copies[0].Key != "other/charts/alpha/1.0.0/"+upload(60)+"/alpha-1.0.0.tgz" || !r.Copies[1].Same || len(r.Rejected) != 6 {
		t.Errorf("copies %+v, refused uploads %q", r.Copies, r.Rejected)
	}
	c := open(t, w.site)
	for _, content := range [][2]string{{first, ""}, {second, ""}, {"", hash([]byte("print of first"))}} {
		if g, ok := c.State().FindGone(content[0], content[1]); !ok || g.Kind != action.TakeDown || g.Reason != "has a key in it" {
			t.Errorf("%q: %+v", content, g)
		}
	}
	again := w.mustTakeDown(w.options())
	if !again.Before || again.Generation != 5 || len(again.Removed) != 0 || !slices.Equal(again.Contents, contents) || !slices.Equal(r.Copies, again.Copies) {
		t.Errorf("once more: %+v", again)
	}
	for _, key := range gone {
		page, config := strings.HasPrefix(key, alphaFolder), bytes.Contains(before[key], []byte(`{"apiVersion":"v2"`))
		if !page && !config && !unpublished(t, key) && !slices.Contains(again.Keys, key) {
			t.Errorf("once more, %s is not among the keys", key)
		}
	}
}

// TestTakeDownKeys: caches are told of files that were there, and of no others: not of a
// registry that the channel was never in, nor of an index of all versions without one. What
// lists the versions is among them, also once more.
func TestTakeDownKeys(t *testing.T) {
	m := published(t)
	page := "stable/charts/alpha/1.0.0/index.html"
	m.Put(page, []byte("page"))
	before := m.Snapshot()
	o := publisher.TakeDownOptions{Channel: "stable", Chart: "alpha", Version: "1.0.0", Reason: "leaked"}
	for _, when := range []string{"at first", "once more"} {
		r, err := publisher.TakeDown(t.Context(), m.Handle("takedown"), o)
		if err != nil {
			t.Fatal(err)
		}
		for _, key := range r.Keys {
			if before[key] == nil {
				t.Errorf("%s, it tells of %s, which was never there", when, key)
			}
		}
		want := []string{"stable/index.yaml", "stable/charts/alpha/index.yaml", "stable/" + release("alpha", "1.0.0", id1, "").URL()}
		if when == "at first" {
			want = append(want, page)
		}
		for _, key := range want {
			if !slices.Contains(r.Keys, key) {
				t.Errorf("%s, it does not tell of %s", when, key)
			}
		}
	}
}

// unpublished reports whether a file is of the upload that was superseded.
func unpublished(t *testing.T, key string) bool {
	r := content(t, "alpha", "1.0.0", upload(50), "superseded")
	return slices.ContainsFunc([]string{upload(50), r.Info.Digest, r.Info.Provenance, r.Info.Manifest.SHA256()}, func(s string) bool { return strings.Contains(key, s) })
}

// TestTakeDownDry says what would go, and changes nothing.
func TestTakeDownDry(t *testing.T) {
	w := newLeak(t)
	before := w.site.Snapshot()
	o := w.options()
	o.DryRun = true
	dry := w.mustTakeDown(o)
	sameSite(t, w.site.Snapshot(), before, "a dry run")
	r := w.mustTakeDown(w.options())
	dry.Removed = slices.DeleteFunc(dry.Removed, func(key string) bool { return key == registry.TagKey("stable/alpha", "1.0.0") })
	if dry.Generation != 0 || !slices.Equal(dry.Removed, r.Removed) || !slices.Equal(dry.Keys, r.Keys) || !slices.Equal(dry.Copies, r.Copies) || !slices.Equal(dry.Rejected, r.Rejected) || !slices.Equal(dry.Contents, r.Contents) {
		t.Errorf("it would be\n%+v\nand was\n%+v", dry, r)
	}
}

// TestTakeDownCrash fails each operation on the site and on the drop area in turn. At any
// moment head names only what is there; and one more call ends with all gone.
func TestTakeDownCrash(t *testing.T) {
	if testing.Short() {
		t.Skip("takes half a minute: it breaks every operation, in five ways")
	}
	clean := newLeak(t)
	first, firstDrop := len(clean.site.Ops()), len(clean.drop.Ops())
	clean.mustTakeDown(clean.options())
	ops, opsDrop := len(clean.site.Ops())-first, len(clean.drop.Ops())-firstDrop
	want := slices.Sorted(maps.Keys(clean.site.Snapshot()))
	for n := range ops + opsDrop {
		for _, fault := range []buckettest.Fault{buckettest.Refused, buckettest.Unacked, buckettest.DieBefore, buckettest.DieAfter, buckettest.Delayed} {
			when := fmt.Sprintf("operation %d, fault %d", n, fault)
			w := newLeak(t)
			fail := func(at int) func(buckettest.Op) buckettest.Fault {
				return func(op buckettest.Op) buckettest.Fault {
					if op.N == at {
						return fault
					}
					return buckettest.None
				}
			}
			if n < ops {
				w.site.Hook = fail(first + n)
			} else {
				w.drop.Hook = fail(firstDrop + n - ops)
			}
			h := w.site.Handle("takedown")
			_, _ = publisher.TakeDown(t.Context(), h, w.options())
			if w.site.Hook, w.drop.Hook = nil, nil; h.Dead() {
				w.site.PowerCut()
			}
			wantHead(t, w.site, when)
			for len(w.site.Pending()) > 0 {
				_ = w.site.Land(0)
			}
			w.mustTakeDown(w.options())
			w.wantGone(when)
			if !slices.Equal(slices.Sorted(maps.Keys(w.site.Snapshot())), want) {
				t.Errorf("%s: there is another file, or one less", when)
			}
			if t.Failed() {
				return
			}
		}
	}
}

// wantHead makes sure that what head names is there.
func wantHead(t *testing.T, m *buckettest.Mem, when string) {
	t.Helper()
	head, err := publisher.ReadHead(t.Context(), m.Handle("reader"), "stable", nil)
	if err != nil {
		t.Fatalf("%s: %v", when, err)
	}
	for _, line := range head.HeadLines("alpha") {
		var l struct{ URLs []string }
		if err := json.Unmarshal([]byte(line), &l); err != nil || m.Snapshot()["stable/"+l.URLs[0]] == nil {
			t.Errorf("%s: head names %q, which is gone", when, l.URLs)
		}
	}
}

// TestTakeDownLeft: what is left of a takedown is a fault, on a site that can be listed and
// on the web, and one more call removes it; but rebuild brings nothing back, and prune does
// not mind.
func TestTakeDownLeft(t *testing.T) {
	before := newLeak(t).site.Snapshot()
	w := newLeak(t)
	r := w.mustTakeDown(w.options())
	web := httptest.NewServer(publisher.Handler(w.site.Handle("web"), nil))
	defer web.Close()
	served, err := bucket.OpenWeb(web.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	faults := func(site bucket.Store) []string {
		var keys []string
		for _, f := range verify(t, site, publisher.VerifyOptions{Channels: []string{"stable"}}).Channels[0].Faults {
			if !strings.Contains(f.Message, "was taken down, but it is still there") || !strings.Contains(f.Fix, "portolan takedown") {
				t.Errorf("%+v", f)
			}
			keys = append(keys, f.Key)
		}
		return keys
	}
	if keys := faults(served); len(keys) != 0 {
		t.Errorf("on the web: %q", keys)
	}
	for _, key := range append(r.Removed, registry.TagKey("stable/alpha", "1.0.0")) {
		if strings.Contains(key, upload(51)) || strings.Contains(key, "/referrers/") || unpublished(t, key) {
			continue // the log does not name these
		}
		if k, ok := registry.ParseKey(key); ok && k.Kind == registry.Blob && bytes.Contains(before[key], []byte("apiVersion")) {
			continue // Chart.yaml
		}
		w.site.Put(key, before[key])
		if keys := faults(w.site.Handle("verify")); !slices.Equal(keys, []string{key}) {
			t.Errorf("%s: %q", key, keys)
		}
		if page := !strings.Contains(strings.TrimPrefix(key, alphaFolder), "/"); !page && !strings.HasSuffix(key, ".json") {
			if keys := faults(served); !slices.Equal(keys, []string{key}) {
				t.Errorf("%s: on the web %q", key, keys)
			}
		}
		if again := w.mustTakeDown(w.options()); !slices.Contains(again.Removed, key) {
			t.Errorf("%s: once more, it removed %q", key, again.Removed)
		}
	}
	w.wantGone("once more")
	want := w.site.Snapshot()
	for key := range want {
		if strings.HasPrefix(key, "v2/stable/alpha") || strings.HasPrefix(key, "stable/") && strings.HasSuffix(key, "/index.yaml") {
			remove(t, w.site, key)
		}
	}
	if _, err := rebuild(t, w.site); err != nil {
		t.Fatal(err)
	}
	w.wantGone("rebuilt")
	_, err = publisher.Prune(t.Context(), w.drop.Handle("prune"), w.site.Handle("prune"), publisher.PruneOptions{
		Snapshots: 1, Keep: 1000 * week, Now: func() time.Time { return buckettest.Start().Add(10 * week) }, Nonce: func() string { return "p" },
	})
	if err != nil {
		t.Error(err)
	}
	w.wantGone("pruned")
}

// TestTakeDownSince: other content of the version may be published later. Then what is left
// is removed, and that content with it only if that is asked for.
func TestTakeDownSince(t *testing.T) {
	w := newLeak(t)
	w.mustTakeDown(w.options())
	s := w.site.Handle("test")
	fixed := content(t, "alpha", "1.0.0", upload(80), "fixed")
	stage(t, s, "stable", fixed)
	act(t, s, func(c *publisher.Channel) publisher.Draft {
		d := accepting(c, fixed)
		d.Time = c.Time()
		return d
	})
	w.site.Put(alphaFolder+"index.html", []byte("of what is fixed"))
	wantSound(t, w.site, "published since")
	first := content(t, "alpha", "1.0.0", id1, "first")
	left := "stable/" + first.URL()
	w.site.Put(left, []byte("first"))
	want := w.site.Snapshot()
	delete(want, left)
	if r := w.mustTakeDown(w.options()); !r.Since || !r.Before || !slices.Equal(r.Removed, []string{left}) {
		t.Errorf("%+v", r)
	}
	sameSite(t, w.site.Snapshot(), want, "what is left")
	o := w.options()
	o.Again = true
	o.Nonce = func() string { return "again" }
	if r := w.mustTakeDown(o); r.Since || r.Before || r.Generation != 7 || !slices.Contains(r.Removed, "stable/"+fixed.URL()) || !slices.Contains(r.Contents, fixed.Info.Digest) {
		t.Errorf("%+v", r)
	}
	w.wantGone("again")
}

// TestTakeDownShares lets somebody stage other content of the version, with the same
// Chart.yaml, between any two operations of a takedown, and publish it there, or once the
// takedown has ended. What both share in the registry is there afterwards.
func TestTakeDownShares(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds: it stops at every operation")
	}
	fixed := content(t, "alpha", "1.0.0", upload(80), "fixed")
	for _, late := range []bool{false, true} {
		for n := 0; ; n++ {
			when := fmt.Sprintf("operation %d, published late: %t", n, late)
			w := newLeak(t)
			for _, file := range []string{"alpha-1.0.0.tgz", "alpha-1.0.0.tgz.prov", "release.json"} { // which shares it, too
				remove(t, w.site, alphaFolder+upload(52)+"/"+file)
			}
			g, staged := w.site.Handle("generator"), false
			publish := func() {
				act(t, g, func(c *publisher.Channel) publisher.Draft {
					d := accepting(c, fixed)
					d.Time = c.Time()
					return d
				})
			}
			first := len(w.site.Ops()) + n
			w.site.Hook = func(op buckettest.Op) buckettest.Fault {
				// Before the record, it would go with the rest.
				if !staged && op.Actor == "takedown" && op.N >= first && w.site.Snapshot()["stable/log/00000005.json"] != nil {
					staged = true
					if stage(t, g, "stable", fixed); !late {
						publish()
					}
				}
				return buckettest.None
			}
			w.mustTakeDown(w.options())
			if w.site.Hook = nil; !staged {
				break
			}
			if late {
				publish()
			}
			wantSound(t, w.site, when)
			if tag := w.site.Snapshot()[registry.TagKey("stable/alpha", "1.0.0")]; string(tag) != fixed.Info.Manifest.Manifest {
				t.Errorf("%s: the tag is %s", when, tag)
			}
		}
	}
}

// TestTakeDownSlow: a generator that has committed the version, and not shown it yet, shows
// nothing of it once it is taken down.
func TestTakeDownSlow(t *testing.T) {
	w := newLeak(t)
	s := w.site.Handle("slow")
	third := content(t, "alpha", "1.0.0", upload(81), "second, once more")
	stage(t, s, "stable", third)
	slow, err := publisher.OpenChannel(t.Context(), s, "stable")
	if err == nil {
		err = slow.Commit(t.Context(), accepting(slow, third))
	}
	if err != nil {
		t.Fatal(err)
	}
	w.mustTakeDown(w.options())
	w.wantGone("taken down")
	if err := slow.Project(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.wantGone("shown late")
}

// TestTakeDownRefuses what there never was, and what has no reason.
func TestTakeDownRefuses(t *testing.T) {
	w := newLeak(t)
	before := w.site.Snapshot()
	for want, change := range map[string]func(*publisher.TakeDownOptions){
		"stable never had alpha 9.0.0": func(o *publisher.TakeDownOptions) { o.Version = "9.0.0" },
		"stable never had ../x 1.0.0":  func(o *publisher.TakeDownOptions) { o.Chart = "../x" },
		"no such channel":              func(o *publisher.TakeDownOptions) { o.Channel = "stabel" },
		"needs a reason":               func(o *publisher.TakeDownOptions) { o.Reason = "" },
		"line break":                   func(o *publisher.TakeDownOptions) { o.Reason = "a\nb" },
	} {
		o := w.options()
		change(&o)
		if _, err := w.takeDown(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	sameSite(t, w.site.Snapshot(), before, "refused")
}

// TestTakeDownLast: of a chart whose only version goes, lists are empty; and the versions that
// head shows instead are those that the caller chooses.
func TestTakeDownLast(t *testing.T) {
	m := limited(t)
	w := &leak{t, m, &buckettest.Mem{TB: t}}
	o := w.options()
	o.Version = "3.0.0"
	o.Show = func(chart string, lines []string, keep int, _ map[string]bool) (publisher.Shown, error) {
		if keep != 1 || len(lines) != 2 {
			return publisher.Shown{}, errors.New("that is something else")
		}
		return publisher.ShownBut(chart, []bool{false, true}), nil
	}
	w.mustTakeDown(o)
	if head := string(m.Snapshot()["stable/index.yaml"]); strings.Count(head, `"urls"`) != 1 || !strings.Contains(head, `"2.0.0"`) {
		t.Errorf("head is %s", head)
	}
	wantSound(t, m, "with keep")
	for i, version := range []string{"2.0.0", "1.0.0"} {
		o.Version, o.Show, o.Nonce = version, nil, func() string { return fmt.Sprint("last", i) }
		w.mustTakeDown(o)
	}
	if alpha := string(m.Snapshot()[alphaIndex]); strings.Contains(alpha, `"urls"`) {
		t.Errorf("the chart's index is %s", alpha)
	}
	wantSound(t, m, "without versions")
}

// TestTakeDownWait: a takedown whose files are just being removed is no fault.
func TestTakeDownWait(t *testing.T) {
	w := newLeak(t)
	left := "stable/" + content(t, "alpha", "1.0.0", id1, "first").URL()
	w.mustTakeDown(w.options())
	w.site.Put(left, []byte("first"))
	waits := 0
	r, err := publisher.Verify(t.Context(), w.site.Handle("verify"), publisher.VerifyOptions{
		Channels: []string{"stable"}, Now: func() time.Time { return buckettest.Start().Add(time.Hour + time.Second) },
		Sleep: func(context.Context, time.Duration) error {
			if waits++; waits == 2 {
				remove(t, w.site, left)
			}
			return nil
		},
	})
	if err != nil || !r.OK() || waits != 2 {
		t.Errorf("waited %d times; %+v, %v", waits, r, err)
	}
}
