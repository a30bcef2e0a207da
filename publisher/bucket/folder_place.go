package bucket

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"path"
)

// A placer gives files their names: those that wait, and those of [WriteAll].
type placer struct {
	store   *folderStore
	root    *openFolder
	waiting *openFolder // as the waiting room holds it

	dir  handle // of the last file, since the next one is often beside it; or nil
	name string // of that folder
}

// create gives the file of a new object, whose bytes are durable, its name. It removes the
// file if the name is taken by one with the same bytes.
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
		if err == nil || !absent(err) {
			return err
		}
		if _, err := tmp.stat(waits); absent(err) {
			return errTempGone
		}
		p.close() // another program has removed the empty folder
	}
}

// replace puts a file, whose bytes are durable, in the place of the version that it
// replaces. It reports whether that was still there.
func (p *placer) replace(ctx context.Context, key string, file waitingFile) (done bool, err error) {
	tmp, err := p.root.tmp(false)
	if err != nil {
		return false, err
	}
	return p.store.swap(ctx, p.root, key, file.token, func() error {
		if err := p.open(path.Dir(key)); err != nil {
			return err
		}
		return tmp.rename(file.name, p.dir, path.Base(key))
	})
}

// finishCreate is create for a file that waits. It lets go of the claim.
func (p *placer) finishCreate(key string, file waitingFile) error {
	if err := p.create(key, file); err != nil {
		return err
	}
	if tmp, err := p.root.tmp(false); err == nil {
		_ = tmp.remove(p.store.claimName(key))
	}
	return nil
}

// finishReplace is replace for a file that waits. It removes the file if the version that it
// replaces is there no longer.
func (p *placer) finishReplace(key string, file waitingFile) error {
	ctx, cancel := context.WithTimeout(context.Background(), longWait)
	defer cancel()
	done, err := p.replace(ctx, key, file)
	if err == nil && !done {
		var tmp handle
		if tmp, err = p.root.tmp(false); err == nil {
			err = tmp.remove(file.name)
		}
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
