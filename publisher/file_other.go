//go:build !linux

package publisher

import (
	"io/fs"
	"os"
	"time"
)

// arrival is when the file was last written, as far as it says.
func arrival(fi fs.FileInfo) time.Time { return fi.ModTime() }

// syncAll is nil where only Linux can flush a whole file system and say how
// that went. Nothing is deferred there.
func syncAll() func(*os.File) error { return nil }
