package publisher_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/storetest"
)

// published is a site with a channel of three generations: the second adds a
// signed release, the third leaves the index alone.
func published(t *testing.T) *storetest.Mem {
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
	r := &publisher.Release{Chart: chart, Version: version, Archive: publisher.Bytes(archive)}
	r.Info = publisher.ReleaseInfo{Upload: upload, Digest: hash(archive), Size: int64(len(archive))}
	if prov != "" {
		r.Prov, r.Info.Provenance = publisher.Bytes([]byte(prov)), hash([]byte(prov))
	}
	return r
}

func hash(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// commit publishes the release, or with nil a verdict that changes nothing.
func commit(t *testing.T, s publisher.Store, channel string, r *publisher.Release) {
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

func verify(t *testing.T, s publisher.Store, o publisher.VerifyOptions) *publisher.VerifyReport {
	t.Helper()
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
	site, err := publisher.OpenWeb(web.URL)
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]publisher.Store{"store": m.Handle("test"), "web": site} {
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
	old := m.Snapshot()["stable/snapshots/00000001/index.yaml"]
	m.Put("stable/index.yaml", bytes.ReplaceAll(old, []byte(`"../../charts/`), []byte(`"charts/`)))
	faults := verify(t, m.Handle("test"), publisher.VerifyOptions{}).Channels[0].Faults
	if len(faults) != 1 || !strings.Contains(faults[0].Message, "generation 1, but generation 2 is committed") {
		t.Errorf("got %v", faults)
	}
}

func TestVerifyNoChannel(t *testing.T) {
	m := published(t)
	report := verify(t, m.Handle("test"), publisher.VerifyOptions{Channels: []string{"devel"}})
	if report.OK() || !strings.Contains(report.Channels[0].Faults[0].Message, "no such channel") {
		t.Errorf("got %+v", report)
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
	all, err := publisher.ReadStatus(t.Context(), site.Handle("test"), drop.Handle("test"), nil)
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
	draft.Nonce = "second"
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

func open(t *testing.T, m *storetest.Mem) *publisher.Channel {
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
	m.Put("stable/log/00000004.json", []byte(strings.Replace(record, `"format": 1`, `"format": 2`, 1)))
	_, err := publisher.OpenChannel(t.Context(), m.Handle("test"), "stable")
	if err == nil || !strings.Contains(err.Error(), "newer portolan") || !strings.Contains(err.Error(), "stable/log/00000004.json") {
		t.Errorf("got %v", err)
	}
}
