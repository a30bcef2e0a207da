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
	workDir  = ".portolan" // in the root of a folder store, which does not show it
	tmpDir   = workDir + "/tmp"
	locksDir = workDir + "/locks"

	asidePrefix = ".deleting-" // then the token, '~' and the file's name

	maxName    = 255            // bytes of a file name on most file systems
	staleAfter = 24 * time.Hour // no write takes that long, so what is left of one can go
)

var (
	errNotRegular = errors.New("not a regular file")
	errReserved   = errors.New("this name is reserved for portolan")
	errRewritten  = errors.New("overwritten in place while it was read")
	errNoToken    = errors.New("replacing needs the token of the version to be replaced")
	errGone       = errors.New("the folder is no longer there, or no longer mounted")
)

// A folderStore is a Store in a local folder. Any number of processes may use the
// folder at once, and other programs may add, replace and remove files in it.
//
// Nothing outside the folder is ever read or written: every path goes through an
// [os.Root], and only regular files are objects. ContentType and CacheControl are
// left to the web server.
//
// A token is inode, size and modification time, because these survive the rename
// and the links by which files move here. So a file that is overwritten in place
// with the same size, and whose modification time is set back, keeps its token.
type folderStore struct {
	dir string // absolute

	sync    fileSync
	waiting waitingRoom
	flush   sync.Mutex // held while deferred objects are made durable

	sweep sync.Once              // of stale temporary files, before the first write
	disk  atomic.Pointer[uint64] // the device that the folder was first seen on; nil before
}

// fileSync makes files durable. It is a type of its own so that tests can watch it.
type fileSync struct {
	file func(*os.File) error // one file or folder

	// Set on Linux only:
	all  func(*os.File) error // the whole file system
	can  func(*os.File) bool  // whether all is as good as file on that disk
	boot string               // identifies this start of the machine
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
	// Most objects that are created twice are found here, before they are written.
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
	// link(2) fails if the name is taken, no matter by which process; rename(2) does not.
	err = root.Link(tmp, o.Key)
	if errors.Is(err, fs.ErrExist) {
		return s.createAgain(ctx, root, o)
	}
	if err != nil {
		return err
	}
	return s.syncName(root, o.Key)
}

// createAgain creates an object whose name is taken. The result depends on its bytes.
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
	// The writer may not have made it durable yet, or may have died.
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

	// The lock covers the moment between the last look and the rename. Every
	// replacement and removal here takes it; nothing can keep other programs
	// from renaming in that moment.
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

// replaced returns the result of a Replace that comes too late. It may be the
// repetition of one that took effect but could not say so.
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

// begin checks what every method has to check, and opens the folder. If the folder
// is missing, the first write makes it. It is opened for each call, because someone
// may remove it between two calls.
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

// openRoot opens the folder. Once seen, the folder must stay: if it is missing later,
// its objects are lost, not "never written", and a new folder would hide that.
func (s *folderStore) openRoot() (*os.Root, error) {
	seen := s.disk.Load() != nil // before the look: another writer may make the folder meanwhile
	root, err := os.OpenRoot(s.dir)
	if absent(err) && seen {
		return nil, errGone
	}
	if err != nil {
		return nil, err
	}
	return root, s.sameDisk(root)
}

// sameDisk notices if a file system was unmounted from the folder: then the folder
// still exists, and is empty. In that case it closes the root.
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

// absent reports whether err means that there is no such file. A file in place of a
// folder on the way there means so too.
func absent(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, errNotDir)
}

// plain removes the paths from an error of package os: they repeat the key, or name
// files that mean nothing to users.
func plain(err error) error {
	switch e := err.(type) { // errors of a Body are deeper in the chain, and stay
	case *fs.PathError:
		return fmt.Errorf("%s: %w", e.Op, e.Err)
	case *os.LinkError:
		return fmt.Errorf("%s: %w", e.Op, e.Err)
	}
	return err
}
