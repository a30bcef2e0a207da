package sweep_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
	"github.com/portolan-charts/portolan/publisher/sweep"
)

// put writes files, each with its key as its content, and returns the listing of them.
func put(t *testing.T, s bucket.Store, keys ...string) (entries []bucket.Entry) {
	t.Helper()
	for _, key := range keys {
		if err := s.Create(t.Context(), bucket.Object{Key: key, Body: bucket.Bytes([]byte(key))}); err != nil {
			t.Fatal(err)
		}
	}
	return list(t, s)
}

func list(t *testing.T, s bucket.Store) (entries []bucket.Entry) {
	t.Helper()
	for e, err := range s.List(t.Context(), "a", bucket.Descendants) {
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, e)
	}
	return entries
}

func many(n int) (keys []string, bytes int64) {
	for i := range n {
		keys = append(keys, fmt.Sprintf("a/%03d", i))
		bytes += int64(len(keys[i]))
	}
	return keys, bytes
}

// TestRemove: all files go, and all are counted, however many are removed at the same time.
func TestRemove(t *testing.T) {
	keys, bytes := many(100)
	for _, workers := range []int{1, 8} {
		s := (&buckettest.Mem{TB: t}).Handle("prune")
		entries := put(t, s, keys...)
		r, freed := sweep.New(t.Context(), s, workers, false), sweep.Freed{}
		for _, e := range entries {
			r.Remove(e, &freed)
		}
		if err := r.Wait(nil); err != nil {
			t.Fatal(err)
		}
		if left := list(t, s); len(left) > 0 {
			t.Errorf("%d workers: %d files are left", workers, len(left))
		}
		if want := (sweep.Freed{Files: len(keys), Bytes: bytes}); freed != want {
			t.Errorf("%d workers: removed %+v, want %+v", workers, freed, want)
		}
	}
}

// TestRemoveDry: a dry run counts the files, and leaves them.
func TestRemoveDry(t *testing.T) {
	keys, bytes := many(10)
	s := (&buckettest.Mem{TB: t}).Handle("prune")
	r, freed := sweep.New(t.Context(), s, 4, true), sweep.Freed{}
	for _, e := range put(t, s, keys...) {
		r.Remove(e, &freed)
	}
	if err := r.Wait(nil); err != nil {
		t.Fatal(err)
	}
	if left := list(t, s); len(left) != len(keys) {
		t.Errorf("%d files are left, want %d", len(left), len(keys))
	}
	if want := (sweep.Freed{Files: len(keys), Bytes: bytes}); freed != want {
		t.Errorf("would remove %+v, want %+v", freed, want)
	}
}

// TestRemoveReplaced: a file that was replaced after it was listed stays, and does not count.
func TestRemoveReplaced(t *testing.T) {
	s := (&buckettest.Mem{TB: t}).Handle("prune")
	entries := put(t, s, "a/gone", "a/replaced")
	err := s.Replace(t.Context(), bucket.Object{Key: "a/replaced", Body: bucket.Bytes([]byte("new"))}, entries[1].Token)
	if err != nil {
		t.Fatal(err)
	}
	r, freed := sweep.New(t.Context(), s, 2, false), sweep.Freed{}
	for _, e := range entries {
		r.Remove(e, &freed)
	}
	if err := r.Wait(nil); err != nil {
		t.Errorf("the removal fails: %v", err)
	}
	if left := list(t, s); len(left) != 1 || left[0].Key != "a/replaced" {
		t.Errorf("left: %v, want a/replaced", left)
	}
	if want := (sweep.Freed{Files: 1, Bytes: int64(len("a/gone"))}); freed != want {
		t.Errorf("removed %+v, want %+v", freed, want)
	}
}

// TestRemoveFails: what was not removed does not count, and the caller's own failure comes
// before that of a removal.
func TestRemoveFails(t *testing.T) {
	mem := &buckettest.Mem{TB: t}
	s := mem.Handle("prune")
	entries := put(t, s, "a/good", "a/stuck")
	mem.Hook = func(op buckettest.Op) buckettest.Fault {
		if op.Key == "a/stuck" {
			return buckettest.Refused
		}
		return buckettest.None
	}
	r, freed := sweep.New(t.Context(), s, 1, false), sweep.Freed{}
	for _, e := range entries {
		r.Remove(e, &freed)
	}
	if err := r.Wait(nil); !errors.Is(err, buckettest.ErrInjected) {
		t.Errorf("the error is %v, want that of a/stuck", err)
	}
	if own := errors.New("own"); r.Wait(own) != own {
		t.Error("the failure of the caller is lost")
	}
	if want := (sweep.Freed{Files: 1, Bytes: int64(len("a/good"))}); freed != want {
		t.Errorf("removed %+v, want %+v", freed, want)
	}
}

// meeting is a store in which deletions wait for each other.
type meeting struct {
	bucket.Store
	together int // how many must be under way before the first may go on

	mu        sync.Mutex
	now, most int
	met       chan struct{} // closed when they are
}

func (m *meeting) Delete(ctx context.Context, key, token string) error {
	m.mu.Lock()
	m.now++
	if m.most = max(m.most, m.now); m.now == m.together {
		close(m.met)
	}
	m.mu.Unlock()
	select {
	case <-m.met:
	case <-ctx.Done():
		return ctx.Err()
	}
	err := m.Store.Delete(ctx, key, token)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now--
	m.together = 0 // the others need not wait
	return err
}

// TestWorkers: as many files are removed at the same time as there are workers, and no more.
func TestWorkers(t *testing.T) {
	const workers = 3
	keys, _ := many(20)
	s := &meeting{Store: (&buckettest.Mem{TB: t}).Handle("prune"), together: workers, met: make(chan struct{})}
	r, freed := sweep.New(t.Context(), s, workers, false), sweep.Freed{}
	for _, e := range put(t, s, keys...) {
		r.Remove(e, &freed)
	}
	if err := r.Wait(nil); err != nil {
		t.Fatal(err)
	}
	if s.most != workers {
		t.Errorf("%d files were removed at the same time, want %d", s.most, workers)
	}
}

// TestRemoveFolders: of the folders that files were removed from, and of those around them if
// asked for, the empty ones go.
func TestRemoveFolders(t *testing.T) {
	all := []string{"a/b/c/1", "a/b/c/2", "a/b/d/1", "a/e/f/1", "a/e/other"}
	for levels, want := range []string{"a a/b a/b/c a/b/d a/e a/e/f", "a a/b a/e", "a a/e"} {
		dir := t.TempDir()
		s := buckettest.Open(t, dir)
		r, freed := sweep.New(t.Context(), s, 2, false), sweep.Freed{}
		for _, e := range put(t, s, all...) {
			if path.Base(e.Key) != "other" {
				r.Remove(e, &freed)
			}
		}
		if err := r.Wait(nil); err != nil {
			t.Fatal(err)
		}
		r.RemoveFolders(levels)
		if got := strings.Join(folders(t, dir), " "); got != want {
			t.Errorf("%d levels: left are %s, want %s", levels, got, want)
		}
	}
}

// folders are a and those below it.
func folders(t *testing.T, dir string) (found []string) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(dir, "a"), func(name string, d os.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			name, err = filepath.Rel(dir, name)
			found = append(found, filepath.ToSlash(name))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
