package bucket

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"strings"
	"unicode/utf8"
)

func (s *folderStore) Delete(ctx context.Context, key, token string) error {
	f, err := s.begin(ctx, key, false)
	if absent(err) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.release()
	return About(key, plain(s.remove(ctx, f, key, token)))
}

// remove does not make the removal durable: if the file comes back after a power cut,
// the next run removes it again.
func (s *folderStore) remove(ctx context.Context, f *openFolder, key, token string) error {
	if err := s.settle(f); err != nil {
		return err
	}
	dir, err := f.sub(path.Dir(key))
	if absent(err) {
		return nil
	}
	if err != nil {
		return err
	}
	defer dir.Close()
	name := path.Base(key)
	if _, err := statRegular(dir, name); absent(err) || errors.Is(err, errNotRegular) {
		return nil
	}
	unlock, err := s.lock(ctx, f, key)
	if err != nil {
		return err
	}
	defer unlock()
	if token != "" {
		err = removeIf(dir, name, token)
	} else {
		err = dir.remove(name)
	}
	if absent(err) {
		return nil
	}
	return err
}

// removeIf removes the file with that token. Other programs take no locks, and may
// rename a new file into place between a look and a removal. So the file is first put
// aside, where nobody replaces it, and then looked at.
func removeIf(dir handle, name, token string) error {
	fi, err := statRegular(dir, name)
	if err != nil {
		return err
	}
	if fileToken(fi) != token {
		return ErrConflict
	}
	aside := asideKey(name, token)
	switch fi, err := dir.stat(aside); {
	case err == nil && fileToken(fi) != token:
		return ErrConflict // another program's file that was saved here: do not overwrite it
	case err == nil:
		if err := dir.remove(aside); err != nil && !absent(err) {
			return err
		}
	}
	if err := dir.rename(name, dir, aside); err != nil {
		return err
	}
	return removeAside(dir, name, aside, token)
}

func removeAside(dir handle, name, aside, token string) error {
	fi, err := dir.stat(aside)
	if err != nil {
		return err
	}
	if fileToken(fi) == token {
		return dir.remove(aside)
	}
	// It is another file, which came at the last moment. It gets its name back,
	// unless a third has taken that meanwhile; then it stays where it is, and
	// listings show it there.
	_ = dir.move(aside, dir, name)
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
