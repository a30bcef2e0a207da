package droparea_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/ci/testenv"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
	"github.com/portolan-charts/portolan/publisher/droparea"
)

// TestInboxUnreadableFolder: a folder that this user may not read does not keep
// the rest of the inbox from being listed; it fails its channel. In a site such a folder
// is an error: nothing may be overlooked there.
func TestInboxUnreadableFolder(t *testing.T) {
	dir := t.TempDir()
	s := buckettest.Open(t, dir)
	for _, folder := range []string{".git", "a", "m", "m/below", "x", "z"} {
		buckettest.WriteFile(t, "x", dir, "inbox", filepath.FromSlash(folder), "web-1.0.0.tgz")
	}
	// One folder tells no names, the other nothing but names.
	for folder, mode := range map[string]os.FileMode{".git": 0o300, "m": 0o300, "x": 0o644} {
		name := filepath.Join(dir, "inbox", folder)
		if err := os.Chmod(name, mode); err != nil {
			t.Fatal(err)
		}
		defer os.Chmod(name, 0o700)
	}
	testenv.Unprivileged(t)
	inbox, err := droparea.ReadInbox(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, w := range inbox.Channels {
		names = append(names, w.Channel)
		unreadable := w.Err != nil && strings.HasPrefix(w.Err.Error(), "inbox/"+w.Channel+": ") && strings.HasSuffix(w.Err.Error(), "permission denied")
		if want := w.Channel == "m" || w.Channel == "x"; unreadable != want || want && len(w.Uploads)+len(w.Foreign) > 0 {
			t.Errorf("%s: %v, %d files", w.Channel, w.Err, len(w.Foreign))
		}
	}
	if got := strings.Join(names, " "); got != "a m x z" {
		t.Errorf("got the channels %s, want a m x z", got)
	}
	// A folder whose name is not that of a channel fails no channel.
	if len(inbox.Ignored) != 1 || inbox.Ignored[0].Key != "inbox/.git" || !strings.HasPrefix(inbox.Ignored[0].Reason, "cannot be read: ") {
		t.Fatalf("ignored %v, want inbox/.git", inbox.Ignored)
	}
	for _, err = range s.List(t.Context(), "inbox", bucket.Descendants) {
	}
	if err == nil || !strings.HasPrefix(err.Error(), "inbox/.git: ") {
		t.Errorf("listing it as a store: got %v", err)
	}
}

// TestInboxOddNames: files in the inbox under a name that no store takes, and links, are
// reported, because somebody may be waiting for them.
func TestInboxOddNames(t *testing.T) {
	dir := t.TempDir()
	s := buckettest.Open(t, dir)
	for _, name := range []string{"good.tgz", `back\slash.tgz`, "latin-\xe9.tgz"} {
		buckettest.WriteFile(t, "x", dir, "inbox", "stable", name)
	}
	buckettest.WriteFile(t, "x", dir, "inbox", `group\app`, "web.tgz")
	if err := os.Symlink("good.tgz", filepath.Join(dir, "inbox", "stable", "link.tgz")); err != nil {
		t.Fatal(err)
	}
	inbox, err := droparea.ReadInbox(t.Context(), s)
	if err != nil || len(inbox.Channels) != 1 || len(inbox.Channels[0].Foreign) != 1 {
		t.Fatalf("got %+v, %v", inbox, err)
	}
	var ignored []string
	for _, i := range inbox.Ignored {
		ignored = append(ignored, i.Key+" "+i.Reason)
	}
	const name = " cannot be used: its name has a backslash or is not UTF-8, or its path is too long"
	want := []string{
		`"inbox/group\\app"` + name,
		`"inbox/stable/back\\slash.tgz"` + name,
		`"inbox/stable/latin-\xe9.tgz"` + name,
		"inbox/stable/link.tgz is neither a file nor a folder",
	}
	if got := strings.Join(ignored, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
	for e, err := range s.List(t.Context(), "", bucket.Descendants) {
		if err != nil || e.Key != "inbox/stable/good.tgz" {
			t.Errorf("the store shows %q, %v", e.Key, err)
		}
	}
}
