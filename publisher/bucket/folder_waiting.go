package bucket

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"sync"
	"time"
)

// A waitingRoom knows which files wait for the next flush.
type waitingRoom struct {
	mu      sync.Mutex
	files   map[string]string // temporary files, by key
	failed  map[string]error  // why some of them could not be made safe
	unsafe  bool              // some names are not durable yet
	writers int               // that may be about to add something
	flushes int               // under way: 0 or 1
	disk    *os.File          // opened before the first byte is written, so that it reports every error since
}

// enter begins a deferred write. It reports false if the disk cannot flush
// many files at once.
func (w *waitingRoom) enter(sync *fileSync, root *os.Root) (bool, error) {
	if sync.all == nil {
		return false, nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.disk == nil {
		disk, err := root.Open(".")
		if err != nil {
			return false, err
		}
		if !sync.can(disk) {
			return false, disk.Close()
		}
		w.disk = disk
	}
	w.writers++
	return true, nil
}

// leave ends what enter began.
func (w *waitingRoom) leave() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.writers--
	w.rest()
}

// rest closes the disk when nothing waits: while it is open, nobody can
// unmount it.
func (w *waitingRoom) rest() {
	if w.disk != nil && w.writers+w.flushes+len(w.files) == 0 && !w.unsafe {
		w.disk.Close()
		w.disk = nil
	}
}

// add lets a file wait, unless one waits for that key already. It calls late when
// something has waited for long.
func (w *waitingRoom) add(key, tmp string, late func()) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.files[key] != "" {
		return false
	}
	if w.files == nil {
		w.files, w.failed = map[string]string{}, map[string]error{}
	}
	if len(w.files) == 0 {
		time.AfterFunc(longWait, late)
	}
	w.files[key] = tmp
	return true
}

// find returns the file that waits for a key, or "", and the reason if it could not
// be made safe.
func (w *waitingRoom) find(key string) (tmp string, failure error) {
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
}

// unsettled notes that some names are not durable yet.
func (w *waitingRoom) unsettled() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.unsafe = true
}

// start begins a flush of what waits, if there is anything to flush.
func (w *waitingRoom) start() (files map[string]string, ok bool, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.failure(); err != nil || len(w.files) == 0 && !w.unsafe {
		return nil, false, err
	}
	w.flushes++
	return maps.Clone(w.files), true, nil
}

// sync makes durable everything that was written before.
func (w *waitingRoom) sync(all func(*os.File) error) error {
	w.mu.Lock()
	w.unsafe = false
	disk := w.disk
	w.mu.Unlock()
	err := all(disk)
	if err != nil {
		w.unsettled()
	}
	return err
}

// end ends a flush whose result is err.
func (w *waitingRoom) end(err error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.flushes--
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
