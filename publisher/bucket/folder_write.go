package bucket

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"
)

// A tempFile is a file in tmpDir that is complete. Its writer gives it another name or
// removes it.
type tempFile struct {
	dir  handle
	name string // "" once it has another name, or waits for one
}

// move gives the file a name that is free, or fails with ErrExist.
func (t *tempFile) move(dir handle, name string) error {
	return t.moved(t.dir.move(t.name, dir, name))
}

// replace puts the file in the place of another.
func (t *tempFile) replace(dir handle, name string) error {
	return t.moved(t.dir.rename(t.name, dir, name))
}

func (t *tempFile) moved(err error) error {
	if err == nil {
		t.name = ""
	}
	return err
}

func (t *tempFile) remove() {
	if t.name != "" {
		_ = t.dir.remove(t.name)
	}
}

// writeTemp writes a temporary file. Its bytes are durable, unless the object is
// deferred. The file is newer than after, so that tokens do not repeat.
func (s *folderStore) writeTemp(ctx context.Context, f *openFolder, o Object, after time.Time) (_ *tempFile, err error) {
	s.sweep.Do(func() { removeStale(f) })
	if o.From != "" {
		if t := s.linkTemp(f, o); t != nil {
			return t, nil
		}
	}
	t, file, err := f.createTemp()
	if err != nil {
		return nil, err
	}
	defer func() {
		if cerr := file.Close(); err == nil {
			err = cerr
		}
		if err != nil {
			t.remove()
		}
	}()
	if err := o.Body(&bodyWriter{ctx, file}); err != nil {
		return nil, fmt.Errorf("writing its content: %w", nameless(err, file))
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := t.date(file, after); err != nil || o.Deferred {
		return t, err
	}
	return t, s.sync.file(file)
}

// writeSettled writes a temporary file for an object that is not deferred, and settles. If
// something waits, one flush makes both durable.
func (s *folderStore) writeSettled(ctx context.Context, f *openFolder, o Object, after time.Time) (_ *tempFile, err error) {
	o.Deferred = s.waiting.any()
	t, err := s.writeTemp(ctx, f, o, after)
	if err != nil {
		return nil, err
	}
	all, err := s.settled(f)
	if err == nil && o.Deferred && !all { // another call has settled
		err = s.flushTemp(t)
	}
	if err != nil {
		t.remove()
		return nil, err
	}
	return t, nil
}

func (s *folderStore) flushTemp(t *tempFile) error {
	file, err := t.dir.open(t.name, os.O_WRONLY)
	if err != nil {
		return err
	}
	defer file.Close()
	return s.sync.file(file)
}

func (f *openFolder) createTemp() (*tempFile, *os.File, error) {
	name := rand.Text()
	for again := false; ; again = true {
		dir, err := f.tmp(again)
		if err != nil {
			return nil, nil, err
		}
		file, err := dir.open(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL)
		if absent(err) && !again {
			continue
		}
		return &tempFile{dir: dir, name: name}, file, err
	}
}

// nameless removes the name of the temporary file from an error of writing to it, which
// a Body may have wrapped. Errors about other files keep their names.
func nameless(err error, f *os.File) error {
	if e := (*fs.PathError)(nil); errors.As(err, &e) && e.Path == f.Name() {
		return plain(e)
	}
	return err
}

// date gives the file a modification time after the given one. Clocks tick in
// milliseconds and may be set back; file systems round to up to two seconds.
func (t *tempFile) date(file *os.File, after time.Time) error {
	for _, step := range []time.Duration{time.Nanosecond, time.Microsecond, time.Second, 2 * time.Second} {
		fi, err := file.Stat()
		if err != nil || fi.ModTime().After(after) {
			return err
		}
		if err := t.dir.chtimes(t.name, after.Add(step)); err != nil {
			return err
		}
	}
	return nil
}

// stale reports whether the writer of a temporary file must have died.
func stale(fi fs.FileInfo) bool {
	written := fi.ModTime()
	if strings.HasPrefix(fi.Name(), linkPrefix) {
		written = arrival(fi)
	}
	return time.Since(written) > staleAfter
}

// removeStale removes temporary files and claims of processes that died long ago. If
// something prevents it, the write that follows reports that.
func removeStale(f handle) {
	dir, files, err := openDir(f, tmpDir)
	if err != nil || dir == nil {
		return
	}
	defer dir.Close()
	for _, d := range files {
		if fi, err := d.Info(); err == nil && stale(fi) {
			_ = dir.remove(d.Name())
		}
	}
}
