package bucket

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// newTestFiles returns a store in an empty folder, and the folder.
func newTestFiles(t *testing.T) (*folderStore, string) {
	t.Helper()
	dir := t.TempDir()
	s, err := newFolderStore(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s, dir
}

// writeFile writes as another program does.
func writeFile(t *testing.T, content string, elem ...string) string {
	t.Helper()
	name := filepath.Join(elem...)
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
	return name
}

func mustCreate(t *testing.T, s Store, key, content string) {
	t.Helper()
	if err := s.Create(t.Context(), Object{Key: key, Body: Bytes([]byte(content))}); err != nil {
		t.Fatal(err)
	}
}

// listed returns all keys in dir and below, sorted.
func listed(t *testing.T, s Store, dir string) []string {
	t.Helper()
	var keys []string
	for e, err := range s.List(t.Context(), dir, Descendants) {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, e.Key)
	}
	slices.Sort(keys)
	return keys
}

func wantListed(t *testing.T, s Store, want ...string) {
	t.Helper()
	slices.Sort(want)
	if got := listed(t, s, ""); !slices.Equal(got, want) {
		t.Errorf("got keys %q, want %q", got, want)
	}
}

func wantContent(t *testing.T, s Store, key, want string) Entry {
	t.Helper()
	b, e, err := ReadAll(t.Context(), s, key, 1<<20)
	if err != nil || string(b) != want {
		t.Errorf("%s: got %.50q, %v; want %.50q", key, b, err, want)
	}
	return e
}

// mustOpen opens the store's folder until the test ends.
func mustOpen(t *testing.T, s *folderStore) *openFolder {
	t.Helper()
	f, err := s.hold()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.release)
	return f
}

// TestFolderForeign puts files into the folder that are not objects.
func TestFolderForeign(t *testing.T) {
	s, dir := newTestFiles(t)
	testForeign(t, s, dir)
}

func TestPlainFolderForeign(t *testing.T) {
	s, dir := newTestFiles(t)
	OpenPlainly(s)
	testForeign(t, s, dir)
}

func testForeign(t *testing.T, s *folderStore, dir string) {
	outside := writeFile(t, "secret", t.TempDir(), "secret")
	mustCreate(t, s, "in/real", "real")
	for link, target := range map[string]string{
		"in/out": outside, "in/up": "../../../../../../" + outside, "in/same": "real", "in/none": "nowhere",
		"outdir": filepath.Dir(outside), "indir": "in",
	} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			if runtime.GOOS == "windows" { // where it takes a privilege
				t.Skip(err)
			}
			t.Fatal(err)
		}
	}
	makeFIFO(t, filepath.Join(dir, "in", "fifo"))
	wantListed(t, s, "in/real")
	for _, key := range []string{"in/out", "in/up", "in/same", "in/none", "in/fifo"} {
		if _, err := s.Get(t.Context(), key); !errors.Is(err, ErrNotFound) {
			t.Errorf("Get(%s): %v", key, err)
		}
		if err := s.Create(t.Context(), Object{Key: key, Body: Bytes([]byte("real"))}); err == nil {
			t.Errorf("Create(%s) succeeded", key)
		}
		if err := s.Replace(t.Context(), Object{Key: key, Body: Bytes(nil)}, "t"); err == nil {
			t.Errorf("Replace(%s) succeeded", key)
		}
		if err := s.Delete(t.Context(), key, ""); err != nil {
			t.Errorf("Delete(%s): %v", key, err)
		}
		if _, err := os.Lstat(filepath.Join(dir, filepath.FromSlash(key))); err != nil {
			t.Errorf("%s: %v", key, err)
		}
	}
	wantContent(t, s, "indir/real", "real")
	if _, err := s.Get(t.Context(), "outdir/secret"); err == nil || errors.Is(err, ErrNotFound) {
		t.Errorf("reading a file outside: %v", err)
	}
	if err := s.Create(t.Context(), Object{Key: "outdir/new", Body: Bytes(nil)}); err == nil {
		t.Error("wrote a file outside")
	}
	if err := s.Delete(t.Context(), "outdir/secret", ""); err == nil {
		t.Error("deleted a file outside")
	}
	if err := s.Replace(t.Context(), Object{Key: "outdir/secret", Body: Bytes(nil)}, "t"); err == nil {
		t.Error("replaced a file outside")
	}
	if err := s.Create(t.Context(), Object{Key: "outdir/later", Body: Bytes(nil), Deferred: true}); err == nil {
		t.Error("a file outside waits to be written")
	}
	if keys := listed(t, s, "indir"); keys != nil {
		t.Errorf("listing through a link shows %q", keys)
	}
	if b, err := os.ReadFile(outside); err != nil || string(b) != "secret" {
		t.Errorf("the file outside holds %q, %v", b, err)
	}
}

