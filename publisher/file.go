package publisher

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"
)

const (
	workDir  = ".portolan" // in the root of a file store; invisible through it
	tmpDir   = workDir + "/tmp"
	locksDir = workDir + "/locks"

	asidePrefix = ".deleting-" // then the token, '~' and the file's name

	maxName    = 255            // bytes of a file name, on most file systems
	staleAfter = 24 * time.Hour // no write takes that long: what is left of it is rubbish
)

var (
	errNotRegular = errors.New("not a regular file")
	errReserved   = errors.New("a name that portolan keeps for itself")
	errRewritten  = errors.New("overwritten in place while it was read")
	errNoToken    = errors.New("replacing needs the token of what is replaced")
)

// A fileStore is a Store in a local folder. Any number of processes may use
// the folder at once, and strangers may add, replace and remove files in it
// with their own tools.
//
// Nothing outside the folder is ever read or written: every path goes through
// an [os.Root], and what is not a regular file is no object. ContentType and
// CacheControl are left to whoever serves the folder.
//
// A token is inode, size and modification time, for these survive the rename
// and the links by which files move here. A file overwritten in place by one
// of the same size, with its modification time set back, so keeps its token.
type fileStore struct {
	dir string // absolute

	dirty atomic.Bool // something deferred is not durable yet
	flush sync.Mutex  // held while it becomes so
	sync  fileSync

	sweep sync.Once // of stale temporary files, before the first write
}

// fileSync is how files become durable, apart so that a test can watch.
type fileSync struct {
	file func(*os.File) error // one file or folder
	all  func(*os.File) error // the whole file system; nil if it cannot be told to
}

func newFileStore(dir string) (*fileStore, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	return &fileStore{dir: abs, sync: fileSync{file: syncFile, all: syncAll()}}, nil
}

func (s *fileStore) Create(ctx context.Context, o Object) error {
	root, err := s.begin(ctx, o.Key, true)
	if err != nil {
		return err
	}
	defer root.Close()
	return keyError(o.Key, plain(s.create(ctx, root, o)))
}

func (s *fileStore) create(ctx context.Context, root *os.Root, o Object) error {
	if err := s.settle(root, o.Deferred); err != nil {
		return err
	}
	// Most of what is created twice is found here, before writing it again.
	switch _, err := root.Lstat(o.Key); {
	case err == nil:
		return s.createAgain(ctx, root, o)
	case !absent(err):
		return err
	}
	tmp, err := s.writeTemp(ctx, root, o.Body, time.Time{})
	if err != nil {
		return err
	}
	defer root.Remove(tmp)
	if err := s.mkdirs(root, path.Dir(o.Key), o.Deferred); err != nil {
		return err
	}
	// link(2) fails if the name is taken, whoever takes it; rename(2) does not.
	err = root.Link(tmp, o.Key)
	if errors.Is(err, fs.ErrExist) {
		return s.createAgain(ctx, root, o)
	}
	if err != nil {
		return err
	}
	return s.syncName(root, o.Key, o.Deferred)
}

// createAgain creates an object whose name is taken: all depends on its bytes.
func (s *fileStore) createAgain(ctx context.Context, root *os.Root, o Object) error {
	f, _, err := openRegular(root, o.Key)
	if absent(err) {
		return s.create(ctx, root, o) // gone again
	}
	if err != nil {
		return err
	}
	defer f.Close()
	same, err := sameBytes(ctx, f, o.Body)
	if err != nil {
		return err
	}
	if !same {
		return ErrConflict
	}
	// Whoever wrote it may not have made it durable yet, or may have died.
	if err := s.sync.file(f); err != nil {
		return err
	}
	return s.syncName(root, o.Key, o.Deferred)
}

