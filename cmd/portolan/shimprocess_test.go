package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/ci/testenv"
)

// shimProcess is 'portolan shim' as a process of its own, on loopback.
type shimProcess struct {
	*town
	url     string
	command *exec.Cmd
	ended   chan error // has how it ended, once
	stopped sync.Once
	log     logLines
}

// shim starts the shim, on the town's drop area and site unless the arguments
// say otherwise. It is stopped when the test ends.
func (w *town) shim(args ...string) *shimProcess {
	w.t.Helper()
	stderr, in, err := os.Pipe()
	if err != nil {
		w.t.Fatal(err)
	}
	c := exec.Command(portolanPath(w.t), append([]string{"shim", "--listen", "127.0.0.1:0"}, args...)...)
	c.Dir, c.Env, c.Stderr = w.folder, plainEnv(), in
	if err := c.Start(); err != nil {
		w.t.Fatal(err)
	}
	in.Close()
	s := &shimProcess{town: w, command: c, ended: make(chan error, 1)}
	listening := make(chan string, 1)
	go func() {
		s.log.read(stderr, listening)
		s.ended <- c.Wait()
	}()
	w.t.Cleanup(func() {
		s.stop()
		if w.t.Failed() {
			w.t.Logf("portolan shim: %s", s.log.String())
		}
	})
	select {
	case address := <-listening:
		s.url = "http://" + address
	case <-testenv.Late(w.t):
	}
	if s.url == "http://" || s.url == "" {
		w.t.Fatalf("portolan shim %q does not listen: %s", args, s.log.String())
	}
	return s
}

// stop asks the shim to end, as whatever runs it does, and waits for that. It
// must end in peace.
func (s *shimProcess) stop() {
	s.stopped.Do(func() {
		s.command.Process.Signal(syscall.SIGTERM)
		select {
		case err := <-s.ended:
			if err != nil {
				s.t.Errorf("portolan shim ends with %v: %s", err, s.log.String())
			}
		case <-testenv.Late(s.t):
			s.command.Process.Kill()
			s.t.Errorf("portolan shim does not end: %s", s.log.String())
		}
	})
}

// logLines are the lines that a process has logged so far.
type logLines struct{ testenv.Log }

// read keeps the lines until there are no more, and sends the address of the
// one that says that the process listens; "" if none does.
func (l *logLines) read(r io.ReadCloser, listening chan<- string) {
	defer r.Close()
	defer close(listening)
	lines := bufio.NewReader(r)
	for said := false; ; {
		b, err := lines.ReadBytes('\n')
		l.Write(b)
		var line struct{ Msg, Address string }
		if !said && json.Unmarshal(b, &line) == nil && line.Msg == "listening" {
			listening <- line.Address
			said = true
		}
		if err != nil {
			return
		}
	}
}

// loggedRequest is what the log says of one request.
type loggedRequest struct {
	Method, Path string
	Status       int
}

// requests are those that were answered so far: all of them, of a shim that
// has been stopped.
func (l *logLines) requests(t *testing.T) []loggedRequest {
	t.Helper()
	var all []loggedRequest
	for text := range strings.Lines(l.String()) {
		var line struct {
			Msg string
			loggedRequest
		}
		decode(t, text, &line)
		if line.Msg == "request" {
			all = append(all, line.loggedRequest)
		}
	}
	return all
}

// credentials are what somebody uploads with.
type credentials struct{ user, secret string }

// sign adds the credentials to a request, if there are any.
func (c credentials) sign(r *http.Request) {
	if c != (credentials{}) {
		r.SetBasicAuth(c.user, c.secret)
	}
}

// get reads a URL of the shim.
func (s *shimProcess) get(t *testing.T, url string, as credentials) (int, []byte) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	as.sign(r)
	return answerOf(t, r)
}

// post uploads an archive as it is.
func (s *shimProcess) post(t *testing.T, url string, as credentials, archive []byte) (int, []byte) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewReader(archive))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/gzip")
	as.sign(r)
	return answerOf(t, r)
}

func answerOf(t *testing.T, r *http.Request) (int, []byte) {
	t.Helper()
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, b
}

// waitFor waits until a repository's index says so.
func (s *shimProcess) waitFor(t *testing.T, repository string, as credentials, what string, holds func([]headRelease) bool) {
	t.Helper()
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for end := testenv.Deadline(t); time.Now().Before(end); <-ticker.C {
		if status, b := s.get(t, repository+"/index.yaml", as); status == http.StatusOK {
			releases, err := parseIndex(b)
			if err != nil {
				t.Fatalf("%s: %v", repository, err)
			}
			if holds(releases) {
				return
			}
		}
	}
	t.Fatalf("%s: still not %s", repository, what)
}

// newPusher is a Helm client that has the plugin cm-push, laid out as
// 'helm plugin install' would, which downloads what it installs.
func newPusher(t *testing.T, client string) *helm {
	t.Helper()
	h := newHelm(t, client)
	folder := filepath.Join(t.TempDir(), "cm-push")
	write(t, filepath.Join(folder, "plugin.yaml"), read(t, filepath.Join("..", "..", "ci", "tools", "cmpush", "plugin-"+client+".yaml")))
	if err := os.Mkdir(filepath.Join(folder, "bin"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(testenv.Tool(t, "helm-cm-push"), filepath.Join(folder, "bin", "helm-cm-push")); err != nil {
		t.Fatal(err)
	}
	h.env = append(h.env, "HELM_PLUGINS="+filepath.Dir(folder))
	return h
}

// push runs 'helm cm-push', which must succeed.
func (h *helm) push(args ...string) {
	h.t.Helper()
	if out := h.run(append([]string{"cm-push"}, args...)...); !strings.HasSuffix(out, "Done.\n") {
		h.t.Errorf("helm%s cm-push %q does not say that it is done: %s", h.major, args, out)
	}
}