// TestFolderDeleteRace has another program replace a file between the last look at it
// and its removal, and then has them come back for its name.
func TestFolderDeleteRace(t *testing.T) {
	s, dir := newTestFiles(t)
	writeFile(t, "old", dir, "in", "a.tgz")
	old := wantContent(t, s, "in/a.tgz", "old")
	root := mustOpen(t, s)
	in, err := root.sub("in")
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	aside := asideKey("in/a.tgz", old.Token)
	put := func() {
		name := writeFile(t, "newer", dir, "other")
		if err := os.Rename(name, filepath.Join(dir, "in", "a.tgz")); err != nil {
			t.Fatal(err)
		}
		if err := in.rename("a.tgz", in, path.Base(aside)); err != nil {
			t.Fatal(err)
		}
	}

	put()
	if err := removeAside(in, "a.tgz", path.Base(aside), old.Token); !errors.Is(err, ErrConflict) {
		t.Errorf("got %v, want %v", err, ErrConflict)
	}
	wantListed(t, s, "in/a.tgz")
	wantContent(t, s, "in/a.tgz", "newer")

	put()
	writeFile(t, "newest", dir, "in", "a.tgz")
	if err := removeAside(in, "a.tgz", path.Base(aside), old.Token); !errors.Is(err, ErrConflict) {
		t.Errorf("got %v, want %v", err, ErrConflict)
	}
	wantListed(t, s, "in/a.tgz", aside)
	wantContent(t, s, "in/a.tgz", "newest")
	saved := wantContent(t, s, aside, "newer")

	// The saved file is an object like any other, and nothing overwrites it.
	if err := s.Delete(t.Context(), "in/a.tgz", old.Token); !errors.Is(err, ErrConflict) {
		t.Errorf("got %v, want %v", err, ErrConflict)
	}
	wantListed(t, s, "in/a.tgz", aside)
	if err := s.Delete(t.Context(), aside, saved.Token); err != nil {
		t.Error(err)
	}
	wantListed(t, s, "in/a.tgz")
}

// TestFolderDeleteCrash leaves what a deletion leaves that dies half way.
func TestFolderDeleteCrash(t *testing.T) {
	s, dir := newTestFiles(t)
	name := writeFile(t, "x", dir, "a.tgz")
	e := wantContent(t, s, "a.tgz", "x")
	if err := os.Rename(name, filepath.Join(dir, asideKey("a.tgz", e.Token))); err != nil {
		t.Fatal(err)
	}
	wantListed(t, s)
	if err := s.Delete(t.Context(), "a.tgz", e.Token); err != nil {
		t.Error(err)
	}
	mustCreate(t, s, "a.tgz", "x")
	wantListed(t, s, "a.tgz")
}

func TestFolderDeleteLongName(t *testing.T) {
	s, _ := newTestFiles(t)
	key := "in/" + strings.Repeat("é", 125) + ".tgz" // 254 bytes
	mustCreate(t, s, key, "x")
	e := wantContent(t, s, key, "x")
	aside := asideKey(key, e.Token)
	if !validKey(aside) || len(aside) > len("in/")+maxName || !strings.HasSuffix(aside, "é.tgz") {
		t.Errorf("aside is %q", aside)
	}
	if err := s.Delete(t.Context(), key, e.Token); err != nil {
		t.Error(err)
	}
	wantListed(t, s)
}

// TestFolderArrival copies a file with an old modification time, as cp -p does.
func TestFolderArrival(t *testing.T) {
	s, dir := newTestFiles(t)
	name := writeFile(t, "x", dir, "a.tgz")
	old := time.Now().Add(-1000 * time.Hour)
	if err := os.Chtimes(name, old, old); err != nil {
		t.Fatal(err)
	}
	fi, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	if arrival(fi).Equal(fi.ModTime()) {
		t.Skip("no change time here")
	}
	if age := time.Since(wantContent(t, s, "a.tgz", "x").Modified); age > time.Hour {
		t.Errorf("a file that just arrived is %v old", age)
	}
}

