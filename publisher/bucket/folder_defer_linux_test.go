package bucket

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func later(key, content string) Object {
	return Object{Key: key, Body: Bytes([]byte(content)), Deferred: true}
}

func mustDefer(t *testing.T, s Store, key, content string) {
	t.Helper()
	if err := s.Create(t.Context(), later(key, content)); err != nil {
		t.Fatal(err)
	}
}

// onDisk returns what other programs see, and other processes after a crash.
func onDisk(t *testing.T, dir string) []string {
	t.Helper()
	var keys []string
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.Name() == workDir {
			return fs.SkipDir
		}
		if err == nil && !d.IsDir() {
			keys = append(keys, strings.TrimPrefix(filepath.ToSlash(name), filepath.ToSlash(dir)+"/"))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// wantWork checks how many files are left in the work folder, but for locks.
func wantWork(t *testing.T, dir string, want int) {
	t.Helper()
	left, err := filepath.Glob(filepath.Join(dir, tmpDir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	if len(left) != want {
		t.Errorf("in the work folder: %q, want %d files", left, want)
	}
}

// A flushWatch notes, in order, the flushes of a store, each with what is in place.
type flushWatch struct {
	steps []string
	fail  map[int]error // by the number of the flush of all, from 1
	all   int
}

func watched(t *testing.T) (*folderStore, string, *flushWatch) {
	s, dir := newTestFiles(t)
	w := &flushWatch{fail: map[int]error{}}
	s.sync.all = func(*os.File) error {
		w.all++
		w.steps = append(w.steps, "all: "+strings.Join(onDisk(t, dir), " "))
		return w.fail[w.all]
	}
	s.sync.file = func(f *os.File) error {
		kind := "file"
		if fi, err := f.Stat(); err == nil && fi.IsDir() {
			kind = "folder"
		}
		w.steps = append(w.steps, kind+": "+strings.Join(onDisk(t, dir), " "))
		return nil
	}
	return s, dir, w
}

func (w *flushWatch) want(t *testing.T, steps ...string) {
	t.Helper()
	if !slices.Equal(w.steps, steps) {
		t.Errorf("flushed\n%s\nwant\n%s", strings.Join(w.steps, "\n"), strings.Join(steps, "\n"))
	}
	w.steps = nil
}

// TestFolderDeferred checks what is flushed, and what is in place by then.
func TestFolderDeferred(t *testing.T) {
	s, dir, w := watched(t)
	mustCreate(t, s, "log/1", "")
	w.steps = nil
	mustDefer(t, s, "c/1", "1")
	mustDefer(t, s, "c/2", "2")
	mustDefer(t, s, "c/2", "2")
	if err := s.Create(t.Context(), later("c/2", "x")); !errors.Is(err, ErrConflict) {
		t.Errorf("got %v, want %v", err, ErrConflict)
	}
	w.want(t)
	mustCreate(t, s, "log/2", "")
	w.want(t,
		"all: log/1", // the bytes, those of log/2 too
		"all: c/1 c/2 log/1",
		"folder: c/1 c/2 log/1 log/2",
	)
	mustCreate(t, s, "log/3", "")
	w.want(t, "file: c/1 c/2 log/1 log/2", "folder: c/1 c/2 log/1 log/2 log/3")
	wantWork(t, dir, 0)
	if s.open != nil {
		t.Error("the disk cannot be unmounted")
	}

	// Somebody else's file, found in place, may not be durable either.
	writeFile(t, "3", dir, "c", "3")
	mustDefer(t, s, "c/3", "3")
	if err := s.Delete(t.Context(), "log/3", ""); err != nil {
		t.Fatal(err)
	}
	w.want(t,
		"all: c/1 c/2 c/3 log/1 log/2 log/3",
		"folder: c/1 c/2 c/3 log/1 log/2 log/3", // that of locks
	)
}

// TestFolderDeferredSeen: the store that defers an object shows it at once.
func TestFolderDeferredSeen(t *testing.T) {
	for what, look := range map[string]func(s *folderStore) error{
		"get":  func(s *folderStore) error { wantContent(t, s, "c/1", "1"); return nil },
		"list": func(s *folderStore) error { wantListed(t, s, "c/1", "c/2"); return nil },
		"replace": func(s *folderStore) error {
			return s.Replace(t.Context(), Object{Key: "c/1", Body: Bytes([]byte("1"))}, "other") // equal bytes
		},
		"delete": func(s *folderStore) error { return s.Delete(t.Context(), "c/none", "") },
		"create": func(s *folderStore) error { return s.Create(t.Context(), Object{Key: "c/1", Body: Bytes([]byte("1"))}) },
	} {
		t.Run(what, func(t *testing.T) {
			s, dir := newTestFiles(t)
			mustDefer(t, s, "c/1", "1")
			mustDefer(t, s, "c/2", "2")
			if err := look(s); err != nil {
				t.Error(err)
			}
			if got := onDisk(t, dir); len(got) != 2 {
				t.Errorf("in place: %q", got)
			}
			wantWork(t, dir, 0)
		})
	}
}

// TestFolderFlushFails: nothing is written or deleted while it is not certain that
// what was deferred is safe, and another flush without errors proves nothing.
func TestFolderFlushFails(t *testing.T) {
	fire := errors.New("disk on fire")
	for flush, place := range []string{"", "c/1 log/1"} {
		s, dir, w := watched(t)
		mustCreate(t, s, "log/1", "")
		mustDefer(t, s, "c/1", "1")
		w.fail[flush+1] = fire
		create := func() error { return s.Create(t.Context(), Object{Key: "log/2", Body: Bytes(nil)}) }
		for what, f := range map[string]func() error{
			"create": create, "again": create,
			"delete":  func() error { return s.Delete(t.Context(), "log/1", "") },
			"replace": func() error { return s.Replace(t.Context(), Object{Key: "log/1", Body: Bytes([]byte("x"))}, "t") },
		} {
			if err := f(); !errors.Is(err, fire) || !strings.Contains(err.Error(), "c/1: disk on fire") {
				t.Errorf("%s: got %v", what, err)
			}
		}
		if got := strings.Join(onDisk(t, dir), " "); flush == 0 && got != "log/1" || flush == 1 && got != place {
			t.Errorf("in place: %s", got)
		}
		mustDefer(t, s, "c/1", "1") // a new attempt
		mustCreate(t, s, "log/2", "")
		wantListed(t, s, "c/1", "log/1", "log/2")
		wantWork(t, dir, 0)
	}
}

// TestFolderFlushFailsOnce: what could not be made safe in one piece of work of a
// process that lives long is not held against the next.
func TestFolderFlushFailsOnce(t *testing.T) {
	fire := errors.New("disk on fire")
	s, dir, w := watched(t)
	w.fail[1] = fire
	mustDefer(t, s, "c/1", "1")
	if err := s.Create(t.Context(), Object{Key: "log/1", Body: Bytes(nil)}); !errors.Is(err, fire) {
		t.Fatalf("got %v", err)
	}
	fresh := Fresh(s)
	mustCreate(t, fresh, "log/1", "")
	if got := strings.Join(onDisk(t, dir), " "); got != "log/1" {
		t.Errorf("in place: %s", got)
	}

	if err := os.Rename(dir, dir+"-unmounted"); err != nil {
		t.Fatal(err)
	}
	if err := Fresh(fresh).Create(t.Context(), Object{Key: "log/2", Body: Bytes(nil)}); !errors.Is(err, errGone) {
		t.Errorf("got %v, want %v", err, errGone)
	}
}

// TestFolderFailsAlone: an object that is not deferred and cannot be made safe fails
// alone, for uploads are such: their ids are never used again, so nobody would
// create their objects once more.
func TestFolderFailsAlone(t *testing.T) {
	s, _, w := watched(t)
	fire := errors.New("disk on fire")
	burning := true
	s.sync.all = func(*os.File) error {
		w.all++
		return fire
	}
	s.sync.file = func(*os.File) error {
		if burning {
			return fire
		}
		return nil
	}
	create := func(key string) error {
		return s.Create(t.Context(), Object{Key: key, Body: Bytes([]byte("1"))})
	}
	if err := create("inbox/1"); !errors.Is(err, fire) {
		t.Fatalf("got %v", err)
	}
	burning = false
	if err := create("inbox/2"); err != nil {
		t.Error(err)
	}
	if w.all != 0 {
		t.Errorf("%d flushes of the file system", w.all)
	}
}

// TestFolderPlaceAgain has rivals put the object in place, and take it away again,
// all the while that another gives it its name: between being refused the name and
// comparing what is there, it is gone.
func TestFolderPlaceAgain(t *testing.T) {
	s, dir := newTestFiles(t)
	writeFile(t, "1", dir, "rival")
	mustCreate(t, s, "c/0", "")
	root := mustOpen(t, s)
	c, err := root.sub("c")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var group sync.WaitGroup
	stop := make(chan struct{})
	group.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				_ = os.Link(filepath.Join(dir, "rival"), filepath.Join(dir, "c", "1"))
				_ = c.remove("1")
			}
		}
	})
	p := placer{store: s, root: root, waiting: root}
	defer p.close()
	for range 2000 {
		writeFile(t, "1", dir, tmpDir, "waits")
		if err := p.create("c/1", waitingFile{name: "waits"}); err != nil {
			t.Error(err)
			break
		}
		_ = c.remove("1")
	}
	close(stop)
	group.Wait()
}

