package bucket

import (
	"context"
	"io/fs"
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
	o.From = "" // a link would bring the bytes that the caller may want to replace
	return About(o.Key, plain(s.replace(ctx, f, o, token)))
}

func (s *folderStore) replace(ctx context.Context, f *openFolder, o Object, token string) error {
	var err error
	if o.Deferred {
		o.Deferred, err = f.canDefer()
	}
	if err == nil {
		err = s.prepareReplace(f, o.Key)
	}
	if err != nil {
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
		if err := s.settle(f); err != nil {
			return err
		}
		return s.replaced(ctx, f, o)
	}
	if o.Deferred {
		return s.replaceDeferred(ctx, f, o, old)
	}
	tmp, err := s.writeSettled(ctx, f, o, old.ModTime())
	if err != nil {
		return err
	}
	defer tmp.remove()
	done, err := s.swap(ctx, f, o.Key, token, func() error { return tmp.replace(dir, name) })
	if err != nil {
		return err
	}
	if !done {
		return s.replaced(ctx, f, o)
	}
	return s.syncNames(dir)
}

// swap calls rename, which puts a file in the place of another, if that is still the
// version with the token. It reports whether it was.
func (s *folderStore) swap(ctx context.Context, f *openFolder, key, token string, rename func() error) (done bool, err error) {
	// The lock covers the moment between the last look and the rename. Every
	// replacement and removal here takes it; nothing can keep other programs
	// from renaming in that moment.
	unlock, err := s.lock(ctx, f, key)
	if err != nil {
		return false, err
	}
	defer unlock()
	now, err := statRegular(f, key)
	if err == nil && fileToken(now) == token {
		err = rename()
		done = err == nil
	}
	if absent(err) {
		err = nil
	}
	return done, err
}

// replaceDeferred makes a file that replaces another wait for the next flush.
func (s *folderStore) replaceDeferred(ctx context.Context, f *openFolder, o Object, old fs.FileInfo) error {
	tmp, err := s.writeTemp(ctx, f, o, old.ModTime())
	if err != nil {
		return err
	}
	defer tmp.remove()
	if !s.waiting.add(f, o.Key, waitingFile{tmp.name, fileToken(old)}, s.flushLate) {
		return ErrConflict
	}
	tmp.name = ""
	return nil
}

// prepareReplace prepares for another version of a key for which something may wait.
func (s *folderStore) prepareReplace(f *openFolder, key string) error {
	switch file, failure := s.waiting.find(key); {
	case failure != nil: // this is a new attempt
		return s.giveUp(f, key, file)
	case file.name != "":
		return s.settle(f)
	}
	return nil
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
	if err := mustHold(ctx, file, o); err != nil {
		return err
	}
	return s.syncName(f, o.Key)
}
