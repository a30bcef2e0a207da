package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/ci/testenv"
)

// TestReadOnlyFolder: folders that may not be written to are named, with a fix.
func TestReadOnlyFolder(t *testing.T) {
	folder, chart := t.TempDir(), writeChart(t)
	if err := os.Chmod(folder, 0o555); err != nil {
		t.Fatal(err)
	}
	testenv.Unprivileged(t)
	for _, args := range [][]string{
		{"drop", "--drop", filepath.Join(folder, "drop"), "stable", chart},
		{"drop", "--drop", folder, "stable", chart},
		{"generate", "--drop", t.TempDir(), "--site", filepath.Join(folder, "site")},
	} {
		code, _, stderr := runIn(t, t.Context(), args...)
		if code != exitFailed || !strings.Contains(stderr, "permission denied") || !strings.Contains(stderr, "hint: run it as a user") {
			t.Errorf("%q: exit code %d, %s", args, code, stderr)
		}
	}
}

// TestFullOutput writes a result to a device that is always full.
func TestFullOutput(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	var stderr bytes.Buffer
	if code := run(context.Background(), []string{"version"}, nil, full, &stderr); code != exitFailed || !strings.Contains(stderr.String(), "hint: free some space") {
		t.Errorf("exit code %d, %s", code, &stderr)
	}
}
