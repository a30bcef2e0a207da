// Package reread keeps what files say, and reads them again when they change.
// While they cannot be used, what they said before stays in force.
package reread

import (
	"os"
	"slices"
	"sync"
	"time"
)

// Every is how often, at most, the files are looked at.
const Every = time.Second

// Stamp tells whether a file has changed. It is of the file that symbolic links
// lead to, so it changes with them, as when Kubernetes updates a secret.
type Stamp struct {
	Path string
	Info os.FileInfo // nil if there is no such file
}

// StampOf is the stamp of a file as it is now.
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

// Value is what files say. It is safe for concurrent use.
type Value[T any] struct {
	// Read reads the files; before is what they said. It returns the stamps of
	// all of them, also when it fails, and takes them before it reads, so that no
	// later change is missed.
	Read func(before T) (T, []Stamp, error)

	// Changed is told what changed files say, or why they cannot be used.
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

// read leaves the value as it is if it fails, and is not repeated until a file
// changes again.
func (v *Value[T]) read() error {
	now, stamps, err := v.Read(v.value)
	if v.stamps = stamps; err == nil {
		v.value = now
	}
	return err
}

// Get is what the files say now, if that can be used.
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
