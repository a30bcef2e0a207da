// Package reread keeps a value that is read from files, and reads it again when
// they change. If the changed files cannot be used, the last good value stays.
package reread

import (
	"os"
	"slices"
	"sync"
	"time"
)

// Every is the least time between two looks at the files.
const Every = time.Second

// Stamp identifies one version of a file, to tell whether it has changed. It
// follows symbolic links, so it notices when Kubernetes updates a secret.
type Stamp struct {
	Path string
	Info os.FileInfo // nil if there is no such file
}

// StampOf returns the stamp of a file as it is now.
func StampOf(path string) Stamp {
	info, err := os.Stat(path)
	if err != nil {
		return Stamp{Path: path}
	}
	return Stamp{path, info}
}

func (s Stamp) changed() bool {
	now := StampOf(s.Path)
	if s.Info == nil || now.Info == nil {
		return s.Info != now.Info
	}
	return !os.SameFile(s.Info, now.Info) || !s.Info.ModTime().Equal(now.Info.ModTime()) || s.Info.Size() != now.Info.Size()
}

// Value is a value read from files. It is safe for concurrent use.
type Value[T any] struct {
	// Read reads the files; before is the value that they had. It returns the
	// stamps of all of them, even if it fails, and takes the stamps before it
	// reads the files, so that no later change is missed.
	Read func(before T) (T, []Stamp, error)

	// Changed is called after changed files were read, with the value in use
	// and the error of the read.
	Changed func(now T, err error)

	// Now is the clock.
	Now func() time.Time

	mu     sync.Mutex // guards what follows
	looked time.Time
	stamps []Stamp
	value  T // never changed, only replaced
}

// Load reads the files for the first time.
func (v *Value[T]) Load() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.looked = v.Now()
	return v.read()
}

// read reads the files. If that fails, the value stays, and the files are not read
// again until one of them changes.
func (v *Value[T]) read() error {
	now, stamps, err := v.Read(v.value)
	if v.stamps = stamps; err == nil {
		v.value = now
	}
	return err
}

// Get returns the last good value, after reading the files again if they changed.
func (v *Value[T]) Get() T {
	v.mu.Lock()
	defer v.mu.Unlock()
	if now := v.Now(); now.Sub(v.looked) >= Every || now.Before(v.looked) {
		v.looked = now
		if slices.ContainsFunc(v.stamps, Stamp.changed) {
			err := v.read()
			v.Changed(v.value, err)
		}
	}
	return v.value
}
