//go:build unix

package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/ci/testenv"
	"github.com/portolan-charts/portolan/generator/charttest"
)

// story is a block of a README that starts a shim, run in a folder of its own.
type story struct {
	*workshop
	url string // of the shim that the block starts
}

// newStory readies a machine on which a shim that is started listens on a free
// port, logs to a file, and is stopped when the test ends.
func newStory(t *testing.T) *story {
	t.Helper()
	s := &story{workshop: newWorkshop(t)}
	s.shim.stop() // the block has its own, on the same port
	s.url = s.shim.url
	log, pid, alive := filepath.Join(s.home, "shim.log"), filepath.Join(s.home, "shim.pid"), filepath.Join(s.home, "shim.alive")
	if err := syscall.Mkfifo(alive, 0o600); err != nil {
		t.Fatal(err)
	}
	open, err := os.OpenFile(alive, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	s.program("portolan", portolanPath(t), fmt.Sprintf(`[ "$1" != shim ] || { echo $$ >'%s'; exec 9>'%s' >'%s' 2>&1; }`, pid, alive, log))
	s.checkout = s.folder
	t.Cleanup(func() {
		defer open.Close()
		stopByID(t, pid)
		open.SetReadDeadline(testenv.Deadline(t))
		if _, err := open.Read(make([]byte, 1)); err != io.EOF { // all that could write have ended
			t.Errorf("the shim does not end: %v", err)
		}
		if t.Failed() {
			b, _ := os.ReadFile(log)
			t.Logf("portolan shim: %s", b)
		}
	})
	return s
}

// stopByID ends the process whose id is in a file, if there is one.
func stopByID(t *testing.T, file string) {
	b, err := os.ReadFile(file)
	if err != nil {
		return
	}
	id, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(id, syscall.SIGTERM); err != nil {
		t.Error(err)
	}
}

// tell runs the block, with more of an environment.
func (s *story) tell(text string, env ...string) outcome {
	s.t.Helper()
	env = s.env(append([]string{"PORTOLAN_LISTEN=" + strings.TrimPrefix(s.url, "http://")}, env...)...)
	o := process(s.t, s.checkout, env, "sh", "-eu", "-c", text)
	if o.code != 0 {
		s.t.Fatalf("exit code %d\n%s%s", o.code, o.stdout, o.stderr)
	}
	return o
}

// ends waits until the channel stable has all of the old repository, with the
// dates and digests of its index, and one more.
func (s *story) ends(old []byte, more string) {
	s.t.Helper()
	want := indexReleases(s.t, old)
	file := filepath.Join(s.folder, "site", "stable", "index.yaml")
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for end := testenv.Deadline(s.t); ; <-ticker.C {
		got := indexReleases(s.t, read(s.t, file))
		if _, ok := got[more]; !ok && time.Now().Before(end) {
			continue
		}
		if _, ok := got[more]; !ok {
			s.t.Errorf("%s is not published", more)
		}
		delete(got, more)
		equal(s.t, "what was taken over", got, want)
		return
	}
}

// TestFromGitLab moves a channel of GitLab's registry over, as the README tells.
func TestFromGitLab(t *testing.T) {
	t.Parallel()
	s := newStory(t)
	registry := newOldServer(t, []string{writeChart(t)})
	gitlab := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		const prefix = "/api/v4/projects/42/packages/helm/stable"
		if !strings.HasPrefix(r.URL.Path, prefix) {
			s.forge.Config.Handler.ServeHTTP(w, r)
		} else if _, password, _ := r.BasicAuth(); password != accessSecret {
			http.Error(w, "401 Unauthorized", http.StatusUnauthorized)
		} else {
			http.StripPrefix(prefix, http.FileServer(http.Dir(registry.folder))).ServeHTTP(w, r)
		}
	}))
	defer gitlab.Close()
	write(t, filepath.Join(s.folder, "token"), []byte(accessSecret+"\n"))
	write(t, filepath.Join(s.folder, "mychart-0.2.0.tgz"), charttest.Simple("mychart", "0.2.0"))
	o := s.tell(block(t, "from gitlab", "https://gitlab.example.com", gitlab.URL, "http://127.0.0.1:8080", s.url), "CI_JOB_TOKEN="+jobSecret, "CI_PROJECT_ID=42")
	if !strings.Contains(o.stdout, "201 Created") || !strings.Contains(o.stdout, "acme/") {
		t.Errorf("the block prints\n%s", o.stdout)
	}
	s.ends(read(t, filepath.Join(registry.folder, "index.yaml")), "mychart 0.2.0")
}

