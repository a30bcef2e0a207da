package bucket

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"
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
	errGone       = errors.New("the folder is no longer there, or no longer mounted")
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
type folderStore struct {
	dir string // absolute

	sync    fileSync
	waiting waitingRoom
	flush   sync.Mutex // held while what waits is made durable

	sweep sync.Once              // of stale temporary files, before the first write
	disk  atomic.Pointer[uint64] // the device that the folder was first seen on; nil before
}

// fileSync is how files become durable, apart so that a test can watch.
type fileSync struct {
	file func(*os.File) error // one file or folder

	// Nil, but on Linux:
	all  func(*os.File) error // the whole file system
	can  func(*os.File) bool  // whether all is as good as file there
	boot string               // tells this start of the machine from others
}

func newFolderStore(dir string) (*folderStore, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	return &folderStore{dir: abs, sync: newFileSync()}, nil
}

// String names the folder.
func (s *folderStore) String() string { return s.dir }

// Fresh returns the store as another process would open it.
func (s *folderStore) Fresh() Store {
	fresh := &folderStore{dir: s.dir, sync: s.sync}
	fresh.disk.Store(s.disk.Load())
	return fresh
}

func (s *folderStore) Create(ctx context.Context, o Object) error {
	root, err := s.begin(ctx, o.Key, true)
	if err != nil {
		return err
	}
	defer root.Close()
	return About(o.Key, plain(s.create(ctx, root, o)))
}

func (s *folderStore) create(ctx context.Context, root *os.Root, o Object) error {
	if o.Deferred {
		can, err := s.waiting.enter(&s.sync, root)
		if err != nil {
			return err
		}
		if can {
			defer s.waiting.leave()
			return s.createDeferred(ctx, root, o)
		}
		o.Deferred = false
	}
	if err := s.settle(root); err != nil {
		return err
	}
	// Most of what is created twice is found here, before writing it again.
	switch _, err := root.Lstat(o.Key); {
	case err == nil:
		return s.createAgain(ctx, root, o)
	case !absent(err):
		return err
	}
	tmp, err := s.writeTemp(ctx, root, o, time.Time{})
	if err != nil {
		return err
	}
	defer root.Remove(tmp)
	if err := s.mkdirs(root, path.Dir(o.Key), false); err != nil {
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
	return s.syncName(root, o.Key)
}

// createAgain creates an object whose name is taken: all depends on its bytes.
func (s *folderStore) createAgain(ctx context.Context, root *os.Root, o Object) error {
	f, _, err := openRegular(root, o.Key)
	if absent(err) {
		return s.create(ctx, root, o) // gone again
	}
	if err != nil {
		return err
	}
	defer f.Close()
	same, err := Same(ctx, f, o.Body)
	if err != nil {
		return err
	}
	if !same {
		return ErrConflict
	}
	// Whoever wrote it may not have made it durable yet, or may have died.
	if o.Deferred {
		s.waiting.unsettled()
		return nil
	}
	if err := s.sync.file(f); err != nil {
		return err
	}
	return s.syncName(root, o.Key)
}

func (s *folderStore) Replace(ctx context.Context, o Object, token string) error {
	if token == "" {
		return About(o.Key, errNoToken)
	}
	root, err := s.begin(ctx, o.Key, false)
	if absent(err) {
		return About(o.Key, ErrConflict)
	}
	if err != nil {
		return err
	}
	defer root.Close()
	return About(o.Key, plain(s.replace(ctx, root, o, token)))
}

func (s *folderStore) replace(ctx context.Context, root *os.Root, o Object, token string) error {
	o.Deferred = false // there are few of them
	if err := s.settle(root); err != nil {
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
	tmp, err := s.writeTemp(ctx, root, o, old.ModTime())
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
	return s.syncName(root, o.Key)
}

// replaced says what became of a Replace that comes too late: it may be the
// repetition of one that did its work but could not say so.
func (s *folderStore) replaced(ctx context.Context, root *os.Root, o Object) error {
	f, _, err := openRegular(root, o.Key)
	if absent(err) {
		return ErrConflict
	}
	if err != nil {
		return err
	}
	defer f.Close()
	same, err := Same(ctx, f, o.Body)
	if err != nil {
		return err
	}
	if !same {
		return ErrConflict
	}
	return s.syncName(root, o.Key)
}

// begin checks what every method needs checked, and opens the folder, which a
// first write makes if it is missing. It is opened for each call, not once, since
// someone may remove it meanwhile.
func (s *folderStore) begin(ctx context.Context, key string, create bool) (*os.Root, error) {
	if err := CheckKey(key); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, About(key, err)
	}
	if key == workDir || strings.HasPrefix(key, workDir+"/") ||
		create && strings.HasPrefix(path.Base(key), asidePrefix) {
		return nil, About(key, errReserved)
	}
	root, err := s.openRoot()
	if create && absent(err) {
		if err = s.makeRoot(); err == nil {
			root, err = s.openRoot()
		}
	}
	if err != nil {
		return nil, About(key, fmt.Errorf("%s: %w", s.dir, plain(err)))
	}
	return root, nil
}

// openRoot opens the folder. Once it was there, it must be: what is missing then
// was not "never written", and a new folder in its place would be another one.
func (s *folderStore) openRoot() (*os.Root, error) {
	root, err := os.OpenRoot(s.dir)
	if absent(err) && s.disk.Load() != nil {
		return nil, errGone
	}
	if err != nil {
		return nil, err
	}
	return root, s.sameDisk(root)
}

// sameDisk notices that a file system which was mounted on the folder no longer
// is: then the folder is still there, and empty. It closes the root if so.
func (s *folderStore) sameDisk(root *os.Root) error {
	fi, err := root.Stat(".")
	if err == nil {
		disk := device(fi)
		if s.disk.CompareAndSwap(nil, &disk) || *s.disk.Load() == disk {
			return nil
		}
		err = errGone
	}
	root.Close()
	return err
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
