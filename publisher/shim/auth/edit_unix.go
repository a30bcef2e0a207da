//go:build unix

package auth

import (
	"os"
	"syscall"
)

// giveTo gives f the owner and the group of old.
func giveTo(f *os.File, old os.FileInfo) error {
	mine, err := f.Stat()
	if err != nil {
		return err
	}
	to, ok := old.Sys().(*syscall.Stat_t)
	from, known := mine.Sys().(*syscall.Stat_t)
	if !ok || !known || to.Uid == from.Uid && to.Gid == from.Gid {
		return nil
	}
	return f.Chown(int(to.Uid), int(to.Gid))
}
