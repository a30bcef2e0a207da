package bucket

import (
	"crypto/rand"
	"errors"
	"path"
)

// linkPrefix begins the names of temporary files that are links. They have the modification
// time of what they were made from.
const linkPrefix = "link-"

var errStale = errors.New("older than temporary files may be")

// linkTemp is writeTemp for an object that has its bytes from another one. It returns nil
// if these have to be written: some disks have no links, or not so many to one file.
func (s *folderStore) linkTemp(f *openFolder, o Object) *tempFile {
	dir, err := f.tmp(false)
	if err != nil {
		return nil
	}
	t := &tempFile{dir: dir, name: linkPrefix + rand.Text()}
	if !s.link(f, o.From, dir, t.name) {
		return nil
	}
	fi, err := dir.stat(t.name)
	if err == nil && stale(fi) {
		err = errStale // where linking a file does not make it newer
	}
	if err == nil && !o.Deferred {
		err = s.flushTemp(t)
	}
	if err != nil {
		t.remove()
		return nil
	}
	return t
}

// link gives an object another name, and reports whether it could. The object may wait for
// its own.
func (s *folderStore) link(f *openFolder, key string, to handle, as string) bool {
	if waits, _ := s.waiting.find(key); waits.name != "" && to.link(waits.name, to, as) == nil {
		return true
	}
	from, err := f.sub(path.Dir(key))
	if err != nil {
		return false
	}
	defer from.Close()
	_, err = statRegular(from, path.Base(key))
	return err == nil && from.link(path.Base(key), to, as) == nil
}
