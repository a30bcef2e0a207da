package main

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/ci/testenv"
	"github.com/portolan-charts/portolan/publisher/shim/notify"
)

// newGithub is a workshop whose checkout is a clone, as actions/checkout makes it,
// of a repository with two charts.
func newGithub(t *testing.T) (s *workshop, origin string) {
	t.Helper()
	s = newWorkshop(t)
	work := s.checkout
	s.git(work, "init", "--quiet", "--initial-branch=main")
	s.chart("charts/web", "web", "1.0.0")
	s.chart("charts/db", "db", "1.0.0")
	origin = filepath.Join(t.TempDir(), "origin.git")
	s.git(work, "init", "--quiet", "--bare", "--initial-branch=main", origin)
	s.git(origin, "config", "uploadpack.allowAnySHA1InWant", "true")
	s.git(work, "remote", "add", "origin", origin)
	return s, origin
}

// push commits all and clones the last commit of it for the next job. It returns
// the commit that was the last before.
func (s *workshop) push(origin string) (before string) {
	s.t.Helper()
	s.git(s.checkout, "add", ".")
	s.git(s.checkout, "commit", "--quiet", "--message", "charts")
	before = strings.Repeat("0", 40)
	if strings.Count(s.git(s.checkout, "rev-list", "HEAD"), "\n") > 0 || s.git(s.checkout, "rev-parse", "--is-shallow-repository") == "true" {
		before = s.git(s.checkout, "rev-parse", "HEAD~1")
	}
	s.git(s.checkout, "push", "--quiet", "origin", "HEAD:main")
	s.checkout = filepath.Join(s.t.TempDir(), "clone")
	s.git(s.t.TempDir(), "clone", "--quiet", "--depth=1", "--branch=main", "file://"+origin, s.checkout)
	return before
}

// TestGitHubUpload runs the workflows that upload and generate: what a push has
// changed gets from a clone to what Helm installs.
func TestGitHubUpload(t *testing.T) {
	t.Parallel()
	s, origin := newGithub(t)
	before := s.push(origin)
	upload := map[string]string{"url": s.shim.url}
	if o := s.newGithubJob(before).workflow("upload", maps.Clone(upload)); o.code != 0 {
		t.Fatalf("upload: exit code %d\n%s%s", o.code, o.stdout, o.stderr)
	}
	equal(t, "waiting", s.waiting(), map[string]int{"stable": 2})
	generate := map[string]string{"drop": filepath.Join(s.folder, "drop"), "site": filepath.Join(s.folder, "site")}
	job := s.newGithubJob(before)
	if o := job.workflow("generate", maps.Clone(generate)); o.code != 0 {
		t.Fatalf("generate: exit code %d\n%s%s", o.code, o.stdout, o.stderr)
	}
	if text := string(read(t, job.summary)); !strings.Contains(text, "web") {
		t.Errorf("the summary is %q", text)
	}
	s.chart("charts/web", "web", "1.1.0")
	before = s.push(origin)
	if o := s.newGithubJob(before).workflow("upload", maps.Clone(upload)); o.code != 0 || !strings.Contains(o.stderr, "charts/db has not changed") {
		t.Fatalf("upload: exit code %d\n%s%s", o.code, o.stdout, o.stderr)
	}
	equal(t, "waiting", s.waiting(), map[string]int{"stable": 1})
	write(t, filepath.Join(s.folder, "drop", "inbox", "stable", "bad-1.0.0.tgz"), []byte("nonsense"))
	job = s.newGithubJob(before)
	if o := job.action("generate", "x", maps.Clone(generate)); o.code != exitRejected {
		t.Errorf("generate with a bad upload: exit code %d\n%s%s", o.code, o.stdout, o.stderr)
	}
	equal(t, "published", s.published("stable"), []string{"db 1.0.0", "web 1.1.0", "web 1.0.0"})
	s.installs("stable", "web")
	write(t, filepath.Join(s.folder, "drop", "inbox", "stable", "bad-1.0.1.tgz"), []byte("nonsense"))
	generate["fail-if-rejected"] = "false"
	if o := job.action("generate", "x", generate); o.code != 0 || job.context["steps.x.outputs.rejected"] != "true" {
		t.Errorf("generate with a bad upload that may be: exit code %d, %v\n%s%s", o.code, job.context, o.stdout, o.stderr)
	}
	pull := s.newGithubJob("", "GITHUB_EVENT_NAME=pull_request", "ACTIONS_ID_TOKEN_REQUEST_TOKEN=")
	pull.context["github.event.pull_request.base.sha"] = before
	if o := pull.workflow("upload", maps.Clone(upload)); o.code != 0 || len(s.waiting()) > 0 || !strings.Contains(o.stderr, "charts/db has not changed since "+before) {
		t.Errorf("in a pull request: exit code %d, and waiting are %v\n%s%s", o.code, s.waiting(), o.stdout, o.stderr)
	}
	if o := s.newGithubJob(before, "ACTIONS_ID_TOKEN_REQUEST_TOKEN=").workflow("upload", upload); o.code != 1 || !strings.Contains(o.stderr, "permissions: {id-token: write}") {
		t.Errorf("upload without the permission: exit code %d\n%s%s", o.code, o.stdout, o.stderr)
	}
}

