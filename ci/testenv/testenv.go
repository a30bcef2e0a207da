// Package testenv is what tests of several packages share. Most of it is about
// the machine that they run on: which programs it has, and how long they may wait.
//
// A machine that has only Go passes the tests: those that need another program
// are skipped, and say which. 'make test' installs all of them, so there, and in
// a CI, a missing program is a failure.
package testenv

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// Tool returns the path of what ci/tools/install builds or downloads.
func Tool(t testing.TB, name string) string {
	t.Helper()
	Complete(t, name)
	file := filepath.Join(os.Getenv("PORTOLAN_TOOLS"), name)
	if _, err := os.Stat(file); err != nil {
		t.Fatalf("%v; make test installs it", err)
	}
	return file
}

// Program returns the path of a program of the system.
func Program(t testing.TB, name string) string {
	t.Helper()
	file, err := exec.LookPath(name)
	if err != nil {
		Complete(t, name)
		t.Fatalf("%v; make test installs it, or says how", err)
	}
	return file
}

// Lacks reports whether a test may be skipped because the system does not have a
// program. Where 'make test' or a CI runs it, it may not.
func Lacks(name string) bool {
	_, err := exec.LookPath(name)
	return err != nil && os.Getenv("PORTOLAN_TOOLS") == "" && os.Getenv("CI") == ""
}

// Complete skips the test, unless 'make test' or a CI runs it. The test needs
// something that a machine with Go alone does not have, or has only after minutes.
func Complete(t testing.TB, needed string) {
	t.Helper()
	if os.Getenv("PORTOLAN_TOOLS") != "" {
		return
	}
	if os.Getenv("CI") != "" {
		t.Fatalf("needs %s, and PORTOLAN_TOOLS is not set; run the tests with: make test", needed)
	}
	t.Skipf("needs %s; run it with: make test", needed)
}

// A test that hangs is ended this long before go test ends all of them, so that
// it can say what it was waiting for.
const grace = 20 * time.Second

// patience is how long one event is waited for: far longer than it takes on any
// machine, and far shorter than all tests may take, so that an event which never
// comes, such as a sentence that was reworded, is soon known.
const patience = 20 * time.Minute

// Deadline is when a test that begins to wait for one event now gives up.
func Deadline(t testing.TB) time.Time {
	soon := time.Now().Add(patience)
	if end, ok := lastMoment(t); ok && end.Before(soon) {
		return end
	}
	return soon
}

// lastMoment is when a test must have ended. No test has a limit of its own: how
// long something takes says how fast the machine is, and what else it does.
func lastMoment(t testing.TB) (time.Time, bool) {
	if t, ok := t.(interface{ Deadline() (time.Time, bool) }); ok {
		if end, ok := t.Deadline(); ok {
			return end.Add(-min(grace, time.Until(end)/10)), true
		}
	}
	return time.Time{}, false
}

// Late receives when the test gives up waiting for one event.
func Late(t testing.TB) <-chan time.Time { return time.After(time.Until(Deadline(t))) }

// Context is a context that is done when the test ends, or must have ended.
func Context(t testing.TB) context.Context {
	end, ok := lastMoment(t)
	if !ok {
		return t.Context()
	}
	ctx, cancel := context.WithDeadline(t.Context(), end)
	t.Cleanup(cancel)
	return ctx
}
