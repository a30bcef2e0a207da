package bucket

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"time"
)

// makeRoot makes the store's folder, and those above it.
func (s *folderStore) makeRoot() error {
	for parent := filepath.Dir(s.dir); ; parent = filepath.Dir(parent) {
		root, err := os.OpenRoot(parent)
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
		return s.mkdirs(root, filepath.ToSlash(rel), false)
	}
}

// mkdirs makes a folder and those above it, durably unless deferred.
func (s *folderStore) mkdirs(root *os.Root, dir string, deferred bool) error {
	if dir == "." {
		return nil
	}
	err := root.Mkdir(dir, 0o777)
	if errors.Is(err, fs.ErrNotExist) {
		if err := s.mkdirs(root, path.Dir(dir), deferred); err != nil {
			return err
		}
		err = root.Mkdir(dir, 0o777)
	}
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if deferred {
		s.waiting.unsettled()
		return nil
	}
	return s.syncName(root, dir)
}

// writeTemp writes a file that the caller puts in place or removes. Its bytes are
// durable, unless the object is deferred. The file is newer than after, so that tokens
// do not repeat.
func (s *folderStore) writeTemp(ctx context.Context, root *os.Root, o Object, after time.Time) (_ string, err error) {
	s.sweep.Do(func() { removeStale(root) })
	name := tmpDir + "/" + rand.Text()
	f, err := s.openWork(root, name, os.O_WRONLY|os.O_CREATE|os.O_EXCL)
	if err != nil {
		return "", err
	}
	defer func() {
		if cerr := f.Close(); err == nil {
			err = cerr
		}
		if err != nil {
			_ = root.Remove(name)
		}
	}()
	if err := o.Body(&bodyWriter{ctx, f}); err != nil {
		return "", fmt.Errorf("writing its content: %w", nameless(err, f))
	}
	if err := ctx.Err(); err != nil {
		return "", err
	}
	if err := makeNewer(root, name, f, after); err != nil || o.Deferred {
		return name, err
	}
	return name, s.sync.file(f)
}

// nameless removes the name of the temporary file from an error of writing to it, which
// a Body may have wrapped. Errors about other files keep their names.
func nameless(err error, f *os.File) error {
	if e := (*fs.PathError)(nil); errors.As(err, &e) && e.Path == f.Name() {
		return plain(e)
	}
	return err
}

// makeNewer gives f a modification time after the given one. Clocks tick in
// milliseconds and may be set back; file systems round to up to two seconds.
func makeNewer(root *os.Root, name string, f *os.File, after time.Time) error {
	for _, step := range []time.Duration{time.Nanosecond, time.Microsecond, time.Second, 2 * time.Second} {
		fi, err := f.Stat()
		if err != nil || fi.ModTime().After(after) {
			return err
		}
		if err := root.Chtimes(name, time.Time{}, after.Add(step)); err != nil {
			return err
		}
	}
	return nil
}

// openWork opens a file in a subfolder of the work folder, which it makes if need be.
func (s *folderStore) openWork(root *os.Root, name string, flag int) (*os.File, error) {
	f, err := root.OpenFile(name, flag, 0o666)
	if !absent(err) {
		return f, err
	}
	if err := s.mkdirs(root, path.Dir(name), false); err != nil {
		return nil, err
	}
	return root.OpenFile(name, flag, 0o666)
}

// removeStale removes temporary files and claims of processes that died long ago. If
// something prevents it, the write that follows reports that.
func removeStale(root *os.Root) {
	for _, dir := range []string{tmpDir, claimsDir} {
		files, err := readDir(root, dir)
		if err != nil {
			continue
		}
		for _, d := range files {
			if fi, err := d.Info(); err == nil && time.Since(fi.ModTime()) > staleAfter {
				_ = root.Remove(dir + "/" + d.Name())
			}
		}
	}
}

// syncName makes the name of a file durable.
func (s *folderStore) syncName(root *os.Root, name string) error {
	dir, err := root.Open(path.Dir(name))
	if err != nil {
		return err
	}
	defer dir.Close()
	return s.sync.file(dir)
}
