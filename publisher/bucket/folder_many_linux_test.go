package bucket

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func newWrite(key, content string) Write {
	return Write{Object: Object{Key: key, Body: Bytes([]byte(content))}}
}

func mustWriteAll(t *testing.T, s Store, writes ...Write) {
	t.Helper()
	for i, err := range WriteAll(t.Context(), s, 1, writes) {
		if err != nil {
			t.Errorf("%s: %v", writes[i].Key, err)
		}
	}
}

// TestFolderWriteAll checks what is flushed, and what is in place by then.
func TestFolderWriteAll(t *testing.T) {
	s, dir, w := watched(t)
	mustCreate(t, s, "p/1", "1")
	mustCreate(t, s, "log/1", "1")
	if err := s.Delete(t.Context(), "log/1", ""); err != nil { // which makes the folder of locks
		t.Fatal(err)
	}
	w.steps = nil
	replacing := newWrite("p/1", "one")
	replacing.Token = tokenOf(t, s, "p/1")
	mustWriteAll(t, s, newWrite("c/a/1", "1"), replacing, newWrite("c/b/1", "1"))
	w.want(t, "all: p/1", "all: c/a/1 c/b/1 p/1")
	wantContent(t, Fresh(s), "p/1", "one")

	mustDefer(t, s, "w/1", "1")
	mustWriteAll(t, s, newWrite("c/a/2", "2"), newWrite("c/b/2", "2"))
	w.want(t,
		"all: c/a/1 c/b/1 p/1",
		"all: c/a/1 c/b/1 p/1 w/1", // what waited is safe before the others have their names
		"all: c/a/1 c/a/2 c/b/1 c/b/2 p/1 w/1",
	)
	mustWriteAll(t, s, newWrite("c/a/3", "3"))
	w.want(t,
		"file: c/a/1 c/a/2 c/b/1 c/b/2 p/1 w/1",
		"folder: c/a/1 c/a/2 c/a/3 c/b/1 c/b/2 p/1 w/1",
	)
	s.sync.can = func(*os.File) bool { return false }
	mustWriteAll(t, s, newWrite("c/a/4", "4"), newWrite("c/a/5", "5"))
	if len(w.steps) != 4 || w.all != 5 {
		t.Errorf("where a disk cannot flush files together: %q", w.steps)
	}
	wantWork(t, dir, 0)
	if s.open != nil {
		t.Error("the disk cannot be unmounted")
	}
}

// TestFolderWriteAllRivals: others come between the moment that a temporary file is written
// and that in which it gets its name.
func TestFolderWriteAllRivals(t *testing.T) {
	s, dir := newTestFiles(t)
	other := Fresh(s)
	keys := []string{"p/replaced", "p/removed", "p/same", "p/kept"}
	var writes []Write
	for _, key := range keys {
		mustCreate(t, s, key, "old")
		w := newWrite(key, "mine")
		w.Token = tokenOf(t, s, key)
		writes = append(writes, w)
	}
	old := writes[0].Token
	last := newWrite("z", "mine")
	last.Body = func(w io.Writer) error {
		for key, content := range map[string]string{"p/replaced": "theirs", "p/same": "mine"} {
			err := other.Replace(t.Context(), Object{Key: key, Body: Bytes([]byte(content))}, tokenOf(t, other, key))
			if err != nil {
				return err
			}
		}
		if err := other.Delete(t.Context(), "p/removed", ""); err != nil {
			return err
		}
		mustCreate(t, other, "n/taken", "theirs")
		mustCreate(t, other, "n/same", "mine")
		mustDefer(t, s, "n/waits", "theirs")
		_, err := w.Write([]byte("mine"))
		return err
	}
	writes = append(writes, newWrite("n/taken", "mine"), newWrite("n/same", "mine"), newWrite("n/waits", "mine"), newWrite("n/free", "mine"), last)
	var conflicts []string
	for i, err := range WriteAll(t.Context(), s, 1, writes) {
		if errors.Is(err, ErrConflict) {
			conflicts = append(conflicts, writes[i].Key)
		} else if err != nil {
			t.Errorf("%s: %v", writes[i].Key, err)
		}
	}
	if want := []string{"p/replaced", "p/removed", "n/taken", "n/waits"}; !slices.Equal(conflicts, want) {
		t.Errorf("conflicts %q, want %q", conflicts, want)
	}
	for key, want := range map[string]string{
		"p/replaced": "theirs", "p/same": "mine", "p/kept": "mine",
		"n/taken": "theirs", "n/same": "mine", "n/waits": "theirs", "n/free": "mine", "z": "mine",
	} {
		wantContent(t, other, key, want)
	}
	wantWork(t, dir, 0)

	clean := true // once
	lost := newWrite("y", "mine")
	lost.Body = func(io.Writer) error {
		defer func() { clean = false }()
		if !clean {
			return nil
		}
		return os.RemoveAll(filepath.Join(dir, tmpDir))
	}
	writes[0].Token = tokenOf(t, s, "p/replaced")
	mustWriteAll(t, s, newWrite("x", "mine"), writes[0], lost)
	wantContent(t, other, "x", "mine")
	wantContent(t, other, "p/replaced", "mine")
	stale := newWrite("p/replaced", "new")
	stale.Token = old
	if errs := WriteAll(t.Context(), s, 1, []Write{stale, newWrite("v", "")}); !errors.Is(errs[0], ErrConflict) || errs[1] != nil {
		t.Errorf("got %v", errs)
	}
}

