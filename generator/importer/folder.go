package importer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// folder is a repository in a folder. Nothing outside it is read, whatever links
// it contains.
type folder struct {
	root *os.Root
	web  *web
}

// refs returns files in the folder, and after them the archive's URL on the web: a
// folder may hold the index of a web site with or without the archives beside it.
func (d *folder) refs(e Entry) ([]string, error) {
	u, err := url.Parse(e.URL)
	if err != nil {
		return nil, fmt.Errorf("its URL %.200q is not valid", e.URL)
	}
	refs := below(u, e)
	if !isLocal(u) {
		refs = append(refs, e.URL)
	}
	return refs, nil
}

// read reads a file in the folder or on the web.
func (d *folder) read(ctx context.Context, ref string, optional bool, f func(io.Reader) error) error {
	u, err := url.Parse(ref)
	switch {
	case err != nil:
		return fmt.Errorf("its URL %.200q is not valid", ref)
	case isLocal(u):
		return d.file(localName(u), f)
	case !isWeb(u):
		return notFetched(u)
	}
	return elsewhere("folder", d.web.read(ctx, ref, optional, f))
}

func (d *folder) file(name string, f func(io.Reader) error) error {
	name = filepath.FromSlash(name)
	info, err := d.root.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return errMissing
	}
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%.200q is not a regular file", name)
	}
	if err != nil {
		return err
	}
	file, err := d.root.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	return f(file)
}

// files lists the folder. Links to folders are followed to the depth where 'helm
// repo index' looks.
func (d *folder) files(ctx context.Context) ([]stored, error) {
	var all []stored
	seen := map[string]bool{}
	add := func(name string) {
		if !seen[name] {
			seen[name] = true
			all = append(all, stored{name: name})
		}
	}
	err := fs.WalkDir(d.root.FS(), ".", func(name string, e fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && name == ".":
			return err
		case err != nil: // what may not be read is not the repository's
			return fs.SkipDir
		case e.IsDir() && name != "." && (strings.HasPrefix(path.Base(name), ".") || strings.Count(name, "/") >= maxBelow):
			return fs.SkipDir
		case !e.IsDir() && isWanted(name):
			add(name)
		}
		if len(all) > maxEntries {
			return errEntries
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	linked, err := fs.Glob(d.root.FS(), "*/*.tgz")
	for _, name := range linked {
		add(name)
	}
	return all, err
}
