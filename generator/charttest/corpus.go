package charttest

import (
	"os"
	"path/filepath"
	"testing"
)

// Corpus returns the files of real charts: those in the folder that PORTOLAN_CORPUS
// names, or the few in this repository.
func Corpus(t testing.TB) []string {
	t.Helper()
	dir := os.Getenv("PORTOLAN_CORPUS")
	if dir == "" {
		dir = filepath.Join("testdata", "charts")
		for range 3 { // a test runs in its package's folder
			if _, err := os.Stat(dir); err == nil {
				break
			}
			dir = filepath.Join("..", dir)
		}
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.tgz"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %d charts, %v", dir, len(files), err)
	}
	return files
}
