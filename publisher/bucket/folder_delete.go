package bucket

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"strings"
	"unicode/utf8"
)

func (s *folderStore) Delete(ctx context.Context, key, token string) error {
	root, err := s.begin(ctx, key, false)
	if absent(err) {
		return nil
	}
	if err != nil {
		return err
	}
	defer root.Close()
	return About(key, plain(s.remove(ctx, root, key, token)))
}

// remove does not make the removal durable: if the file comes back after a power cut,
// the next run removes it again.
func (s *folderStore) remove(ctx context.Context, root *os.Root, key, token string) error {
	if err := s.settle(root); err != nil {
		return err
	}
	if _, err := lstatRegular(root, key); absent(err) || errors.Is(err, errNotRegular) {
		return nil
	}
	// The rest looks into this folder several times: one walk is enough.
	dir, err := root.OpenRoot(path.Dir(key))
	if absent(err) {
		return nil
	}
	if err != nil {
		return err
	}
	defer dir.Close()
	name := path.Base(key)
	unlock, err := s.lock(ctx, root, key)
	if err != nil {
		return err
	}
	defer unlock()
	if token != "" {
		err = removeIf(dir, name, token)
	} else {
		err = dir.Remove(name)
	}
	if err == nil && s.sync.all != nil {
		_ = root.Remove(s.claimName(key)) // left by a process that died: the key is free now
	}
	if absent(err) {
		return nil
	}
	return err
}

// removeIf removes the file with that token. Other programs take no locks, and may
// rename a new file into place between a look and a removal. So the file is first put
// aside, where nobody replaces it, and then looked at.
func removeIf(root *os.Root, key, token string) error {
	fi, err := lstatRegular(root, key)
	if err != nil {
		return err
	}
	if fileToken(fi) != token {
		return ErrConflict
	}
	aside := asideKey(key, token)
	switch fi, err := root.Lstat(aside); {
	case err == nil && fileToken(fi) != token:
		return ErrConflict // another program's file that was saved here: do not overwrite it
	case err == nil:
		err = root.Remove(aside)
		if err != nil && !absent(err) {
			return err
		}
	}
	if err := root.Rename(key, aside); err != nil {
		return err
	}
	return removeAside(root, key, aside, token)
}

func removeAside(root *os.Root, key, aside, token string) error {
	fi, err := root.Lstat(aside)
	if err != nil {
		return err
	}
	if fileToken(fi) == token {
		return root.Remove(aside)
	}
	// It is another file, which came at the last moment. It gets its name back,
	// unless a third has taken that meanwhile; then it stays where it is, and
	// listings show it there.
	if err := root.Link(aside, key); err == nil {
		_ = root.Remove(aside)
	}
	return ErrConflict
}

// asideKey is the name of a file that is put aside. Long names lose their beginning,
// since the ending says what a file is.
func asideKey(key, token string) string {
	prefix := asidePrefix + token + "~"
	dir, name := path.Split(key)
	for len(prefix)+len(name) > maxName {
		_, size := utf8.DecodeRuneInString(name)
		name = name[size:]
	}
	return dir + prefix + name
}

// deletion reports whether a file was left by an interrupted deletion. A file that was
// put aside by mistake was not, and has to be shown.
func deletion(name string, fi fs.FileInfo) bool {
	rest, ok := strings.CutPrefix(name, asidePrefix)
	if !ok {
		return false
	}
	token, _, ok := strings.Cut(rest, "~")
	return ok && token == fileToken(fi)
}