// TestGitHubPages runs the workflow for Pages, which keeps the site in a branch:
// each run starts from what the last one has left there, and nothing else.
func TestGitHubPages(t *testing.T) {
	t.Parallel()
	s, origin := newGithub(t)
	pages := func(want int, says string) {
		t.Helper()
		before := s.push(origin)
		job := s.newGithubJob(before)
		o := job.workflow("pages", map[string]string{})
		if o.code != want || !strings.Contains(o.stdout+o.stderr, says) {
			t.Fatalf("exit code %d, want %d and %q in\n%s%s", o.code, want, says, o.stdout, o.stderr)
		}
		if text := string(read(t, job.summary)); !strings.Contains(text, "stable") {
			t.Errorf("the summary is %q", text)
		}
		folder := job.context["steps.charts.outputs.folder"]
		if err := os.RemoveAll(filepath.Join(s.folder, "site")); err != nil {
			t.Fatal(err)
		}
		if err := os.CopyFS(filepath.Join(s.folder, "site"), os.DirFS(folder)); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Join(folder, ".portolan")); err == nil {
			t.Error("the folder of locks is deployed")
		}
		s.done("verify", "--deep", "--base-url", "https://acme.github.io/app")
	}
	pages(0, "accepted")
	equal(t, "published", s.published("stable"), []string{"db 1.0.0", "web 1.0.0"})
	s.chart("charts/web", "web", "1.1.0")
	pages(0, "charts/db has not changed")
	equal(t, "published", s.published("stable"), []string{"db 1.0.0", "web 1.1.0", "web 1.0.0"})
	s.chart("charts/web", "web", "1.2.0")
	s.chart("charts/db", "db", "1.0.0", "values.yaml", "other: content\n")
	write(t, filepath.Join(s.checkout, "portolan.yaml"), []byte("channels: [{match: stable, duplicates: reject}]\n"))
	pages(3, "db 1.0.0")
	equal(t, "published beside a refused chart", s.published("stable"), []string{"db 1.0.0", "web 1.2.0", "web 1.1.0", "web 1.0.0"})
	s.installs("stable", "web")
}

// TestGitHubWorkflows has actionlint read the workflows: those for users as they
// have them and with the actions beside them, whose inputs and outputs it then
// compares; and our own.
func TestGitHubWorkflows(t *testing.T) {
	t.Parallel()
	s := newWorkshop(t)
	s.git(s.checkout, "init", "--quiet")
	if err := os.CopyFS(filepath.Join(s.checkout, "ci", "github"), os.DirFS("../../ci/github")); err != nil {
		t.Fatal(err)
	}
	files, _ := filepath.Glob("../../ci/github/workflows/*.yml")
	used := map[string]int{}
	for _, file := range files {
		text := string(read(t, file))
		uses := regexp.MustCompile(regexp.QuoteMeta(ourActions) + `([a-z]+)@v[0-9.]+`)
		for _, m := range uses.FindAllStringSubmatch(text, -1) {
			used[m[1]]++
		}
		write(t, filepath.Join(s.checkout, ".github", "workflows", filepath.Base(file)), []byte(uses.ReplaceAllString(text, "./ci/github/$1")))
	}
	if dispatched := dispatchType(t); !strings.Contains(string(read(t, "../../ci/github/workflows/generate.yml")), "    types: ["+dispatched+"]\n") {
		t.Errorf("the shim dispatches %q, for which generate.yml does not wait", dispatched)
	}
	equal(t, "actions that the workflows use", used, map[string]int{"upload": 1, "generate": 1, "pages": 1, "promote": 1})
	if o := process(t, s.checkout, s.env(), testenv.Tool(t, "actionlint")); o.code != 0 {
		t.Errorf("actionlint says\n%s%s", o.stdout, o.stderr)
	}
	our, _ := filepath.Glob("../../.github/workflows/*.yml")
	args := slices.Concat([]string{"-no-color"}, files, our)
	if o := process(t, ".", s.env(), testenv.Tool(t, "actionlint"), args...); o.code != 0 {
		t.Errorf("actionlint says\n%s%s", o.stdout, o.stderr)
	}
}

// dispatchType is the type of the event that a shim with --notify sends to GitHub.
func dispatchType(t *testing.T) string {
	t.Helper()
	var sent struct {
		Type string `json:"event_type"`
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := json.NewDecoder(r.Body).Decode(&sent); err != nil {
			t.Error(err)
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	defer server.Close()
	target, err := notify.ParseTarget(server.URL + "/repos/acme/charts/dispatches")
	if err != nil {
		t.Fatal(err)
	}
	if err := target.Send(t.Context(), "s3cret", notify.Event{}); err != nil {
		t.Fatal(err)
	}
	return sent.Type
}
