package bucket

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"path"
)

// A placer gives waiting files their names.
type placer struct {
	store   *folderStore
	root    *openFolder
	waiting *openFolder // as the waiting room holds it

	dir  handle // of the last file, since the next one is often beside it; or nil
	name string // of that folder
}

// create gives the file of a new object its name, and lets go of the claim. Its bytes are
// durable.
func (p *placer) create(key string, file waitingFile) error {
	tmp, err := p.root.tmp(false)
	if err != nil {
		return err
	}
	name, waits := path.Base(key), file.name
	for {
		if err := p.open(path.Dir(key)); err != nil {
			return err
		}
		err := tmp.move(waits, p.dir, name)
		if errors.Is(err, fs.ErrExist) {
			if err = takenBySame(tmp, waits, p.dir, name); absent(err) {
				continue // the rival has removed its file again
			}
		}
		switch {
		case err == nil:
			_ = tmp.remove(p.store.claimName(key))
			return nil
		case !absent(err):
			return err
		}
		if _, err := tmp.stat(waits); absent(err) {
			return errTempGone
		}
		p.close() // another program has removed the empty folder
	}
}

// replace puts a file, whose bytes are durable, in the place of the version that it
// replaces. It removes the file if that is there no longer.
func (p *placer) replace(key string, file waitingFile) error {
	tmp, err := p.root.tmp(false)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), longWait)
	defer cancel()
	done, err := p.store.swap(ctx, p.root, key, file.token, func() error {
		if err := p.open(path.Dir(key)); err != nil {
			return err
		}
		return tmp.rename(file.name, p.dir, path.Base(key))
	})
	if err == nil && !done {
		err = tmp.remove(file.name)
	}
	if absent(err) {
		err = errTempGone
	}
	return err
}

// open opens a folder, and makes it if need be.
func (p *placer) open(name string) (err error) {
	if p.dir != nil && p.name == name {
		return nil
	}
	p.close()
	p.name = name
	p.dir, err = makeDir(p.root, name, p.store.waiting.later(p.waiting))
	return err
}

func (p *placer) close() {
	if p.dir != nil {
		p.dir.Close()
		p.dir = nil
	}
}

// takenBySame removes a waiting file whose name is taken by one with the same bytes. It
// fails with errTwoWriters if the bytes are others.
func takenBySame(tmp handle, waits string, dir handle, name string) error {
	mine, _, err := openRegular(tmp, waits)
	if err != nil {
		return err
	}
	defer mine.Close()
	other, _, err := openRegular(dir, name)
	if err != nil {
		return err
	}
	defer other.Close()
	same, err := Same(context.Background(), other, func(w io.Writer) error {
		_, err := io.Copy(w, mine)
		return err
	})
	if err == nil && !same {
		err = errTwoWriters
	}
	if err == nil {
		_ = tmp.remove(waits)
	}
	return err
}