func (s *fileStore) Replace(ctx context.Context, o Object, token string) error {
	if token == "" {
		return keyError(o.Key, errNoToken)
	}
	root, err := s.begin(ctx, o.Key, false)
	if absent(err) {
		return keyError(o.Key, ErrConflict)
	}
	if err != nil {
		return err
	}
	defer root.Close()
	return keyError(o.Key, plain(s.replace(ctx, root, o, token)))
}

func (s *fileStore) replace(ctx context.Context, root *os.Root, o Object, token string) error {
	if err := s.settle(root, o.Deferred); err != nil {
		return err
	}
	old, err := lstatRegular(root, o.Key)
	if absent(err) {
		return ErrConflict
	}
	if err != nil {
		return err
	}
	if fileToken(old) != token {
		return s.replaced(ctx, root, o)
	}
	tmp, err := s.writeTemp(ctx, root, o.Body, old.ModTime())
	if err != nil {
		return err
	}
	defer root.Remove(tmp)

	// The lock is for the moment between the last look and the rename. All
	// that replaces or removes files here takes it, except strangers, from
	// whom a rename cannot be guarded.
	unlock, err := s.lock(ctx, root, o.Key)
	if err != nil {
		return err
	}
	defer unlock()
	now, err := lstatRegular(root, o.Key)
	if err == nil && fileToken(now) == token {
		err = root.Rename(tmp, o.Key)
	} else if err == nil {
		return s.replaced(ctx, root, o)
	}
	if absent(err) {
		return ErrConflict
	}
	if err != nil {
		return err
	}
	return s.syncName(root, o.Key, o.Deferred)
}

// replaced says what became of a Replace that comes too late: it may be the
// repetition of one that did its work but could not say so.
func (s *fileStore) replaced(ctx context.Context, root *os.Root, o Object) error {
	f, _, err := openRegular(root, o.Key)
	if absent(err) {
		return ErrConflict
	}
	if err != nil {
		return err
	}
	defer f.Close()
	same, err := sameBytes(ctx, f, o.Body)
	if err != nil {
		return err
	}
	if !same {
		return ErrConflict
	}
	return s.syncName(root, o.Key, o.Deferred)
}

func (s *fileStore) Get(ctx context.Context, key string) (*Reader, error) {
	root, err := s.begin(ctx, key, false)
	if absent(err) {
		return nil, keyError(key, ErrNotFound)
	}
	if err != nil {
		return nil, err
	}
	defer root.Close()
	f, fi, err := openRegular(root, key)
	if absent(err) || errors.Is(err, errNotRegular) {
		return nil, keyError(key, ErrNotFound)
	}
	if err != nil {
		return nil, keyError(key, plain(err))
	}
	e := fileEntry(key, fi)
	return &Reader{&fileReader{ctx, f, e}, e}, nil
}

// fileReader reads a file as it was when it was opened, or fails: a stranger
// may overwrite it in place.
type fileReader struct {
	ctx   context.Context
	f     *os.File
	entry Entry
}

func (r *fileReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, keyError(r.entry.Key, err)
	}
	n, err := r.f.Read(p)
	if err == nil {
		return n, nil
	}
	if err != io.EOF {
		return n, keyError(r.entry.Key, plain(err))
	}
	if fi, err := r.f.Stat(); err != nil || fileToken(fi) != r.entry.Token {
		return n, keyError(r.entry.Key, errRewritten)
	}
	return n, io.EOF
}

func (r *fileReader) Close() error { return r.f.Close() }

func (s *fileStore) List(ctx context.Context, dir string, depth Depth) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		if err := checkDir(dir); err != nil {
			yield(Entry{}, err)
			return
		}
		root, err := os.OpenRoot(s.dir)
		if absent(err) {
			return
		}
		if err != nil {
			yield(Entry{}, keyError(dir, plain(err)))
			return
		}
		defer root.Close()
		s.list(ctx, root, dir, depth, yield)
	}
}

