package bucket

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// maxTries is how often a path is tried that changes while it is looked up.
const maxTries = 100

var errLeadsOut = errors.New("path escapes from parent") // by a symbolic link; an os.Root says the same

// An fdHandle is a handle that needs one system call for most calls.
type fdHandle struct{ dir *os.File }

// hasOpenat2 reports whether openat2(2) can be used: it came with Linux 5.6, and some
// sandboxes forbid it.
var hasOpenat2 = sync.OnceValue(func() bool {
	fd, err := unix.Openat2(unix.AT_FDCWD, "/", &unix.OpenHow{Flags: unix.O_PATH | unix.O_CLOEXEC})
	return err == nil && unix.Close(fd) == nil
})

// openHandle opens a folder.
func openHandle(dir string) (handle, error) {
	if !hasOpenat2() {
		return openRoot(dir)
	}
	var fd int
	err := call("open", dir, func() (err error) {
		fd, err = unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		return err
	})
	if err != nil {
		return nil, err
	}
	return fdHandle{os.NewFile(uintptr(fd), dir)}, nil // unlike os.Open, it leaves the poller alone
}

func (h fdHandle) fd() int { return int(h.dir.Fd()) }

// lookUp is openat2(2) below the folder.
func (h fdHandle) lookUp(path string, how unix.OpenHow) (fd int, err error) {
	how.Flags |= unix.O_CLOEXEC
	how.Resolve = unix.RESOLVE_BENEATH | unix.RESOLVE_NO_MAGICLINKS
	err = call("openat", path, func() (err error) {
		for range maxTries {
			if fd, err = unix.Openat2(h.fd(), path, &how); err != unix.EAGAIN {
				break
			}
		}
		if err == unix.EXDEV {
			err = errLeadsOut
		}
		return err
	})
	return fd, err
}

func (h fdHandle) sub(path string) (handle, error) {
	fd, err := h.lookUp(path, unix.OpenHow{Flags: unix.O_RDONLY | unix.O_DIRECTORY})
	if err != nil {
		return nil, err
	}
	return fdHandle{os.NewFile(uintptr(fd), path)}, nil
}

// open does not look before it opens: only root can make a device.
func (h fdHandle) open(path string, flag int) (*os.File, error) {
	how := unix.OpenHow{Flags: uint64(flag | unix.O_NOFOLLOW | unix.O_NOCTTY | unix.O_LARGEFILE)}
	if flag&os.O_CREATE != 0 {
		how.Mode = 0o666
	}
	fd, err := h.lookUp(path, how)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), path), nil
}

func (h fdHandle) stat(path string) (fs.FileInfo, error) {
	fi := &fileInfo{name: path}
	var err error
	if strings.Contains(path, "/") {
		var fd int
		if fd, err = h.lookUp(path, unix.OpenHow{Flags: unix.O_PATH | unix.O_NOFOLLOW}); err != nil {
			return nil, err
		}
		defer unix.Close(fd)
		err = call("statat", path, func() error { return unix.Fstat(fd, &fi.st) })
	} else {
		err = call("statat", path, func() error { return unix.Fstatat(h.fd(), path, &fi.st, unix.AT_SYMLINK_NOFOLLOW) })
	}
	if err != nil {
		return nil, err
	}
	return fi, nil
}

func (h fdHandle) list() ([]fs.DirEntry, error) {
	// Some folders tell no more than names.
	if _, err := h.stat("."); err != nil {
		return nil, err
	}
	entries, err := h.dir.ReadDir(-1)
	for i, d := range entries {
		entries[i] = dirEntry{d, h}
	}
	return entries, err
}

func (h fdHandle) sync(flush func(*os.File) error) error { return flush(h.dir) }

func (h fdHandle) mkdir(name string) error {
	return call("mkdirat", name, func() error { return unix.Mkdirat(h.fd(), name, 0o777) })
}

func (h fdHandle) remove(name string) error {
	return call("unlinkat", name, func() error { return unix.Unlinkat(h.fd(), name, 0) })
}

func (h fdHandle) chtimes(name string, modified time.Time) error {
	times := []unix.Timespec{{Nsec: unix.UTIME_OMIT}, unix.NsecToTimespec(modified.UnixNano())}
	return call("utimensat", name, func() error { return unix.UtimesNanoAt(h.fd(), name, times, unix.AT_SYMLINK_NOFOLLOW) })
}

func (h fdHandle) rename(name string, to handle, as string) error {
	return call("renameat", as, func() error { return unix.Renameat(h.fd(), name, to.(fdHandle).fd(), as) })
}

// move links where a file system cannot rename in this way. If the process dies in
// between, the file has both names.
func (h fdHandle) move(name string, to handle, as string) error {
	err := call("renameat", as, func() error { return unix.Renameat2(h.fd(), name, to.(fdHandle).fd(), as, unix.RENAME_NOREPLACE) })
	if !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOSYS) {
		return err
	}
	if err = h.link(name, to, as); err == nil {
		_ = h.remove(name)
	}
	return err
}

func (h fdHandle) link(name string, to handle, as string) error {
	return call("linkat", as, func() error { return unix.Linkat(h.fd(), name, to.(fdHandle).fd(), as, 0) })
}

func (h fdHandle) Close() error { return h.dir.Close() }

// call makes a system call, again if a signal interrupts it.
func call(op, path string, f func() error) error {
	for {
		switch err := f(); err {
		case nil:
			return nil
		case unix.EINTR:
		default:
			return &fs.PathError{Op: op, Path: path, Err: err}
		}
	}
}

// A dirEntry is an entry of an open folder, which its Info finds there.
type dirEntry struct {
	fs.DirEntry
	folder fdHandle
}

func (d dirEntry) Info() (fs.FileInfo, error) { return d.folder.stat(d.Name()) }

// A fileInfo is what fstatat(2) says.
type fileInfo struct {
	name string
	st   unix.Stat_t
}

func (fi *fileInfo) Name() string       { return fi.name }
func (fi *fileInfo) Size() int64        { return fi.st.Size }
func (fi *fileInfo) IsDir() bool        { return fi.Mode().IsDir() }
func (fi *fileInfo) ModTime() time.Time { return time.Unix(fi.st.Mtim.Unix()) }

// Mode is the type of the file, without its permissions.
func (fi *fileInfo) Mode() fs.FileMode {
	switch fi.st.Mode & unix.S_IFMT {
	case unix.S_IFREG:
		return 0
	case unix.S_IFDIR:
		return fs.ModeDir
	case unix.S_IFLNK:
		return fs.ModeSymlink
	}
	return fs.ModeIrregular
}

// Sys returns what package os would, as far as the store uses it.
func (fi *fileInfo) Sys() any {
	return &syscall.Stat_t{Dev: fi.st.Dev, Ino: fi.st.Ino, Ctim: syscall.Timespec(fi.st.Ctim)}
}
