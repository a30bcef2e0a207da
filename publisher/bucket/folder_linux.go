package bucket

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// arrival is when the file got its bytes or its name, whichever was later. It is the
// change time, since cp -p, rsync and tar keep the modification time of the original.
func arrival(fi fs.FileInfo) time.Time {
	if st, ok := fi.Sys().(*syscall.Stat_t); ok {
		return time.Unix(st.Ctim.Unix())
	}
	return fi.ModTime()
}

// newFileSync flushes with syncfs(2), which waits for everything that was written to
// the file system. Before Linux 5.8 it did not report lost writes.
func newFileSync() fileSync {
	each := fileSync{file: syncFile}
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	var u unix.Utsname
	if err != nil || unix.Uname(&u) != nil {
		return each
	}
	var major, minor int
	if n, _ := fmt.Sscanf(unix.ByteSliceToString(u.Release[:]), "%d.%d", &major, &minor); n < 2 || major < 5 || major == 5 && minor < 8 {
		return each
	}
	return fileSync{
		file: syncFile,
		all:  func(f *os.File) error { return os.NewSyscallError("syncfs", unix.Syncfs(int(f.Fd()))) },
		can:  local,
		boot: string(boot),
	}
}

// local reports whether a file is on a disk of this machine. Over a network, or
// FUSE, syncfs may do less than fsync, and other machines have claims of their own.
func local(f *os.File) bool {
	var st unix.Statfs_t
	if unix.Fstatfs(int(f.Fd()), &st) != nil {
		return false
	}
	switch uint32(st.Type) {
	case unix.EXT4_SUPER_MAGIC, unix.XFS_SUPER_MAGIC, unix.BTRFS_SUPER_MAGIC, unix.F2FS_SUPER_MAGIC, unix.TMPFS_MAGIC, unix.OVERLAYFS_SUPER_MAGIC:
		return true
	}
	return false
}