// TestFolderWriteAllUnsafe: what could not be made safe has not succeeded. If it is not the
// names, each is written by itself.
func TestFolderWriteAllUnsafe(t *testing.T) {
	fire := errors.New("disk on fire")
	for flush, want := range []error{nil, fire} {
		s, dir, w := watched(t)
		w.fail[flush+1] = fire
		for _, err := range WriteAll(t.Context(), s, 1, []Write{newWrite("c/1", "1"), newWrite("c/2", "2")}) {
			if !errors.Is(err, want) {
				t.Errorf("flush %d failed: got %v, want %v", flush+1, err, want)
			}
		}
		mustWriteAll(t, s, newWrite("c/1", "1"), newWrite("c/2", "2"))
		if !slices.ContainsFunc(w.steps, func(step string) bool { return strings.HasPrefix(step, "file") }) {
			t.Errorf("no file was flushed by itself: %q", w.steps)
		}
		wantListed(t, s, "c/1", "c/2")
		wantWork(t, dir, 0)
	}

	// What is waiting and cannot be made safe holds back all others.
	s, dir, w := watched(t)
	mustDefer(t, s, "w/1", "1")
	w.fail[1] = fire
	for _, err := range WriteAll(t.Context(), s, 1, []Write{newWrite("c/1", "1"), newWrite("c/2", "2")}) {
		if !errors.Is(err, fire) || !strings.Contains(err.Error(), "w/1: ") {
			t.Errorf("got %v", err)
		}
	}
	if got := onDisk(t, dir); len(got) > 0 {
		t.Errorf("in place: %q", got)
	}
}

// TestFolderWriteAllPowerCut: at every flush, what has its name is whole, and what was
// deferred before is safe by then.
func TestFolderWriteAllPowerCut(t *testing.T) {
	s, dir := newTestFiles(t)
	mustCreate(t, s, "head", "1")
	names, bytes := map[string]bool{}, map[uint64]bool{} // that are safe
	flush := func(*os.File) error {
		for _, key := range onDisk(t, dir) {
			fi, err := os.Stat(filepath.Join(dir, key))
			if err != nil {
				return err
			}
			if key != "head" && !bytes[inode(fi)] {
				t.Errorf("%s has its name, but its bytes are not safe", key)
			}
			if key != "w/1" && key != "head" && !names["w/1"] {
				t.Errorf("%s has its name before w/1 is safe", key)
			}
		}
		return filepath.Walk(dir, func(name string, fi os.FileInfo, err error) error {
			if err == nil {
				bytes[inode(fi)] = true
				names[strings.TrimPrefix(name, dir+"/")] = true
			}
			return err
		})
	}
	s.sync.all = flush
	s.sync.file = func(f *os.File) error {
		t.Errorf("%s is flushed by itself", f.Name())
		return nil
	}
	head := newWrite("head", "2")
	head.Token = tokenOf(t, s, "head")
	if err := s.settle(mustOpen(t, s)); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, locksDir), 0o777); err != nil {
		t.Fatal(err)
	}
	mustDefer(t, s, "w/1", "1")
	mustWriteAll(t, s, newWrite("a/1", "1"), newWrite("z/1", "1"), head)
	for _, key := range []string{"a/1", "z/1", "w/1"} {
		if !names[key] {
			t.Errorf("%s is not safe", key)
		}
	}
	wantContent(t, Fresh(s), "head", "2")
}

// TestFolderWriteAllMany: what there is too much of for one go is written in several.
func TestFolderWriteAllMany(t *testing.T) {
	s, dir, _ := watched(t)
	most, flushes := 0, 0
	s.sync.all = func(*os.File) error {
		files, err := os.ReadDir(filepath.Join(dir, tmpDir))
		most, flushes = max(most, len(files)), flushes+1
		return err
	}
	var writes []Write
	for i := range 2*maxWrites + 2 {
		writes = append(writes, newWrite(fmt.Sprintf("c/%d", i), "1"))
	}
	mustWriteAll(t, s, writes...)
	if got := onDisk(t, dir); len(got) != len(writes) || most != maxWrites || flushes != 6 {
		t.Errorf("wrote %d of %d, %d at a time, with %d flushes", len(got), len(writes), most, flushes)
	}
	wantWork(t, dir, 0)
}
