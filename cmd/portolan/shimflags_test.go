package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/ci/testenv"
	"github.com/portolan-charts/portolan/generator/charttest"
)

// The tests in this file give the shim the flags of those who run it for
// others, and check that the process does what they say.

// TestShimTLS uploads to a shim that speaks TLS, and gets the chart with Helm.
func TestShimTLS(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	archive := charttest.Simple("web", "1.0.0")
	w.drop("stable", map[string][]byte{"web-1.0.0.tgz": archive})
	w.done("generate")
	ca := w.writeCertificate()
	s := w.shim("--tls-cert", "tls.crt", "--tls-key", "tls.key", "--site", "site")
	if status, _ := s.get(t, s.url+"/livez", credentials{}); status != http.StatusBadRequest {
		t.Errorf("without TLS: %d, want %d", status, http.StatusBadRequest)
	}
	url := strings.Replace(s.url, "http:", "https:", 1)
	write(t, filepath.Join(w.folder, "app-1.0.0.tgz"), charttest.Simple("app", "1.0.0"))
	curl := []string{"--silent", "--show-error", "--fail-with-body", "--form", "chart=@app-1.0.0.tgz", url + "/api/stable/charts"}
	if o := process(t, w.folder, plainEnv(), "curl", append(curl, "--cacert", ca)...); o.code != 0 || !strings.Contains(o.stdout, `"message":"201 Created"`) {
		t.Errorf("curl: exit code %d: %s%s", o.code, o.stdout, o.stderr)
	}
	if o := process(t, w.folder, plainEnv(), "curl", curl...); o.code != 60 {
		t.Errorf("curl, which does not know the certificate: exit code %d, want 60: %s%s", o.code, o.stdout, o.stderr)
	}
	for _, client := range clients {
		h := newHelm(t, client)
		h.run("repo", "add", "--ca-file", ca, "safe", url+"/stable")
		sameFiles(t, h.pull("--ca-file", ca, "safe/web"), map[string][]byte{"web-1.0.0.tgz": archive})
		h.fresh().fails("repo", "add", "safe", url+"/stable")
	}
}

// writeCertificate writes a certificate for 127.0.0.1 and its key, and returns
// the path of the certificate, which is also its authority's.
func (w *town) writeCertificate() string {
	w.t.Helper()
	server := httptest.NewTLSServer(nil) // which brings one
	defer server.Close()
	key, err := x509.MarshalPKCS8PrivateKey(server.TLS.Certificates[0].PrivateKey)
	if err != nil {
		w.t.Fatal(err)
	}
	file := filepath.Join(w.folder, "tls.crt")
	write(w.t, file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
	write(w.t, filepath.Join(w.folder, "tls.key"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}))
	if _, err := tls.LoadX509KeyPair(file, filepath.Join(w.folder, "tls.key")); err != nil {
		w.t.Fatal(err)
	}
	return file
}

// forwarded are the headers of a proxy in front of a shim.
var forwarded = http.Header{
	"X-Forwarded-Proto": {"https"}, "X-Forwarded-Host": {"front.example.com"}, "X-Forwarded-For": {"203.0.113.9"},
}

// TestShimAddresses checks where a shim says that its receipts are, and who it
// logs as the client: with --public-url, and behind proxies that it trusts or not.
func TestShimAddresses(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, path string
		flags      []string
		receipts   string // "" stands for where the shim listens
		client     string
	}{
		{"plain", "/api/stable/charts", nil, "/api/stable/uploads/", "127.0.0.1"},
		{"public, without its path", "/api/stable/charts", []string{"--public-url", "https://charts.example.com/helm/", "--proxy-strips-path"}, "https://charts.example.com/helm/api/stable/uploads/", "127.0.0.1"},
		{"public, with its path", "/helm/api/stable/charts", []string{"--public-url", "https://charts.example.com/helm"}, "https://charts.example.com/helm/api/stable/uploads/", "127.0.0.1"},
		{"trusted address", "/api/stable/charts", []string{"--trusted-proxy", "127.0.0.1"}, "https://front.example.com/api/stable/uploads/", "203.0.113.9"},
		{"trusted network", "/api/stable/charts", []string{"--trusted-proxy", "10.0.0.0/8,127.0.0.0/8"}, "https://front.example.com/api/stable/uploads/", "203.0.113.9"},
		{"not trusted", "/api/stable/charts", []string{"--trusted-proxy", "10.0.0.0/8"}, "/api/stable/uploads/", "127.0.0.1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newTown(t).shim(append(test.flags, "--allow-anonymous-uploads")...)
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+test.path, bytes.NewReader(charttest.Simple("web", "1.0.0")))
			if err != nil {
				t.Fatal(err)
			}
			r.Header = forwarded.Clone()
			resp, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			want := test.receipts
			if strings.HasPrefix(want, "/") {
				want = s.url + want
			}
			if got := resp.Header.Get("Location"); resp.StatusCode != http.StatusCreated || !strings.HasPrefix(got, want) {
				t.Errorf("%s, Location %q, want %q", resp.Status, got, want+"…")
			}
			s.stop()
			if want := `"remote":"` + test.client + `:`; !strings.Contains(s.log.String(), want) {
				t.Errorf("the log does not have %s: %s", want, s.log.String())
			}
		})
	}
}

