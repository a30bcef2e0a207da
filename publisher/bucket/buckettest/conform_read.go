package buckettest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

func testGet(t *testing.T, s bucket.Store) {
	start := time.Now().Add(-time.Minute) // the store has its own clock
	wantAbsent(t, s, "a")
	must(t, s.Create(t.Context(), object("a/b", "content")))
	wantAbsent(t, s, "a")
	wantAbsent(t, s, "b")
	wantAbsent(t, s, "a/b/c")
	got, listed := entry(t, s, "a/b"), list(t, s, "a", bucket.Children)[0]
	if got.Key != "a/b" || got.Size != 7 || got.Token == "" || got.Dir {
		t.Errorf("got %+v", got)
	}
	if d := listed.Modified.Sub(got.Modified); listed.Key != got.Key || listed.Size != got.Size ||
		listed.Token != got.Token || listed.Dir || d.Abs() >= time.Second {
		t.Errorf("Get says %+v, List says %+v", got, listed)
	}
	if _, isMem := s.(*Handle); !isMem && got.Modified.Before(start) {
		t.Errorf("modified at %v, before %v", got.Modified, start)
	}
}

func testListEmpty(t *testing.T, s bucket.Store) {
	for _, depth := range []bucket.Depth{bucket.Children, bucket.Descendants} {
		wantKeys(t, s, "", depth)
		wantKeys(t, s, "none/such", depth)
	}
}

func testList(t *testing.T, s bucket.Store) {
	for _, key := range []string{
		"top", ".hidden", "charts/nginx/1/a.tgz", "charts/nginx/1/b.tgz", "charts/nginx/index", "charts/nginx-ingress/1/a.tgz",
		"charts/nginx.d/1/a.tgz", "charts/nginx0", "charts/.keep", "chartsy",
	} {
		must(t, s.Create(t.Context(), object(key, key)))
	}
	wantKeys(t, s, "", bucket.Children, "top", ".hidden", "chartsy", "charts/")
	wantKeys(t, s, "charts", bucket.Children,
		"charts/.keep", "charts/nginx/", "charts/nginx-ingress/", "charts/nginx.d/", "charts/nginx0")
	wantKeys(t, s, "charts/nginx", bucket.Children, "charts/nginx/1/", "charts/nginx/index")
	wantKeys(t, s, "charts/nginx", bucket.Descendants,
		"charts/nginx/1/a.tgz", "charts/nginx/1/b.tgz", "charts/nginx/index")
	wantKeys(t, s, "charts", bucket.Descendants,
		"charts/.keep", "charts/nginx-ingress/1/a.tgz", "charts/nginx.d/1/a.tgz",
		"charts/nginx/1/a.tgz", "charts/nginx/1/b.tgz", "charts/nginx/index", "charts/nginx0")
	wantKeys(t, s, "top", bucket.Children) // not a folder
	for _, e := range list(t, s, "", bucket.Descendants) {
		if e.Size != int64(len(e.Key)) || e.Token == "" || e.Modified.IsZero() {
			t.Errorf("listing has %+v", e)
		}
	}
}

// testListMany has more folders and objects than any store lists in one page,
// and beside them a folder whose name begins with theirs.
func testListMany(t *testing.T, s bucket.Store) {
	const n = 1010
	var folders, objects []string
	for i := range n {
		folder := fmt.Sprintf("nginx/%04d", i)
		folders = append(folders, folder+"/")
		objects = append(objects, folder+"/x")
	}
	nginx := slices.Clone(objects)
	for i := range 10 {
		objects = append(objects, fmt.Sprintf("nginx-ingress/%d", i), fmt.Sprintf("nginx.d/%d", i))
	}
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := w; i < len(objects); i += 8 {
				must(t, s.Create(t.Context(), deferred(objects[i], "x")))
			}
		})
	}
	wg.Wait()
	wantKeys(t, s, "nginx", bucket.Children, folders...)
	wantKeys(t, s, "nginx", bucket.Descendants, nginx...)
	wantKeys(t, s, "", bucket.Descendants, objects...)
	wantKeys(t, s, "", bucket.Children, "nginx/", "nginx-ingress/", "nginx.d/")
}

