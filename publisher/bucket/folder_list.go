package bucket

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"iter"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

func (s *folderStore) List(ctx context.Context, dir string, depth Depth) iter.Seq2[Entry, error] {
	return s.listing(ctx, dir, depth, nil)
}

// Walk lists dir as people left it; see [Folder].
func (s *folderStore) Walk(ctx context.Context, dir string, notes Notes) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		if err := s.checkFolder(dir); err != nil {
			yield(Entry{}, err)
			return
		}
		s.listing(ctx, dir, Descendants, notes)(yield)
	}
}

// listing is List. If notes is not nil, it continues when something below dir cannot
// be read, and reports that to notes, with everything else that is not an object.
func (s *folderStore) listing(ctx context.Context, dir string, depth Depth, notes Notes) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		if err := checkDir(dir); err != nil {
			yield(Entry{}, err)
			return
		}
		f, err := s.hold()
		if absent(err) {
			return
		}
		if err != nil {
			yield(Entry{}, About(dir, fmt.Errorf("%s: %w", s.dir, plain(err))))
			return
		}
		defer f.release()
		if s.waiting.any() {
			_ = s.settle(f) // the next writer is told
		}
		folder, entries, err := openDir(f, dir)
		if err != nil {
			yield(Entry{}, About(dir, plain(err)))
			return
		}
		if folder != nil {
			defer folder.Close()
			l := &fileListing{ctx: ctx, depth: depth, notes: notes, yield: yield}
			l.list(folder, dir, entries)
		}
	}
}

// fileListing is one listing of a folder store.
type fileListing struct {
	ctx   context.Context
	depth Depth
	notes Notes // if nil, what cannot be read ends the listing
	yield func(Entry, error) bool
}

// list yields what lies in dir and reports whether to continue. It holds the names
// of one folder for each level, sorted, so that a file renamed while the folder is
// read does not come twice.
func (l *fileListing) list(folder handle, dir string, entries []fs.DirEntry) bool {
	for i, d := range entries {
		if err := l.ctx.Err(); err != nil {
			l.yield(Entry{}, About(dir, err))
			return false
		}
		key := path.Join(dir, d.Name())
		switch {
		case key == workDir || i > 0 && d.Name() == entries[i-1].Name():
		case !validKey(key):
			l.ignore(strconv.Quote(key), "cannot be used: its name has a backslash or is not UTF-8, or its path is too long")
		case d.IsDir() && l.depth == Children:
			if !l.yield(Entry{Key: key, Dir: true}, nil) {
				return false
			}
		case d.IsDir() && l.notes != nil && !l.notes.Enter(key):
		case d.IsDir():
			if !l.below(folder, key) {
				return false
			}
		case !d.Type().IsRegular():
			l.ignore(key, "is neither a file nor a folder")
		case !l.file(key, d):
			return false
		}
	}
	return true
}

// below lists a folder in another one and reports whether to continue.
func (l *fileListing) below(parent handle, key string) bool {
	folder, err := parent.sub(path.Base(key))
	var entries []fs.DirEntry
	if err == nil {
		defer folder.Close()
		entries, err = sorted(folder)
	}
	switch {
	case absent(err):
		return true // removed meanwhile
	case err != nil && !l.unreadableFolder(key, err):
		return false
	case folder == nil:
		return true
	}
	return l.list(folder, key, entries)
}

// file yields a file and reports whether to continue.
func (l *fileListing) file(key string, d fs.DirEntry) bool {
	fi, err := d.Info()
	switch {
	case absent(err) || err == nil && (!fi.Mode().IsRegular() || deletion(d.Name(), fi)):
		return true // gone, or as good as gone
	case err != nil:
		return l.unreadable(key, err)
	}
	return l.yield(fileEntry(key, fi), nil)
}

// unreadable reports whether to continue after something that cannot be read.
func (l *fileListing) unreadable(key string, err error) bool {
	err = plain(err)
	if l.notes == nil {
		l.yield(Entry{}, About(key, err))
		return false
	}
	l.ignore(key, "cannot be read: "+err.Error())
	return true
}

// unreadableFolder is unreadable for a folder, which notes may deal with itself.
func (l *fileListing) unreadableFolder(key string, err error) bool {
	if l.notes != nil && l.notes.Unreadable(key, plain(err)) {
		return true
	}
	return l.unreadable(key, err)
}

func (l *fileListing) ignore(key, reason string) {
	if l.notes != nil {
		l.notes.Odd(key, reason)
	}
}

// checkFolder returns an error if dir exists and is not a folder. In a bucket, an
// object with the folder's name does no harm.
func (s *folderStore) checkFolder(dir string) error {
	f, err := s.hold()
	if absent(err) {
		return nil
	}
	if err != nil {
		return About(dir, plain(err))
	}
	defer f.release()
	fi, err := f.stat(cmp.Or(dir, "."))
	what := "a file"
	switch {
	case absent(err) || err == nil && fi.IsDir():
		return nil
	case err != nil:
		return About(dir, plain(err))
	case fi.Mode()&fs.ModeSymlink != 0:
		what = "a symbolic link, and these are not followed"
	}
	return fmt.Errorf("%s is not a folder but %s: put a folder in its place", filepath.Join(s.dir, filepath.FromSlash(dir)), what)
}

// openDir opens a folder and returns what is in it, sorted. It returns nil if there is
// no such folder.
func openDir(f handle, dir string) (handle, []fs.DirEntry, error) {
	dir = cmp.Or(dir, ".")
	if fi, err := f.stat(dir); absent(err) || err == nil && !fi.IsDir() {
		return nil, nil, nil
	} else if err != nil {
		return nil, nil, err
	}
	folder, err := f.sub(dir)
	if absent(err) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	entries, err := sorted(folder)
	if err != nil && !absent(err) { // removed meanwhile
		folder.Close()
		return nil, nil, err
	}
	return folder, entries, nil
}

func sorted(folder handle) ([]fs.DirEntry, error) {
	entries, err := folder.list()
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return entries, err
}
