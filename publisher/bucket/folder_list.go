package bucket

import (
	"context"
	"fmt"
	"io/fs"
	"iter"
	"os"
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
		root, err := s.openRoot()
		if absent(err) {
			return
		}
		if err != nil {
			yield(Entry{}, About(dir, fmt.Errorf("%s: %w", s.dir, plain(err))))
			return
		}
		defer root.Close()
		if s.waiting.any() {
			_ = s.settle(root) // the next writer is told
		}
		names, err := readDir(root, dir)
		if err != nil {
			yield(Entry{}, About(dir, plain(err)))
			return
		}
		l := &fileListing{ctx: ctx, depth: depth, notes: notes, yield: yield}
		l.list(&openFolder{parent: root, name: dir}, dir, names)
	}
}

// openFolder is a folder that is opened when one below it is read: from there that
// takes one step, and from the root one for each folder on the way.
type openFolder struct {
	parent *os.Root
	name   string // below it
	root   *os.Root
}

func (f *openFolder) open() (*os.Root, error) {
	if f.name == "" {
		return f.parent, nil
	}
	if f.root != nil {
		return f.root, nil
	}
	var err error
	f.root, err = f.parent.OpenRoot(f.name)
	return f.root, err
}

func (f *openFolder) close() {
	if f.root != nil {
		f.root.Close()
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
func (l *fileListing) list(folder *openFolder, dir string, names []fs.DirEntry) bool {
	defer folder.close()
	for i, d := range names {
		if err := l.ctx.Err(); err != nil {
			l.yield(Entry{}, About(dir, err))
			return false
		}
		key := path.Join(dir, d.Name())
		switch {
		case key == workDir || i > 0 && d.Name() == names[i-1].Name():
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
func (l *fileListing) below(folder *openFolder, key string) bool {
	name := path.Base(key)
	root, err := folder.open()
	var names []fs.DirEntry
	if err == nil {
		names, err = readDir(root, name)
	}
	switch {
	case absent(err):
		return true // removed meanwhile
	case err != nil && !l.unreadableFolder(key, err):
		return false
	case root == nil:
		return true
	}
	return l.list(&openFolder{parent: root, name: name}, key, names)
}

// file yields a file and reports whether to continue.
func (l *fileListing) file(key string, d fs.DirEntry) bool {
	fi, err := d.Info()
	switch {
	case absent(err) || err == nil && deletion(d.Name(), fi):
		return true
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
	root, err := s.openRoot()
	if absent(err) {
		return nil
	}
	if err != nil {
		return About(dir, plain(err))
	}
	defer root.Close()
	fi, err := root.Lstat(dir)
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

func readDir(root *os.Root, dir string) ([]fs.DirEntry, error) {
	if dir == "" {
		dir = "."
	}
	switch fi, err := root.Lstat(dir); {
	case absent(err) || err == nil && !fi.IsDir():
		return nil, nil
	case err != nil:
		return nil, err
	}
	f, err := root.OpenFile(dir, openFlags, 0)
	if absent(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	entries, err := f.ReadDir(-1)
	if absent(err) { // removed meanwhile
		err = nil
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return entries, err
}
