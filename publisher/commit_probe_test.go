package publisher_test

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
	"github.com/portolan-charts/portolan/publisher/droparea"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// TestFirstCommitProbes lets a new channel be committed to servers that are of
// no use. Nothing gets into the log.
func TestFirstCommitProbes(t *testing.T) {
	draft := publisher.Draft{Time: time.Unix(0, 0).UTC(), Nonce: "nonce", Decisions: []publisher.Decision{
		{Upload: "019cab00-0000-7000-8000-000000000001", Arrival: time.Unix(0, 0).UTC(), Verdict: verdict.Rejected, Rule: "not-gzip"},
	}}
	for name, fault := range buckettest.UselessServers() {
		t.Run(name, func(t *testing.T) {
			m := &buckettest.Mem{}
			good, err := publisher.OpenChannel(t.Context(), m.Handle("before"), "old")
			if err != nil {
				t.Fatal(err)
			}
			if err := good.Commit(t.Context(), draft); err != nil {
				t.Fatal(err)
			}
			before := m.Snapshot()
			c, err := publisher.OpenChannel(t.Context(), opening{m.Handle("opening"), fault.Faulty}, "group/new")
			if err != nil {
				t.Fatal(err)
			}
			fault.Store = m.Handle("commit")
			err = c.Commit(t.Context(), draft)
			if broken := (*bucket.BrokenPromise)(nil); !errors.As(err, &broken) || !strings.Contains(broken.Seen, fault.Seen) {
				t.Errorf("got %v, want the broken promise %q", err, fault.Seen)
			}
			if after := m.Snapshot(); len(after) != len(before) {
				t.Errorf("the site has %d objects, not %d", len(after), len(before))
			}
		})
	}
	m := &buckettest.Mem{}
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
	bucket.Store
	*buckettest.Faulty
}

func (o opening) now() bucket.Store {
	if o.Faulty.Store != nil {
		return o.Faulty
	}
	return o.Store
}

func (o opening) String() string { return o.Faulty.String() }
func (o opening) Create(ctx context.Context, obj bucket.Object) error {
	return o.now().Create(ctx, obj)
}
func (o opening) Replace(ctx context.Context, obj bucket.Object, token string) error {
	return o.now().Replace(ctx, obj, token)
}
func (o opening) Get(ctx context.Context, key string) (*bucket.Reader, error) {
	return o.now().Get(ctx, key)
}
func (o opening) List(ctx context.Context, dir string, depth bucket.Depth) iter.Seq2[bucket.Entry, error] {
	return o.now().List(ctx, dir, depth)
}
func (o opening) Delete(ctx context.Context, key, token string) error {
	return o.now().Delete(ctx, key, token)
}

// TestProbesUnseen runs many probes at once where channels and uploads are looked
// for. Nobody sees anything of theirs.
func TestProbesUnseen(t *testing.T) {
	file, err := bucket.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, store := range map[string]bucket.Store{"file": file, "test": (&buckettest.Mem{}).Handle("probe")} {
		t.Run(name, func(t *testing.T) {
			var all sync.WaitGroup
			for _, folder := range slices.Repeat([]string{"", "stable", "inbox", "inbox/stable"}, 8) {
				all.Go(func() {
					if err := bucket.Probe(t.Context(), store, folder); err != nil {
						t.Error(err)
					}
					channels, err := publisher.Channels(t.Context(), store)
					inbox, ierr := droparea.ReadInbox(t.Context(), store)
					if err != nil || ierr != nil || len(channels) > 0 || len(inbox.Channels)+len(inbox.Ignored)+len(inbox.Orphans) > 0 {
						t.Errorf("during a probe there are the channels %v and the inbox %+v (%v, %v)", channels, inbox, err, ierr)
					}
				})
			}
			all.Wait()
		})
	}
}

// TestProbeHidden: what a probe writes is not served.
func TestProbeHidden(t *testing.T) {
	m := &buckettest.Mem{}
	key := "stable/" + bucket.ProbePrefix + "x"
	m.Put(key, []byte("private"))
	w := httptest.NewRecorder()
	publisher.Handler(m.Handle("web"), nil).ServeHTTP(w, httptest.NewRequest("GET", "/"+key, nil))
	if w.Code != http.StatusNotFound {
		t.Errorf("got %d", w.Code)
	}
}
