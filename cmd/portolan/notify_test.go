package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/ci/testenv"
	"github.com/portolan-charts/portolan/generator/charttest"
)

// TestNotify uploads, and stops the shim before it would tell of that by
// itself. An outage of who is told does not keep uploads from being taken.
func TestNotify(t *testing.T) {
	t.Parallel()
	const secret = "canaryNotifyToken4713"
	bodies, refusals := make(chan string, 100), 1
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if refusals--; refusals >= 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		b, err := io.ReadAll(r.Body)
		if err != nil || r.Header.Get("Authorization") != "Bearer "+secret {
			t.Errorf("%v; %v", err, r.Header)
		}
		bodies <- string(b)
	}))
	defer hook.Close()
	w := newTown(t)
	write(t, filepath.Join(w.folder, "token"), []byte(secret+"\n"))
	s := w.shim("--notify", hook.URL+"/hook", "--notify-token-file", "token")
	upload := func(channel, version string) {
		t.Helper()
		file := filepath.Join(t.TempDir(), "web.tgz")
		write(t, file, charttest.Simple("web", version))
		o := process(t, w.folder, plainEnv(), "curl", "--silent", "--show-error", "--fail-with-body", "--form", "chart=@"+file, s.url+"/api/"+channel+"/charts")
		if o.code != 0 {
			t.Fatalf("curl: %s%s", o.stdout, o.stderr)
		}
	}
	told := func(want string) {
		t.Helper()
		select {
		case body := <-bodies:
			if body != want {
				t.Errorf("told %s, want %s", body, want)
			}
		case <-testenv.Late(t):
			t.Fatal("nothing is told")
		}
	}
	upload("stable", "1.0.0")
	told(`{"channels":["stable"],"uploads":1}`)
	upload("stable", "1.1.0")
	upload("devel", "1.1.0")
	s.stop()
	told(`{"channels":["devel","stable"],"uploads":2}`)
	if log := s.log.String(); strings.Contains(log, secret) || !strings.Contains(log, "503 Service Unavailable") {
		t.Errorf("the log: %s", log)
	}
}