func testListStop(t *testing.T, s bucket.Store) {
	for _, key := range []string{"a/1", "a/2", "b/1", "b/2"} {
		must(t, s.Create(t.Context(), object(key, "")))
	}
	n := 0
	for range s.List(t.Context(), "", bucket.Descendants) {
		n++
		break // must not be called again, which would panic
	}
	// Removing what is listed is what generators do.
	for e, err := range s.List(t.Context(), "", bucket.Descendants) {
		must(t, err)
		must(t, s.Delete(t.Context(), e.Key, e.Token))
	}
	wantKeys(t, s, "", bucket.Descendants)
}

func testDelete(t *testing.T, s bucket.Store) {
	ctx := t.Context()
	must(t, s.Delete(ctx, "none", ""))
	must(t, s.Delete(ctx, "none/such", "token"))
	for _, key := range []string{"a/1", "a/2", "a/3"} {
		must(t, s.Create(ctx, object(key, "x")))
	}
	must(t, s.Delete(ctx, "a", "")) // a folder is not an object
	must(t, s.Delete(ctx, "a/1", ""))
	token := list(t, s, "a", bucket.Children)[0].Token
	must(t, s.Delete(ctx, "a/2", token))
	must(t, s.Delete(ctx, "a/2", token)) // as one does who got no answer
	wantAbsent(t, s, "a/1")
	wantAbsent(t, s, "a/2")
	wantKeys(t, s, "", bucket.Descendants, "a/3")
	must(t, s.Create(ctx, object("a/2", "y")))
	wantBytes(t, s, "a/2", "y")
}

func testDeleteStale(t *testing.T, s bucket.Store) {
	ctx := t.Context()
	must(t, s.Create(ctx, object("a", "one")))
	one := entry(t, s, "a").Token
	must(t, s.Replace(ctx, object("a", "two"), one))
	wantErr(t, s.Delete(ctx, "a", one), bucket.ErrConflict, "a")
	wantBytes(t, s, "a", "two")
}

// testDeleteRace: of those who delete and those who replace one version, one
// kind wins.
func testDeleteRace(t *testing.T, s bucket.Store) {
	deleteRace(t, s, checkDeleteRace)
}

func deleteRace(t *testing.T, s bucket.Store, check func(t *testing.T, s bucket.Store, key string, errs []error)) {
	ctx := t.Context()
	for round := range 20 {
		key := fmt.Sprint("race", round)
		must(t, s.Create(ctx, object(key, "old")))
		token := entry(t, s, key).Token
		errs := race(func(i int) error {
			if i%2 == 0 {
				return s.Delete(ctx, key, token)
			}
			return s.Replace(ctx, object(key, fmt.Sprint("by ", i)), token)
		})
		check(t, s, key, errs)
	}
}

func checkDeleteRace(t *testing.T, s bucket.Store, key string, errs []error) {
	t.Helper()
	deleted, replaced := 0, 0
	for i, err := range errs {
		switch {
		case err == nil && i%2 == 0:
			deleted++
		case err == nil:
			replaced++
			wantBytes(t, s, key, fmt.Sprint("by ", i))
		case !errors.Is(err, bucket.ErrConflict):
			t.Error(err)
		}
	}
	if replaced > 1 || (deleted > 0) == (replaced > 0) {
		t.Errorf("%d deleted and %d replaced the same version", deleted, replaced)
	}
	if deleted > 0 {
		wantAbsent(t, s, key)
	}
}

func testDeferred(t *testing.T, s bucket.Store) {
	ctx := t.Context()
	must(t, s.Create(ctx, deferred("charts/a", "a")))
	must(t, s.Create(ctx, deferred("charts/b", "b")))
	wantBytes(t, s, "charts/a", "a")
	wantKeys(t, s, "charts", bucket.Children, "charts/a", "charts/b")
	wantErr(t, s.Create(ctx, deferred("charts/a", "other")), bucket.ErrConflict, "charts/a")
	must(t, s.Create(ctx, deferred("charts/a", "a")))
	must(t, s.Create(ctx, object("log/1", "1")))
	must(t, s.Replace(ctx, deferred("charts/b", "bb"), entry(t, s, "charts/b").Token))
	wantBytes(t, s, "charts/b", "bb")
	must(t, s.Delete(ctx, "log/1", ""))
}

