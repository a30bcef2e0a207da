package publisher_test

import (
	"context"
	"errors"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/storetest"
)

// faulty is a store that breaks one promise.
type faulty struct {
	publisher.Store
	create  func(s publisher.Store, ctx context.Context, o publisher.Object) error
	replace func(s publisher.Store, ctx context.Context, o publisher.Object, token string) error
	get     func(s publisher.Store, ctx context.Context, key string) (*publisher.Reader, error)
	delete  func(s publisher.Store, ctx context.Context, key, token string) error
}

func (f faulty) String() string { return "s3://charts on http://127.0.0.1:9000" }

func (f faulty) Create(ctx context.Context, o publisher.Object) error {
	if f.create != nil {
		return f.create(f.Store, ctx, o)
	}
	return f.Store.Create(ctx, o)
}

func (f faulty) Replace(ctx context.Context, o publisher.Object, token string) error {
	if f.replace != nil {
		return f.replace(f.Store, ctx, o, token)
	}
	return f.Store.Replace(ctx, o, token)
}

func (f faulty) Get(ctx context.Context, key string) (*publisher.Reader, error) {
	if f.get != nil {
		return f.get(f.Store, ctx, key)
	}
	return f.Store.Get(ctx, key)
}

func (f faulty) Delete(ctx context.Context, key, token string) error {
	if f.delete != nil {
		return f.delete(f.Store, ctx, key, token)
	}
	return f.Store.Delete(ctx, key, token)
}

// overwrite is a Replace that ignores its token.
func overwrite(s publisher.Store, ctx context.Context, o publisher.Object, _ string) error {
	r, err := s.Get(ctx, o.Key)
	if err != nil {
		return err
	}
	r.Close()
	return s.Replace(ctx, o, r.Entry.Token)
}

// stale is a Get that goes on showing the first version.
func stale() func(publisher.Store, context.Context, string) (*publisher.Reader, error) {
	seen := map[string]publisher.Entry{}
	bytes := map[string]string{}
	return func(s publisher.Store, ctx context.Context, key string) (*publisher.Reader, error) {
		if _, ok := seen[key]; !ok {
			b, e, err := publisher.ReadAll(ctx, s, key, 1<<20)
			if err != nil {
				return nil, err
			}
			seen[key], bytes[key] = e, string(b)
		}
		return &publisher.Reader{ReadCloser: io.NopCloser(strings.NewReader(bytes[key])), Entry: seen[key]}, nil
	}
}

// faults are servers that are of no use, and what is said of them.
func faults() map[string]struct {
	faulty
	want string
} {
	type fault = struct {
		faulty
		want string
	}
	return map[string]fault{
		"creates over": {faulty{create: func(s publisher.Store, ctx context.Context, o publisher.Object) error {
			err := s.Create(ctx, o)
			if errors.Is(err, publisher.ErrConflict) {
				return overwrite(s, ctx, o, "")
			}
			return err
		}}, "a second writer replaced what the first one had written"},
		"replaces whatever is there": {faulty{replace: overwrite}, "a writer who knew only the old one replaced the new one"},
		"shows what was there":       {faulty{get: stale()}, "other bytes were read"},
		"shows nothing yet": {faulty{get: func(_ publisher.Store, _ context.Context, key string) (*publisher.Reader, error) {
			return nil, &publisher.KeyError{Key: key, Err: publisher.ErrNotFound}
		}}, "what had just been written was not found"},
		"has no tokens": {faulty{get: func(s publisher.Store, ctx context.Context, key string) (*publisher.Reader, error) {
			r, err := s.Get(ctx, key)
			if err == nil {
				r.Entry.Token = ""
			}
			return r, err
		}}, "it has neither ETag nor generation"},
		"swallows writes": {faulty{create: func(publisher.Store, context.Context, publisher.Object) error { return nil }},
			"what had just been written was not found"},
	}
}

