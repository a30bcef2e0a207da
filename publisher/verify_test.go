package publisher_test

import (
	"bytes"
	"context"
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
	"github.com/portolan-charts/portolan/publisher/verdict"
)

func TestVerifyOK(t *testing.T) {
	m := published(t)
	web := httptest.NewServer(publisher.Handler(m.Handle("web"), nil))
	defer web.Close()
	site, err := bucket.OpenWeb(web.URL, nil)
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
		"record and more":      {"stable/log/00000002.json", func(b []byte) []byte { return append(b, " {}"...) }, false, "something follows it"},
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

func TestVerifyNoChannel(t *testing.T) {
	m := published(t)
	report := verify(t, m.Handle("test"), publisher.VerifyOptions{Channels: []string{"devel"}})
	faults := report.Channels[0].Faults
	if len(faults) != 1 || faults[0].Key != "devel" || faults[0].Message != "there is no such channel" {
		t.Errorf("got %+v", report)
	}
}

// TestVerifyForeignNames: other files in the log folder do not count as records.
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
	accepted := publisher.Decision{Upload: id1, Arrival: buckettest.Start(), Verdict: verdict.Accepted}
	refused := publisher.Decision{Upload: id2, Arrival: buckettest.Start(), Verdict: verdict.Rejected}
	for want, decisions := range map[string][]publisher.Decision{
		"which it does not accept":                              {{Upload: id1, Arrival: buckettest.Start(), Verdict: verdict.Unchanged}},
		"publishes alpha 1.0.0 of upload " + id1:                {refused},
		"decides upload " + id2 + ", which generation 1":        {accepted, refused, refused},
		"decides upload bad-0, which generation 1 decides, too": {accepted, {Upload: "bad-0", Arrival: buckettest.Start(), Verdict: verdict.Rejected}},
	} {
		m, _ := buckettest.Clocked(t)
		s := m.Handle("test")
		if !strings.Contains(want, id2) {
			commit(t, s, "stable", nil) // decides bad-0
		}
		r := release("alpha", "1.0.0", id1, "")
		if err := publisher.PutRelease(t.Context(), s, "stable", r); err != nil {
			t.Fatal(err)
		}
		c := open(t, m)
		d := publisher.Draft{Time: buckettest.Start(), Nonce: "n", Decisions: decisions}
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
	site, err := bucket.OpenWeb(web.URL, nil)
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

// publishing is a generation that is committed, without one of the charts, and what
// follows from it.
type publishing struct {
	site  func(*testing.T) *buckettest.Mem
	open  func(*testing.T, *buckettest.Mem) *publisher.Channel
	chart string
	parts int                      // how many writes to the site it is at most
	part  func(buckettest.Op) bool // whether an operation is one of these
}

// verifyWhilePublishing begins it between any two steps of a verification. After each of
// its parts it stops, and goes on when the verification waits.
func verifyWhilePublishing(t *testing.T, p publishing) {
	t.Helper()
	for n := 0; ; n++ {
		for parts := 1; parts <= p.parts; parts++ {
			m := p.site(t)
			later, writes, step, begun := parts, 0, -1, false
			m.Hook = func(op buckettest.Op) buckettest.Fault {
				if op.Actor != "verify" {
					if p.part(op) {
						if writes++; writes > later {
							return buckettest.Refused
						}
					}
					return buckettest.None
				}
				if step++; step == n {
					begun = true
					c := p.open(t, m)
					d := without(c, p.chart)
					d.Time = buckettest.Start().Add(4 * time.Minute)
					if err := c.Commit(context.Background(), d); err != nil {
						t.Error(err)
					}
					_ = c.Project(context.Background())
				}
				return buckettest.None
			}
			report := verify(t, m.Handle("verify"), publisher.VerifyOptions{
				Workers: 1, Now: func() time.Time { return buckettest.Start().Add(4 * time.Minute) },
				Sleep: func(context.Context, time.Duration) error {
					writes, later = 0, 9
					return p.open(t, m).Project(context.Background())
				},
			})
			if !report.OK() {
				t.Errorf("%d parts at step %d: %+v", parts, n, report.Channels[0].Faults)
			}
			if !begun {
				return
			}
		}
	}
}
