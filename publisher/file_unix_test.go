//go:build unix

package publisher

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func makeFIFO(t *testing.T, name string) {
	t.Helper()
	if err := unix.Mkfifo(name, 0o666); err != nil {
		t.Fatal(err)
	}
}

// TestInboxNotAFolder: what stands in the inbox's place is not taken for an
// empty inbox.
func TestInboxNotAFolder(t *testing.T) {
	for name, place := range map[string]func(inbox string) error{
		"a file":                    func(inbox string) error { return os.WriteFile(inbox, nil, 0o666) },
		"a symbolic link":           func(inbox string) error { return os.Symlink("nowhere", inbox) },
		"a symbolic link, and that": func(inbox string) error { return os.Symlink(".", inbox) },
	} {
		s, dir := newTestFiles(t)
		inbox := filepath.Join(dir, "inbox")
		if err := place(inbox); err != nil {
			t.Fatal(err)
		}
		_, err := ReadInbox(t.Context(), s)
		if what, _, _ := strings.Cut(name, ","); err == nil || !strings.Contains(err.Error(), inbox+" is not a folder but "+what) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
