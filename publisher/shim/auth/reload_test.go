package auth

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/publisher/shim/reread"
)

// withToken returns an auth file with the foreign token, under this id.
func withToken(id string) string {
	return "tokens: [{id: " + id + ", hash: '" + HashToken(foreign) + "', scopes: [\"read:**\"]}]\n"
}

// who returns the identity of the foreign token, or "" if it is refused.
func (w *world) who() string {
	w.t.Helper()
	id, err := w.a.Identify(request(w.t, "Bearer "+foreign))
	if errors.Is(err, ErrCredentials) {
		return ""
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return id.String()
}

func (w *world) wants(who string) {
	w.t.Helper()
	if got := w.who(); got != who {
		w.t.Errorf("got %q, want %q", got, who)
	}
}

func TestReload(t *testing.T) {
	w := newWorld(t, withToken("one"))
	w.wants("token one")
	w.write("auth.yaml", withToken("two"))
	w.pass(reread.Every - 1)
	w.wants("token one") // not looked at yet
	w.pass(1)
	w.wants("token two")

	w.write("auth.yaml", "tokens: [{id: three}]\n")
	for range 3 {
		w.pass(time.Minute)
		w.wants("token two") // the last good one
	}
	if got := strings.Count(w.log.String(), "the last good one stays in force"); got != 1 {
		t.Errorf("a bad file is logged %d times, want 1:\n%s", got, w.log)
	}
	if !strings.Contains(w.log.String(), `auth.yaml:1: tokens[0]: the key \"hash\" is missing`) {
		t.Errorf("the log does not say why:\n%s", w.log)
	}

	w.write("auth.yaml", "")
	w.pass(time.Minute)
	w.wants("token two") // a file that is just being written may be empty
	w.write("auth.yaml", withToken("four"))
	w.pass(time.Minute)
	w.wants("token four")
	w.write("auth.yaml", "anonymous: []\n")
	w.pass(time.Minute)
	w.wants("")
}

func TestReloadGone(t *testing.T) {
	w := newWorld(t, withToken("one"))
	path := filepath.Join(w.dir, "auth.yaml")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		w.pass(time.Minute)
		w.wants("token one")
	}
	if got := strings.Count(w.log.String(), "level=ERROR"); got != 1 {
		t.Errorf("a missing file is logged %d times, want 1:\n%s", got, w.log)
	}
	w.write("auth.yaml", withToken("two"))
	w.pass(time.Minute)
	w.wants("token two")
}

// A change is noticed if the file is written in place, and if a new file has the
// time and size of the old one.
func TestReloadInPlace(t *testing.T) {
	w := newWorld(t, withToken("one"))
	path := filepath.Join(w.dir, "auth.yaml")
	if err := os.WriteFile(path, []byte(withToken("longer")), 0o600); err != nil {
		t.Fatal(err)
	}
	w.pass(time.Minute)
	w.wants("token longer")
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	w.write("auth.yaml", withToken("abcdef"))
	if err := os.Chtimes(path, time.Time{}, info.ModTime()); err != nil {
		t.Fatal(err)
	}
	w.pass(time.Minute)
	w.wants("token abcdef")
}

// Kubernetes updates a secret by replacing the symbolic link ..data, which the links
// to the files lead through.
func TestReloadSymlink(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // symbolic links take a right that tests do not have there
	}
	dir := t.TempDir()
	version := func(name, id, password string) {
		folder := filepath.Join(dir, name)
		if err := os.Mkdir(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		text := withToken(id) + "htpasswd: htpasswd\nusers: [{name: alice, scopes: [read:a]}]\n"
		for file, text := range map[string]string{"auth.yaml": text, "htpasswd": hashed(t, "alice", password)} {
			path := filepath.Join(folder, file)
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chtimes(path, time.Time{}, time.Unix(0, 0)); err != nil { // the same for all
				t.Fatal(err)
			}
		}
		if err := os.Symlink(name, filepath.Join(dir, "..new")); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(dir, "..new"), filepath.Join(dir, "..data")); err != nil {
			t.Fatal(err)
		}
	}
	version("..1", "one", "old password")
	for _, file := range []string{"auth.yaml", "htpasswd"} {
		if err := os.Symlink("..data/"+file, filepath.Join(dir, file)); err != nil {
			t.Fatal(err)
		}
	}
	w := openWorld(t, dir)
	w.wants("token one")
	version("..2", "two", "new password")
	if err := os.RemoveAll(filepath.Join(dir, "..1")); err != nil {
		t.Fatal(err)
	}
	w.pass(time.Minute)
	w.wants("token two")
	if _, err := w.a.Identify(request(t, basic("alice", "old password"))); !errors.Is(err, ErrCredentials) {
		t.Errorf("the old password: got error %v", err)
	}
	if _, err := w.a.Identify(request(t, basic("alice", "new password"))); err != nil {
		t.Errorf("the new password: %v", err)
	}
}

// A change of the htpasswd file alone is noticed, and forgets the passwords
// that were right.
func TestReloadHtpasswd(t *testing.T) {
	w := newWorld(t, "htpasswd: htpasswd\nusers: [{name: alice, scopes: [read:a]}]\n", hashed(t, "alice", "first"))
	try := func(password string, want error) {
		t.Helper()
		if _, err := w.a.Identify(request(t, basic("alice", password))); !errors.Is(err, want) {
			t.Errorf("%s: got error %v, want %v", password, err, want)
		}
	}
	try("first", nil)
	w.write("htpasswd", hashed(t, "alice", "second"))
	w.pass(reread.Every)
	try("first", ErrCredentials)
	try("second", nil)
	w.write("htpasswd", "alice:plain\n")
	w.pass(reread.Every)
	try("second", nil) // the last good one
	w.write("htpasswd", "")
	w.pass(reread.Every)
	try("second", ErrCredentials) // nobody is left, though auth.yaml names alice
	if !strings.Contains(w.log.String(), "cannot log in") {
		t.Errorf("the log does not say so:\n%s", w.log)
	}
}

// If a new auth file names a bad htpasswd file, fixing only that is enough.
func TestReloadMended(t *testing.T) {
	w := newWorld(t, withToken("one"), "alice:plain\n")
	w.write("auth.yaml", withToken("two")+"htpasswd: htpasswd\n")
	w.pass(reread.Every)
	w.wants("token one")
	w.write("htpasswd", "")
	w.pass(reread.Every)
	w.wants("token two")
}

func TestWorldReadable(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // there are no such modes
	}
	w := newWorld(t, withToken("one"))
	if err := os.Chmod(filepath.Join(w.dir, "auth.yaml"), 0o644); err != nil {
		t.Fatal(err)
	}
	open := openWorld(t, w.dir)
	open.wants("token one")
	if got := open.log.String(); !strings.Contains(got, "level=WARN") || !strings.Contains(got, "auth.yaml can be read by every user of this machine; chmod o-r it") {
		t.Errorf("got %q, want a warning", got)
	}
}

// TestOpenNoFile checks that only regular files are read, since others might never
// end.
func TestOpenNoFile(t *testing.T) {
	if _, err := Open(t.TempDir(), nil, nil); err == nil || !strings.Contains(err.Error(), "must be a regular file") {
		t.Errorf("a folder: %v", err)
	}
}