// TestFromChartMuseum moves ChartMuseum's charts over, as the README tells, and
// pushes one more.
func TestFromChartMuseum(t *testing.T) {
	t.Parallel()
	s := newStory(t)
	museum := newOldServer(t, []string{writeChart(t)})
	write(t, filepath.Join(s.folder, "password"), []byte(oldPassword+"\n"))
	s.chart("mychart", "mychart", "0.2.0")
	remove(t, filepath.Join(s.folder, "auth.yaml")) // the workshop's
	env := newPusher(t, "helm4").env
	o := s.tell(block(t, "from chartmuseum", "https://museum.example.com", museum.URL, "http://127.0.0.1:8080", s.url), env[len(env)-1])
	if !strings.Contains(o.stdout, "Done.\n") || !strings.Contains(o.stdout, "museum/") {
		t.Errorf("the block prints\n%s", o.stdout)
	}
	s.ends(read(t, filepath.Join(museum.folder, "index.yaml")), "mychart 0.2.0")
}

// TestFromPages takes the charts over that chart-releaser has put onto Pages and
// into releases, as the README tells, and goes on with the workflow for Pages.
func TestFromPages(t *testing.T) {
	t.Parallel()
	s, origin := newGithub(t)
	s.push(origin)
	legacy := filepath.Join(t.TempDir(), "legacy-1.0.0.tgz")
	write(t, legacy, charttest.Simple("legacy", "1.0.0"))
	old := newOldServer(t, []string{legacy})
	releases := httptest.NewServer(http.StripPrefix("/acme/charts/releases/download/any", http.FileServer(http.Dir(old.folder))))
	defer releases.Close()
	old.edit(t, func(entries map[string][]map[string]any) {
		for _, versions := range entries {
			for _, v := range versions {
				v["urls"] = []string{releases.URL + "/acme/charts/releases/download/any/" + fmt.Sprintf("%s-%s.tgz", v["name"], v["version"])}
			}
		}
	})
	index := read(t, filepath.Join(old.folder, "index.yaml"))
	pages := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write(index) }))
	defer pages.Close()

	text := block(t, "from pages", "https://github.com/acme/charts", "file://"+origin+" charts", "--from https://acme.github.io/charts", "--from "+pages.URL)
	identity := []string{"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com"}
	if o := process(t, t.TempDir(), s.env(identity...), "sh", "-eu", "-c", text); o.code != 0 {
		t.Fatalf("exit code %d\n%s%s", o.code, o.stdout, o.stderr)
	}
	s.git(s.checkout, "pull", "--quiet", "--ff-only", "origin", "main")
	job := s.newGithubJob("")
	if o := job.workflow("pages", map[string]string{}); o.code != 0 {
		t.Fatalf("the workflow: exit code %d\n%s%s", o.code, o.stdout, o.stderr)
	}
	site := job.context["steps.charts.outputs.folder"]
	got, want := indexReleases(t, read(t, filepath.Join(site, "stable", "index.yaml"))), indexReleases(t, index)
	for _, more := range []string{"web 1.0.0", "db 1.0.0"} {
		if got[more] == "" {
			t.Errorf("%s is not published", more)
		}
		delete(got, more)
	}
	equal(t, "what was taken over", got, want)
	if root := indexReleases(t, read(t, filepath.Join(site, "index.yaml"))); len(root) != len(want)+2 {
		t.Errorf("the site's root, where the old repository was, shows %v", root)
	}
}
