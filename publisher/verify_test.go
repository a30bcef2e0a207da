package publisher_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
)

// published is a site with a channel of three generations: the second adds a
// signed release, the third leaves the index alone.
func published(t *testing.T) *buckettest.Mem {
	t.Helper()
	m, _ := clocked(t)
	s := m.Handle("test")
	commit(t, s, "stable", release("alpha", "1.0.0", id1, ""))
	commit(t, s, "stable", release("beta", "1.0.0", id2, "signature"))
	commit(t, s, "stable", nil)
	return m
}

func release(chart, version, upload, prov string) *publisher.Release {
	archive := []byte("archive of " + chart)
	r := &publisher.Release{Chart: chart, Version: version, Archive: bucket.Bytes(archive)}
	r.Info = publisher.ReleaseInfo{Upload: upload, Digest: hash(archive), Size: int64(len(archive))}
	if prov != "" {
		r.Prov, r.Info.Provenance = bucket.Bytes([]byte(prov)), hash([]byte(prov))
	}
	return r
}

func hash(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// commit publishes the release, or with nil a verdict that changes nothing.
func commit(t *testing.T, s bucket.Store, channel string, r *publisher.Release) {
	t.Helper()
	c, err := publisher.OpenChannel(t.Context(), s, channel)
	if err != nil {
		t.Fatal(err)
	}
	d := publisher.Draft{Time: start().Add(time.Duration(c.Generation()) * time.Minute), Nonce: "n"}
	d.Decisions = []publisher.Decision{{Upload: fmt.Sprint("bad-", c.Generation()), Arrival: start(), Verdict: publisher.Rejected, Rule: "r"}}
	if r != nil {
		if err := publisher.PutRelease(t.Context(), s, channel, r); err != nil {
			t.Fatal(err)
		}
		line := fmt.Sprintf(`{"name":%q,"version":%q,"digest":%q,"urls":[%q]}`, r.Chart, r.Version, r.Info.Digest, r.URL())
		d.Removed, d.Added = c.Index().Diff(map[string][]string{r.Chart: append([]string{line}, c.Index().Lines(r.Chart)...)})
		d.Decisions = append(d.Decisions, publisher.Decision{
			Upload: r.Info.Upload, Arrival: start(), Chart: r.Chart, Version: r.Version,
			Verdict: publisher.Accepted, Digest: r.Info.Digest, Size: r.Info.Size, Provenance: r.Info.Provenance,
		})
	}
	if err := c.Commit(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	if err := c.Project(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// verify verifies long after everything was committed, unless o has a clock.
func verify(t *testing.T, s bucket.Store, o publisher.VerifyOptions) *publisher.VerifyReport {
	t.Helper()
	if o.Now == nil {
		o.Now = func() time.Time { return start().Add(24 * time.Hour) }
	}
	if o.Sleep == nil {
		o.Sleep = func(context.Context, time.Duration) error {
			t.Error("it waited")
			return nil
		}
	}
	report, err := publisher.Verify(t.Context(), s, o)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestVerifyOK(t *testing.T) {
	m := published(t)
	web := httptest.NewServer(publisher.Handler(m.Handle("web"), nil))
	defer web.Close()
	site, err := bucket.OpenWeb(web.URL)
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]bucket.Store{"store": m.Handle("test"), "web": site} {
		for _, deep := range []bool{false, true} {
			report := verify(t, s, publisher.VerifyOptions{Channels: []string{"stable"}, Deep: deep})
			c := report.Channels[0]
			if !report.OK() || c.Generation != 3 || c.Snapshots != 2 || c.Charts != 2 || c.Versions != 2 || c.Archives != 2 {
				t.Errorf("%s, deep %t: %+v", name, deep, c)
			}
		}
	}
}

const (
	alphaKey = "stable/charts/alpha/1.0.0/" + id1 + "/alpha-1.0.0.tgz"
	betaKey  = "stable/charts/beta/1.0.0/" + id2 + "/beta-1.0.0.tgz"
)

func TestVerifyFaults(t *testing.T) {
	tests := map[string]struct {
		key     string
		change  func([]byte) []byte // nil removes
		deep    bool                // found only by looking deep
		message string
	}{
		"archive missing":      {alphaKey, nil, false, "named by the index or a snapshot, but missing"},
		"archive cut":          {alphaKey, func(b []byte) []byte { return b[1:] }, false, "it has 15 bytes, not the 16"},
		"archive changed":      {alphaKey, func(b []byte) []byte { return bytes.ToUpper(b) }, true, "its SHA-256 is"},
		"signature missing":    {betaKey + ".prov", nil, false, "missing"},
		"signature changed":    {betaKey + ".prov", func(b []byte) []byte { return bytes.ToUpper(b) }, true, "its SHA-256 is"},
		"head missing":         {"stable/index.yaml", nil, false, "it is missing"},
		"head changed":         {"stable/index.yaml", func(b []byte) []byte { return bytes.ToUpper(b) }, false, "not those of any generation"},
		"snapshot missing":     {"stable/snapshots/00000001/index.yaml", nil, false, "it is missing"},
		"snapshot changed":     {"stable/snapshots/00000002/index.yaml", func(b []byte) []byte { return bytes.ToUpper(b) }, false, "are not those of the log"},
		"first record missing": {"stable/log/00000001.json", nil, false, "the record is missing, but there are later ones"},
		"record missing":       {"stable/log/00000002.json", nil, false, "the record is missing, but there are later ones"},
		"record cut":           {"stable/log/00000002.json", func(b []byte) []byte { return b[:len(b)/2] }, false, "not a commit record"},
		"record of another":    {"stable/log/00000002.json", func(b []byte) []byte { return bytes.Replace(b, []byte(`"n"`), []byte(`"m"`), 1) }, false, "it follows on a record with the SHA-256"},
		"record's index changed": {"stable/log/00000002.json", func(b []byte) []byte {
			return bytes.Replace(b, []byte(`beta\",\"version`), []byte(`beta\",\"Version`), 1)
		}, false, "its index has"},
		"record's sum changed":  {"stable/log/00000001.json", func(b []byte) []byte { return bytes.Replace(b, []byte(`"sha256": "`), []byte(`"sha256": "0`), 1) }, false, "its index has"},
		"record's base changed": {"stable/log/00000003.json", func(b []byte) []byte { return bytes.Replace(b, []byte(`"base": 2`), []byte(`"base": 1`), 1) }, false, "follows on the index of generation 1"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			m := published(t)
			before := m.Snapshot()[test.key]
			if before == nil {
				t.Fatalf("there is no %s", test.key)
			}
			if test.change == nil {
				if err := m.Handle("vandal").Delete(t.Context(), test.key, ""); err != nil {
					t.Fatal(err)
				}
			} else {
				after := test.change(bytes.Clone(before))
				if bytes.Equal(before, after) {
					t.Fatal("nothing was changed")
				}
				m.Put(test.key, after)
			}
			for _, deep := range []bool{false, true} {
				report := verify(t, m.Handle("test"), publisher.VerifyOptions{Deep: deep})
				faults := report.Channels[0].Faults
				if test.deep && !deep {
					if !report.OK() {
						t.Errorf("without looking deep: %v", faults)
					}
					continue
				}
				if !slices.ContainsFunc(faults, func(f publisher.Fault) bool {
					return strings.Contains(f.Message, test.message) && f.Fix != "" && strings.HasPrefix(f.Key, "stable/")
				}) {
					t.Errorf("deep %t: got %v, want %q", deep, faults, test.message)
				}
			}
		})
	}
}

// TestVerifyHeadBehind: a run that was broken off after committing is no
// damage, but worth saying.
func TestVerifyHeadBehind(t *testing.T) {
	m := published(t)
	putHead(m, 1)
	faults := verify(t, m.Handle("test"), publisher.VerifyOptions{}).Channels[0].Faults
	if len(faults) != 1 || !strings.Contains(faults[0].Message, "generation 1, but generation 2 is committed") {
		t.Errorf("got %v", faults)
	}
}

func TestVerifyNoChannel(t *testing.T) {
	m := published(t)
	report := verify(t, m.Handle("test"), publisher.VerifyOptions{Channels: []string{"devel"}})
	faults := report.Channels[0].Faults
	if len(faults) != 1 || faults[0].Key != "devel" || faults[0].Message != "there is no such channel" {
		t.Errorf("got %+v", report)
	}
}

// again commits one more release to published.
func again(t *testing.T, m *buckettest.Mem, chart string) {
	commit(t, m.Handle("publisher"), "stable", release(chart, "1.0.0", id1[:35]+chart[:1], ""))
}

// TestVerifyWhilePublishing commits a generation between any two steps of a
// verification, and lets it reach the snapshot and head there, or later.
func TestVerifyWhilePublishing(t *testing.T) {
	for n := 0; ; n++ {
		for _, parts := range []int{1, 2, 3} { // record; snapshot; head
			m := published(t)
			later := parts // of which as many follow while it waits
			step, writes := -1, 0
			begun, ended := false, false
			m.Hook = func(op buckettest.Op) buckettest.Fault {
				if op.Actor != "verify" {
					log := strings.Contains(op.Key, "/log/") || strings.Contains(op.Key, "/snapshots/") || strings.HasSuffix(op.Key, "index.yaml")
					if log && op.Kind != buckettest.Get {
						if writes++; writes > later {
							return buckettest.Refused
						}
					}
					return buckettest.None
				}
				if step++; step == n {
					begun = true
					halfPublish(t, m)
				}
				return buckettest.None
			}
			report := verify(t, m.Handle("verify"), publisher.VerifyOptions{
				Deep: true, Workers: 1, Now: func() time.Time { return start().Add(3 * time.Minute) },
				Sleep: func(context.Context, time.Duration) error {
					writes, later, ended = 0, 3, true
					project(t, m)
					return nil
				},
			})
			if !report.OK() {
				t.Errorf("%d parts at step %d, waited %t: %+v", parts, n, ended, report.Channels[0].Faults)
			}
			if !begun {
				return
			}
		}
	}
}

// halfPublish publishes as far as the store lets it.
func halfPublish(t *testing.T, m *buckettest.Mem) {
	s := m.Handle("publisher")
	r := release("gamma", "1.0.0", id1[:35]+"9", "")
	if err := publisher.PutRelease(t.Context(), s, "stable", r); err != nil {
		t.Fatal(err)
	}
	c, err := publisher.OpenChannel(t.Context(), s, "stable")
	if err != nil {
		t.Fatal(err)
	}
	line := fmt.Sprintf(`{"name":"gamma","version":"1.0.0","digest":%q,"urls":[%q]}`, r.Info.Digest, r.URL())
	d := publisher.Draft{Time: start().Add(3 * time.Minute), Nonce: "n"}
	_, d.Added = c.Index().Diff(map[string][]string{"gamma": {line}})
	d.Decisions = []publisher.Decision{{Upload: r.Info.Upload, Arrival: start(), Verdict: publisher.Accepted, Digest: r.Info.Digest, Size: r.Info.Size}}
	if err := c.Commit(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	_ = c.Project(t.Context())
}

// project lets whatever is committed reach head.
func project(t *testing.T, m *buckettest.Mem) {
	c, err := publisher.OpenChannel(t.Context(), m.Handle("publisher"), "stable")
	if err == nil {
		err = c.Project(t.Context())
	}
	if err != nil {
		t.Error(err)
	}
}

// TestVerifyBusy never finds head at the newest generation, for there is a
// newer one whenever it looks.
func TestVerifyBusy(t *testing.T) {
	m := published(t)
	n := byte('a')
	m.Hook = func(op buckettest.Op) buckettest.Fault {
		if op.Actor == "verify" && op.Key == "stable/index.yaml" && n < 'z' {
			n++
			again(t, m, string(n)+"-chart")
		}
		return buckettest.None
	}
	if report := verify(t, m.Handle("verify"), publisher.VerifyOptions{}); !report.OK() {
		t.Errorf("%+v", report.Channels[0].Faults)
	}
}

// TestVerifyHeadLate: head gets some time to show what was committed a moment
// ago, but not for ever, and none if that was long ago.
func TestVerifyHeadLate(t *testing.T) {
	for age, wantWaits := range map[time.Duration]int{time.Second: 4, time.Hour: 0} {
		m := published(t)
		putHead(m, 1)
		waits := 0
		report := verify(t, m.Handle("verify"), publisher.VerifyOptions{
			Now:   func() time.Time { return start().Add(time.Minute + age) },
			Sleep: func(context.Context, time.Duration) error { waits++; return nil },
		})
		if report.OK() || waits != wantWaits {
			t.Errorf("age %v: waited %d times, found %v", age, waits, report.Channels[0].Faults)
		}
	}
}

// putHead makes head the given generation.
func putHead(m *buckettest.Mem, generation int) {
	b := m.Snapshot()[fmt.Sprintf("stable/snapshots/%08d/index.yaml", generation)]
	m.Put("stable/index.yaml", bytes.ReplaceAll(b, []byte(`"../../charts/`), []byte(`"charts/`)))
}

// TestVerifyCachedHead: over the web, head may be what a cache remembers, but
// no longer than its header allows.
func TestVerifyCachedHead(t *testing.T) {
	m := published(t)
	putHead(m, 1)
	web := httptest.NewServer(publisher.Handler(m.Handle("web"), nil))
	defer web.Close()
	site, err := bucket.OpenWeb(web.URL)
	if err != nil {
		t.Fatal(err)
	}
	for age, want := range map[time.Duration]bool{time.Minute: true, 3 * time.Minute: false} {
		report := verify(t, site, publisher.VerifyOptions{
			Channels: []string{"stable"}, Now: func() time.Time { return start().Add(time.Minute + age) },
		})
		if report.OK() != want {
			t.Errorf("%v after the commit: %v", age, report.Channels[0].Faults)
		}
	}
}

// TestVerifyForeignNames: what is no record does not count as one.
func TestVerifyForeignNames(t *testing.T) {
	m := published(t)
	for _, name := range []string{"README", "00000009.json.bak", "9.json", "000000009.json", "zzz.json", "00000009"} {
		m.Put("stable/log/"+name, nil)
	}
	if report := verify(t, m.Handle("test"), publisher.VerifyOptions{}); !report.OK() {
		t.Errorf("%+v", report.Channels[0].Faults)
	}
}

// TestVerifyDecisions: a log whose records fit each other, but not the rules.
func TestVerifyDecisions(t *testing.T) {
	accepted := publisher.Decision{Upload: id1, Arrival: start(), Verdict: publisher.Accepted}
	refused := publisher.Decision{Upload: id2, Arrival: start(), Verdict: publisher.Rejected}
	for want, decisions := range map[string][]publisher.Decision{
		"which it does not accept":                              {{Upload: id1, Arrival: start(), Verdict: publisher.Unchanged}},
		"publishes alpha 1.0.0 of upload " + id1:                {refused},
		"decides upload " + id2 + ", which generation 1":        {accepted, refused, refused},
		"decides upload bad-0, which generation 1 decides, too": {accepted, {Upload: "bad-0", Arrival: start(), Verdict: publisher.Rejected}},
	} {
		m, _ := clocked(t)
		s := m.Handle("test")
		if !strings.Contains(want, id2) {
			commit(t, s, "stable", nil) // decides bad-0
		}
		r := release("alpha", "1.0.0", id1, "")
		if err := publisher.PutRelease(t.Context(), s, "stable", r); err != nil {
			t.Fatal(err)
		}
		c := open(t, m)
		d := publisher.Draft{Time: start(), Nonce: "n", Decisions: decisions}
		_, d.Added = c.Index().Diff(map[string][]string{"alpha": {
			fmt.Sprintf(`{"name":"alpha","version":"1.0.0","digest":%q,"urls":[%q]}`, r.Info.Digest, r.URL()),
		}})
		if err := c.Commit(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		if err := c.Project(t.Context()); err != nil {
			t.Fatal(err)
		}
		faults := verify(t, s, publisher.VerifyOptions{}).Channels[0].Faults
		if len(faults) != 1 || !strings.Contains(faults[0].Message, want) {
			t.Errorf("got %v, want one that %s", faults, want)
		}
	}
}

// TestVerifyUnreadable: what cannot be read is a fault, and the rest is verified.
func TestVerifyUnreadable(t *testing.T) {
	for _, deep := range []bool{false, true} {
		for step := 0; ; step++ {
			m := published(t)
			commit(t, m.Handle("test"), "untouched", release("alpha", "1.0.0", id1, ""))
			n, key := -1, ""
			m.Hook = func(op buckettest.Op) buckettest.Fault {
				if op.Actor != "verify" || !strings.HasPrefix(op.Key, "stable") {
					return buckettest.None
				}
				if n++; n == step {
					key = op.Key
					return buckettest.Refused
				}
				return buckettest.None
			}
			report := verify(t, m.Handle("verify"), publisher.VerifyOptions{Deep: deep, Workers: 1, Channels: []string{"stable", "untouched"}})
			if key == "" {
				break
			}
			faults := report.Channels[0].Faults
			if len(report.Channels) != 2 || len(faults) != 1 || faults[0].Key != key || faults[0].Message != "it cannot be read: injected fault" {
				t.Errorf("%s: got %v", key, faults)
			}
			if len(report.Channels[1].Faults) > 0 || report.Channels[1].Archives != 1 {
				t.Errorf("%s: the other channel: %+v", key, report.Channels[1])
			}
		}
	}
}

// TestVerifyStops once nothing can be read any more, or when it is told to, and
// says what it found by then.
func TestVerifyStops(t *testing.T) {
	m := published(t)
	for n := range 150 {
		commit(t, m.Handle("test"), "stable", release(fmt.Sprintf("chart-%d", n), "1.0.0", fmt.Sprintf("%s%03d", id1[:33], n), ""))
	}
	m.Put("stable/index.yaml", nil)
	ctx, cancel := context.WithCancel(t.Context())
	reads, canceled := 0, false
	m.Hook = func(op buckettest.Op) buckettest.Fault {
		if op.Actor != "verify" || !strings.Contains(op.Key, "/snapshots/") {
			return buckettest.None
		}
		if reads++; canceled {
			cancel()
		}
		return buckettest.Refused
	}
	for _, canceled = range []bool{false, true} {
		reads = 0
		report, err := publisher.Verify(ctx, m.Handle("verify"), publisher.VerifyOptions{Workers: 1})
		if err == nil || report.OK() || len(report.Channels) != 1 || report.Channels[0].Error != err.Error() || report.Channels[0].Faults[0].Key != "stable/index.yaml" {
			t.Errorf("canceled %t: %v, %+v", canceled, err, report)
		}
		if !canceled && reads != 100 || canceled && !errors.Is(err, context.Canceled) {
			t.Errorf("canceled %t: %v after %d reads", canceled, err, reads)
		}
	}
}

// TestVerifyListingMisses: an archive that a listing does not show is looked for.
func TestVerifyListingMisses(t *testing.T) {
	m := published(t)
	again(t, m, "omega")
	m.Hook = func(op buckettest.Op) buckettest.Fault {
		if op.Kind == buckettest.List && strings.HasSuffix(op.Key, "/charts") {
			return buckettest.Stale
		}
		return buckettest.None
	}
	if report := verify(t, m.Handle("test"), publisher.VerifyOptions{}); !report.OK() || report.Channels[0].Archives != 3 {
		t.Errorf("%+v", report.Channels[0])
	}
}

func TestChannels(t *testing.T) {
	m := published(t)
	commit(t, m.Handle("test"), "group/app/devel", release("alpha", "1.0.0", id1, ""))
	commit(t, m.Handle("test"), "group", nil)
	m.Put("notes/readme.txt", nil)
	got, err := publisher.Channels(t.Context(), m.Handle("test"))
	if want := []string{"group", "group/app/devel", "stable"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v; want %v", got, err, want)
	}
}

func TestReadStatus(t *testing.T) {
	site := published(t)
	drop, _ := clocked(t)
	drop.Put("inbox/stable/"+id1+".tgz", nil)
	drop.Put("inbox/devel/x.tgz", nil)
	all, err := publisher.ReadStatus(t.Context(), site.Handle("test"), readInbox(t, drop), nil)
	if err != nil || len(all) != 2 {
		t.Fatalf("got %v, %v", all, err)
	}
	want := publisher.ChannelStatus{
		Channel: "stable", Generation: 3, IndexGeneration: 2, Charts: 2, Versions: 2,
		Size: int64(len("archive of alpha") + len("archive of beta")), Changed: start().Add(2 * time.Minute), Waiting: 1,
	}
	if all[0].Channel != "devel" || all[0].Waiting != 1 || all[1] != want {
		t.Errorf("got %+v, want %+v", all, want)
	}
}

// TestReadStatusDamaged: a channel that cannot be read says so, and the others
// are shown.
func TestReadStatusDamaged(t *testing.T) {
	site := published(t)
	commit(t, site.Handle("test"), "devel", release("alpha", "1.0.0", id1, ""))
	site.Put("devel/log/00000001.json", []byte("{"))
	drop, _ := clocked(t)
	drop.Put("inbox/devel/"+id1+".tgz", nil)
	all, err := publisher.ReadStatus(t.Context(), site.Handle("test"), readInbox(t, drop), nil)
	if err != nil || len(all) != 2 {
		t.Fatalf("got %v, %v", all, err)
	}
	if !strings.Contains(all[0].Error, "devel/log/00000001.json: not a commit record") || all[0].Waiting != 1 {
		t.Errorf("devel: %+v", all[0])
	}
	if all[1].Error != "" || all[1].Versions != 2 {
		t.Errorf("stable: %+v", all[1])
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := publisher.ReadStatus(ctx, site.Handle("test"), &publisher.Inbox{}, []string{"stable"}); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
}

func TestHasChannel(t *testing.T) {
	m := published(t)
	for name, want := range map[string]bool{"stable": true, "stabel": false} {
		if got, err := publisher.HasChannel(t.Context(), m.Handle("test"), name); got != want || err != nil {
			t.Errorf("%s: %t, %v", name, got, err)
		}
	}
}

// TestCommitConflict: of two generators that saw the same log one commits, and
// the other can follow and commit after it.
func TestCommitConflict(t *testing.T) {
	m := published(t)
	first, second := open(t, m), open(t, m)
	draft := publisher.Draft{Time: start().Add(time.Hour), Decisions: []publisher.Decision{{Upload: "x", Arrival: start(), Verdict: publisher.Rejected}}}
	draft.Nonce = "first"
	if err := first.Commit(t.Context(), draft); err != nil {
		t.Fatal(err)
	}
	if err := first.Refresh(t.Context()); err != nil || first.Generation() != 4 {
		t.Errorf("generation %d, %v", first.Generation(), err)
	}
	draft.Nonce, draft.Decisions[0].Upload = "second", "y"
	if err := second.Commit(context.Background(), draft); err == nil || second.Generation() != 3 {
		t.Fatalf("the loser got %v at generation %d", err, second.Generation())
	}
	if err := second.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := second.Commit(t.Context(), draft); err != nil || second.Generation() != 5 {
		t.Errorf("generation %d, %v", second.Generation(), err)
	}
	if report := verify(t, m.Handle("test"), publisher.VerifyOptions{Deep: true}); !report.OK() {
		t.Errorf("%+v", report)
	}
}

func open(t *testing.T, m *buckettest.Mem) *publisher.Channel {
	t.Helper()
	c, err := publisher.OpenChannel(t.Context(), m.Handle("test"), "stable")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestFarBehind finds the newest of many records with few gets, and reads only
// those that changed the index.
func TestFarBehind(t *testing.T) {
	m, _ := clocked(t)
	s := m.Handle("test")
	commit(t, s, "stable", release("alpha", "1.0.0", id1, ""))
	for range 100 {
		commit(t, s, "stable", nil)
	}
	before := len(m.Ops())
	c := open(t, m)
	if c.Generation() != 101 || c.IndexGeneration() != 1 {
		t.Errorf("generation %d, index %d", c.Generation(), c.IndexGeneration())
	}
	if n := len(m.Ops()) - before; n > 18 {
		t.Errorf("%d operations for 100 records", n)
	}
}

// TestNewerFormat stops at a record that a later portolan wrote.
func TestNewerFormat(t *testing.T) {
	m := published(t)
	record := string(m.Snapshot()["stable/log/00000003.json"])
	m.Put("stable/log/00000004.json", []byte(strings.Replace(record, `"format": 1`, `"format": 4`, 1)))
	_, err := publisher.OpenChannel(t.Context(), m.Handle("test"), "stable")
	if err == nil || !strings.Contains(err.Error(), "newer portolan") || !strings.Contains(err.Error(), "stable/log/00000004.json") {
		t.Errorf("got %v", err)
	}
}

// TestVerifyLogEnd: a log that lost its end, and no record after it, cannot be
// the one that head was made from.
func TestVerifyLogEnd(t *testing.T) {
	m := published(t)
	for _, key := range []string{"stable/log/00000003.json", "stable/log/00000002.json"} {
		if err := m.Handle("vandal").Delete(t.Context(), key, ""); err != nil {
			t.Fatal(err)
		}
	}
	faults := verify(t, m.Handle("test"), publisher.VerifyOptions{}).Channels[0].Faults
	if len(faults) != 1 || faults[0].Key != "stable/log/00000002.json" || !strings.Contains(faults[0].Message, "the log ends at 1") {
		t.Errorf("got %v", faults)
	}
}

// TestVerifyFallback: a server that answers a page for files that do not exist
// is told what is wrong with it, and not that the log is damaged.
func TestVerifyFallback(t *testing.T) {
	m := published(t)
	files := publisher.Handler(m.Handle("web"), nil)
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, ok := m.Snapshot()[strings.TrimPrefix(r.URL.Path, "/")]; ok {
			files.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, "<!DOCTYPE html><div id=app></div>")
	}))
	defer web.Close()
	site, err := bucket.OpenWeb(web.URL)
	if err != nil {
		t.Fatal(err)
	}
	result := verify(t, site, publisher.VerifyOptions{Channels: []string{"stable"}, Deep: true}).Channels[0]
	if len(result.Faults) != 1 {
		t.Fatalf("faults %+v; want one", result.Faults)
	}
	f := result.Faults[0]
	if !strings.Contains(f.Message, "answers 200") || !strings.Contains(f.Fix, "answer 404") || f.Key != "stable/log/00000004.json" {
		t.Errorf("got %+v", f)
	}
}

// TestStatusOfHead: a head that is not what the log says is told, with the fix.
func TestStatusOfHead(t *testing.T) {
	for what, damage := range map[string]func(m *buckettest.Mem, head []byte){
		"":        func(*buckettest.Mem, []byte) {},
		"missing": func(m *buckettest.Mem, _ []byte) { remove(t, m, "stable/index.yaml") },
		"damaged": func(m *buckettest.Mem, head []byte) { m.Put("stable/index.yaml", head[:9]) },
		"generation 1, though generation 2 is committed": func(m *buckettest.Mem, _ []byte) {
			old := strings.ReplaceAll(string(m.Snapshot()["stable/snapshots/00000001/index.yaml"]), "../../", "")
			m.Put("stable/index.yaml", []byte(old))
		},
	} {
		m := published(t)
		damage(m, m.Snapshot()["stable/index.yaml"])
		all, err := publisher.ReadStatus(t.Context(), m.Handle("test"), &publisher.Inbox{}, nil)
		if err != nil || len(all) != 1 || all[0].Generation != 3 || all[0].Versions != 2 {
			t.Fatalf("%s: got %+v, %v", what, all, err)
		}
		got := all[0].Error
		if what == "" && got != "" || what != "" && !(strings.Contains(got, "stable/index.yaml: "+what) && strings.Contains(got, "generate --channel stable")) {
			t.Errorf("%s: got %q", what, got)
		}
	}
}

// TestForeignSnapshot: a file in the place of a snapshot is named, with the fix,
// which is enough.
func TestForeignSnapshot(t *testing.T) {
	m := published(t)
	const key = "stable/snapshots/00000002/index.yaml"
	remove(t, m, "stable/index.yaml")
	m.Put(key, []byte("theirs"))
	c, err := publisher.OpenChannel(t.Context(), m.Handle("test"), "stable")
	if err != nil {
		t.Fatal(err)
	}
	err = c.Project(t.Context())
	if !errors.Is(err, bucket.ErrConflict) || !strings.Contains(err.Error(), key) || !strings.Contains(err.Error(), "portolan rebuild --channel stable") {
		t.Errorf("got %v", err)
	}
	if _, err := publisher.Rebuild(t.Context(), m.Handle("test"), "stable", func(int, int) {}); err != nil {
		t.Error(err)
	}
	if err := c.Project(t.Context()); err != nil {
		t.Error(err)
	}
}
