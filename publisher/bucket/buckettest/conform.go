// Package buckettest tests stores, and programs that use them.
//
// [Conform] is the contract of [bucket.Store] as tests, which every implementation
// passes. Its servers are in package servers; what they are known to get wrong is a
// [Weakness].
//
// [Mem] is a store in memory that fails on demand, in every way that a network, a
// crash or a rival can make a store fail, and the same way each time. [Faulty] is a
// store that breaks a promise. [Counter] counts operations.
package buckettest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

// Conform checks that the stores that open returns keep the contract of
// bucket.Store. Each must be empty and used by no other test.
//
// If a server is known to break a promise, weak names the test that shows it and
// says why, and Conform tests the part of the promise that the server keeps.
func Conform(t *testing.T, open func(t *testing.T) bucket.Store, weak ...Weakness) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, bucket.Store)
	}{
		{"Create", testCreate},
		{"CreateRace", testCreateRace},
		{"CreateSameRace", testCreateSameRace},
		{"CreateFrom", testCreateFrom},
		{"Replace", testReplace},
		{"ReplaceStale", testReplaceStale},
		{"ReplaceAbsent", testReplaceAbsent},
		{"ReplaceRace", testReplaceRace},
		{"NeverTorn", testNeverTorn},
		{"FailingBody", testFailingBody},
		{"Get", testGet},
		{"ListEmpty", testListEmpty},
		{"List", testList},
		{"ListMany", testListMany},
		{"ListStop", testListStop},
		{"Delete", testDelete},
		{"DeleteStale", testDeleteStale},
		{"DeleteRace", testDeleteRace},
		{"DeleteAll", testDeleteAll},
		{"WriteAll", testWriteAll},
		{"WriteAllRace", testWriteAllRace},
		{"WriteAllFails", testWriteAllFails},
		{"Deferred", testDeferred},
		{"Keys", testKeys},
		{"BadKeys", testBadKeys},
		{"Large", testLarge},
		{"Canceled", testCanceled},
	} {
		run := test.run
		for _, w := range weak {
			if w.Test == test.name {
				run = w.run
			}
		}
		t.Run(test.name, func(t *testing.T) { run(t, open(t)) })
	}
}

func testCreate(t *testing.T, s bucket.Store) {
	ctx := t.Context()
	must(t, s.Create(ctx, object("a/b", "one")))
	wantBytes(t, s, "a/b", "one")
	before := entry(t, s, "a/b")

	must(t, s.Create(ctx, object("a/b", "one")))
	if after := entry(t, s, "a/b"); after.Token != before.Token {
		t.Errorf("creating the same again changed the token from %q to %q", before.Token, after.Token)
	}
	for _, other := range []string{"two", "on", "ones", ""} {
		wantErr(t, s.Create(ctx, object("a/b", other)), bucket.ErrConflict, "a/b")
	}
	wantBytes(t, s, "a/b", "one")

	must(t, s.Create(ctx, object("empty", "")))
	must(t, s.Create(ctx, object("empty", "")))
	wantBytes(t, s, "empty", "")
}

// racers is how many writers race for a key.
const racers = 16

func testCreateRace(t *testing.T, s bucket.Store) {
	for round := range 20 {
		key := fmt.Sprintf("race/%d", round)
		errs := race(func(i int) error {
			return s.Create(t.Context(), object(key, fmt.Sprintf("by %d", i)))
		})
		winner := oneWinner(t, errs)
		wantBytes(t, s, key, fmt.Sprintf("by %d", winner))
	}
}

func testCreateSameRace(t *testing.T, s bucket.Store) {
	for round := range 20 {
		key := fmt.Sprintf("race/%d", round)
		for _, err := range race(func(int) error {
			return s.Create(t.Context(), object(key, "by all"))
		}) {
			must(t, err)
		}
		wantBytes(t, s, key, "by all")
	}
}

func testCreateFrom(t *testing.T, s bucket.Store) {
	from := func(o bucket.Object, key string) bucket.Object {
		o.From = key
		return o
	}
	must(t, s.Create(t.Context(), deferred("charts/a+b", "one")))
	for _, o := range []bucket.Object{
		from(deferred("v2/blobs/sha256:1", "one"), "charts/a+b"), // which may still wait to be made safe
		from(object("v2/blobs/sha256:2", "one"), "charts/a+b"),
		from(object("v2/blobs/sha256:2", "one"), "charts/a+b"),
		from(object("v2/blobs/sha256:1", "one"), "charts/a+b"),
		from(object("v2/blobs/sha256:3", "one"), "v2/blobs/sha256:1"),
		from(object("v2/blobs/sha256:4", "one"), "charts/absent"),
		from(deferred("v2/blobs/sha256:5", "one"), "absent/a"),
	} {
		must(t, s.Create(t.Context(), o))
		wantBytes(t, s, o.Key, "one")
	}
	must(t, s.Delete(t.Context(), "charts/a+b", ""))
	wantBytes(t, s, "v2/blobs/sha256:2", "one")
	must(t, s.Replace(t.Context(), from(object("v2/blobs/sha256:2", "two"), "v2/blobs/sha256:1"), entry(t, s, "v2/blobs/sha256:2").Token))
	wantBytes(t, s, "v2/blobs/sha256:2", "two")
	wantBytes(t, s, "v2/blobs/sha256:1", "one")
}