func testKeys(t *testing.T, s bucket.Store) {
	keys := []string{
		"mychart-1.0.0+build.5.tgz", "stable/charts/mychart/1.0.0+b.5/id/mychart-1.0.0+b.5.tgz", "ünïcode/日本語", "with space", "per%20cent", "a&b=c?d#e", "q'\"<>", "..dots", "a..b/...", "~tilde", "long/" + strings.Repeat("x", 240),
	}
	for _, key := range keys {
		must(t, s.Create(t.Context(), object(key, key+" – Schöne Grüße, 你好, 🚀")))
		wantBytes(t, s, key, key+" – Schöne Grüße, 你好, 🚀")
	}
	wantKeys(t, s, "stable/charts/mychart", bucket.Children, "stable/charts/mychart/1.0.0+b.5/")
	wantKeys(t, s, "", bucket.Descendants, keys...)
	wantKeys(t, s, "ünïcode", bucket.Children, "ünïcode/日本語")
	for _, key := range keys {
		must(t, s.Delete(t.Context(), key, entry(t, s, key).Token))
		wantAbsent(t, s, key)
	}
}

func testBadKeys(t *testing.T, s bucket.Store) {
	must(t, s.Create(t.Context(), object("a", "a")))
	for _, key := range []string{
		"/a", "a/", "a//b", ".", "..", "../a", "a/../a", "a/./b", `a\b`, "a\x00", "a\xff", strings.Repeat("x/", 512) + "x", "",
	} {
		if err := s.Create(t.Context(), object(key, "x")); err == nil {
			t.Errorf("Create(%.20q) succeeded", key)
		}
		if err := s.Replace(t.Context(), object(key, "x"), "token"); err == nil || errors.Is(err, bucket.ErrConflict) {
			t.Errorf("Replace(%.20q): %v", key, err)
		}
		if _, err := s.Get(t.Context(), key); err == nil || errors.Is(err, bucket.ErrNotFound) {
			t.Errorf("Get(%.20q): %v", key, err)
		}
		if err := s.Delete(t.Context(), key, ""); err == nil {
			t.Errorf("Delete(%.20q) succeeded", key)
		}
		if key == "" {
			continue // the root can be listed
		}
		for _, err := range s.List(t.Context(), key, bucket.Children) {
			if err == nil {
				t.Errorf("List(%.20q) has an entry", key)
			}
		}
	}
	wantKeys(t, s, "", bucket.Descendants, "a")
}

func testLarge(t *testing.T, s bucket.Store) {
	data := make([]byte, 20<<20)
	_, _ = rand.NewChaCha8([32]byte{}).Read(data)
	must(t, s.Create(t.Context(), object("large", string(data))))
	must(t, s.Create(t.Context(), object("large", string(data))))
	wantBytes(t, s, "large", string(data))
	data[len(data)-1]++
	wantErr(t, s.Create(t.Context(), object("large", string(data))), bucket.ErrConflict, "large")
	must(t, s.Replace(t.Context(), object("large", string(data)), entry(t, s, "large").Token))
	wantBytes(t, s, "large", string(data))
}

func testCanceled(t *testing.T, s bucket.Store) {
	must(t, s.Create(t.Context(), object("a", "a")))
	token := entry(t, s, "a").Token
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	wantErr(t, s.Create(ctx, object("b", "b")), context.Canceled, "b")
	wantErr(t, s.Replace(ctx, object("a", "b"), token), context.Canceled, "a")
	wantErr(t, s.Delete(ctx, "a", ""), context.Canceled, "a")
	_, err := s.Get(ctx, "a")
	wantErr(t, err, context.Canceled, "a")
	for _, err = range s.List(ctx, "", bucket.Descendants) {
	}
	if !errors.Is(err, context.Canceled) {
		t.Errorf("List: got %v, want %v", err, context.Canceled)
	}
	wantAbsent(t, s, "b")
	wantBytes(t, s, "a", "a")

	// While the Body runs, too.
	ctx, cancel = context.WithCancel(t.Context())
	o := object("b", "")
	o.Body = func(w io.Writer) error {
		cancel()
		_, err := w.Write([]byte("b"))
		return err
	}
	if err := s.Create(ctx, o); err == nil {
		t.Error("Create succeeded though it was canceled")
	}
	wantAbsent(t, s, "b")
}