// halfUpload is an upload that the shim has begun to receive.
type halfUpload struct {
	t       *testing.T
	conn    net.Conn
	answer  *bufio.Reader
	archive []byte
}

// beginUpload sends an upload without its body, and returns when that is asked for.
func (s *shimProcess) beginUpload() *halfUpload {
	s.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(testenv.Deadline(s.t))
	u := &halfUpload{s.t, conn, bufio.NewReader(conn), charttest.Simple("web", "1.0.0")}
	fmt.Fprintf(conn, "POST /api/stable/charts HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n", len(u.archive))
	if line, err := u.answer.ReadString('\n'); err != nil || line != "HTTP/1.1 100 Continue\r\n" {
		s.t.Fatalf("the shim does not ask for the body: %q, %v", line, err)
	}
	if _, err := u.answer.ReadString('\n'); err != nil {
		s.t.Fatal(err)
	}
	return u
}

// finish sends the body and returns the status of the answer.
func (u *halfUpload) finish() int {
	u.t.Helper()
	if _, err := u.conn.Write(u.archive); err != nil {
		u.t.Fatal(err)
	}
	resp, err := http.ReadResponse(u.answer, nil)
	if err != nil {
		u.t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode
}

// TestShimMaxUploads has more uploads at a time than the shim takes.
func TestShimMaxUploads(t *testing.T) {
	t.Parallel()
	s := newTown(t).shim("--max-uploads", "2")
	url, archive := s.url+"/api/stable/charts", charttest.Simple("app", "1.0.0")
	first, second := s.beginUpload(), s.beginUpload()
	if status, b := s.post(t, url, credentials{}, archive); status != http.StatusServiceUnavailable || !bytes.Contains(b, []byte("2 uploads are under way")) {
		t.Errorf("the third upload: %d %s", status, b)
	}
	for _, u := range []*halfUpload{first, second} {
		if status := u.finish(); status != http.StatusCreated {
			t.Errorf("an upload under way: %d", status)
		}
	}
	if status, b := s.post(t, url, credentials{}, archive); status != http.StatusCreated {
		t.Errorf("the third upload, again: %d %s", status, b)
	}
}

// TestShimGrace stops shims while an upload is under way: one finishes it, and
// the other, whose grace is over, breaks it off and says so.
func TestShimGrace(t *testing.T) {
	t.Parallel()
	patient := newTown(t).shim("--grace", "24h")
	u := patient.beginUpload()
	patient.terminate()
	patient.awaitDeaf()
	if status := u.finish(); status != http.StatusCreated {
		t.Errorf("the upload under way: %d", status)
	}
	if err := <-patient.ended; err != nil {
		t.Errorf("the shim ends with %v", err)
	}

	hasty := newTown(t).shim("--grace", "50ms")
	u = hasty.beginUpload()
	hasty.terminate()
	err := <-hasty.ended
	if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) || exit.ExitCode() != exitFailed || !strings.Contains(hasty.log.String(), "did not finish in time") {
		t.Errorf("the shim that broke an upload off ends with %v: %s", err, hasty.log.String())
	}
	if _, err := u.answer.ReadByte(); err == nil {
		t.Error("the upload that was broken off has an answer")
	}
	if left := filesIn(t, filepath.Join(hasty.folder, "drop", "inbox")); len(left) > 0 {
		t.Errorf("the upload that was broken off left %q", left)
	}
}

// terminate asks the shim to end, and leaves it to the test how it does.
func (s *shimProcess) terminate() {
	s.t.Helper()
	s.stopped.Do(func() {
		s.command.Process.Signal(syscall.SIGTERM)
		hung := time.AfterFunc(time.Until(testenv.Deadline(s.t)), func() { s.command.Process.Kill() })
		s.t.Cleanup(func() { hung.Stop(); s.command.Process.Kill() })
	})
}

// awaitDeaf waits until the shim takes no more connections.
func (s *shimProcess) awaitDeaf() {
	s.t.Helper()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for end := testenv.Deadline(s.t); time.Now().Before(end); <-ticker.C {
		conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
		if err != nil {
			return
		}
		conn.Close()
	}
	s.t.Fatal("the shim still takes connections")
}
