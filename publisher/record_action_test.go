package publisher_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
	"github.com/portolan-charts/portolan/publisher/registry"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// content is a release with that content, which has a fingerprint of its own and a manifest.
func content(t *testing.T, chart, version, upload, text string) *publisher.Release {
	t.Helper()
	archive := []byte(text)
	r := &publisher.Release{Chart: chart, Version: version, Archive: bucket.Bytes(archive), Prov: bucket.Bytes([]byte("signs " + text))}
	r.Info = publisher.ReleaseInfo{
		Upload: upload, Digest: hash(archive), Size: int64(len(archive)), Fingerprint: hash([]byte("print of " + text)), Provenance: hash([]byte("signs " + text)),
	}
	config := fmt.Appendf(nil, `{"apiVersion":"v2","name":%q,"version":%q}`, chart, version)
	manifest, err := registry.New(registry.Release{
		Config: config, Archive: registry.SumOf(archive), Provenance: registry.SumOf([]byte("signs " + text)), Created: buckettest.Start(),
	})
	if err != nil {
		t.Fatal(err)
	}
	r.Info.Manifest = publisher.Manifest{Manifest: string(manifest), Config: string(config)}
	return r
}

// stage puts all of a release on the site.
func stage(t *testing.T, s bucket.Store, channel string, r *publisher.Release) {
	t.Helper()
	err := publisher.PutRelease(t.Context(), s, channel, r)
	if err == nil {
		err = publisher.PutManifest(t.Context(), s, channel, r.Chart, r.URL(), r.Info.Manifest)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// naming is a draft whose index names the release, in the place of others of its version.
func naming(c *publisher.Channel, r *publisher.Release) publisher.Draft {
	c.UseRegistry(true)
	d := publisher.Draft{Time: buckettest.Start(), Nonce: "n-" + r.Info.Upload, Texts: []string{r.Info.Manifest.Manifest}}
	line := fmt.Sprintf(`{"name":%q,"version":%q,"digest":%q,"urls":[%q]}`, r.Chart, r.Version, r.Info.Digest, r.URL())
	lines := slices.Clone(c.Index().Lines(r.Chart))
	if at := slices.IndexFunc(lines, func(l string) bool { return strings.Contains(l, fmt.Sprintf(`"version":%q`, r.Version)) }); at >= 0 {
		lines[at] = line
	} else {
		lines = append([]string{line}, lines...)
	}
	d.Removed, d.Added = c.Index().Diff(map[string][]string{r.Chart: lines})
	return d
}

// accepting is naming, with the verdict on the release's upload.
func accepting(c *publisher.Channel, r *publisher.Release) publisher.Draft {
	d := naming(c, r)
	d.Decisions = []publisher.Decision{{
		Upload: r.Info.Upload, Arrival: buckettest.Start(), Chart: r.Chart, Version: r.Version, Verdict: verdict.Accepted, Digest: r.Info.Digest,
		Fingerprint: r.Info.Fingerprint, Size: r.Info.Size, Provenance: r.Info.Provenance, Manifest: r.Info.Manifest.SHA256(),
	}}
	return d
}

// pushed is a site whose channel is in the registry, and has had two contents of alpha 1.0.0.
func pushed(t *testing.T) *buckettest.Mem {
	t.Helper()
	m, _ := buckettest.Clocked(t)
	s := m.Handle("test")
	for _, r := range []*publisher.Release{
		content(t, "alpha", "1.0.0", id1, "first"), content(t, "alpha", "1.0.0", id2, "second"), content(t, "alpha", "2.0.0", id3, "newer"),
	} {
		stage(t, s, "stable", r)
		act(t, s, func(c *publisher.Channel) publisher.Draft { return accepting(c, r) })
	}
	return m
}

// TestPromotedLine: what an action has copied lies under the action's id, and is verified,
// rebuilt and pruned as what was uploaded; one that copied nothing cannot name a line.
func TestPromotedLine(t *testing.T) {
	m := pushed(t)
	s := m.Handle("test")
	r := content(t, "beta", "1.0.0", id4, "promoted")
	stage(t, s, "stable", r)
	promote := func(unchanged bool) func(c *publisher.Channel) publisher.Draft {
		return func(c *publisher.Channel) publisher.Draft {
			d := naming(c, r)
			v := publisher.ActionVersion{
				Pin: action.Pin{Chart: "beta", Version: "1.0.0", Digest: r.Info.Digest}, From: "dev", Fingerprint: r.Info.Fingerprint,
				Size: r.Info.Size, Provenance: r.Info.Provenance, Manifest: r.Info.Manifest.SHA256(), Unchanged: unchanged,
			}
			if unchanged {
				v.Manifest = ""
			}
			d.Actions = []publisher.ActionDecision{{ID: id4, Arrival: buckettest.Start(), Kind: action.Promote, Verdict: verdict.Accepted, Versions: []publisher.ActionVersion{v}}}
			return d
		}
	}
	act(t, s, promote(false))
	wantSound(t, m, "promoted")
	want := m.Snapshot()
	for key := range want {
		if strings.HasPrefix(key, "v2/") || strings.HasSuffix(key, "index.yaml") {
			remove(t, m, key)
		}
	}
	if _, err := rebuild(t, m); err != nil {
		t.Fatal(err)
	}
	sameSite(t, m.Snapshot(), want, "rebuilt")
	remove(t, m, "stable/"+r.URL()+".prov")
	if faults := verify(t, s, publisher.VerifyOptions{}).Channels[0].Faults; len(faults) != 1 || !strings.HasSuffix(faults[0].Key, ".prov") {
		t.Errorf("without its provenance file: %+v", faults)
	}

	m = pushed(t)
	stage(t, m.Handle("test"), "stable", r)
	act(t, m.Handle("test"), promote(true))
	if faults := verify(t, m.Handle("test"), publisher.VerifyOptions{}).Channels[0].Faults; len(faults) != 1 || !strings.Contains(faults[0].Message, "which it does not accept") {
		t.Errorf("an action that copied nothing: %+v", faults)
	}
}

// TestReturnedLine: a rollback gives a version the content of an earlier upload again, with
// its tag; and nobody else may.
func TestReturnedLine(t *testing.T) {
	first := func() *publisher.Release { return content(t, "alpha", "1.0.0", id1, "first") }
	rollback := func(c *publisher.Channel) publisher.Draft {
		d := naming(c, first())
		pin := action.Pin{Chart: "alpha", Version: "1.0.0", Digest: first().Info.Digest}
		d.Actions = []publisher.ActionDecision{{ID: "back", Arrival: buckettest.Start(), Kind: action.Rollback, Verdict: verdict.Accepted, Generation: 1, Reason: "rolled back to 1", Versions: []publisher.ActionVersion{
			{Pin: pin, Upload: id1, Manifest: first().Info.Manifest.SHA256()},
			{Pin: action.Pin{Chart: "alpha", Version: "2.0.0", Digest: content(t, "alpha", "2.0.0", id3, "newer").Info.Digest}},
		}}}
		d.Shown = []publisher.Shown{publisher.ShownBut("alpha", []bool{true, false})}
		return d
	}
	m := pushed(t)
	c := act(t, m.Handle("test"), rollback)
	if tag := m.Snapshot()[registry.TagKey("stable/alpha", "1.0.0")]; string(tag) != first().Info.Manifest.Manifest {
		t.Errorf("the tag names %s", tag)
	}
	if _, yanked := c.State().FindYanked("alpha", "2.0.0"); !yanked || len(c.State().Yanked) != 1 {
		t.Errorf("the state is %+v", c.State())
	}
	wantSound(t, m, "rolled back")
	want := m.Snapshot()
	for key := range want {
		if strings.HasPrefix(key, "v2/") || strings.HasSuffix(key, "index.yaml") {
			remove(t, m, key)
		}
	}
	if _, err := rebuild(t, m); err != nil {
		t.Fatal(err)
	}
	sameSite(t, m.Snapshot(), want, "rebuilt")

	m = pushed(t)
	act(t, m.Handle("test"), func(c *publisher.Channel) publisher.Draft {
		d := rollback(c)
		d.Actions[0].Verdict, d.Actions[0].Versions, d.Shown = verdict.Rejected, nil, nil
		return d
	})
	if faults := verify(t, m.Handle("test"), publisher.VerifyOptions{}).Channels[0].Faults; len(faults) != 1 || !strings.Contains(faults[0].Message, "which it does not accept") {
		t.Errorf("an action that was refused: %+v", faults)
	}
}
