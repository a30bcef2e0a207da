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

// place gives the claim on a key its name. Its bytes are durable. The token is that of
// the claim.
func (p *placer) place(key, token string) error {
	tmp, err := p.root.tmp(false)
	if err != nil {
		return err
	}
	claim, name := p.store.claimName(key), path.Base(key)
	for {
		if err := p.open(path.Dir(key)); err != nil {
			return err
		}
		err := tmp.move(claim, p.dir, name)
		if errors.Is(err, fs.ErrExist) {
			err = takenBySame(tmp, claim, p.dir, name)
			if absent(err) {
				continue // the rival has removed its file again
			}
			return err
		}
		if !absent(err) {
			return err
		}
		if fi, err := p.dir.stat(name); err == nil && fileToken(fi) == token {
			return nil // another process waited for it, too
		}
		if _, err := tmp.stat(claim); absent(err) {
			return errTempGone
		}
		p.close() // another program has removed the empty folder
	}
}

// open opens a folder, and makes it if need be.
func (p *placer) open(name string) (err error) {
	if p.dir != nil && p.name == name {
		return nil
	}
	p.close()
	p.name = name
	p.dir, err = makeDir(p.root, name, func(handle) error {
		p.store.waiting.unsettled(p.waiting)
		return nil
	})
	return err
}

func (p *placer) close() {
	if p.dir != nil {
		p.dir.Close()
		p.dir = nil
	}
}

// takenBySame removes a claim whose name is taken by a file with the same bytes. It fails
// with errTwoWriters if the bytes are others.
func takenBySame(tmp handle, claim string, dir handle, name string) error {
	mine, _, err := openRegular(tmp, claim)
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
		_ = tmp.remove(claim)
	}
	return err
}
