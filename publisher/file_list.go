package publisher

import (
	"context"
	"io/fs"
	"iter"
	"os"
	"path"
	"slices"
	"strings"
)

func (s *fileStore) List(ctx context.Context, dir string, depth Depth) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		if err := checkDir(dir); err != nil {
			yield(Entry{}, err)
			return
		}
		root, err := os.OpenRoot(s.dir)
		if absent(err) {
			return
		}
		if err != nil {
			yield(Entry{}, keyError(dir, plain(err)))
			return
		}
		defer root.Close()
		s.list(ctx, root, dir, depth, yield)
	}
}

// list yields what lies in dir and reports whether to go on. It holds one
// folder's names at a time for each level, sorted, so that a file renamed
// while the folder is read does not come twice.
func (s *fileStore) list(ctx context.Context, root *os.Root, dir string, depth Depth, yield func(Entry, error) bool) bool {
	names, err := readDir(root, dir)
	if err != nil {
		yield(Entry{}, keyError(dir, plain(err)))
		return false
	}
	for i, d := range names {
		if err := ctx.Err(); err != nil {
			yield(Entry{}, keyError(dir, err))
			return false
		}
		key := path.Join(dir, d.Name())
		if key == workDir || !validKey(key) || i > 0 && d.Name() == names[i-1].Name() {
			continue
		}
		switch {
		case d.IsDir() && depth == Children:
			if !yield(Entry{Key: key, Dir: true}, nil) {
				return false
			}
		case d.IsDir():
			if !s.list(ctx, root, key, depth, yield) {
				return false
			}
		case d.Type().IsRegular():
			fi, err := d.Info()
			if absent(err) || err == nil && deletion(d.Name(), fi) {
				continue
			}
			if !yield(fileEntry(key, fi), keyError(key, plain(err))) || err != nil {
				return false
			}
		}
	}
	return true
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
