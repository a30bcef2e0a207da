package bucket

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"maps"
	"path"
	"slices"
	"time"
)

// A deferred object is not durable when it is written, so it must not get its name
// yet: after a power cut an empty file could be there, and take the name forever. It
// waits as a temporary file. The flush before the next write that is not deferred makes
// the bytes of all waiting files durable at once, renames each, and makes the names
// durable.
//
// While a new object waits, it has a second name made from its key, its claim, which keeps other
// processes from creating the object with different bytes. A process that finds a claim
// gives the file a name of its own and waits for it, too. So it does not matter if the
// other process dies, nor if that one gives the object its name and then deletes it. But
// after a restart of the machine a claim may not be whole: so its name contains the boot.

const longWait = 10 * time.Second // the longest that an object waits if nothing else is written; well below staleAfter

var (
	errTwoWriters = errors.New("another program wrote different bytes there at the same time; nothing that may refer to this file was written: run portolan again")
	errTempGone   = errors.New("its temporary file was removed before it got its name: run portolan again")
)

// createDeferred is create for an object that waits for the next flush.
func (s *folderStore) createDeferred(ctx context.Context, f *openFolder, o Object) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		// One try is enough, unless another writer was at the same key.
		if done, err := s.tryDeferred(ctx, f, o); done || err != nil {
			return err
		}
	}
}

func (s *folderStore) tryDeferred(ctx context.Context, f *openFolder, o Object) (done bool, err error) {
	switch file, failure := s.waiting.find(o.Key); {
	case failure != nil: // this is a new attempt
		if err := s.giveUp(f, o.Key, file); err != nil {
			return true, err
		}
	case file.name != "":
		return true, s.createWaiting(ctx, f, o, file.name)
	}
	// A folder that cannot be made or opened is this object's fault: a flush would hold it
	// against the next write.
	dir, err := makeDir(f, path.Dir(o.Key), s.waiting.later(f))
	if err != nil {
		return true, err
	}
	defer dir.Close()
	switch _, err := dir.stat(path.Base(o.Key)); {
	case err == nil:
		return true, s.createAgain(ctx, f, o)
	case !absent(err):
		return true, err
	}
	tmp, err := s.writeTemp(ctx, f, o, time.Time{})
	if err != nil {
		return true, err
	}
	defer tmp.remove()
	return s.claim(f, dir, o.Key, tmp)
}

// claim makes a file wait for its name in dir. If another writer is at the key, or just was, it
// reports false; what the other has claimed then waits here, too.
func (s *folderStore) claim(f *openFolder, dir handle, key string, tmp *tempFile) (bool, error) {
	claim, name := s.claimName(key), tmp.name
	err := tmp.dir.link(name, tmp.dir, claim)
	mine := err == nil
	if errors.Is(err, fs.ErrExist) {
		name = linkPrefix + rand.Text()
		err = tmp.dir.link(claim, tmp.dir, name)
	}
	if absent(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	// The previous holder of the claim first gave the object its name, and then let go.
	if _, err := dir.stat(path.Base(key)); err == nil {
		letGo(tmp.dir, claim, name)
		return false, nil
	}
	switch added := s.waiting.add(f, key, waitingFile{name: name}, s.flushLate); {
	case added && mine:
		tmp.name = ""
		return true, nil
	case mine:
		letGo(tmp.dir, claim, name)
	case !added:
		_ = tmp.dir.remove(name)
	}
	return false, nil
}

// letGo removes the names of a file that does not wait any more.
func letGo(tmp handle, claim, name string) {
	_ = tmp.remove(claim)
	_ = tmp.remove(name)
}

// createWaiting creates an object that waits already. The result depends on its bytes.
func (s *folderStore) createWaiting(ctx context.Context, f *openFolder, o Object, name string) error {
	tmp, err := f.tmp(false)
	if err != nil {
		return err
	}
	file, _, err := openRegular(tmp, name)
	if absent(err) { // it has its name by now
		if _, err := f.stat(o.Key); absent(err) {
			return errTempGone
		}
		return s.createAgain(ctx, f, o)
	}
	if err != nil {
		return err
	}
	defer file.Close()
	same, err := Same(ctx, file, o.Body)
	if err == nil && !same {
		err = ErrConflict
	}
	return err
}

// settle makes deferred objects durable, before a write that is not deferred. An
// object that could not be made durable keeps failing until it is created again,
// because the system reports lost bytes only once.
func (s *folderStore) settle(f *openFolder) error {
	_, err := s.settled(f)
	return err
}

// settled settles, and reports whether it made durable all that was written before.
func (s *folderStore) settled(f *openFolder) (all bool, err error) {
	s.flush.Lock() // a caller that comes during a flush waits for its end
	defer s.flush.Unlock()
	return s.flushWaiting(f)
}

// flushWaiting is settled with s.flush held.
func (s *folderStore) flushWaiting(f *openFolder) (all bool, err error) {
	w := &s.waiting
	folder, files, err := w.start()
	if err != nil || folder == nil {
		return false, err
	}
	defer folder.release()
	if err = w.sync(folder, s.sync.all); err == nil {
		s.placeAll(placer{store: s, root: f, waiting: folder}, files)
	}
	if err == nil && len(files) > 0 {
		err = w.sync(folder, s.sync.all)
	}
	for key := range files {
		if err != nil {
			w.fail(key, err)
		} else {
			w.remove(key)
		}
	}
	return true, w.end(err)
}

// placeAll gives waiting files their names. It removes from files those that cannot have
// them.
func (s *folderStore) placeAll(p placer, files map[string]waitingFile) {
	defer p.close()
	for _, key := range slices.Sorted(maps.Keys(files)) {
		place := p.finishCreate
		if files[key].token != "" {
			place = p.finishReplace
		}
		if err := place(key, files[key]); err != nil {
			s.waiting.fail(key, err)
			delete(files, key)
		}
	}
}

// giveUp forgets an object that could not be made safe.
func (s *folderStore) giveUp(f *openFolder, key string, file waitingFile) error {
	tmp, err := f.tmp(false)
	if err != nil {
		return err
	}
	if file.token == "" {
		letGo(tmp, s.claimName(key), file.name)
	} else {
		_ = tmp.remove(file.name)
	}
	s.waiting.remove(key)
	return nil
}

// flushLate flushes what has waited for long. The next writer gets its errors.
func (s *folderStore) flushLate() {
	if f, err := s.hold(); err == nil {
		defer f.release()
		_ = s.settle(f)
	}
}

func (s *folderStore) claimName(key string) string {
	sum := sha256.Sum256([]byte(s.sync.boot + key))
	return hex.EncodeToString(sum[:])
}
