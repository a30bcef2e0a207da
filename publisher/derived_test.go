package publisher_test

import (
	"bytes"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
	"github.com/portolan-charts/portolan/publisher/registry"
)

const (
	alphaIndex = "stable/charts/alpha/index.yaml"
	allIndex   = "stable/all/index.yaml"
)

// TestChartIndex: the index of a chart has all its versions, also those that head leaves
// out, with URLs that lead there from its own folder, and so has the one of all versions.
func TestChartIndex(t *testing.T) {
	site := limited(t).Snapshot()
	head, alpha, all := string(site["stable/index.yaml"]), string(site[alphaIndex]), string(site[allIndex])
	if n := strings.Count(alpha, `"urls":["../../charts/alpha/`); n != 3 || n != strings.Count(alpha, `"urls"`) {
		t.Errorf("the index of alpha is\n%s", alpha)
	}
	if n := strings.Count(all, `"urls":["../charts/`); n != strings.Count(all, `"urls"`) || n <= strings.Count(head, `"urls"`) {
		t.Errorf("the index of all versions is\n%s", all)
	}
	if !strings.Contains(alpha, `"annotations":{"portolan/chart":"alpha","portolan/generation":"`) {
		t.Errorf("its header is %.300s", alpha)
	}
	for _, key := range []string{alphaIndex, allIndex} {
		m := limited(t)
		o, _, _ := m.Object(key)
		if o.ContentType != "application/yaml" || strings.Contains(o.CacheControl, "immutable") {
			t.Errorf("%s is served as %s, %s", key, o.ContentType, o.CacheControl)
		}
	}
}