// TestFolderClaims has two stores defer the same objects, as two processes do.
func TestFolderClaims(t *testing.T) {
	s, dir := newTestFiles(t)
	other, err := newFolderStore(dir)
	if err != nil {
		t.Fatal(err)
	}
	mustDefer(t, s, "c/1", "1")
	mustDefer(t, s, "c/2", "2")
	if err := other.Create(t.Context(), later("c/1", "x")); !errors.Is(err, ErrConflict) {
		t.Errorf("got %v, want %v", err, ErrConflict)
	}
	mustDefer(t, other, "c/2", "2")
	mustCreate(t, other, "log/1", "") // the first store may have died
	if got := strings.Join(onDisk(t, dir), " "); got != "c/1 c/2 log/1" {
		t.Errorf("in place: %s", got)
	}
	wantContent(t, other, "c/1", "1")
	mustCreate(t, s, "log/2", "")
	wantWork(t, dir, 0)

	// What was claimed before the machine was started again may not be whole.
	mustDefer(t, s, "c/3", "torn")
	other.sync.boot = "next"
	mustDefer(t, other, "c/3", "whole")
	mustCreate(t, other, "log/3", "")
	wantContent(t, other, "c/3", "whole")
}

// TestFolderClaimTakenOver: between a writer's look at a name and its claim, another
// process takes the same claim, gives the object its name and lets go.
func TestFolderClaimTakenOver(t *testing.T) {
	s, dir := newTestFiles(t)
	other, err := newFolderStore(dir)
	if err != nil {
		t.Fatal(err)
	}
	root := mustOpen(t, s)
	tmp, err := s.writeTemp(t.Context(), root, later("c/1", "1"), time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	mustDefer(t, other, "c/1", "1")
	mustCreate(t, other, "log/1", "")
	c, err := root.sub("c")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if done, err := s.claim(root, c, "c/1", tmp); done || err != nil {
		t.Errorf("got %v, %v; want another try", done, err)
	}
	mustDefer(t, s, "c/1", "1")
	wantWork(t, dir, 0)
}

// TestFolderPlacedAndDeleted: of two processes that defer the same object, one gives it its
// name and then deletes it, as a generator does that decides otherwise. The other, which
// knows nothing of that, has it in place all the same.
func TestFolderPlacedAndDeleted(t *testing.T) {
	for name, first := range map[string]int{"the first": 0, "the second": 1} {
		t.Run(name+" deletes it", func(t *testing.T) {
			s, dir := newTestFiles(t)
			other, err := newFolderStore(dir)
			if err != nil {
				t.Fatal(err)
			}
			stores := []*folderStore{s, other}
			mustDefer(t, s, "c/1", "1")
			mustDefer(t, other, "c/1", "1")
			mustCreate(t, stores[first], "log/1", "")
			if err := stores[first].Delete(t.Context(), "c/1", ""); err != nil {
				t.Fatal(err)
			}
			mustCreate(t, stores[1-first], "log/2", "")
			wantContent(t, s, "c/1", "1")
			wantWork(t, dir, 0)
		})
	}
}

// TestFolderBlocked: an object whose folder cannot be made fails, and nothing else.
func TestFolderBlocked(t *testing.T) {
	s, dir := newTestFiles(t)
	writeFile(t, "", dir, "c", "a")
	mustDefer(t, s, "c/b/1", "1")
	if err := s.Create(t.Context(), later("c/a/1", "1")); err == nil {
		t.Error("it lies in a file")
	}
	mustCreate(t, s, "log/1", "")
	wantContent(t, s, "c/b/1", "1")
}

// TestFolderLateConflict: another program takes a name that an object waits for.
func TestFolderLateConflict(t *testing.T) {
	s, dir := newTestFiles(t)
	mustDefer(t, s, "c/1", "1")
	mustDefer(t, s, "c/2", "2")
	mustDefer(t, s, "c/3", "3")
	writeFile(t, "other", dir, "c", "1")
	writeFile(t, "2", dir, "c", "2")
	for range 2 {
		err := s.Create(t.Context(), Object{Key: "log/1", Body: Bytes(nil)})
		if !errors.Is(err, errTwoWriters) || errors.Is(err, ErrConflict) || !strings.HasPrefix(err.Error(), "log/1: c/1: ") {
			t.Fatalf("got %v", err)
		}
	}
	wantContent(t, s, "c/1", "other")
	if err := s.Create(t.Context(), later("c/1", "1")); !errors.Is(err, ErrConflict) {
		t.Errorf("got %v, want %v", err, ErrConflict)
	}
	mustCreate(t, s, "log/1", "")
	wantListed(t, s, "c/1", "c/2", "c/3", "log/1")
	wantWork(t, dir, 0)
}

// mustReplaceLater replaces what is there when it is next flushed.
func mustReplaceLater(t *testing.T, s Store, key, content string) {
	t.Helper()
	if err := s.Replace(t.Context(), later(key, content), tokenOf(t, s, key)); err != nil {
		t.Fatal(err)
	}
}

func tokenOf(t *testing.T, s Store, key string) string {
	t.Helper()
	r, err := s.Get(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	return r.Entry.Token
}

// TestFolderReplacedLater checks what is flushed for replaced files, and who sees them.
func TestFolderReplacedLater(t *testing.T) {
	s, dir, w := watched(t)
	mustCreate(t, s, "p/1", "1")
	mustCreate(t, s, "p/2", "2")
	if err := s.Replace(t.Context(), Object{Key: "p/2", Body: Bytes([]byte("b"))}, tokenOf(t, s, "p/2")); err != nil { // which makes the folder of locks
		t.Fatal(err)
	}
	w.steps = nil
	token := tokenOf(t, s, "p/1")
	mustReplaceLater(t, s, "p/1", "one")
	mustReplaceLater(t, s, "p/2", "two")
	mustDefer(t, s, "p/3", "three")
	w.want(t)
	wantContent(t, Fresh(s), "p/1", "1")
	mustCreate(t, s, "log/1", "")
	if len(w.steps) < 2 || !strings.HasPrefix(w.steps[0], "all: p/1 p/2") || w.steps[1] != "all: p/1 p/2 p/3" {
		t.Errorf("flushed %q", w.steps)
	}
	for key, want := range map[string]string{"p/1": "one", "p/2": "two", "p/3": "three"} {
		wantContent(t, Fresh(s), key, want)
	}
	if err := s.Replace(t.Context(), later("p/1", "x"), token); !errors.Is(err, ErrConflict) {
		t.Errorf("got %v, want %v", err, ErrConflict)
	}
	mustReplaceLater(t, s, "p/1", "1")
	mustReplaceLater(t, s, "p/1", "newest") // the store sees what it has deferred
	wantContent(t, s, "p/1", "newest")
	wantWork(t, dir, 0)
}

// TestFolderReplacedMeanwhile: what somebody else has written, or removed, stays so.
func TestFolderReplacedMeanwhile(t *testing.T) {
	s, dir := newTestFiles(t)
	other := Fresh(s)
	for _, key := range []string{"p/1", "p/2", "q/3", "p/4"} {
		mustCreate(t, s, key, "old")
		mustReplaceLater(t, s, key, "mine")
	}
	if err := other.Replace(t.Context(), Object{Key: "p/1", Body: Bytes([]byte("theirs"))}, tokenOf(t, other, "p/1")); err != nil {
		t.Fatal(err)
	}
	if err := other.Delete(t.Context(), "p/2", ""); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(dir, "q")); err != nil {
		t.Fatal(err)
	}
	mustCreate(t, s, "log/1", "")
	wantContent(t, s, "p/1", "theirs")
	wantContent(t, s, "p/4", "mine")
	if got := strings.Join(onDisk(t, dir), " "); got != "log/1 p/1 p/4" {
		t.Errorf("in place: %s", got)
	}
	wantWork(t, dir, 0)
}

// TestFolderReplacedFails: a file that could not be made safe fails until it is written
// again, and its place keeps what was there.
func TestFolderReplacedFails(t *testing.T) {
	fire := errors.New("disk on fire")
	s, dir, w := watched(t)
	mustCreate(t, s, "p/1", "old")
	mustReplaceLater(t, s, "p/1", "new")
	w.fail[1] = fire
	for range 2 {
		if err := s.Create(t.Context(), Object{Key: "log/1", Body: Bytes(nil)}); !errors.Is(err, fire) || !strings.Contains(err.Error(), "p/1: ") {
			t.Errorf("got %v", err)
		}
	}
	wantContent(t, Fresh(s), "p/1", "old")
	mustReplaceLater(t, s, "p/1", "new")
	mustCreate(t, s, "log/1", "")
	wantContent(t, Fresh(s), "p/1", "new")
	wantWork(t, dir, 0)

	mustReplaceLater(t, s, "p/1", "lost")
	if err := os.RemoveAll(filepath.Join(dir, tmpDir)); err != nil {
		t.Fatal(err)
	}
	if err := s.Create(t.Context(), Object{Key: "log/2", Body: Bytes(nil)}); !errors.Is(err, errTempGone) {
		t.Errorf("got %v, want %v", err, errTempGone)
	}
}

// TestFolderFlushedMeanwhile: an object whose bytes were to be flushed with what waits is
// flushed alone if a flush was over before its bytes were written.
func TestFolderFlushedMeanwhile(t *testing.T) {
	s, _, w := watched(t)
	mustCreate(t, s, "log/1", "")
	mustDefer(t, s, "c/1", "1")
	w.steps = nil
	err := s.Create(t.Context(), Object{Key: "log/2", Body: func(to io.Writer) error {
		wantContent(t, s, "c/1", "1")
		_, err := to.Write([]byte("2"))
		return err
	}})
	if err != nil {
		t.Fatal(err)
	}
	w.want(t, "all: log/1", "all: c/1 log/1", "file: c/1 log/1", "folder: c/1 log/1 log/2")
}

// TestFolderLostTemp: what waits is removed by somebody who cleans up.
func TestFolderLostTemp(t *testing.T) {
	s, dir := newTestFiles(t)
	mustDefer(t, s, "c/1", "1")
	if err := os.RemoveAll(filepath.Join(dir, "c")); err != nil {
		t.Fatal(err)
	}
	mustCreate(t, s, "log/1", "")
	wantContent(t, s, "c/1", "1")
	mustDefer(t, s, "c/2", "2")
	if err := os.RemoveAll(filepath.Join(dir, tmpDir)); err != nil {
		t.Fatal(err)
	}
	if err := s.Create(t.Context(), Object{Key: "log/2", Body: Bytes(nil)}); !errors.Is(err, errTempGone) {
		t.Errorf("got %v, want %v", err, errTempGone)
	}
}

// TestFolderLeftClaims: what dead processes leave is hidden, and cleared away.
func TestFolderLeftClaims(t *testing.T) {
	s, dir := newTestFiles(t)
	mustDefer(t, s, "c/1", "1")
	old := time.Now().Add(-2 * staleAfter)
	files, err := filepath.Glob(filepath.Join(dir, tmpDir, "*"))
	if err != nil || len(files) != 2 { // and its claim, which is another name of it
		t.Fatalf("%q, %v", files, err)
	}
	if err := os.Chtimes(files[0], old, old); err != nil {
		t.Fatal(err)
	}
	next, err := newFolderStore(dir)
	if err != nil {
		t.Fatal(err)
	}
	wantListed(t, next)
	freed := 0
	if err := next.RemoveLeftovers(t.Context(), false, func(int64) { freed++ }); err != nil || freed != 2 {
		t.Errorf("removed %d files, %v; want 2", freed, err)
	}
	wantWork(t, dir, 0)
}

// TestFolderDeferredRace has many goroutines of two stores create the same objects, with
// equal bytes and with others, while one flushes all the time. One store does without
// openat2.
func TestFolderDeferredRace(t *testing.T) {
	const writers, keys = 8, 60
	a, dir := newTestFiles(t)
	b, err := newFolderStore(dir)
	if err != nil {
		t.Fatal(err)
	}
	OpenPlainly(b)
	var group sync.WaitGroup
	var mu sync.Mutex
	told := map[string]string{} // what who succeeded wrote
	for w := range writers {
		s := []*folderStore{a, b}[w%2]
		group.Go(func() {
			for i := range keys {
				key, content := fmt.Sprintf("c/%d/x", i), fmt.Sprint(w/4)
				err := s.Create(t.Context(), later(key, content))
				if err != nil && !errors.Is(err, ErrConflict) {
					t.Error(err)
				}
				mu.Lock()
				if before, ok := told[key]; err == nil && ok && before != content {
					t.Errorf("%s: both %s and %s were written", key, before, content)
				}
				if err == nil {
					told[key] = content
				}
				mu.Unlock()
				if i%10 == w {
					if err := s.Delete(t.Context(), "none", ""); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	group.Wait()
	for _, s := range []*folderStore{a, b} {
		if err := s.Delete(t.Context(), "none", ""); err != nil {
			t.Error(err)
		}
	}
	for i := range keys {
		key := fmt.Sprintf("c/%d/x", i)
		wantContent(t, a, key, told[key])
	}
	wantWork(t, dir, 0)
}

// TestFolderPowerCut takes, at every flush, what a power cut might: the bytes of
// each file that was not flushed, and each name. What is in place then is whole,
// and where a record is, so is all that was deferred before it.
func TestFolderPowerCut(t *testing.T) {
	s, dir := newTestFiles(t)
	durable := map[string]string{} // bytes, by name, of what was safe at the last flush
	safe := map[uint64]bool{}
	check := func(*os.File) error {
		for _, key := range onDisk(t, dir) {
			fi, err := os.Stat(filepath.Join(dir, key))
			if err != nil {
				return err
			}
			if !safe[inode(fi)] {
				t.Errorf("%s has its name, but its bytes are not durable", key)
			}
			if strings.HasPrefix(key, "log/") {
				for _, c := range []string{"c/1", "c/2"} {
					if _, ok := durable[c]; !ok {
						t.Errorf("%s is there before %s is durable", key, c)
					}
				}
			}
		}
		return nil
	}
	s.sync.all = func(f *os.File) error {
		if err := check(f); err != nil {
			return err
		}
		return filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			fi, err := d.Info()
			if err == nil {
				safe[inode(fi)] = true
				durable[strings.TrimPrefix(name, dir+"/")] = ""
			}
			return err
		})
	}
	s.sync.file = func(f *os.File) error {
		fi, err := f.Stat()
		if err == nil {
			safe[inode(fi)] = true
		}
		if err == nil && fi.IsDir() {
			return check(f)
		}
		return err
	}
	mustDefer(t, s, "c/1", "1")
	mustDefer(t, s, "c/2", "2")
	mustCreate(t, s, "log/1", "1")
	mustReplaceLater(t, s, "c/1", "one")
	mustReplaceLater(t, s, "log/1", "one")
	mustCreate(t, s, "log/3", "3")
	wantContent(t, Fresh(s), "c/1", "one")
	if err := s.Create(t.Context(), Object{Key: "log/2", Body: func(io.Writer) error { return fs.ErrPermission }}); err == nil {
		t.Error("wrote what cannot be read")
	}
	if len(durable) == 0 {
		t.Error("nothing was flushed")
	}
}
