package testenv

import (
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
)

// AsNobody takes from the test's thread the rights of root over files, if it has
// them. The test's folder, dir, stays readable.
func AsNobody(t testing.TB, dir string) {
	if os.Getuid() != 0 {
		return
	}
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	runtime.LockOSThread() // and let the thread end with the test's goroutine
	if err := syscall.Setfsuid(65534); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Setfsuid(0); err != nil {
			t.Error(err)
		}
	})
}