// TestVerifyDerived: a file that is not what the log says is found, on a site that can be
// listed and on the web, and 'portolan rebuild' restores it.
func TestVerifyDerived(t *testing.T) {
	for _, key := range []string{alphaIndex, allIndex} {
		m := limited(t)
		right := m.Snapshot()[key]
		web := httptest.NewServer(publisher.Handler(m.Handle("web"), nil))
		defer web.Close()
		served, err := bucket.OpenWeb(web.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		sound := func(when string) {
			t.Helper()
			for _, site := range []bucket.Store{m.Handle("verify"), served} {
				if r := verify(t, site, publisher.VerifyOptions{Channels: []string{"stable"}}); !r.OK() || r.Channels[0].Note() != "" {
					t.Errorf("%s: %+v", when, r)
				}
			}
		}
		sound("as it was published")
		for name, b := range map[string][]byte{
			"missing":      nil,
			"empty":        {},
			"cut":          right[:len(right)-1],
			"with rubbish": append(bytes.Clone(right), '\n'),
			"changed":      bytes.Replace(right, []byte(`"1.0.0"`), []byte(`"1.0.1"`), 1),
			"foreign":      []byte("apiVersion: v1\nentries: {}\n"),
			"a head":       m.Snapshot()["stable/index.yaml"],
		} {
			if remove(t, m, key); b != nil {
				m.Put(key, b)
			}
			for _, site := range []bucket.Store{m.Handle("verify"), served} {
				faults := verify(t, site, publisher.VerifyOptions{Channels: []string{"stable"}}).Channels[0].Faults
				if len(faults) != 1 || faults[0].Key != key || !strings.Contains(faults[0].Fix, "portolan rebuild") {
					t.Errorf("%s %s: %+v", key, name, faults)
				}
			}
			if r, err := rebuild(t, m); err != nil || len(r.Written) != 1 || !bytes.Equal(m.Snapshot()[key], right) {
				t.Errorf("%s %s: %+v, %v", key, name, r, err)
			}
			sound(name)
		}
	}
}

// TestVerifyDerivedWhilePublishing commits a generation between any two steps of a
// verification, and lets the files that follow from it be written there, or later.
func TestVerifyDerivedWhilePublishing(t *testing.T) {
	verifyWhilePublishing(t, publishing{
		site: limited, open: open, chart: "alpha", parts: 5,
		part: func(op buckettest.Op) bool { return op.Kind != buckettest.Get && op.Kind != buckettest.List },
	})
}

// TestChartWithoutVersions: the index of a chart that is not there any more lists nothing,
// and a slow writer of an older one does not bring that back.
func TestChartWithoutVersions(t *testing.T) {
	m := published(t)
	slow := open(t, m)
	if err := slow.Commit(t.Context(), renamed(slow, "alpha")); err != nil {
		t.Fatal(err)
	}
	fast := open(t, m)
	if err := fast.Commit(t.Context(), without(fast, "alpha")); err != nil {
		t.Fatal(err)
	}
	if err := fast.Project(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := m.Snapshot()
	if text := string(want[alphaIndex]); !strings.HasSuffix(text, `"entries":{`+"\n}}\n") {
		t.Errorf("it is\n%s", text)
	}
	if err := slow.Project(t.Context()); err != nil || !sameObjects(m.Snapshot(), want) {
		t.Errorf("%v; the slow one has changed something", err)
	}
	for _, f := range verify(t, m.Handle("verify"), publisher.VerifyOptions{}).Channels[0].Faults {
		if f.Key == alphaIndex {
			t.Errorf("%+v", f)
		}
	}
}

// TestTagsWithoutVersions: the list of tags of a chart that is not there any more becomes
// empty. If the list does not exist, nobody makes it or misses it.
func TestTagsWithoutVersions(t *testing.T) {
	m := published(t)
	key := registry.TagsKey("stable/alpha")
	commit := func(change func(c *publisher.Channel) publisher.Draft) {
		t.Helper()
		c := open(t, m)
		c.UseRegistry(true)
		err := c.Commit(t.Context(), change(c))
		if err == nil {
			err = c.Project(t.Context())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	sound := func(when string) {
		t.Helper()
		r := verify(t, m.Handle("verify"), publisher.VerifyOptions{}).Channels[0]
		if r.Unindexed > 0 || slices.ContainsFunc(r.Faults, func(f publisher.Fault) bool { return f.Key == key }) {
			t.Errorf("%s: %d without an index; %+v", when, r.Unindexed, r.Faults)
		}
	}
	commit(func(c *publisher.Channel) publisher.Draft {
		d := c.RegistryDraft(&publisher.RegistryChange{Complete: []string{"alpha"}}, true)
		d.Time, d.Nonce = c.Time(), "registry"
		return d
	})
	old := m.Snapshot()[key]
	commit(func(c *publisher.Channel) publisher.Draft { return without(c, "alpha") })
	if now := string(m.Snapshot()[key]); !strings.Contains(string(old), `"tags":["`) || !strings.Contains(now, `"tags":[]`) {
		t.Errorf("it was %s, and is %s", old, now)
	}
	sound("empty")
	m.Put(key, old)
	if faults := verify(t, m.Handle("verify"), publisher.VerifyOptions{}).Channels[0].Faults; !slices.ContainsFunc(faults, func(f publisher.Fault) bool { return f.Key == key }) {
		t.Errorf("that the old list is there is no fault: %+v", faults)
	}
	remove(t, m, key)
	if _, err := publisher.Rebuild(t.Context(), m.Handle("rebuild"), "stable", publisher.RebuildOptions{}); err != nil {
		t.Fatal(err)
	}
	if m.Snapshot()[key] != nil {
		t.Error("rebuild makes an empty list")
	}
	sound("removed")
}

// renamed is a draft that changes a chart's lines.
func renamed(c *publisher.Channel, chart string) publisher.Draft {
	d := publisher.Draft{Time: buckettest.Start().Add(time.Hour), Nonce: "renamed " + chart}
	lines := []string{strings.Replace(c.Index().Lines(chart)[0], `"name"`, `"description":"x","name"`, 1)}
	d.Removed, d.Added = c.Index().Diff(map[string][]string{chart: lines})
	return d
}
