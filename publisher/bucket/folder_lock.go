package bucket

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"time"

	"github.com/portolan-charts/portolan/publisher/pause"
)

// lock makes all other calls that replace or remove key wait until unlock is called,
// in this process and in others. If a process dies, the operating system unlocks. Keys
// share 256 lock files, which are never removed.
func (s *folderStore) lock(ctx context.Context, f *openFolder, key string) (unlock func() error, err error) {
	name := fmt.Sprintf("%s/%02x", locksDir, sha256.Sum256([]byte(key))[0])
	file, err := f.open(name, os.O_RDWR|os.O_CREATE)
	if absent(err) {
		var dir handle
		if dir, err = makeDir(f, locksDir, s.syncNames); err != nil {
			return nil, err
		}
		dir.Close()
		file, err = f.open(name, os.O_RDWR|os.O_CREATE)
	}
	if err != nil {
		return nil, err
	}
	// Polling, rather than waiting in the kernel, lets a canceled caller stop. Locks
	// are held for microseconds.
	for wait := 100 * time.Microsecond; ; wait = min(2*wait, 10*time.Millisecond) {
		locked, err := tryLock(file)
		if locked {
			return file.Close, nil // which unlocks
		}
		if err == nil {
			err = pause.For(ctx, wait)
		}
		if err != nil {
			file.Close()
			return nil, err
		}
	}
}
