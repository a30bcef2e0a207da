package buckettest

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

// Open opens the store at url, or fails the test.
func Open(t *testing.T, url string) bucket.Store {
	t.Helper()
	s, err := bucket.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// WriteFile writes a file as another program does, with the folders around it.
func WriteFile(t *testing.T, content string, elem ...string) {
	t.Helper()
	name := filepath.Join(elem...)
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
}

// Start is the time at which the clock of [Clocked] begins.
func Start() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

// Clocked returns a store whose clock the test sets.
func Clocked(t *testing.T) (*Mem, *time.Time) {
	now := Start()
	return &Mem{TB: t, Now: func() time.Time { return now }}, &now
}