func testReplace(t *testing.T, s bucket.Store) {
	must(t, s.Create(t.Context(), object("head", "0")))
	seen := map[string]bool{}
	var last time.Time
	for i := range 50 {
		e := entry(t, s, "head")
		if seen[e.Token] {
			t.Fatalf("token %q came twice", e.Token)
		}
		if e.Modified.Before(last) {
			t.Errorf("version %d was modified at %v, before its predecessor's %v", i, e.Modified, last)
		}
		seen[e.Token], last = true, e.Modified
		must(t, s.Replace(t.Context(), object("head", fmt.Sprint(i+1)), e.Token))
		wantBytes(t, s, "head", fmt.Sprint(i+1))
	}
}

func testReplaceStale(t *testing.T, s bucket.Store) {
	ctx := t.Context()
	must(t, s.Create(ctx, object("head", "one")))
	one := entry(t, s, "head").Token
	must(t, s.Replace(ctx, object("head", "two"), one))
	wantErr(t, s.Replace(ctx, object("head", "three"), one), bucket.ErrConflict, "head")
	wantBytes(t, s, "head", "two")

	// A repetition by someone who never heard that it worked.
	two := entry(t, s, "head").Token
	must(t, s.Replace(ctx, object("head", "two"), one))
	must(t, s.Replace(ctx, object("head", "two"), two))
	wantBytes(t, s, "head", "two")

	if err := s.Replace(ctx, object("head", "four"), ""); err == nil {
		t.Error("Replace without a token succeeded")
	}
	wantBytes(t, s, "head", "two")
}

func testReplaceAbsent(t *testing.T, s bucket.Store) {
	ctx := t.Context()
	must(t, s.Create(ctx, object("head", "one")))
	token := entry(t, s, "head").Token
	wantErr(t, s.Replace(ctx, object("other", "two"), token), bucket.ErrConflict, "other")
	wantAbsent(t, s, "other")
	must(t, s.Delete(ctx, "head", ""))
	wantErr(t, s.Replace(ctx, object("head", "two"), token), bucket.ErrConflict, "head")
	wantAbsent(t, s, "head")
}

func testReplaceRace(t *testing.T, s bucket.Store) {
	must(t, s.Create(t.Context(), object("head", "start")))
	for round := range 20 {
		token := entry(t, s, "head").Token
		errs := race(func(i int) error {
			return s.Replace(t.Context(), object("head", fmt.Sprintf("%d by %d", round, i)), token)
		})
		winner := oneWinner(t, errs)
		wantBytes(t, s, "head", fmt.Sprintf("%d by %d", round, winner))
	}
}

// testNeverTorn reads while another writes: each version is one byte, many
// times, and as long as its number says.
func testNeverTorn(t *testing.T, s bucket.Store) {
	replaceWhileRead(t, s, checkTorn)
}

func replaceWhileRead(t *testing.T, s bucket.Store, check func(*testing.T, []byte, bucket.Entry, *sync.Map)) {
	version := func(n int) bucket.Object {
		return object("head", strings.Repeat(string(rune('a'+n%26)), 10_000+n))
	}
	must(t, s.Create(t.Context(), version(0)))
	tokens := sync.Map{} // to length
	stop := make(chan struct{})
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				b, e, err := bucket.ReadAll(t.Context(), s, "head", 1<<20)
				if err != nil {
					t.Errorf("reading while it is replaced: %v", err)
					return
				}
				check(t, b, e, &tokens)
			}
		})
	}
	for n := 1; n <= 60; n++ {
		must(t, s.Replace(t.Context(), version(n), entry(t, s, "head").Token))
	}
	close(stop)
	readers.Wait()
}

// checkTorn checks what was read. The lengths of versions are kept by token.
func checkTorn(t *testing.T, b []byte, e bucket.Entry, tokens *sync.Map) {
	n := len(b) - 10_000
	if int64(len(b)) != e.Size || n < 0 || len(b) != bytes.Count(b, b[:1]) || b[0] != byte('a'+n%26) {
		t.Errorf("torn: %d bytes beginning %.20q, entry %+v", len(b), b, e)
	}
	if was, ok := tokens.LoadOrStore(e.Token, len(b)); ok && was != len(b) {
		t.Errorf("token %q stands for %d bytes and for %d", e.Token, was, len(b))
	}
}

func testFailingBody(t *testing.T, s bucket.Store) {
	failure := errors.New("the source broke")
	for _, size := range []int{0, 10, 5 << 20} {
		broken := object("broken", "")
		broken.Body = func(w io.Writer) error {
			if _, err := w.Write(make([]byte, size)); err != nil {
				return err
			}
			return failure
		}
		wantErr(t, s.Create(t.Context(), broken), failure, "broken")
		wantAbsent(t, s, "broken")

		must(t, s.Create(t.Context(), object("whole", "one")))
		broken.Key = "whole"
		if err := s.Replace(t.Context(), broken, entry(t, s, "whole").Token); err == nil {
			t.Error("Replace with a failing Body succeeded")
		}
		wantBytes(t, s, "whole", "one")
	}
	wantKeys(t, s, "", bucket.Descendants, "whole")
}
