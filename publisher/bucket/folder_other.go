//go:build !linux

package bucket

import (
	"io/fs"
	"time"
)

// arrival is when the file was last written, as far as it says.
func arrival(fi fs.FileInfo) time.Time { return fi.ModTime() }

// newFileSync flushes each file by itself: only Linux can flush a whole file system and
// report errors. Nothing is deferred elsewhere.
func newFileSync() fileSync { return fileSync{file: syncFile} }

// openHandle opens a folder.
func openHandle(dir string) (handle, error) { return openRoot(dir) }
