package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/portolan-charts/portolan/ci/testenv"
	"github.com/portolan-charts/portolan/generator/charttest"
)

// gitlabJob is a job of GitLab's, when all includes, inputs and extends are in it.
type gitlabJob struct {
	Image        struct{ Name string }
	Variables    map[string]any
	IDTokens     map[string]struct{ Aud string } `json:"id_tokens"`
	BeforeScript []string                        `json:"before_script"`
	Script       []string
	AllowFailure struct {
		ExitCodes int `json:"exit_codes"`
	} `json:"allow_failure"`
	ResourceGroup string `json:"resource_group"`
	Artifacts     struct {
		When    string
		Paths   []string
		Reports struct{ Junit string }
	}
}

func (j gitlabJob) lines() []string { return append(slices.Clone(j.BeforeScript), j.Script...) }

// gitlabProject makes the checkout a project with this .gitlab-ci.yml, and with
// what is in ci/gitlab.
func (s *workshop) gitlabProject(text string) {
	s.t.Helper()
	if err := os.CopyFS(filepath.Join(s.checkout, "ci", "gitlab"), os.DirFS("../../ci/gitlab")); err != nil {
		s.t.Fatal(err)
	}
	write(s.t, filepath.Join(s.checkout, ".gitlab-ci.yml"), []byte(text))
	s.git(s.checkout, "init", "--quiet", "--initial-branch=main")
	s.git(s.checkout, "add", ".")
	s.git(s.checkout, "commit", "--quiet", "--message", "all")
	s.git(s.checkout, "remote", "add", "origin", "https://gitlab.example.com/acme/app.git")
}

// gitlab reads the project's pipeline as GitLab does, which includes checking it
// against GitLab's schema.
func (s *workshop) gitlab(args ...string) string {
	s.t.Helper()
	o := process(s.t, s.checkout, s.env(), testenv.Tool(s.t, "gitlab-ci-local"), args...)
	if o.code != 0 {
		s.t.Fatalf("gitlab-ci-local %q: %s%s", args, o.stdout, o.stderr)
	}
	return o.stdout
}

func (s *workshop) gitlabJobs() map[string]gitlabJob {
	s.t.Helper()
	all := map[string]json.RawMessage{}
	if err := yaml.Unmarshal([]byte(s.gitlab("--preview")), &all); err != nil {
		s.t.Fatal(err)
	}
	jobs := map[string]gitlabJob{}
	for name, b := range all {
		if name == "stages" {
			continue
		}
		var job gitlabJob
		decode(s.t, string(b), &job)
		jobs[name] = job
	}
	return jobs
}

// gitlabShells are how a runner runs a job's lines: with bash where it is.
var gitlabShells = [][]string{{"sh", "-e", "-c"}, {"bash", "-eo", "pipefail", "-c"}, {"busybox", "sh", "-eo", "pipefail", "-c"}}

// gitlabEnv is the environment of the job: what GitLab sets, its tokens, and its
// variables, in which others are expanded.
func (s *workshop) gitlabEnv(j gitlabJob, more ...string) []string {
	variables := map[string]string{
		"GITLAB_CI": "true", "CI_PROJECT_ID": "42", "CI_PROJECT_PATH": "acme/app", "CI_PROJECT_DIR": s.checkout, "CI_COMMIT_BRANCH": "main",
		"CI_DEFAULT_BRANCH": "main", "CI_COMMIT_SHA": strings.Repeat("a", 40), "CI_SERVER_URL": s.forge.URL, "CI_API_V4_URL": s.forge.URL + "/api/v4",
		"CI_JOB_TOKEN": jobSecret, "CI_JOB_URL": s.forge.URL + "/acme/app/-/jobs/8", "CI_PIPELINE_SOURCE": "push",
	}
	for name, v := range j.Variables {
		variables[name] = os.Expand(fmt.Sprint(v), func(name string) string { return variables[name] })
	}
	for name, token := range j.IDTokens {
		variables[name] = s.forge.sign(map[string]any{"aud": token.Aud})
		if token.Aud == s.forge.audience {
			variables[name] = s.forge.idToken("main")
		}
	}
	var env []string
	for _, name := range sortedKeys(variables) {
		env = append(env, name+"="+variables[name])
	}
	return s.env(append(env, more...)...)
}