func TestProbeRefuses(t *testing.T) {
	for name, fault := range faults() {
		t.Run(name, func(t *testing.T) {
			m := &storetest.Mem{}
			fault.Store = m.Handle("probe")
			wantBroken(t, publisher.Probe(t.Context(), fault.faulty, ""), fault.want)
			if left := m.Snapshot(); len(left) > 0 {
				t.Errorf("the probe left %v", left)
			}
		})
	}
}

func wantBroken(t *testing.T, err error, seen string) {
	t.Helper()
	broken := (*publisher.BrokenPromise)(nil)
	if !errors.As(err, &broken) || !strings.Contains(broken.Seen, seen) || broken.Deletions {
		t.Fatalf("got %v, want the broken promise %q", err, seen)
	}
	for _, part := range []string{"s3://charts on http://127.0.0.1:9000 cannot keep a site safe: ", broken.Promise, broken.Fix} {
		if part == "" || !strings.Contains(err.Error(), part) {
			t.Errorf("%q does not say %q", err, part)
		}
	}
}

// TestProbeDeletions is about what only a drop area needs, and can do without.
func TestProbeDeletions(t *testing.T) {
	for name, c := range map[string]struct {
		delete    func(s publisher.Store, ctx context.Context, key, token string) error
		deletions bool
		want      string
	}{
		"unconditional": {func(s publisher.Store, ctx context.Context, key, _ string) error {
			return s.Delete(ctx, key, "")
		}, true, "who knew only the old one deleted the new one"},
		"no effect": {func(s publisher.Store, ctx context.Context, key, token string) error {
			if token == "" {
				return s.Delete(ctx, key, "")
			}
			r, err := s.Get(ctx, key)
			if err == nil && r.Entry.Token != token {
				return publisher.ErrConflict
			}
			return err
		}, false, "it can still be read"},
	} {
		t.Run(name, func(t *testing.T) {
			m := &storetest.Mem{}
			err := publisher.Probe(t.Context(), faulty{Store: m.Handle("probe"), delete: c.delete}, "")
			broken := (*publisher.BrokenPromise)(nil)
			if !errors.As(err, &broken) || broken.Seen != c.want || broken.Deletions != c.deletions {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestFirstCommitProbes lets a new channel be committed to servers that are of
// no use. Nothing gets into the log.
func TestFirstCommitProbes(t *testing.T) {
	draft := publisher.Draft{Time: time.Unix(0, 0).UTC(), Nonce: "nonce", Decisions: []publisher.Decision{
		{Upload: "019cab00-0000-7000-8000-000000000001", Arrival: time.Unix(0, 0).UTC(), Verdict: publisher.Rejected, Rule: "not-gzip"},
	}}
	for name, fault := range faults() {
		t.Run(name, func(t *testing.T) {
			m := &storetest.Mem{}
			good, err := publisher.OpenChannel(t.Context(), m.Handle("before"), "old")
			if err != nil {
				t.Fatal(err)
			}
			if err := good.Commit(t.Context(), draft); err != nil {
				t.Fatal(err)
			}
			before := m.Snapshot()
			c, err := publisher.OpenChannel(t.Context(), opening{m.Handle("opening"), &fault.faulty}, "group/new")
			if err != nil {
				t.Fatal(err)
			}
			fault.Store = m.Handle("commit")
			wantBroken(t, c.Commit(t.Context(), draft), fault.want)
			if after := m.Snapshot(); len(after) != len(before) {
				t.Errorf("the site has %d objects, not %d", len(after), len(before))
			}
		})
	}
	m := &storetest.Mem{}
	c, err := publisher.OpenChannel(t.Context(), m.Handle("commit"), "group/new")
	if err != nil {
		t.Fatal(err)
	}
	for n := range 2 {
		before := len(m.Ops())
		if err := c.Commit(t.Context(), draft); err != nil {
			t.Fatal(err)
		}
		if got := len(m.Ops()) - before; n == 0 && got != 8 || n > 0 && got != 1 {
			t.Errorf("commit %d takes %d operations", n+1, got)
		}
	}
}

// opening is a store that becomes faulty once that has a store behind it.
type opening struct {
	publisher.Store
	*faulty
}

func (o opening) now() publisher.Store {
	if o.faulty.Store != nil {
		return o.faulty
	}
	return o.Store
}

func (o opening) String() string { return o.faulty.String() }
func (o opening) Create(ctx context.Context, obj publisher.Object) error {
	return o.now().Create(ctx, obj)
}
func (o opening) Replace(ctx context.Context, obj publisher.Object, token string) error {
	return o.now().Replace(ctx, obj, token)
}
func (o opening) Get(ctx context.Context, key string) (*publisher.Reader, error) {
	return o.now().Get(ctx, key)
}
func (o opening) List(ctx context.Context, dir string, depth publisher.Depth) iter.Seq2[publisher.Entry, error] {
	return o.now().List(ctx, dir, depth)
}
func (o opening) Delete(ctx context.Context, key, token string) error {
	return o.now().Delete(ctx, key, token)
}

// TestProbesAtOnce runs many probes in one place of every kind of store. All
// find it good, nobody sees anything of theirs, and nothing stays.
func TestProbesAtOnce(t *testing.T) {
	file, err := publisher.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	mem, err := publisher.Open(t.Context(), "mem://")
	if err != nil {
		t.Fatal(err)
	}
	for name, store := range map[string]publisher.Store{"file": file, "mem": mem, "test": (&storetest.Mem{}).Handle("probe")} {
		t.Run(name, func(t *testing.T) {
			var all sync.WaitGroup
			for _, folder := range slices.Repeat([]string{"", "stable", "inbox", "inbox/stable"}, 8) {
				all.Go(func() {
					if err := publisher.Probe(t.Context(), store, folder); err != nil {
						t.Error(err)
					}
					channels, err := publisher.Channels(t.Context(), store)
					inbox, ierr := publisher.ReadInbox(t.Context(), store)
					if err != nil || ierr != nil || len(channels) > 0 || len(inbox.Channels)+len(inbox.Ignored)+len(inbox.Orphans) > 0 {
						t.Errorf("during a probe there are the channels %v and the inbox %+v (%v, %v)", channels, inbox, err, ierr)
					}
				})
			}
			all.Wait()
			for e, err := range store.List(t.Context(), "", publisher.Descendants) {
				t.Errorf("%s is left (%v)", e.Key, err)
			}
		})
	}
}

// TestProbeFails: what keeps a probe from its end is no broken promise, and the
// probe cleans up.
func TestProbeFails(t *testing.T) {
	for n := range 9 {
		for _, fault := range []storetest.Fault{storetest.Refused, storetest.Unacked} {
			m := &storetest.Mem{Hook: func(op storetest.Op) storetest.Fault {
				if op.N == n {
					return fault
				}
				return storetest.None
			}}
			err := publisher.Probe(t.Context(), m.Handle("probe"), "stable")
			if broken := (*publisher.BrokenPromise)(nil); errors.As(err, &broken) || !errors.Is(err, storetest.ErrInjected) || !strings.HasPrefix(err.Error(), "probing the store: ") {
				t.Errorf("operation %d: got %v, want the injected fault", n, err)
			}
			if len(m.Snapshot()) > 0 {
				t.Errorf("operation %d: the probe left %v", n, m.Snapshot())
			}
		}
	}
	if !publisherHides(t, "stable/"+publisher.ProbePrefix+"x") {
		t.Error("what a probe writes is served")
	}
}

// publisherHides reports whether the handler does not serve the object.
func publisherHides(t *testing.T, key string) bool {
	m := &storetest.Mem{}
	m.Put(key, []byte("private"))
	w := httptest.NewRecorder()
	publisher.Handler(m.Handle("web"), nil).ServeHTTP(w, httptest.NewRequest("GET", "/"+key, nil))
	return w.Code == http.StatusNotFound
}
