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
)

const rootKey = "index.yaml"

// rooted is published, where the site's root shows the channel, and one generation
// more. It returns what the root showed before that.
func rooted(t *testing.T) (m *buckettest.Mem, before []byte) {
	t.Helper()
	m = published(t)
	c := openAtRoot(t, m)
	d := publisher.Draft{Time: buckettest.Start().Add(3 * time.Minute), Nonce: "n"}
	if err := c.Commit(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	project := func() {
		if err := c.Project(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	project()
	before = m.Snapshot()[rootKey]
	again(t, m, "gamma") // as a generator does that does not know of the root
	c = openAtRoot(t, m)
	project()
	return m, before
}

func openAtRoot(t *testing.T, m *buckettest.Mem) *publisher.Channel {
	t.Helper()
	c, err := publisher.OpenAtRoot(t.Context(), m.Handle("test"), "stable", false)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// damagedRoots are what the index in the site's root may become.
func damagedRoots(right, before []byte) map[string][]byte {
	return map[string][]byte{
		"missing":      nil,
		"with rubbish": append(bytes.Clone(right), '\n'),
		"changed":      bytes.Replace(right, []byte(`"1.0.0"`), []byte(`"1.0.1"`), 1),
		"a comma less": bytes.Replace(right, []byte("],\n"), []byte("]\n"), 1),
		"another URL":  bytes.Replace(right, []byte(`"stable/charts`), []byte(`"charts`), 1),
		"header":       bytes.Replace(right, []byte(`"apiVersion":"v1",`), []byte(`"apiVersion": "v1",`), 1),
		"cut":          right[:len(right)-1],
		"an older one": before,
	}
}

// tornRoots are what is left of the index in the site's root if not even its first line is.
func tornRoots(right []byte) map[string][]byte {
	return map[string][]byte{
		"empty":        {},
		"its start":    right[:100],
		"one byte":     right[:1],
		"its end":      right[len(right)/2:],
		"zeros":        make([]byte, len(right)),
		"a page":       []byte("<!DOCTYPE html>\n<title>502</title>\n"),
		"one line":     bytes.Repeat([]byte("x"), 1<<20),
		"no last line": bytes.TrimSuffix(bytes.Replace(right, []byte(`"apiVersion"`), []byte(`"bpiVersion`), 1), []byte("}}\n")),
	}
}

// TestRootTorn: what is left of the channel's index in the site's root is written again
// by whatever writes that, and the log stays as it is.
func TestRootTorn(t *testing.T) {
	m, _ := rooted(t)
	right := m.Snapshot()[rootKey]
	for name, b := range tornRoots(right) {
		for how, mend := range map[string]func() error{
			"rebuild": func() error { rebuild(t, m); return nil },
			"rebuild at root": func() error {
				_, err := publisher.Rebuild(t.Context(), m.Handle("rebuild"), "stable", publisher.RebuildOptions{AtRoot: true})
				return err
			},
			"project": func() error {
				c := openAtRoot(t, m)
				if behind, err := c.RootBehind(); err != nil || behind != "index.yaml: damaged" || c.RootChanges() || c.RootLeft() != "" {
					t.Errorf("%s: %q, %v; it changes: %t, left: %q", name, behind, err, c.RootChanges(), c.RootLeft())
				}
				return c.Project(t.Context())
			},
		} {
			m.Put(rootKey, b)
			if r := verify(t, m.Handle("verify"), publisher.VerifyOptions{}); r.OK() {
				t.Errorf("%s: verify finds nothing", name)
			}
			if err := mend(); err != nil || !bytes.Equal(m.Snapshot()[rootKey], right) {
				t.Errorf("%s, %s: it is not restored; %v", name, how, err)
			}
		}
		m.Put(rootKey, b) // a run without the setting says so
		c, err := publisher.OpenChannel(t.Context(), m.Handle("test"), "stable")
		if err == nil {
			err = c.LeaveRoot(t.Context())
		}
		if err != nil || c.RootChanges() || !strings.Contains(c.RootLeft(), "damaged") {
			t.Errorf("%s, not wanted: %q, %v", name, c.RootLeft(), err)
		}
	}
}

// TestRootOfAnotherTool: an index of another tool takes the place for good, however it is
// written.
func TestRootOfAnotherTool(t *testing.T) {
	m, _ := rooted(t)
	for _, file := range []string{
		"apiVersion: v1\nentries: {}\n", "# ours\n---\nentries:\n  a:\n  - x", "\ufeff\"entries\": {}\n", "'apiVersion': v1\r\n",
		`{"apiVersion":"v1","entries":{}}`, "\n {\n \"entries\": {}}\n", strings.Repeat("#", 1<<20) + "\nentries: {}\n",
	} {
		m.Put(rootKey, []byte(file))
		rebuild(t, m)
		c := openAtRoot(t, m)
		if err := c.Project(t.Context()); err != nil || !strings.Contains(c.RootLeft(), "--replace-root") || string(m.Snapshot()[rootKey]) != file {
			t.Errorf("%.40q: %q, %v", file, c.RootLeft(), err)
		}
	}
}

// TestVerifyRoot: a file that is not what the log says is found, with a fix.
func TestVerifyRoot(t *testing.T) {
	m, before := rooted(t)
	right := m.Snapshot()[rootKey]
	if r := verify(t, m.Handle("verify"), publisher.VerifyOptions{Deep: true}); !r.OK() {
		t.Fatalf("%+v", r)
	}
	foreign := damagedRoots(right, before)
	foreign["foreign"] = []byte("apiVersion: v1\nentries: {}\n")
	foreign["empty"] = []byte{}
	for name, b := range foreign {
		if remove(t, m, rootKey); b != nil {
			m.Put(rootKey, b)
		}
		faults := verify(t, m.Handle("verify"), publisher.VerifyOptions{}).Channels[0].Faults
		if len(faults) != 1 || faults[0].Key != rootKey || !strings.Contains(faults[0].Fix, "portolan generate") {
			t.Errorf("%s: %+v", name, faults)
		}
	}
	// One that shows another channel was given to that.
	m.Put(rootKey, bytes.ReplaceAll(right, []byte("stable"), []byte("devel")))
	if r := verify(t, m.Handle("verify"), publisher.VerifyOptions{}); !r.OK() {
		t.Errorf("another channel's: %+v", r)
	}
}

// TestVerifyRootUnlisted: what a site serves is verified as well, and may come from a
// cache for a moment.
func TestVerifyRootUnlisted(t *testing.T) {
	m, before := rooted(t)
	m.Put(rootKey, before)
	web := httptest.NewServer(publisher.Handler(m.Handle("web"), nil))
	defer web.Close()
	site, err := bucket.OpenWeb(web.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	for age, want := range map[time.Duration]bool{time.Minute: true, time.Hour: false} {
		r := verify(t, site, publisher.VerifyOptions{Channels: []string{"stable"}, Now: func() time.Time { return buckettest.Start().Add(3*time.Minute + age) }})
		if r.OK() != want {
			t.Errorf("%v after the commit: %+v", age, r)
		}
	}
}

// TestVerifyRootWhilePublishing commits a generation between any two steps of a
// verification, and lets it reach the snapshot, the site's root and head there, or later.
func TestVerifyRootWhilePublishing(t *testing.T) {
	verifyWhilePublishing(t, publishing{
		site: func(t *testing.T) *buckettest.Mem { m, _ := rooted(t); return m },
		open: openAtRoot, chart: "gamma", parts: 4,
		part: func(op buckettest.Op) bool {
			return strings.HasSuffix(op.Key, "index.yaml") && op.Kind != buckettest.Get || strings.Contains(op.Key, "/log/") && op.Kind == buckettest.Create
		},
	})
}

// TestRebuildRoot gets back what the site's root showed, and leaves alone what portolan
// did not write there.
func TestRebuildRoot(t *testing.T) {
	m, before := rooted(t)
	right := m.Snapshot()[rootKey]
	wanted := func(replace bool) (*publisher.RebuildReport, error) {
		return publisher.Rebuild(t.Context(), m.Handle("rebuild"), "stable", publisher.RebuildOptions{AtRoot: true, ReplaceRoot: replace})
	}
	for name, b := range damagedRoots(right, before) {
		for how, rebuild := range map[string]func() (*publisher.RebuildReport, error){
			"as it is": func() (*publisher.RebuildReport, error) { return rebuild(t, m) },
			"wanted":   func() (*publisher.RebuildReport, error) { return wanted(false) },
		} {
			if remove(t, m, rootKey); b != nil {
				m.Put(rootKey, b)
			}
			r, err := rebuild()
			restored := bytes.Equal(m.Snapshot()[rootKey], right)
			if lost := b == nil && how == "as it is"; err != nil || restored == lost || slices.Contains(r.Written, rootKey) != restored {
				t.Errorf("%s, %s: %+v, %v; restored: %t", name, how, r, err, restored)
			}
		}
	}
	foreign := []byte("apiVersion: v1\nentries: {}\n")
	m.Put(rootKey, foreign)
	if r, err := wanted(false); err != nil || !strings.Contains(r.RootLeft, "--replace-root") || !bytes.Equal(m.Snapshot()[rootKey], foreign) {
		t.Errorf("%+v, %v", r, err)
	}
	if r, err := wanted(true); err != nil || r.RootLeft != "" || !bytes.Equal(m.Snapshot()[rootKey], right) {
		t.Errorf("%+v, %v", r, err)
	}
	// One of a generation that the log lacks says that a record was lost.
	m.Put(rootKey, bytes.Replace(right, []byte(`"portolan/generation":"5"`), []byte(`"portolan/generation":"7"`), 1))
	if _, err := rebuild(t, m); err == nil || !strings.Contains(err.Error(), "00000006.json") {
		t.Errorf("got %v", err)
	}
}

// TestRootNeverGoesBack: of two writers of the site's root, the newer generation stays,
// in whatever order they write.
func TestRootNeverGoesBack(t *testing.T) {
	for name, first := range map[string]bool{"missing": true, "there": false} {
		t.Run(name, func(t *testing.T) {
			m, _ := rooted(t)
			if first {
				remove(t, m, rootKey)
			}
			slow := openAtRoot(t, m)
			if err := slow.Commit(t.Context(), without(slow, "gamma")); err != nil {
				t.Fatal(err)
			}
			fast := openAtRoot(t, m)
			if err := fast.Commit(t.Context(), without(fast, "beta")); err != nil {
				t.Fatal(err)
			}
			if err := fast.Project(t.Context()); err != nil {
				t.Fatal(err)
			}
			want := m.Snapshot()[rootKey]
			if err := slow.Project(t.Context()); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(m.Snapshot()[rootKey], want) {
				t.Error("the slow one's index took the place of the newer one")
			}
			if r := verify(t, m.Handle("verify"), publisher.VerifyOptions{}); !r.OK() {
				t.Errorf("%+v", r)
			}
		})
	}
}

// without is a draft that takes a chart out of the index.
func without(c *publisher.Channel, chart string) publisher.Draft {
	d := publisher.Draft{Time: buckettest.Start().Add(time.Hour), Nonce: "without " + chart}
	d.Removed, d.Added = c.Index().Diff(map[string][]string{chart: nil})
	return d
}