// runGitlab runs a job's lines in one shell, as a runner does.
func (s *workshop) runGitlab(shell []string, j gitlabJob, env ...string) outcome {
	s.t.Helper()
	args := append(slices.Clone(shell[1:]), strings.Join(j.lines(), "\n"))
	return process(s.t, s.checkout, s.gitlabEnv(j, env...), shell[0], args...)
}

// TestGitLabTemplates runs every line of the templates in ci/gitlab as GitLab
// does, from a chart in a project to what Helm installs.
func TestGitLabTemplates(t *testing.T) {
	t.Parallel()
	s := newWorkshop(t)
	s.gitlabProject(fmt.Sprintf(`include:
  - local: ci/gitlab/portolan.yml
  - local: ci/gitlab/templates/upload.yml
    inputs: {url: "%[1]s", channel: component, stage: build, merge-requests: true}
  - local: ci/gitlab/templates/generate.yml
    inputs: {drop: "%[2]s/drop", site: "%[2]s/site"}
  - local: ci/gitlab/templates/generate.yml
    inputs: {drop: "%[2]s/drop", site: "%[2]s/site", after-uploads: true, job: publish-after}
job-token:
  extends: .portolan-upload
  variables: {CHARTS_URL: "%[1]s", CHARTS: charts/app-web, CHARTS_CHANNEL: job-token}
id-token:
  extends: .portolan-upload
  id_tokens: {CHARTS_TOKEN: {aud: "%[1]s"}}
  variables: {CHARTS_URL: "%[1]s", CHARTS: charts/app-web charts/app-db, CHARTS_CHANNEL: id-token}
publish:
  extends: .portolan-generate
  variables: {PORTOLAN_DROP: "%[2]s/drop", PORTOLAN_SITE: "%[2]s/site"}
`, s.shim.url, s.folder))
	jobs := s.gitlabJobs()
	equal(t, "jobs", sortedKeys(jobs), []string{"id-token", "job-token", "publish", "publish-after", "publish-charts", "upload-charts"})
	equal(t, "lines of the component upload", jobs["upload-charts"].lines(), jobs["job-token"].lines())
	equal(t, "lines of the component generate", jobs["publish-charts"].lines(), jobs["publish"].lines())
	s.checkGitlabRules()
	s.checkGitlabJobs(jobs)
	for i, shell := range gitlabShells {
		version := fmt.Sprintf("1.0.%d", i)
		s.chart("charts/app-web", "app-web", version)
		s.chart("charts/app-db", "app-db", version)
		for _, name := range []string{"upload-charts", "job-token", "id-token"} {
			if o := s.runGitlab(shell, jobs[name]); o.code != 0 || !strings.Contains(o.stdout, "201 Created") {
				t.Fatalf("%s: exit code %d\n%s%s", name, o.code, o.stdout, o.stderr)
			}
		}
		equal(t, "waiting", s.waiting(), map[string]int{"42/component": 2, "42/id-token": 2, "42/job-token": 1})
		publish := []string{"publish", "publish-charts", "publish-after"}[i]
		if o := s.runGitlab(shell, jobs[publish]); o.code != 0 {
			t.Fatalf("%s: exit code %d\n%s%s", publish, o.code, o.stdout, o.stderr)
		}
	}
	lines := string(read(t, s.curls))
	if !strings.Contains(lines, "/packages/helm/api/") {
		t.Errorf("no command line of curl was recorded:\n%s", lines)
	}
	if strings.Contains(lines, jobSecret) || strings.Contains(lines, "eyJ") {
		t.Errorf("a command line of curl shows a token:\n%s", lines)
	}
	equal(t, "published", s.published("42/component"), []string{"app-db 1.0.2", "app-db 1.0.1", "app-db 1.0.0", "app-web 1.0.2", "app-web 1.0.1", "app-web 1.0.0"})
	equal(t, "published", s.published("42/job-token"), []string{"app-web 1.0.2", "app-web 1.0.1", "app-web 1.0.0"})
	s.installs("42/component", "app-web")
	if o := s.runGitlab(gitlabShells[0], jobs["upload-charts"], "CI_PIPELINE_SOURCE=merge_request_event"); o.code != 0 || len(s.waiting()) > 0 {
		t.Errorf("in a merge request: exit code %d, and waiting are %v\n%s%s", o.code, s.waiting(), o.stdout, o.stderr)
	}
	s.gitlabRefusals(jobs)
	s.gitlabBinaries(jobs["publish-charts"])
}

