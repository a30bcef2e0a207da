package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/ci/testenv"
)

// TestClosedFolderInSite: a folder in the site that only somebody else may read fails no run,
// and hides no warning about another one.
func TestClosedFolderInSite(t *testing.T) {
	dir, chart := t.TempDir(), writeChart(t)
	drop, site := filepath.Join(dir, "drop"), filepath.Join(dir, "site")
	generate := []string{"generate", "--pages=false", "--drop", drop, "--site", site}
	for _, args := range [][]string{{"drop", "--drop", drop, "--site", site, "team/two", chart}, generate} {
		if code, _, stderr := runIn(t, t.Context(), args...); code != 0 {
			t.Fatalf("%q: exit code %d, %s", args, code, stderr)
		}
	}
	if err := os.Rename(filepath.Join(site, "team/two"), filepath.Join(site, "team/v2")); err != nil {
		t.Fatal(err)
	}
	for _, closed := range []string{"private", "team/private", "all"} {
		closed = filepath.Join(site, closed)
		if err := os.Mkdir(closed, 0); err != nil {
			t.Fatal(err)
		}
		defer os.Chmod(closed, 0o755)
	}
	testenv.Unprivileged(t)
	code, _, stderr := runIn(t, t.Context(), generate...)
	if code != 0 || !strings.Contains(stderr, `"v2" is reserved`) || strings.Contains(stderr, "private") {
		t.Errorf("exit code %d, %s", code, stderr)
	}
}
