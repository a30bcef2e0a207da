//go:build unix

package droparea_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
	"github.com/portolan-charts/portolan/publisher/droparea"
)

// TestInboxNotAFolder: what stands in the inbox's place is not taken for an
// empty inbox.
func TestInboxNotAFolder(t *testing.T) {
	for name, place := range map[string]func(inbox string) error{
		"a file":                    func(inbox string) error { return os.WriteFile(inbox, nil, 0o666) },
		"a symbolic link":           func(inbox string) error { return os.Symlink("nowhere", inbox) },
		"a symbolic link, and that": func(inbox string) error { return os.Symlink(".", inbox) },
	} {
		dir := t.TempDir()
		inbox := filepath.Join(dir, "inbox")
		if err := place(inbox); err != nil {
			t.Fatal(err)
		}
		_, err := droparea.ReadInbox(t.Context(), buckettest.Open(t, dir))
		if what, _, _ := strings.Cut(name, ","); err == nil || !strings.Contains(err.Error(), inbox+" is not a folder but "+what) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