// list yields what lies in dir and reports whether to go on. It holds one
// folder's names at a time for each level, sorted, so that a file renamed
// while the folder is read does not come twice.
func (s *fileStore) list(ctx context.Context, root *os.Root, dir string, depth Depth, yield func(Entry, error) bool) bool {
	names, err := readDir(root, dir)
	if err != nil {
		yield(Entry{}, keyError(dir, plain(err)))
		return false
	}
	for i, d := range names {
		if err := ctx.Err(); err != nil {
			yield(Entry{}, keyError(dir, err))
			return false
		}
		key := path.Join(dir, d.Name())
		if key == workDir || !validKey(key) || i > 0 && d.Name() == names[i-1].Name() {
			continue
		}
		switch {
		case d.IsDir() && depth == Children:
			if !yield(Entry{Key: key, Dir: true}, nil) {
				return false
			}
		case d.IsDir():
			if !s.list(ctx, root, key, depth, yield) {
				return false
			}
		case d.Type().IsRegular():
			fi, err := d.Info()
			if absent(err) || err == nil && deletion(d.Name(), fi) {
				continue
			}
			if !yield(fileEntry(key, fi), keyError(key, plain(err))) || err != nil {
				return false
			}
		}
	}
	return true
}

func (s *fileStore) Delete(ctx context.Context, key, token string) error {
	root, err := s.begin(ctx, key, false)
	if absent(err) {
		return nil
	}
	if err != nil {
		return err
	}
	defer root.Close()
	return keyError(key, plain(s.remove(ctx, root, key, token)))
}

// remove does not wait for the removal to be durable: a file that comes back
// after a power cut is removed again by the run that finds it.
func (s *fileStore) remove(ctx context.Context, root *os.Root, key, token string) error {
	if err := s.settle(root, false); err != nil {
		return err
	}
	if _, err := lstatRegular(root, key); absent(err) || errors.Is(err, errNotRegular) {
		return nil
	}
	unlock, err := s.lock(ctx, root, key)
	if err != nil {
		return err
	}
	defer unlock()
	if token != "" {
		err = removeIf(root, key, token)
	} else {
		err = root.Remove(key)
	}
	if absent(err) {
		return nil
	}
	return err
}

// removeIf removes the file of that token. Strangers take no locks, and may
// rename a new file into place between a look and a removal. So the file is
// put aside first, which settles which one it is, and then looked at.
func removeIf(root *os.Root, key, token string) error {
	fi, err := lstatRegular(root, key)
	if err != nil {
		return err
	}
	if fileToken(fi) != token {
		return ErrConflict
	}
	aside := asideKey(key, token)
	switch fi, err := root.Lstat(aside); {
	case err == nil && fileToken(fi) != token:
		return ErrConflict // a stranger's file that was saved here: not to be overwritten
	case err == nil:
		err = root.Remove(aside)
		if err != nil && !absent(err) {
			return err
		}
	}
	if err := root.Rename(key, aside); err != nil {
		return err
	}
	return removeAside(root, key, aside, token)
}

func removeAside(root *os.Root, key, aside, token string) error {
	fi, err := root.Lstat(aside)
	if err != nil {
		return err
	}
	if fileToken(fi) == token {
		return root.Remove(aside)
	}
	// Another file, come at the last moment. It gets its name back, unless
	// yet another has taken that meanwhile; then it stays where it is, and
	// listings show it there.
	if err := root.Link(aside, key); err == nil {
		_ = root.Remove(aside)
	}
	return ErrConflict
}

// asideKey is where a file lies while it is looked at for the last time. Long
// names lose their beginning, since the ending says what a file is.
func asideKey(key, token string) string {
	prefix := asidePrefix + token + "~"
	dir, name := path.Split(key)
	for len(prefix)+len(name) > maxName {
		_, size := utf8.DecodeRuneInString(name)
		name = name[size:]
	}
	return dir + prefix + name
}