// gitlabRefusals: a chart that is refused fails the job, and the others are
// uploaded; an upload that is rejected later is a warning.
func (s *workshop) gitlabRefusals(jobs map[string]gitlabJob) {
	s.t.Helper()
	s.chart("charts/app-web", "app-web", "2.0.0")
	s.chart("charts/another", "another", "2.0.0") // the token is for app-*
	shell := gitlabShells[0]
	o := s.runGitlab(shell, jobs["upload-charts"])
	if o.code != 1 || !strings.Contains(o.stdout, "Not uploaded: another-2.0.0.tgz.") || !strings.Contains(o.stdout, "a chart called") || s.waiting()["42/component"] != 2 {
		s.t.Errorf("a refused chart: exit code %d, waiting %v\n%s%s", o.code, s.waiting(), o.stdout, o.stderr)
	}
	s.chart("charts/another", "another", "2.0.0", "templates/x.yaml", "{{ nonsense }}")
	if o := s.runGitlab(shell, jobs["job-token"], "CHARTS=charts/*"); o.code != 1 || strings.Contains(o.stdout, "201 Created") {
		s.t.Errorf("a chart that does not lint: exit code %d\n%s%s", o.code, o.stdout, o.stderr)
	}
	if o := s.runGitlab(shell, jobs["job-token"], "CHARTS=charts/app-web ."); o.code != 1 || !strings.Contains(o.stdout, ". is not a chart, and no folder in it is one.") {
		s.t.Errorf("a folder without charts: exit code %d\n%s%s", o.code, o.stdout, o.stderr)
	}
	write(s.t, filepath.Join(s.folder, "drop", "inbox", "42", "component", "bad-1.0.0.tgz"), []byte("nonsense"))
	publish := jobs["publish-charts"]
	if o := s.runGitlab(shell, publish); o.code != publish.AllowFailure.ExitCodes || o.code != exitRejected {
		s.t.Errorf("a rejected upload: exit code %d, and allowed to fail is %d\n%s%s", o.code, publish.AllowFailure.ExitCodes, o.stdout, o.stderr)
	}
	for file, says := range map[string]string{publish.Artifacts.Reports.Junit: "<failure", publish.Artifacts.Paths[0]: "app-web"} {
		if text := string(read(s.t, filepath.Join(s.checkout, file))); !strings.Contains(text, says) {
			s.t.Errorf("%s does not say %s:\n%s", file, says, text)
		}
	}
	if all := s.published("42/component"); !slices.Contains(all, "app-web 2.0.0") {
		s.t.Errorf("beside a rejected upload are published %q", all)
	}
}

// gitlabBinaries gets the binary in each of the ways, and gives it what the
// clouds' libraries look for.
func (s *workshop) gitlabBinaries(j gitlabJob) {
	s.t.Helper()
	binary := []byte("#!/bin/sh\nprintf '%s, ' \"$@\" \"$AZURE_FEDERATED_TOKEN_FILE\" \"${AWS_WEB_IDENTITY_TOKEN_FILE:-none}\"\ncat \"$AZURE_FEDERATED_TOKEN_FILE\"\n")
	archive := charttest.Pack("", map[string]string{"portolan": string(binary), "LICENSE": "-"}, nil)
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, ".tar.gz") {
			w.Write(archive)
			return
		}
		w.Write(binary)
	}))
	defer web.Close()
	write(s.t, filepath.Join(s.home, "portolan"), binary)
	s.program("go", "true", fmt.Sprintf(`case "$*" in "install "*" github.com/portolan-charts/portolan/cmd/portolan@v"[0-9]*.[0-9]*.[0-9]*) cp '%s/portolan' "$GOBIN" && chmod +x "$GOBIN/portolan" ;; *) exit 1 ;; esac`, s.home))
	path, url := "PATH="+s.bin+":/usr/bin:/bin", "PORTOLAN_BINARY_URL="+web.URL
	for _, c := range []struct {
		name string
		env  []string
		code int
		says string
	}{
		{"go install", []string{path}, 0, "/cloud-token, none, eyJ"},
		{"no such version", []string{path, "PORTOLAN_VERSION=v9"}, 1, ""},
		{"a download", []string{path, url, "PORTOLAN_BINARY_SHA256=" + digest(binary), "AWS_ROLE_ARN=x", "CLOUD_TOKEN_FILE=" + s.home + "/t"}, 0, s.home + "/t, " + s.home + "/t, eyJ"},
		{"an archive", []string{path, url + "/portolan.tar.gz", "PORTOLAN_BINARY_SHA256=" + digest(archive)}, 0, "/cloud-token, none, eyJ"},
		{"another file", []string{path, url, "PORTOLAN_BINARY_SHA256=" + digest(nil)}, 1, "FAILED"},
		{"a download without a sum", []string{path, url}, 1, ""},
	} {
		for _, shell := range gitlabShells {
			if o := s.runGitlab(shell, j, c.env...); o.code != c.code || !strings.Contains(o.stdout, c.says) {
				s.t.Errorf("%s with %q: exit code %d, want %d and %q in\n%s%s", c.name, shell, o.code, c.code, c.says, o.stdout, o.stderr)
			}
		}
	}
}

