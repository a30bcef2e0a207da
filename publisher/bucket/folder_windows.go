package bucket

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/windows"
)

const openFlags = os.O_RDONLY

const errNotDir = windows.ERROR_DIRECTORY

// inode is 0: Windows shows a file's index only after opening it. Tokens rely on size
// and time; every Replace makes the file newer.
func inode(fs.FileInfo) uint64 { return 0 }

// device is 0, for the same reason.
func device(fs.FileInfo) uint64 { return 0 }

// syncFile makes a file durable. Windows flushes neither folders, which NTFS
// logs, nor files that are open for reading.
func syncFile(f *os.File) error {
	err := f.Sync()
	if errors.Is(err, windows.ERROR_ACCESS_DENIED) || errors.Is(err, windows.ERROR_INVALID_HANDLE) {
		return nil
	}
	return err
}

func tryLock(f *os.File) (bool, error) {
	const flags = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	err := windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0, new(windows.Overlapped))
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return false, nil
	}
	return err == nil, err
}
