package bucket

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"time"
)

// A deferred object is not durable when it is created, so it must not lie under
// its name yet: after a power cut an empty file could be there, and its name
// never be free again. It waits as a temporary file. The flush before the next
// write that is not deferred makes the bytes of all that waits durable at once,
// links each file to its name, and makes the names durable.
//
// While a file waits, a second link to it, in claimsDir and named for its key,
// keeps other processes from creating the object with other bytes. The claim of
// a process that died is taken over, for its bytes are all there, unless the
// machine has been started since: so the boot is in the claim's name.

const (
	claimsDir = workDir + "/claims"

	longWait = 10 * time.Second // how long an object waits if nothing else is written; well below staleAfter
)

var (
	errTwoWriters = errors.New("another program has written other bytes there at the same time; nothing that may refer to it is written until it has been tried again: run portolan again")
	errTempGone   = errors.New("its temporary file was removed before it was in place: run portolan again")
)

// createDeferred is create for an object that waits for the next flush.
func (s *folderStore) createDeferred(ctx context.Context, root *os.Root, o Object) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		// Each try ends here, unless somebody else was at the same key.
		if done, err := s.tryDeferred(ctx, root, o); done || err != nil {
			return err
		}
	}
}

func (s *folderStore) tryDeferred(ctx context.Context, root *os.Root, o Object) (done bool, err error) {
	switch tmp, failure := s.waiting.find(o.Key); {
	case failure != nil:
		s.forget(root, o.Key, tmp) // this is another try
	case tmp != "":
		return s.compareWaiting(ctx, root, tmp, o)
	}
	dir, err := s.openDir(root, path.Dir(o.Key))
	if err != nil {
		return true, err
	}
	defer dir.Close()
	switch _, err := dir.Lstat(path.Base(o.Key)); {
	case err == nil:
		return true, s.createAgain(ctx, root, o)
	case !absent(err):
		return true, err
	}
	tmp, err := s.writeTemp(ctx, root, o, time.Time{})
	if err != nil {
		return true, err
	}
	done, err = s.claim(root, dir, o.Key, tmp)
	if !done {
		_ = root.Remove(tmp)
	}
	return done, err
}

// openDir opens the folder that a deferred object is to lie in, and makes it if
// need be. Looking into it again costs no walk along the path.
func (s *folderStore) openDir(root *os.Root, name string) (*os.Root, error) {
	dir, err := root.OpenRoot(name)
	if absent(err) {
		if err := s.mkdirs(root, name, true); err != nil {
			return nil, err
		}
		return root.OpenRoot(name)
	}
	return dir, err
}

// claim makes a temporary file wait for its name in dir. It reports false if
// somebody else is at the key, or just was.
func (s *folderStore) claim(root, dir *os.Root, key, tmp string) (bool, error) {
	claim := s.claimName(key)
	err := root.Link(tmp, claim)
	if absent(err) {
		if err = s.mkdirs(root, claimsDir, false); err == nil {
			err = root.Link(tmp, claim)
		}
	}
	if errors.Is(err, fs.ErrExist) {
		return false, s.takeOver(root, key, claim)
	}
	if err != nil {
		return false, err
	}
	// Who had the claim before gave the object its name first, and then let go.
	if _, err := dir.Lstat(path.Base(key)); err == nil {
		_ = root.Remove(claim) // unless whoever took it over has done so
		return false, nil
	}
	return s.waiting.add(key, tmp, s.flushLate), nil
}

// takeOver makes what another writer has claimed wait here, too: they may have
// died, and whoever is told that the object is there may rely on it.
func (s *folderStore) takeOver(root *os.Root, key, claim string) error {
	tmp := tmpDir + "/" + rand.Text()
	if err := root.Link(claim, tmp); err != nil {
		if absent(err) {
			return nil
		}
		return err
	}
	if _, err := root.Lstat(key); err == nil {
		_ = root.Remove(claim) // left behind
	} else if s.waiting.add(key, tmp, s.flushLate) {
		return nil
	}
	_ = root.Remove(tmp)
	return nil
}

// compareWaiting creates what waits already: all depends on its bytes.
func (s *folderStore) compareWaiting(ctx context.Context, root *os.Root, tmp string, o Object) (done bool, err error) {
	f, _, err := openRegular(root, tmp)
	if absent(err) {
		return false, nil // it has its name by now
	}
	if err != nil {
		return true, err
	}
	defer f.Close()
	same, err := Same(ctx, f, o.Body)
	if err == nil && !same {
		err = ErrConflict
	}
	return true, err
}

// settle makes durable what was deferred, before a write that is not. What
// could not be made so keeps failing until it is created again: the system
// reports once only that it lost bytes.
func (s *folderStore) settle(root *os.Root) error {
	s.flush.Lock() // whoever comes while another flushes waits for it to be done
	defer s.flush.Unlock()
	w := &s.waiting
	files, ok, err := w.start()
	if err != nil || !ok {
		return err
	}
	err = w.sync(s.sync.all)
	for key, tmp := range files {
		failure := err
		if err == nil {
			failure = s.place(root, key, tmp)
		}
		if failure != nil {
			w.fail(key, failure)
			delete(files, key)
		}
	}
	if err == nil && len(files) > 0 {
		err = w.sync(s.sync.all)
	}
	for key, tmp := range files {
		if err != nil {
			w.fail(key, err)
		} else {
			s.forget(root, key, tmp)
		}
	}
	return w.end(err)
}

// place gives a file that waited its name. Its bytes are durable.
func (s *folderStore) place(root *os.Root, key, tmp string) error {
	for {
		err := root.Link(tmp, key)
		if absent(err) { // somebody has removed the empty folder
			if err = s.mkdirs(root, path.Dir(key), true); err == nil {
				err = root.Link(tmp, key)
			}
		}
		switch {
		case absent(err):
			return errTempGone
		case !errors.Is(err, fs.ErrExist):
			return err
		}
		same, err := sameFiles(root, tmp, key)
		switch {
		case absent(err):
			continue // a rival has taken its own away again
		case err == nil && !same:
			return errTwoWriters
		}
		return err
	}
}

// sameFiles reports whether two files have the same bytes.
func sameFiles(root *os.Root, a, b string) (bool, error) {
	f, _, err := openRegular(root, a)
	if err != nil {
		return false, err
	}
	defer f.Close()
	g, _, err := openRegular(root, b)
	if err != nil {
		return false, err
	}
	defer g.Close()
	return Same(context.Background(), g, func(w io.Writer) error {
		_, err := io.Copy(w, f)
		return err
	})
}

// forget removes what is left of an object that waited.
func (s *folderStore) forget(root *os.Root, key, tmp string) {
	_ = root.Remove(s.claimName(key))
	s.waiting.remove(key)
	_ = root.Remove(tmp)
}

// flushLate flushes what has waited for long. What goes wrong is reported to
// the next writer.
func (s *folderStore) flushLate() {
	if root, err := s.openRoot(); err == nil {
		defer root.Close()
		_ = s.settle(root)
	}
}

func (s *folderStore) claimName(key string) string {
	return fmt.Sprintf("%s/%x", claimsDir, sha256.Sum256([]byte(s.sync.boot+key)))
}
