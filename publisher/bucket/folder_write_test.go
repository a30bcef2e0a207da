package bucket

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// TestFolderWriteError: an error of writing does not name the temporary file,
// which nobody but the store knows; one of reading names what was read.
func TestFolderWriteError(t *testing.T) {
	s, dir := newTestFiles(t)
	broken := func(w io.Writer) error { // as if the disk were full
		if err := w.(*bodyWriter).w.(*os.File).Close(); err != nil {
			return err
		}
		_, err := io.Copy(w, strings.NewReader("content"))
		return fmt.Errorf("copying: %w", err)
	}
	err := s.Create(t.Context(), Object{Key: "a/b", Body: broken})
	if want := "a/b: writing its content: write: file already closed"; err == nil || err.Error() != want || !errors.Is(err, os.ErrClosed) {
		t.Errorf("got %v, want %s", err, want)
	}
	missing := filepath.Join(dir, "missing")
	unreadable := func(io.Writer) error {
		_, err := os.Open(missing)
		return err
	}
	if err := s.Create(t.Context(), Object{Key: "a/b", Body: unreadable}); err == nil || !strings.Contains(err.Error(), missing) {
		t.Errorf("got %v, want an error that names %s", err, missing)
	}
}

// TestFolderFirstWrites: several writers may find the folder missing, and make it. None
// of them takes it for a folder that has vanished.
func TestFolderFirstWrites(t *testing.T) {
	for range 200 {
		s, err := newFolderStore(filepath.Join(t.TempDir(), "new"))
		if err != nil {
			t.Fatal(err)
		}
		var writers sync.WaitGroup
		for i := range 8 {
			writers.Go(func() {
				if err := s.Create(t.Context(), Object{Key: fmt.Sprint(i), Body: Bytes(nil)}); err != nil {
					t.Error(err)
				}
			})
		}
		writers.Wait()
	}
}
