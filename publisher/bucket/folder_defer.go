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

// A deferred object is not durable when it is created, so it must not get its name
// yet: after a power cut an empty file could be there, and take the name forever. It
// waits as a temporary file. The flush before the next write that is not deferred
// makes the bytes of all waiting files durable at once, links each to its name, and
// makes the names durable.
//
// While a file waits, a second link to it, in claimsDir and named after its key,
// keeps other processes from creating the object with different bytes. The claim of a
// process that died is taken over, because its bytes are complete, unless the machine
// was restarted since: so the claim's name contains the boot.

const (
	claimsDir = workDir + "/claims"

	longWait = 10 * time.Second // the longest that an object waits if nothing else is written; well below staleAfter
)

var (
	errTwoWriters = errors.New("another program wrote different bytes there at the same time; nothing that may refer to this file was written: run portolan again")
	errTempGone   = errors.New("its temporary file was removed before it got its name: run portolan again")
)

// createDeferred is create for an object that waits for the next flush.
func (s *folderStore) createDeferred(ctx context.Context, root *os.Root, o Object) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		// One try is enough, unless another writer was at the same key.
		if done, err := s.tryDeferred(ctx, root, o); done || err != nil {
			return err
		}
	}
}

func (s *folderStore) tryDeferred(ctx context.Context, root *os.Root, o Object) (done bool, err error) {
	switch tmp, failure := s.waiting.find(o.Key); {
	case failure != nil:
		s.forget(root, o.Key, tmp) // this is a new attempt
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

// openDir opens the folder of a deferred object, and makes it if need be. Later looks
// into it need not walk along the path.
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

// claim makes a temporary file wait for its name in dir. It reports false if another
// writer is at the key, or just was.
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
	// The previous holder of the claim first gave the object its name, and then let go.
	if _, err := dir.Lstat(path.Base(key)); err == nil {
		_ = root.Remove(claim) // unless the process that took it over has done so
		return false, nil
	}
	return s.waiting.add(key, tmp, s.flushLate), nil
}

// takeOver makes what another writer has claimed wait here, too: that writer may have
// died, and callers that are told that the object exists may rely on it.
func (s *folderStore) takeOver(root *os.Root, key, claim string) error {
	tmp := tmpDir + "/" + rand.Text()
	if err := root.Link(claim, tmp); err != nil {
		if absent(err) {
			return nil
		}
		return err
	}
	if _, err := root.Lstat(key); err == nil {
		_ = root.Remove(claim) // a leftover
	} else if s.waiting.add(key, tmp, s.flushLate) {
		return nil
	}
	_ = root.Remove(tmp)
	return nil
}

// compareWaiting creates an object that waits already. The result depends on its bytes.
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

// settle makes deferred objects durable, before a write that is not deferred. An
// object that could not be made durable keeps failing until it is created again,
// because the system reports lost bytes only once.
func (s *folderStore) settle(root *os.Root) error {
	s.flush.Lock() // a caller that comes during a flush waits for its end
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

// place gives a waiting file its name. Its bytes are durable.
func (s *folderStore) place(root *os.Root, key, tmp string) error {
	for {
		err := root.Link(tmp, key)
		if absent(err) { // another program has removed the empty folder
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
			continue // the rival has removed its file again
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

// flushLate flushes what has waited for long. The next writer gets its errors.
func (s *folderStore) flushLate() {
	if root, err := s.openRoot(); err == nil {
		defer root.Close()
		_ = s.settle(root)
	}
}

func (s *folderStore) claimName(key string) string {
	return fmt.Sprintf("%s/%x", claimsDir, sha256.Sum256([]byte(s.sync.boot+key)))
}
