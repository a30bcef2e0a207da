package publisher

import (
	"io/fs"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// arrival is when the file got its bytes or its name, whichever was later: the
// change time, since cp -p, rsync and tar set the modification time to
// whatever it was elsewhere.
func arrival(fi fs.FileInfo) time.Time {
	if st, ok := fi.Sys().(*syscall.Stat_t); ok {
		return time.Unix(st.Ctim.Unix())
	}
	return fi.ModTime()
}

func syncAll() func(*os.File) error {
	return func(f *os.File) error { return unix.Syncfs(int(f.Fd())) }
}
