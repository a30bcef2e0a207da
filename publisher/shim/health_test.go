package shim

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"
)

// TestReadyDisk checks that a shim is not ready if it cannot keep uploads on disk
// while it checks them, and that the probe leaves no files.
func TestReadyDisk(t *testing.T) {
	dir := t.TempDir()
	for folder, status := range map[string]int{dir: http.StatusOK, filepath.Join(dir, "missing"): http.StatusServiceUnavailable} {
		for _, name := range []string{"TMPDIR", "TMP", "TEMP"} {
			t.Setenv(name, folder)
		}
		p := open(t, nil)
		got := p.get("/readyz")
		if got.StatusCode != status {
			t.Errorf("readyz with %s: %d %s, want %d", folder, got.StatusCode, got.body, status)
		}
		if status != http.StatusOK {
			failed(t, got, status, "disk")
		}
		if live := p.get("/livez"); live.StatusCode != http.StatusOK {
			t.Errorf("livez with %s: %d", folder, live.StatusCode)
		}
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("the folder has %v, %v", left, err)
	}
}