// deletion reports whether a file is the remains of a deletion that died half
// way. What was put aside by mistake is not, and needs to be seen.
func deletion(name string, fi fs.FileInfo) bool {
	rest, ok := strings.CutPrefix(name, asidePrefix)
	if !ok {
		return false
	}
	token, _, ok := strings.Cut(rest, "~")
	return ok && token == fileToken(fi)
}

// begin checks what every method needs checked, and opens the folder, which a
// write makes if it is missing. It is opened for each call, not once, since
// someone may remove and remake it meanwhile.
func (s *fileStore) begin(ctx context.Context, key string, create bool) (*os.Root, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, keyError(key, err)
	}
	if key == workDir || strings.HasPrefix(key, workDir+"/") ||
		create && strings.HasPrefix(path.Base(key), asidePrefix) {
		return nil, keyError(key, errReserved)
	}
	root, err := os.OpenRoot(s.dir)
	if create && absent(err) {
		if err = s.makeRoot(); err == nil {
			root, err = os.OpenRoot(s.dir)
		}
	}
	if err != nil {
		return nil, keyError(key, fmt.Errorf("%s: %w", s.dir, plain(err)))
	}
	return root, nil
}

// makeRoot makes the store's folder, and those above it.
func (s *fileStore) makeRoot() error {
	for parent := filepath.Dir(s.dir); ; parent = filepath.Dir(parent) {
		root, err := os.OpenRoot(parent)
		if absent(err) && parent != filepath.Dir(parent) {
			continue
		}
		if err != nil {
			return err
		}
		defer root.Close()
		rel, err := filepath.Rel(parent, s.dir)
		if err != nil {
			return err
		}
		return s.mkdirs(root, filepath.ToSlash(rel), false)
	}
}

// mkdirs makes a folder and those above it, durably unless deferred.
func (s *fileStore) mkdirs(root *os.Root, dir string, deferred bool) error {
	if dir == "." {
		return nil
	}
	err := root.Mkdir(dir, 0o777)
	if errors.Is(err, fs.ErrNotExist) {
		if err := s.mkdirs(root, path.Dir(dir), deferred); err != nil {
			return err
		}
		err = root.Mkdir(dir, 0o777)
	}
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return s.syncName(root, dir, deferred)
}

