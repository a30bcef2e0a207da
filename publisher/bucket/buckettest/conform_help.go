package buckettest

import (
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

// race runs f for all racers at once.
func race(f func(i int) error) []error {
	errs := make([]error, racers)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() {
			<-start
			errs[i] = f(i)
		})
	}
	close(start)
	wg.Wait()
	return errs
}

// oneWinner returns who got no error; all others are to get ErrConflict.
func oneWinner(t *testing.T, errs []error) int {
	t.Helper()
	winner := -1
	for i, err := range errs {
		switch {
		case err == nil && winner >= 0:
			t.Fatalf("both %d and %d won", winner, i)
		case err == nil:
			winner = i
		case !errors.Is(err, bucket.ErrConflict):
			t.Errorf("loser %d: %v", i, err)
		}
	}
	if winner < 0 {
		t.Fatalf("nobody won: %v", errs[0])
	}
	return winner
}

func object(key, content string) bucket.Object {
	return bucket.Object{
		Key: key, Body: bucket.Bytes([]byte(content)),
		ContentType: "text/plain; charset=utf-8", CacheControl: "no-cache",
	}
}

func deferred(key, content string) bucket.Object {
	o := object(key, content)
	o.Deferred = true
	return o
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}

// wantErr checks that err is want and that it names key.
func wantErr(t *testing.T, err, want error, key string) {
	t.Helper()
	var ke *bucket.KeyError
	if !errors.Is(err, want) || !errors.As(err, &ke) || ke.Key != key {
		t.Errorf("got error %v, want %s: %v", err, key, want)
	}
}

func wantAbsent(t *testing.T, s bucket.Store, key string) {
	t.Helper()
	r, err := s.Get(t.Context(), key)
	if err == nil {
		r.Close()
	}
	wantErr(t, err, bucket.ErrNotFound, key)
}

func wantBytes(t *testing.T, s bucket.Store, key, want string) {
	t.Helper()
	got, _, err := bucket.ReadAll(t.Context(), s, key, 64<<20)
	if err != nil {
		t.Error(err)
	} else if string(got) != want {
		t.Errorf("%s: got %d bytes %.100q, want %d bytes %.100q", key, len(got), got, len(want), want)
	}
}

func entry(t *testing.T, s bucket.Store, key string) bucket.Entry {
	t.Helper()
	r, err := s.Get(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	return r.Entry
}

func list(t *testing.T, s bucket.Store, dir string, depth bucket.Depth) []bucket.Entry {
	t.Helper()
	var entries []bucket.Entry
	for e, err := range s.List(t.Context(), dir, depth) {
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, e)
	}
	return entries
}

// wantKeys checks what a listing holds; folders are written with a slash.
func wantKeys(t *testing.T, s bucket.Store, dir string, depth bucket.Depth, want ...string) {
	t.Helper()
	var got []string
	for _, e := range list(t, s, dir, depth) {
		if e.Dir {
			e.Key += "/"
		}
		got = append(got, e.Key)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("listing of %q: got %d keys %.20q, want %d keys %.20q", dir, len(got), got, len(want), want)
	}
}
