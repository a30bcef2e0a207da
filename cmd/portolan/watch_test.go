package main

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/portolan-charts/portolan/ci/testenv"
	"github.com/portolan-charts/portolan/generator/charttest"
)

// watching is 'portolan generate --watch' as a process of its own.
type watching struct {
	*town
	command *exec.Cmd
	lines   chan string // of both outputs
	ended   chan error
}

// watch starts a watch. What it says is read by said and silent.
func (w *town) watch(args ...string) *watching {
	w.t.Helper()
	r, out, err := os.Pipe()
	if err != nil {
		w.t.Fatal(err)
	}
	c := exec.Command(portolanPath(w.t), append([]string{"generate", "--watch", "1s"}, args...)...)
	c.Dir, c.Env, c.Stdout, c.Stderr = w.folder, plainEnv(), out, out
	if err := c.Start(); err != nil {
		w.t.Fatal(err)
	}
	out.Close()
	s := &watching{town: w, command: c, lines: make(chan string, 1000), ended: make(chan error, 1)}
	go func() {
		s.read(r)
		s.ended <- c.Wait()
	}()
	w.t.Cleanup(func() { c.Process.Kill() })
	return s
}

func (s *watching) read(r io.ReadCloser) {
	defer r.Close()
	defer close(s.lines)
	for lines := bufio.NewScanner(r); lines.Scan(); {
		s.lines <- lines.Text()
	}
}

// said waits for a line that begins like that, and returns those before it.
func (s *watching) said(begin string) (before []string) {
	s.t.Helper()
	late := testenv.Late(s.t)
	for {
		select {
		case line, more := <-s.lines:
			if !more {
				s.t.Fatalf("it ended without saying %q, but %q", begin, before)
			}
			if strings.HasPrefix(line, begin) {
				return before
			}
			before = append(before, line)
		case <-late:
			s.t.Fatalf("it does not say %q, but %q", begin, before)
		}
	}
}

// stop ends the watch as whatever runs it does. It must end in peace.
func (s *watching) stop() {
	s.t.Helper()
	s.command.Process.Signal(syscall.SIGTERM)
	select {
	case err := <-s.ended:
		if err != nil {
			s.t.Errorf("it ends with %v", err)
		}
	case <-testenv.Late(s.t):
		s.t.Error("it does not end")
	}
	for line := range s.lines {
		s.t.Errorf("it also says %q", line)
	}
}

// TestWatch uploads while a watch goes on, takes the drop area from it, gives it
// back, and stops it.
func TestWatch(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	s := w.watch()
	s.said("portolan: note: checking ./drop every 1s")
	w.drop("stable", map[string][]byte{"web-1.0.0.tgz": charttest.Simple("web", "1.0.0")})
	s.said("stable: new, generation 1")
	s.said("1 accepted")
	inbox, away := filepath.Join(w.folder, "drop", "inbox"), filepath.Join(w.folder, "away")
	if err := os.Rename(inbox, away); err != nil {
		t.Fatal(err)
	}
	write(t, inbox, []byte("in the way"))
	s.said("portolan: error: ")
	if err := os.Remove(inbox); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(away, inbox); err != nil {
		t.Fatal(err)
	}
	if said := s.said("portolan: note: it works again"); len(said) > 0 {
		t.Errorf("it tells a failure more than once: %q", said)
	}
	w.drop("stable", map[string][]byte{"web-1.1.0.tgz": charttest.Simple("web", "1.1.0")})
	if said := s.said("stable: generation 1 → 2"); len(said) > 0 {
		t.Errorf("with nothing to do it says %q", said)
	}
	s.said("1 accepted")
	s.stop()
}

// TestWatchJSON prints an object for each run that did something.
func TestWatchJSON(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.drop("stable", map[string][]byte{"web-1.0.0.tgz": charttest.Simple("web", "1.0.0")})
	s := w.watch("--output", "json")
	s.said("{")
	s.said("}")
	w.drop("stable", map[string][]byte{"web-1.1.0.tgz": charttest.Simple("web", "1.1.0")})
	s.said("{")
	s.said("}")
	s.stop()
}

// TestWatchPages lets the pages of one channel fail: that is told once, the other
// channel is published meanwhile, and when they can be made, they are.
func TestWatchPages(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	inTheWay := filepath.Join(w.folder, "site", "stable", "changes.html", "file")
	write(t, inTheWay, []byte("in the way"))
	s := w.watch()
	s.said("portolan: note: checking ./drop every 1s")
	w.drop("stable", map[string][]byte{"web-1.0.0.tgz": charttest.Simple("web", "1.0.0")})
	s.said("1 accepted")
	s.said("portolan: error: channel stable: pages: ")
	for _, version := range []string{"1.0.0", "1.1.0"} {
		w.drop("devel", map[string][]byte{"web-" + version + ".tgz": charttest.Simple("web", version)})
		if said := s.said("1 accepted"); strings.Contains(strings.Join(said, "\n"), "stable") {
			t.Errorf("what is known is told again: %q", said)
		}
	}
	if err := os.RemoveAll(filepath.Dir(inTheWay)); err != nil {
		t.Fatal(err)
	}
	s.said("portolan: note: it works again")
	if _, err := os.Stat(filepath.Join(w.folder, "site", "stable", "changes.html")); err != nil {
		t.Error(err)
	}
	s.stop()
}
