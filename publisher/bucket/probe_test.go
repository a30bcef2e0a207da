package bucket_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
)

func TestProbeRefuses(t *testing.T) {
	for name, fault := range buckettest.UselessServers() {
		t.Run(name, func(t *testing.T) {
			m := &buckettest.Mem{}
			fault.Store = m.Handle("probe")
			wantBroken(t, bucket.Probe(t.Context(), fault, ""), fault.Seen)
			if left := m.Snapshot(); len(left) > 0 {
				t.Errorf("the probe left %v", left)
			}
		})
	}
}

func wantBroken(t *testing.T, err error, seen string) {
	t.Helper()
	broken := (*bucket.BrokenPromise)(nil)
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
		delete    func(s bucket.Store, ctx context.Context, key, token string) error
		deletions bool
		want      string
	}{
		"unconditional": {func(s bucket.Store, ctx context.Context, key, _ string) error {
			return s.Delete(ctx, key, "")
		}, true, "a writer who knew only the old one deleted the new one"},
		"no effect": {func(s bucket.Store, ctx context.Context, key, token string) error {
			if token == "" {
				return s.Delete(ctx, key, "")
			}
			r, err := s.Get(ctx, key)
			if err == nil && r.Entry.Token != token {
				return bucket.ErrConflict
			}
			return err
		}, false, "it can still be read"},
	} {
		t.Run(name, func(t *testing.T) {
			m := &buckettest.Mem{}
			err := bucket.Probe(t.Context(), buckettest.Faulty{Store: m.Handle("probe"), DeleteFunc: c.delete}, "")
			broken := (*bucket.BrokenPromise)(nil)
			if !errors.As(err, &broken) || broken.Seen != c.want || broken.Deletions != c.deletions {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestProbesAtOnce runs many probes in one place of every kind of store. All
// find it good, and nothing stays.
func TestProbesAtOnce(t *testing.T) {
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
				})
			}
			all.Wait()
			for e, err := range store.List(t.Context(), "", bucket.Descendants) {
				t.Errorf("%s is left (%v)", e.Key, err)
			}
		})
	}
}

// TestProbeFails: an error that stops a probe is not a broken promise, and the
// probe cleans up.
func TestProbeFails(t *testing.T) {
	for n := range 9 {
		for _, fault := range []buckettest.Fault{buckettest.Refused, buckettest.Unacked} {
			m := &buckettest.Mem{Hook: func(op buckettest.Op) buckettest.Fault {
				if op.N == n {
					return fault
				}
				return buckettest.None
			}}
			err := bucket.Probe(t.Context(), m.Handle("probe"), "stable")
			if broken := (*bucket.BrokenPromise)(nil); errors.As(err, &broken) || !errors.Is(err, buckettest.ErrInjected) || !strings.HasPrefix(err.Error(), "probing the store: ") {
				t.Errorf("operation %d: got %v, want the injected fault", n, err)
			}
			if len(m.Snapshot()) > 0 {
				t.Errorf("operation %d: the probe left %v", n, m.Snapshot())
			}
		}
	}
}
