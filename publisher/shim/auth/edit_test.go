package auth

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// ids returns the ids of the tokens in an auth file.
func ids(t *testing.T, path string) []string {
	t.Helper()
	tokens, err := Tokens(path)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, token := range tokens {
		all = append(all, token.ID)
	}
	return all
}

func TestEdit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "auth.yaml")
	secret, expiry := MakeToken(), time.Date(2999, 1, 2, 3, 4, 5, 0, time.UTC)
	added := &Token{ID: "true", Hash: HashToken(secret), Scopes: []string{"write:{a,b}/**", "read:**"}, Charts: []string{"[a-c]*", "null"}, NotAfter: expiry}
	if err := AddToken(path, added); err != nil {
		t.Fatal(err)
	}
	tokens, err := Tokens(path)
	if err != nil {
		t.Fatal(err)
	}
	got := tokens[0]
	if got.ID != added.ID || got.Hash != added.Hash || !slices.Equal(got.Scopes, added.Scopes) || !slices.Equal(got.Charts, added.Charts) || !got.NotAfter.Equal(expiry) {
		t.Errorf("got %+v, want %+v", got, added)
	}
	if got.Expired(expiry) || !got.Expired(expiry.Add(1)) {
		t.Error("Expired contradicts NotAfter")
	}
	a, err := Open(path, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if id, err := a.Identify(request(t, "Bearer "+secret)); err != nil || !id.MayChart(Write, "a/x", "null") || id.MayChart(Write, "a/x", "d") {
		t.Errorf("got %v, error %v", id, err)
	}
	if err := RevokeToken(path, "true"); err != nil || ids(t, path) != nil {
		t.Errorf("got %v, error %v, want no token", ids(t, path), err)
	}
}

// An edit through a symbolic link changes the file that it leads to, and keeps the
// mode and owner.
func TestEditLike(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // there are no such modes, and symbolic links need a privilege
	}
	dir := t.TempDir()
	link, path := filepath.Join(dir, "link"), filepath.Join(dir, "auth.yaml")
	if err := os.WriteFile(path, []byte(withToken("one")), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o646); err != nil {
		t.Fatal(err)
	}
	if os.Getuid() == 0 {
		if err := os.Chown(path, 1234, 5678); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("auth.yaml", link); err != nil {
		t.Fatal(err)
	}
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := AddToken(link, &Token{ID: "two", Hash: hash1, Scopes: []string{"read:a"}}); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("the link is %v, error %v", info, err)
	}
	after, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if owner(before) != owner(after) || before.Mode() != after.Mode() {
		t.Errorf("was %v of %s, and is %v of %s", before.Mode(), owner(before), after.Mode(), owner(after))
	}
	if got := ids(t, path); !slices.Equal(got, []string{"one", "two"}) {
		t.Errorf("got %v", got)
	}
}

// owner returns a file's owner as text, since its type depends on the system.
func owner(info os.FileInfo) string {
	text := fmt.Sprintf("%+v", info.Sys())
	_, rest, _ := strings.Cut(text, "Uid:")
	uid, rest, _ := strings.Cut(rest, " ")
	_, rest, _ = strings.Cut(rest, "Gid:")
	gid, _, _ := strings.Cut(rest, " ")
	return uid + ":" + gid
}

// Concurrent additions of tokens either succeed or fail: no token is lost.
func TestEditAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "auth.yaml")
	var mu sync.Mutex
	var added []string
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			id := fmt.Sprint("token-", i)
			err := AddToken(path, &Token{ID: id, Hash: HashToken(id), Scopes: []string{"read:a"}})
			if err != nil && !strings.Contains(err.Error(), "somebody is changing") {
				t.Error(err)
			}
			if err == nil {
				mu.Lock()
				added = append(added, id)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	got := ids(t, path)
	slices.Sort(got)
	slices.Sort(added)
	if !slices.Equal(got, added) || len(got) == 0 {
		t.Errorf("got %v, want %v", got, added)
	}
}

// An edit that fails does not change the file, and leaves no lock.
func TestEditFails(t *testing.T) {
	good := withToken("one") + "anonymous: [\"read:a\"] # everybody\n"
	for name, c := range map[string]struct {
		text string
		edit func(path string) error
		want string
	}{
		"id taken":       {good, func(p string) error { return AddToken(p, &Token{ID: "one", Hash: hash1, Scopes: []string{"read:a"}}) }, "this change would make the file invalid: "},
		"no scopes":      {good, func(p string) error { return AddToken(p, &Token{ID: "two", Hash: hash1}) }, "scopes: is empty"},
		"unknown":        {good, func(p string) error { return RevokeToken(p, "two") }, `has no token with the id "two"`},
		"bad, to add":    {"x: y\n", func(p string) error { return AddToken(p, &Token{ID: "two", Hash: hash1, Scopes: []string{"read:a"}}) }, ":1: unknown key"},
		"bad, to revoke": {"x: y\n", func(p string) error { return RevokeToken(p, "one") }, ":1: unknown key"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "auth.yaml")
			if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := c.edit(path); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got error %v, want %q", err, c.want)
			}
			if b, err := os.ReadFile(path); err != nil || string(b) != c.text {
				t.Errorf("the file is now %q, error %v", b, err)
			}
			if _, err := os.Stat(path + ".lock"); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("the lock is still there: error %v", err)
			}
		})
	}
}

func TestCheck(t *testing.T) {
	good := Token{ID: "a", Scopes: []string{"read:a"}, Charts: []string{"a"}}
	if err := good.Check(); err != nil {
		t.Error(err)
	}
	if text, err := (&Token{ID: "a", Hash: hash1, Scopes: []string{"read:a"}}).YAML(); err != nil || text != "tokens:\n  - id: a\n    hash: "+hash1+"\n    scopes: [\"read:a\"]\n" {
		t.Errorf("got %q, error %v", text, err)
	}
	for _, bad := range []Token{
		{ID: "", Scopes: []string{"read:a"}},
		{ID: "a/b", Scopes: []string{"read:a"}},
		{ID: "a", Scopes: []string{""}},
		{ID: "a", Scopes: []string{"read:a", "a"}},
		{ID: "a", Scopes: []string{"read:a"}, Charts: []string{""}},
		{ID: "a", Scopes: []string{"read:a"}, Charts: []string{"a", "[a"}},
		{ID: "a", Scopes: []string{"rollback:a"}, Charts: []string{"a"}},
	} {
		if bad.Check() == nil {
			t.Errorf("%+v is not refused", bad)
		}
	}
}
