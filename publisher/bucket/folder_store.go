package bucket

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sync"
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
// Nothing outside the folder is ever read or written: every path goes through a
// handle, and only regular files are objects. ContentType and CacheControl are left to
// the web server.
//
// A token is inode, size and modification time, because these survive the rename
// and the links by which files move here. So a file that is overwritten in place
// with the same size, and whose modification time is set back, keeps its token.
type folderStore struct {
	dir        string // absolute
	openHandle func(dir string) (handle, error)

	sync    fileSync
	waiting waitingRoom
	flush   sync.Mutex // held while deferred objects are made durable
	sweep   sync.Once  // of stale temporary files, before the first write

	mu   sync.Mutex
	open *openFolder // nil if no call runs
	disk *uint64     // the device that the folder was first seen on; nil before
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
	return &folderStore{dir: abs, openHandle: openHandle, sync: newFileSync()}, nil
}

// String names the folder.
func (s *folderStore) String() string { return s.dir }

// Fresh returns the store as another process would open it.
func (s *folderStore) Fresh() Store {
	s.mu.Lock()
	defer s.mu.Unlock()
	return &folderStore{dir: s.dir, openHandle: s.openHandle, sync: s.sync, disk: s.disk}
}

func (s *folderStore) Create(ctx context.Context, o Object) error {
	f, err := s.begin(ctx, o.Key, true)
	if err != nil {
		return err
	}
	defer f.release()
	return About(o.Key, plain(s.create(ctx, f, o)))
}

func (s *folderStore) create(ctx context.Context, f *openFolder, o Object) error {
	if o.Deferred {
		can, err := f.canDefer()
		if err != nil {
			return err
		}
		if can {
			return s.createDeferred(ctx, f, o)
		}
		o.Deferred = false
	}
	// Most objects that are created twice are found here, before they are written.
	switch _, err := f.stat(o.Key); {
	case err == nil:
		if err := s.settle(f); err != nil {
			return err
		}
		return s.createAgain(ctx, f, o)
	case !absent(err):
		return err
	}
	tmp, err := s.writeSettled(ctx, f, o, time.Time{})
	if err != nil {
		return err
	}
	defer tmp.remove()
	dir, err := makeDir(f, path.Dir(o.Key), s.syncNames)
	if err != nil {
		return err
	}
	defer dir.Close()
	err = tmp.move(dir, path.Base(o.Key))
	if errors.Is(err, fs.ErrExist) {
		return s.createAgain(ctx, f, o)
	}
	if err != nil {
		return err
	}
	return s.syncNames(dir)
}

// createAgain creates an object whose name is taken. The result depends on its bytes.
func (s *folderStore) createAgain(ctx context.Context, f *openFolder, o Object) error {
	file, _, err := openRegular(f, o.Key)
	if absent(err) {
		return s.create(ctx, f, o) // gone again
	}
	if err != nil {
		return err
	}
	defer file.Close()
	if err := mustHold(ctx, file, o); err != nil {
		return err
	}
	// The writer may not have made it durable yet, or may have died.
	if o.Deferred {
		s.waiting.unsettled(f)
		return nil
	}
	if err := s.sync.file(file); err != nil {
		return err
	}
	return s.syncName(f, o.Key)
}

// mustHold fails with ErrConflict if the file has other bytes than the object.
func mustHold(ctx context.Context, file io.Reader, o Object) error {
	same, err := Same(ctx, file, o.Body)
	if err == nil && !same {
		err = ErrConflict
	}
	return err
}

// syncName makes the name of an object durable.
func (s *folderStore) syncName(f *openFolder, key string) error {
	dir, err := f.sub(path.Dir(key))
	if err != nil {
		return err
	}
	defer dir.Close()
	return s.syncNames(dir)
}

// syncNames makes the names in a folder durable.
func (s *folderStore) syncNames(dir handle) error { return dir.sync(s.sync.file) }

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