func TestFolderRewrittenInPlace(t *testing.T) {
	s, dir := newTestFiles(t)
	name := writeFile(t, strings.Repeat("a", 1000), dir, "a")
	r, err := s.Get(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := io.ReadFull(r, make([]byte, 500)); err != nil {
		t.Fatal(err)
	}
	writeFile(t, strings.Repeat("b", 1001), name)
	if _, err := io.ReadAll(r); !errors.Is(err, errRewritten) {
		t.Errorf("got %v, want %v", err, errRewritten)
	}
}

// TestFolderTokensMove replaces a file that claims to be from the future.
func TestFolderTokensMove(t *testing.T) {
	s, dir := newTestFiles(t)
	name := writeFile(t, "0", dir, "a")
	future := time.Now().Add(time.Hour).Truncate(time.Second)
	if err := os.Chtimes(name, future, future); err != nil {
		t.Fatal(err)
	}
	for _, content := range []string{"1", "2", "3"} {
		before, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		o := Object{Key: "a", Body: Bytes([]byte(content))}
		if err := s.Replace(t.Context(), o, fileToken(before)); err != nil {
			t.Fatal(err)
		}
		after, err := os.Stat(name)
		if err != nil || !after.ModTime().After(before.ModTime()) {
			t.Errorf("modified at %v, its successor at %v, %v", before.ModTime(), after.ModTime(), err)
		}
	}
}

// TestFolderWorkFolder checks that nothing stays behind, and what is cleared up.
func TestFolderWorkFolder(t *testing.T) {
	s, dir := newTestFiles(t)
	stale := writeFile(t, "x", dir, workDir, "tmp", "STALE")
	old := time.Now().Add(-2 * staleAfter)
	if err := os.Chtimes(stale, old, old); err != nil {
		t.Fatal(err)
	}
	fresh := writeFile(t, "x", dir, workDir, "tmp", "FRESH")
	mustCreate(t, s, "a", "x")
	if err := s.Create(t.Context(), Object{Key: "a", Body: Bytes([]byte("y"))}); !errors.Is(err, ErrConflict) {
		t.Error(err)
	}
	broken := func(io.Writer) error { return fs.ErrPermission }
	if err := s.Create(t.Context(), Object{Key: "b", Body: broken}); !errors.Is(err, fs.ErrPermission) {
		t.Error(err)
	}
	left, err := filepath.Glob(filepath.Join(dir, workDir, "tmp", "*"))
	if err != nil || !slices.Equal(left, []string{fresh}) {
		t.Errorf("left in the work folder: %q, %v; want %q", left, err, fresh)
	}
	wantListed(t, s, "a")
	for _, key := range []string{workDir, workDir + "/tmp/FRESH", "in/" + asidePrefix + "x~a"} {
		if err := s.Create(t.Context(), Object{Key: key, Body: Bytes(nil)}); !errors.Is(err, errReserved) {
			t.Errorf("Create(%s): %v", key, err)
		}
	}
}

// TestFolderGone: a folder that has vanished is not taken for an empty one, and is
// not made again: most likely a disk is no longer mounted.
func TestFolderGone(t *testing.T) {
	s, dir := newTestFiles(t)
	mustCreate(t, s, "in/a", "x")
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	_, get := s.Get(t.Context(), "in/a")
	create := s.Create(t.Context(), Object{Key: "in/b", Body: Bytes(nil)})
	var list error
	for _, err := range s.List(t.Context(), "", Descendants) {
		list = err
	}
	for what, err := range map[string]error{
		"get": get, "create": create, "list": list, "delete": s.Delete(t.Context(), "in/a", ""),
		"replace": s.Replace(t.Context(), Object{Key: "in/a", Body: Bytes(nil)}, "x"),
	} {
		if !errors.Is(err, errGone) || !strings.Contains(err.Error(), dir) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("the folder was made")
	}
	again, err := newFolderStore(dir)
	if err != nil {
		t.Fatal(err)
	}
	mustCreate(t, again, "in/b", "x")
	wantListed(t, again, "in/b")
}

// TestFolderPlaceTaken: a folder store cannot hold both a and a/b, as
// buckets can. It says so and breaks nothing.
func TestFolderPlaceTaken(t *testing.T) {
	s, _ := newTestFiles(t)
	mustCreate(t, s, "a", "x")
	err := s.Create(t.Context(), Object{Key: "a/b/c", Body: Bytes(nil)})
	if err == nil || !strings.HasPrefix(err.Error(), "a/b/c: ") || strings.Contains(err.Error(), workDir) {
		t.Errorf("got error %v", err)
	}
	if err := s.Delete(t.Context(), "a/b", ""); err != nil {
		t.Error(err)
	}
	wantListed(t, s, "a")
}
