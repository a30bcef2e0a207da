package bucket

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// linked returns the object that has its bytes from another one.
func linked(key, from, content string, deferred bool) Object {
	return Object{Key: key, Body: Bytes([]byte(content)), From: from, Deferred: deferred}
}

// TestFolderLinks: an object that has its bytes from another one takes no room on the disk,
// also while both wait to be made safe, and if the other one is old.
func TestFolderLinks(t *testing.T) {
	for name, deferred := range map[string]bool{"at once": false, "deferred": true} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s, err := newFolderStore(dir)
			if err != nil {
				t.Fatal(err)
			}
			mustCreate := func(o Object) {
				t.Helper()
				if err := s.Create(t.Context(), o); err != nil {
					t.Fatal(err)
				}
			}
			mustCreate(linked("c/old", "", "one", deferred))
			if !deferred {
				long := time.Now().Add(-100 * staleAfter)
				if err := os.Chtimes(filepath.Join(dir, "c", "old"), long, long); err != nil {
					t.Fatal(err)
				}
			}
			mustCreate(linked("b/1", "c/old", "one", deferred))
			mustCreate(linked("b/2", "c/old", "one", deferred))
			mustCreate(linked("b/absent", "c/none", "one", deferred))
			other, err := newFolderStore(dir)
			if err != nil {
				t.Fatal(err)
			}
			if err := other.Create(t.Context(), linked("log/0", "", "", false)); err != nil { // which clears up
				t.Fatal(err)
			}
			mustCreate(linked("log/1", "", "", false))
			for file, same := range map[string]bool{"1": true, "2": true, "absent": false} {
				a, err := os.Stat(filepath.Join(dir, "c", "old"))
				b, berr := os.Stat(filepath.Join(dir, "b", file))
				if err := errors.Join(err, berr); err != nil || os.SameFile(a, b) != same {
					t.Errorf("%s is the same file: %t, %v", file, !same, err)
				}
			}
			wantContent(t, s, "b/absent", "one")
			wantWork(t, dir, 0)
		})
	}
}

// TestFolderLinkConflict: what lies there stays, unless it has the same bytes.
func TestFolderLinkConflict(t *testing.T) {
	s, _ := newTestFiles(t)
	for _, deferred := range []bool{false, true} {
		mustCreate(t, s, "a/from", "one")
		mustCreate(t, s, "a/other", "two")
		if err := s.Create(t.Context(), linked("a/other", "a/from", "one", deferred)); !errors.Is(err, ErrConflict) {
			t.Errorf("got %v", err)
		}
		wantContent(t, s, "a/other", "two")
	}
}

// TestFolderLinksOfTwo: an old object that two processes link at the same time waits for
// both, although a third one clears up.
func TestFolderLinksOfTwo(t *testing.T) {
	s, dir := newTestFiles(t)
	mustCreate(t, s, "c/old", "one")
	long := time.Now().Add(-100 * staleAfter)
	if err := os.Chtimes(filepath.Join(dir, "c", "old"), long, long); err != nil {
		t.Fatal(err)
	}
	two, three := Fresh(s), Fresh(s)
	mustCreate(t, two, "log/2", "")
	for _, store := range []Store{s, two} {
		if err := store.Create(t.Context(), linked("b/1", "c/old", "one", true)); err != nil {
			t.Fatal(err)
		}
	}
	mustCreate(t, three, "log/3", "") // which clears up
	mustCreate(t, two, "log/4", "")
	mustCreate(t, s, "log/5", "")
	wantContent(t, three, "b/1", "one")
	wantWork(t, dir, 0)
}
