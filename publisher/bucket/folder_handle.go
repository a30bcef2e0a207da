package bucket

import (
	"io/fs"
	"os"
	"path"
	"time"
)

// A handle is an open folder. A path leads to something below it, and a name to
// something directly in it. No path leads out of it by a symbolic link, not even while
// somebody moves folders about. Inside, links to folders are followed.
type handle interface {
	sub(path string) (handle, error)                // opens a folder
	open(path string, flag int) (*os.File, error)   // fails for symbolic links
	stat(path string) (fs.FileInfo, error)          // also of a symbolic link
	list() ([]fs.DirEntry, error)                   // once for each handle
	sync(flush func(folder *os.File) error) error   // makes the names in it durable
	mkdir(name string) error                        // makes a folder
	remove(name string) error                       // removes a file
	chtimes(name string, modified time.Time) error  // sets the time of modification
	rename(name string, to handle, as string) error // in place of what has the new name
	move(name string, to handle, as string) error   // renames, and fails if the new name is taken
	link(name string, to handle, as string) error   // gives the file another name, and fails if that is taken
	Close() error
}

// A rootHandle is a handle for any system. Each call walks along the whole path.
type rootHandle struct {
	root  *os.Root
	path  string // of the folder, below root
	first bool   // it was opened by openRoot, so it closes root
}

// openRoot opens a folder as a rootHandle.
func openRoot(dir string) (handle, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return rootHandle{root, ".", true}, nil
}

func (h rootHandle) sub(name string) (handle, error) {
	name = path.Join(h.path, name)
	fi, err := h.root.Stat(name)
	if err != nil {
		return nil, err
	}
	if !fi.IsDir() {
		return nil, &fs.PathError{Op: "openat", Path: name, Err: errNotDir}
	}
	return rootHandle{h.root, name, false}, nil
}

// open looks before it opens, because opening a device can have effects, and a link is
// followed.
func (h rootHandle) open(name string, flag int) (*os.File, error) {
	name = path.Join(h.path, name)
	if fi, err := h.root.Lstat(name); err == nil && !fi.Mode().IsRegular() && !fi.IsDir() {
		return nil, errNotRegular
	}
	return h.root.OpenFile(name, flag, 0o666)
}

func (h rootHandle) stat(name string) (fs.FileInfo, error) {
	return h.root.Lstat(path.Join(h.path, name))
}

// list returns entries that know their Info.
func (h rootHandle) list() ([]fs.DirEntry, error) {
	f, err := h.root.OpenFile(h.path, openFlags, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.ReadDir(-1)
}

func (h rootHandle) sync(flush func(*os.File) error) error {
	f, err := h.root.Open(h.path)
	if err != nil {
		return err
	}
	defer f.Close()
	return flush(f)
}

func (h rootHandle) mkdir(name string) error {
	return h.root.Mkdir(path.Join(h.path, name), 0o777)
}

func (h rootHandle) remove(name string) error {
	return h.root.Remove(path.Join(h.path, name))
}

func (h rootHandle) chtimes(name string, modified time.Time) error {
	return h.root.Chtimes(path.Join(h.path, name), time.Time{}, modified)
}

func (h rootHandle) rename(name string, to handle, as string) error {
	return h.root.Rename(path.Join(h.path, name), path.Join(to.(rootHandle).path, as))
}

// move links, which fails if the name is taken, no matter by which process. If the
// process dies in between, the file has both names.
func (h rootHandle) move(name string, to handle, as string) error {
	if err := h.link(name, to, as); err != nil {
		return err
	}
	_ = h.remove(name)
	return nil
}

func (h rootHandle) link(name string, to handle, as string) error {
	return h.root.Link(path.Join(h.path, name), path.Join(to.(rootHandle).path, as))
}

func (h rootHandle) Close() error {
	if !h.first {
		return nil
	}
	return h.root.Close()
}