// checkGitlabRules checks which jobs each kind of pipeline has.
func (s *workshop) checkGitlabRules() {
	s.t.Helper()
	uploads, publishes := []string{"id-token", "job-token", "upload-charts"}, []string{"publish", "publish-after", "publish-charts"}
	for source, want := range map[string][]string{
		"push": append(slices.Clone(uploads), "publish-after"), "schedule": slices.Clone(publishes), "trigger": slices.Clone(publishes), "merge_request_event": {"upload-charts"},
	} {
		args := []string{"--list-json", "--variable", "CI_PIPELINE_SOURCE=" + source}
		if source == "merge_request_event" { // such a pipeline is of no branch
			args = append(args, "--variable", "CI_COMMIT_BRANCH=")
		}
		text := s.gitlab(args...)
		var all []struct{ Name, When string }
		decode(s.t, text[strings.Index(text, "[\n"):], &all)
		var got []string
		for _, j := range all {
			if j.When != "never" {
				got = append(got, j.Name)
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		equal(s.t, "jobs of a pipeline by "+source, got, want)
	}
}

// checkGitlabJobs reads each job's lines with shellcheck, and checks what
// they are run with.
func (s *workshop) checkGitlabJobs(jobs map[string]gitlabJob) {
	s.t.Helper()
	for _, name := range sortedKeys(jobs) {
		j := jobs[name]
		if strings.Contains(j.Script[0], "packages=") {
			s.checkHelmImage(name, j)
		} else if j.ResourceGroup == "" || j.AllowFailure.ExitCodes != exitRejected {
			s.t.Errorf("%s: its resource group is %q, and it may fail with %d", name, j.ResourceGroup, j.AllowFailure.ExitCodes)
		} else if a := j.Artifacts; a.When != "always" || a.Reports.Junit != "portolan.xml" || !slices.Equal(a.Paths, []string{"portolan.md"}) {
			s.t.Errorf("%s: its artifacts are %+v", name, a)
		}
		s.shellcheck(name, "sh", strings.Join(j.lines(), "\n"))
	}
}

func (s *workshop) checkHelmImage(name string, j gitlabJob) {
	s.t.Helper()
	helm4 := string(read(s.t, "../../ci/tools/helm4/go.mod"))
	if version, ok := strings.CutPrefix(j.Image.Name, "alpine/helm:"); !ok || !strings.Contains(helm4, "helm.sh/helm/v4 v"+version+" ") {
		s.t.Errorf("%s: the image %s has not the Helm of the tests", name, j.Image.Name)
	}
}

// shellcheck reads lines of a template. Lists of charts and flags are meant to
// be split (SC2086).
func (s *workshop) shellcheck(name, shell, lines string) {
	s.t.Helper()
	if s.checked[lines] {
		return
	}
	s.checked[lines] = true
	file := filepath.Join(s.t.TempDir(), "lines")
	write(s.t, file, []byte(lines+"\n"))
	if o := process(s.t, s.checkout, s.env(), "shellcheck", "--shell", shell, "--exclude", "SC2086", file); o.code != 0 {
		s.t.Errorf("%s: shellcheck says\n%s%s", name, o.stdout, o.stderr)
	}
}
