package main

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/generator/charttest"
)

// Where a run's time goes is written into files that are whole, also if the run
// fails. Their variables do the same as the flags.
func TestProfiles(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("web-1.0.0.tgz", charttest.Simple("web", "1.0.0"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := runIn(t, t.Context(), "drop", "stable", "web-1.0.0.tgz"); code != exitDone {
		t.Fatal(stderr)
	}
	t.Setenv("PORTOLAN_TRACE", "trace")
	if code, stdout, stderr := runIn(t, t.Context(), "generate", "--cpuprofile", "cpu"); code != exitDone || !strings.Contains(stdout, "1 accepted") {
		t.Fatalf("exit %d: %s%s", code, stdout, stderr)
	}
	begins(t, "cpu", "\x1f\x8b")
	begins(t, "trace", "go 1.")

	if err := os.WriteFile("site/stable/index.yaml", []byte("entries: {}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll("site/stable/log"); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := runIn(t, t.Context(), "generate", "--channel", "stable", "--cpuprofile", "cpu2"); code != exitFailed {
		t.Errorf("exit %d of a run that fails: %s", code, stderr)
	}
	begins(t, "cpu2", "\x1f\x8b")
}

// A profile that cannot be written is told before anything is done.
func TestProfileNowhere(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, flag := range []string{"--cpuprofile", "--trace"} {
		code, _, stderr := runIn(t, t.Context(), "generate", flag, "nowhere/file")
		if code != exitFailed || !strings.Contains(stderr, "nowhere/file") {
			t.Errorf("%s: exit %d: %s", flag, code, stderr)
		}
	}
}

func begins(t *testing.T, name, with string) {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil || !bytes.HasPrefix(b, []byte(with)) {
		t.Errorf("%s has %d bytes that do not begin with %q (%v)", name, len(b), with, err)
	}
}
