package bucket

import (
	"context"
	"io/fs"
	"os"
	"path"
	"strings"
)

// RemoveLeftovers removes what writers and deletions that died left; see [Folder].
func (s *folderStore) RemoveLeftovers(ctx context.Context, dry bool, removed func(size int64)) error {
	root, err := os.OpenRoot(s.dir)
	if absent(err) {
		return nil
	}
	if err != nil {
		return plain(err)
	}
	defer root.Close()
	return fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case absent(err): // removed meanwhile
			return nil
		case err != nil:
			return About(name, plain(err))
		case d.IsDir():
			return nil
		}
		if path.Dir(name) != tmpDir && !strings.HasPrefix(path.Base(name), asidePrefix) {
			return nil
		}
		fi, err := d.Info()
		if err != nil || !leftover(name, fi) {
			return nil // or gone
		}
		if !dry {
			err = root.Remove(name)
		}
		if err != nil {
			return About(name, plain(err))
		}
		removed(fi.Size())
		return nil
	})
}

// leftover reports whether the file can go. One that is being deleted right now is
// deleted twice, which does no harm.
func leftover(name string, fi fs.FileInfo) bool {
	if path.Dir(name) == tmpDir {
		return stale(fi)
	}
	return fi.Mode().IsRegular() && deletion(path.Base(name), fi)
}

// RemoveEmpty removes a folder if there is nothing in it; see [Folder].
func (s *folderStore) RemoveEmpty(dir string) {
	root, err := os.OpenRoot(s.dir)
	if err != nil {
		return
	}
	defer root.Close()
	if fi, err := root.Lstat(dir); err == nil && fi.IsDir() {
		_ = root.Remove(dir) // which refuses if it is not empty
	}
}