// writeTemp writes a file for the caller to put in place or remove. Its bytes
// are durable, even those of a deferred object: after a power cut a name may
// be missing, but none may lead to half a file, since that could never be
// created again. The file is newer than after, lest tokens repeat.
func (s *fileStore) writeTemp(ctx context.Context, root *os.Root, body Body, after time.Time) (_ string, err error) {
	s.sweep.Do(func() { removeStale(root) })
	name := tmpDir + "/" + rand.Text()
	f, err := s.openWork(root, name, os.O_WRONLY|os.O_CREATE|os.O_EXCL)
	if err != nil {
		return "", err
	}
	defer func() {
		if cerr := f.Close(); err == nil {
			err = cerr
		}
		if err != nil {
			_ = root.Remove(name)
		}
	}()
	if err := body(&bodyWriter{ctx, f}); err != nil {
		return "", fmt.Errorf("writing its content: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return "", err
	}
	if err := makeNewer(root, name, f, after); err != nil {
		return "", err
	}
	return name, s.sync.file(f)
}

// makeNewer gives f a modification time after the one given. Clocks tick in
// milliseconds and may be set back; file systems round to anything up to two
// seconds.
func makeNewer(root *os.Root, name string, f *os.File, after time.Time) error {
	for _, step := range []time.Duration{time.Nanosecond, time.Microsecond, time.Second, 2 * time.Second} {
		fi, err := f.Stat()
		if err != nil || fi.ModTime().After(after) {
			return err
		}
		if err := root.Chtimes(name, time.Time{}, after.Add(step)); err != nil {
			return err
		}
	}
	return nil
}

// openWork opens a file in a subfolder of the work folder, which it makes if need be.
func (s *fileStore) openWork(root *os.Root, name string, flag int) (*os.File, error) {
	f, err := root.OpenFile(name, flag, 0o666)
	if !absent(err) {
		return f, err
	}
	if err := s.mkdirs(root, path.Dir(name), false); err != nil {
		return nil, err
	}
	return root.OpenFile(name, flag, 0o666)
}

// removeStale removes temporary files of processes that died long ago.
// Whatever prevents it will be reported by the write that follows.
func removeStale(root *os.Root) {
	files, err := readDir(root, tmpDir)
	if err != nil {
		return
	}
	for _, d := range files {
		if fi, err := d.Info(); err == nil && time.Since(fi.ModTime()) > staleAfter {
			_ = root.Remove(tmpDir + "/" + d.Name())
		}
	}
}

// settle makes durable what was deferred, before a write that is not.
func (s *fileStore) settle(root *os.Root, deferred bool) error {
	if deferred {
		return nil
	}
	// Whoever comes while another flushes waits for it to be done.
	s.flush.Lock()
	defer s.flush.Unlock()
	if !s.dirty.Swap(false) {
		return nil
	}
	f, err := root.Open(".")
	if err == nil {
		err = s.sync.all(f)
		f.Close()
	}
	if err != nil {
		s.dirty.Store(true)
	}
	return err
}

// syncName makes the name of a file durable, now or later.
func (s *fileStore) syncName(root *os.Root, name string, deferred bool) error {
	if deferred && s.sync.all != nil {
		s.dirty.Store(true)
		return nil
	}
	dir, err := root.Open(path.Dir(name))
	if err != nil {
		return err
	}
	defer dir.Close()
	return s.sync.file(dir)
}

func readDir(root *os.Root, dir string) ([]fs.DirEntry, error) {
	if dir == "" {
		dir = "."
	}
	switch fi, err := root.Lstat(dir); {
	case absent(err) || err == nil && !fi.IsDir():
		return nil, nil
	case err != nil:
		return nil, err
	}
	f, err := root.OpenFile(dir, openFlags, 0)
	if absent(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	entries, err := f.ReadDir(-1)
	if absent(err) { // removed meanwhile
		err = nil
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return entries, err
}

// openRegular opens a file for reading. It looks before it opens, since merely
// to open a device can have effects, and once more after, since the name may
// lead elsewhere by then.
func openRegular(root *os.Root, name string) (*os.File, fs.FileInfo, error) {
	if _, err := lstatRegular(root, name); err != nil {
		return nil, nil, err
	}
	f, err := root.OpenFile(name, openFlags, 0)
	if err != nil {
		return nil, nil, err
	}
	fi, err := f.Stat()
	if err == nil && !fi.Mode().IsRegular() {
		err = errNotRegular
	}
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return f, fi, nil
}

func lstatRegular(root *os.Root, name string) (fs.FileInfo, error) {
	fi, err := root.Lstat(name)
	if err == nil && !fi.Mode().IsRegular() {
		err = errNotRegular
	}
	return fi, err
}

func fileEntry(key string, fi fs.FileInfo) Entry {
	if fi == nil {
		return Entry{}
	}
	return Entry{Key: key, Size: fi.Size(), Modified: arrival(fi), Token: fileToken(fi)}
}

func fileToken(fi fs.FileInfo) string {
	return fmt.Sprintf("%x-%x-%x", inode(fi), fi.Size(), fi.ModTime().UnixNano())
}

// absent reports whether err says that there is no such file. A file where a
// folder would have to be says so too.
func absent(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, errNotDir)
}

// plain takes the paths out of an error of package os: they repeat the key,
// or name files that mean nothing to the reader.
func plain(err error) error {
	switch e := err.(type) { // a Body's own errors, deeper in the chain, stay as they are
	case *fs.PathError:
		return fmt.Errorf("%s: %w", e.Op, e.Err)
	case *os.LinkError:
		return fmt.Errorf("%s: %w", e.Op, e.Err)
	}
	return err
}
