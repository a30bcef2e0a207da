package bucket

import (
	"context"
	"path"
)

func (s *folderStore) Replace(ctx context.Context, o Object, token string) error {
	if token == "" {
		return About(o.Key, errNoToken)
	}
	f, err := s.begin(ctx, o.Key, false)
	if absent(err) {
		return About(o.Key, ErrConflict)
	}
	if err != nil {
		return err
	}
	defer f.release()
	return About(o.Key, plain(s.replace(ctx, f, o, token)))
}

func (s *folderStore) replace(ctx context.Context, f *openFolder, o Object, token string) error {
	o.Deferred = false // there are few of them
	if err := s.settle(f); err != nil {
		return err
	}
	dir, err := f.sub(path.Dir(o.Key))
	if absent(err) {
		return ErrConflict
	}
	if err != nil {
		return err
	}
	defer dir.Close()
	name := path.Base(o.Key)
	old, err := statRegular(dir, name)
	if absent(err) {
		return ErrConflict
	}
	if err != nil {
		return err
	}
	if fileToken(old) != token {
		return s.replaced(ctx, f, o)
	}
	tmp, err := s.writeTemp(ctx, f, o, old.ModTime())
	if err != nil {
		return err
	}
	defer tmp.remove()

	// The lock covers the moment between the last look and the rename. Every
	// replacement and removal here takes it; nothing can keep other programs
	// from renaming in that moment.
	unlock, err := s.lock(ctx, f, o.Key)
	if err != nil {
		return err
	}
	defer unlock()
	now, err := statRegular(dir, name)
	if err == nil && fileToken(now) == token {
		err = tmp.replace(dir, name)
	} else if err == nil {
		return s.replaced(ctx, f, o)
	}
	if absent(err) {
		return ErrConflict
	}
	if err != nil {
		return err
	}
	return s.syncNames(dir)
}

// replaced returns the result of a Replace that comes too late. It may be the
// repetition of one that took effect but could not say so.
func (s *folderStore) replaced(ctx context.Context, f *openFolder, o Object) error {
	file, _, err := openRegular(f, o.Key)
	if absent(err) {
		return ErrConflict
	}
	if err != nil {
		return err
	}
	defer file.Close()
	same, err := Same(ctx, file, o.Body)
	if err != nil {
		return err
	}
	if !same {
		return ErrConflict
	}
	return s.syncName(f, o.Key)
}
