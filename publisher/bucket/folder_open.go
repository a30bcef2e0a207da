package bucket

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// An openFolder is a store's folder, opened for all calls that run at the same time,
// and for what waits: in between it is closed, since while it is open nobody can
// unmount the disk.
type openFolder struct {
	handle
	store *folderStore
	fi    fs.FileInfo // of the folder

	// With store.mu held:
	users int
	work  handle   // tmpDir, once it is needed
	disk  *os.File // for flushing, once it is needed
	batch bool     // whether the disk can flush many files at once
}

// begin checks what every method has to check, and opens the folder. If the folder
// is missing, the first write makes it.
func (s *folderStore) begin(ctx context.Context, key string, create bool) (*openFolder, error) {
	if err := permit(ctx, key, create); err != nil {
		return nil, err
	}
	f, err := s.hold()
	if create && absent(err) {
		if err = s.makeRoot(); err == nil {
			f, err = s.hold()
		}
	}
	if err != nil {
		return nil, About(key, fmt.Errorf("%s: %w", s.dir, plain(err)))
	}
	return f, nil
}

// permit checks what can be said of a call without looking at the folder.
func permit(ctx context.Context, key string, create bool) error {
	if err := CheckKey(key); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return About(key, err)
	}
	if key == workDir || strings.HasPrefix(key, workDir+"/") ||
		create && strings.HasPrefix(path.Base(key), asidePrefix) {
		return About(key, errReserved)
	}
	return nil
}

// hold opens the folder, until release. Once seen, the folder must stay: if it is
// missing later, its objects are lost, not "never written", and a new folder would hide
// that. So each call looks.
func (s *folderStore) hold() (*openFolder, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f := s.open; f != nil {
		if fi, err := os.Stat(s.dir); err == nil && device(fi) == device(f.fi) && inode(fi) == inode(f.fi) {
			f.users++
			return f, nil
		}
		s.open = nil // those who use it release it
	}
	root, err := s.openHandle(s.dir)
	if absent(err) && s.disk != nil {
		return nil, errGone
	}
	if err != nil {
		return nil, err
	}
	fi, err := root.stat(".")
	if err == nil {
		err = s.sameDisk(fi)
	}
	if err != nil {
		root.Close()
		return nil, err
	}
	s.open = &openFolder{handle: root, store: s, fi: fi, users: 1}
	return s.open, nil
}

// sameDisk notices if a file system was unmounted from the folder: then the folder
// still exists, and is empty.
func (s *folderStore) sameDisk(fi fs.FileInfo) error {
	disk := device(fi)
	if s.disk == nil {
		s.disk = &disk
	}
	if *s.disk != disk {
		return errGone
	}
	return nil
}

// share keeps the folder open until another release.
func (f *openFolder) share() *openFolder {
	f.store.mu.Lock()
	defer f.store.mu.Unlock()
	f.users++
	return f
}

// release closes the folder if nobody else uses it.
func (f *openFolder) release() {
	f.store.mu.Lock()
	defer f.store.mu.Unlock()
	if f.users--; f.users > 0 {
		return
	}
	if f.store.open == f {
		f.store.open = nil
	}
	if f.work != nil {
		f.work.Close()
	}
	if f.disk != nil {
		f.disk.Close()
	}
	f.Close()
}

// tmp returns the folder of temporary files, and makes it if need be. If it is called
// again, somebody has removed the folder meanwhile.
func (f *openFolder) tmp(again bool) (handle, error) {
	f.store.mu.Lock()
	defer f.store.mu.Unlock()
	if f.work == nil || again {
		work, err := makeDir(f, tmpDir, f.store.syncNames)
		if err != nil {
			return nil, err
		}
		f.work = work // others may still use the one before, and it closes with them
	}
	return f.work, nil
}

// canDefer reports whether the disk can flush many files at once. It must be called
// before the first of them is written, so that the disk reports every error since.
func (f *openFolder) canDefer() (bool, error) {
	if f.store.sync.all == nil {
		return false, nil
	}
	f.store.mu.Lock()
	defer f.store.mu.Unlock()
	if f.disk == nil {
		disk, err := f.open(".", os.O_RDONLY)
		if err != nil {
			return false, err
		}
		f.disk, f.batch = disk, f.store.sync.can(disk)
	}
	return f.batch, nil
}

// makeRoot makes the store's folder, and those above it.
func (s *folderStore) makeRoot() error {
	for parent := filepath.Dir(s.dir); ; parent = filepath.Dir(parent) {
		root, err := s.openHandle(parent)
		if absent(err) && parent != filepath.Dir(parent) {
			continue
		}
		if err != nil {
			return err
		}
		defer root.Close()
		rel, err := filepath.Rel(parent, s.dir)
		if err != nil {
			return err
		}
		made, err := makeDir(root, filepath.ToSlash(rel), s.syncNames)
		if err != nil {
			return err
		}
		return made.Close()
	}
}

// makeDir opens a folder. If need be, it makes it and those above it, and calls made
// with the folder that each is in.
func makeDir(root handle, dir string, made func(parent handle) error) (handle, error) {
	h, err := root.sub(dir)
	if !absent(err) || dir == "." {
		return h, err
	}
	parent, err := makeDir(root, path.Dir(dir), made)
	if err != nil {
		return nil, err
	}
	defer parent.Close()
	name := path.Base(dir)
	if err = parent.mkdir(name); err == nil {
		err = made(parent)
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return parent.sub(name)
}
