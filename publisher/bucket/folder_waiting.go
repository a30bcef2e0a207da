package bucket

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"sync"
	"time"
)

// A waitingRoom knows what waits for the next flush.
type waitingRoom struct {
	mu     sync.Mutex
	files  map[string]waitingFile // by key
	failed map[string]error       // why some of them could not be made safe
	unsafe bool                   // some names are not durable yet
	folder *openFolder            // while something waits
}

// A waitingFile is a temporary file that waits for its name.
type waitingFile struct {
	name  string
	token string // of the version that it replaces; "" if it is a new object, and has a claim
}

// rest lets go of the folder when nothing waits.
func (w *waitingRoom) rest() {
	if w.folder != nil && len(w.files) == 0 && !w.unsafe {
		w.folder.release()
		w.folder = nil
	}
}

func (w *waitingRoom) hold(f *openFolder) {
	if w.folder == nil {
		w.folder = f.share()
	}
}

// add lets a file wait, unless one waits for that key already. It calls late when
// something has waited for long.
func (w *waitingRoom) add(f *openFolder, key string, file waitingFile, late func()) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.files[key].name != "" {
		return false
	}
	w.hold(f)
	if w.files == nil {
		w.files, w.failed = map[string]waitingFile{}, map[string]error{}
	}
	if len(w.files) == 0 {
		time.AfterFunc(longWait, late)
	}
	w.files[key] = file
	return true
}

// find returns what waits for a key, without a name if nothing does, and why it could not
// be made safe.
func (w *waitingRoom) find(key string) (file waitingFile, failure error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.files[key], w.failed[key]
}

// any reports whether anything waits.
func (w *waitingRoom) any() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.files) > 0
}

func (w *waitingRoom) fail(key string, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.failed[key] = err
}

func (w *waitingRoom) remove(key string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.files, key)
	delete(w.failed, key)
	w.rest()
}

// unsettled notes that some names are not durable yet.
func (w *waitingRoom) unsettled(f *openFolder) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hold(f)
	w.unsafe = true
}

// later leaves it to the next flush to make the names in a folder durable.
func (w *waitingRoom) later(f *openFolder) func(folder handle) error {
	return func(handle) error {
		w.unsettled(f)
		return nil
	}
}

// start begins a flush of what waits, if there is anything to flush. The caller releases
// the folder.
func (w *waitingRoom) start() (folder *openFolder, files map[string]waitingFile, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.failure(); err != nil || len(w.files) == 0 && !w.unsafe {
		return nil, nil, err
	}
	return w.folder.share(), maps.Clone(w.files), nil
}

// sync makes durable everything that was written before.
func (w *waitingRoom) sync(folder *openFolder, all func(*os.File) error) error {
	w.mu.Lock()
	w.unsafe = false
	w.mu.Unlock()
	err := all(folder.disk)
	if err != nil {
		w.unsettled(folder)
	}
	return err
}

// end ends a flush whose result is err.
func (w *waitingRoom) end(err error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.rest()
	if failure := w.failure(); failure != nil {
		return failure
	}
	return err
}

// failure returns why some waiting files could not be made safe.
func (w *waitingRoom) failure() error {
	if len(w.failed) == 0 {
		return nil
	}
	key := slices.Min(slices.Collect(maps.Keys(w.failed)))
	err := About(key, plain(w.failed[key]))
	if more := len(w.failed) - 1; more > 0 {
		err = fmt.Errorf("%w (and %d more like this)", err, more)
	}
	return err
}
