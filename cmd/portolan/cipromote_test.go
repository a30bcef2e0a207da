package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/generator/charttest"
)

// newPromotions is a workshop with charts in channels to promote from. Its shim publishes
// what is asked for at once.
func newPromotions(t *testing.T) *workshop {
	t.Helper()
	return newWorkshopWith(t, (*town).writePromoteAuth, "--site", "site", "--generate")
}

// writePromoteAuth writes an auth file by which jobs may promote from dev, and from a
// channel that stable takes nothing from.
func (w *town) writePromoteAuth(f *forge) {
	w.t.Helper()
	write(w.t, filepath.Join(w.folder, "portolan.yaml"), []byte(`channels:
- {match: "**", duplicates: reject}
- {match: stable, promote: {from: [dev]}}
- {match: 42/stable, promote: {from: [42/dev]}}
`))
	write(w.t, filepath.Join(w.folder, "auth.yaml"), fmt.Appendf(nil, `oidc:
  - issuer: %s
    audience: %s
    rules:
      - {name: gitlab, claims: {project_id: "42", ref: main}, scopes: ["promote:42/stable", "read:42/*"]}
      - {name: github, claims: {repository_id: "74", repository_owner_id: "65"}, scopes: ["promote:stable", "read:dev", "read:test"]}
`, f.URL, f.audience))
	for _, channel := range []string{"dev", "test", "42/dev", "42/test"} {
		for _, version := range []string{"1.0.0", "1.1.0+build.7", "1.2.0"} {
			w.dropped(channel, charttest.Simple("web", version))
		}
	}
	w.done("generate")
}

// TestCIScriptPromotes: versions are promoted by what they are, the verdict is waited for,
// and a refusal says why. No token is on a command line.
func TestCIScriptPromotes(t *testing.T) {
	t.Parallel()
	s := newPromotions(t)
	url, token := "CHARTS_URL="+s.shim.url, "CHARTS_TOKEN="+s.forge.idToken("main")
	for _, c := range []struct {
		name string
		args []string
		code int
		says string
	}{
		{"too little", []string{"42/dev", "web"}, 2, "promote FROM NAME VERSION"},
		{"two versions", []string{"42/dev", "web", "1.0.0", "1.1.0+build.7"}, 0, "accepted: web 1.0.0 1.1.0+build.7 from 42/dev"},
		{"once more", []string{"42/dev", "web", "1.0.0"}, 0, "unchanged: web 1.0.0 from 42/dev"},
		{"another channel", []string{"42/test", "web", "1.2.0"}, 3, "refused web 1.2.0 from 42/test: "},
		{"no such version", []string{"42/dev", "web", "9.0.0"}, 1, "42/dev answers 404: there is no version"},
		{"a channel that it may not read", []string{"dev", "web", "1.0.0"}, 1, "dev answers 403: "},
		{"what is no version", []string{"42/dev", "web", `1.0.0"`}, 1, "is neither a channel"},
	} {
		o := s.script(sh, []string{url, token, "CHARTS_CHANNEL=42/stable"}, append([]string{"promote"}, c.args...)...)
		if o.code != c.code || !strings.Contains(o.stderr, c.says) {
			t.Errorf("%s: exit code %d, want %d and %q in\n%s%s", c.name, o.code, c.code, c.says, o.stdout, o.stderr)
		}
	}
	write(t, filepath.Join(s.checkout, "token"), []byte(s.forge.idToken("main")+"\n"))
	lines := block(t, "ci promote", "https://charts.example.com", s.shim.url, "CHARTS_CHANNEL=stable", "CHARTS_CHANNEL=42/stable", "ci/portolan.sh", scriptPath(t), "dev mychart 0.1.0", "42/dev web 1.2.0")
	if o := process(t, s.checkout, s.env(), "sh", "-eu", "-c", lines); o.code != 0 {
		t.Errorf("the README's lines: exit code %d\n%s%s", o.code, o.stdout, o.stderr)
	}
	equal(t, "promoted", s.published("42/stable"), []string{"web 1.2.0", "web 1.1.0+build.7", "web 1.0.0"})
	if strings.Contains(string(read(t, s.curls)), "eyJ") {
		t.Error("a command line of curl shows a token")
	}
}

// TestGitLabPromotes runs the job of the template, which somebody starts by hand.
func TestGitLabPromotes(t *testing.T) {
	t.Parallel()
	s := newPromotions(t)
	s.gitlabProject(remoteTemplate.ReplaceAllString(block(t, "gitlab promote", "https://charts.example.com", s.shim.url, "mychart", "web"), "local: "))
	job := s.gitlabJobs()["promote-charts"]
	s.checkHelmImage("promote-charts", job)
	s.shellcheck("promote-charts", "sh", strings.Join(job.lines(), "\n"))
	for i, c := range []struct {
		env  []string
		code int
		says string
	}{
		{[]string{"VERSIONS=1.0.0"}, 0, `"verdict":"accepted"`},
		{[]string{"VERSIONS=1.0.0 1.1.0+build.7"}, 0, `"verdict":"accepted"`},
		{[]string{"VERSIONS=1.1.0+build.7"}, 0, `"verdict":"unchanged"`},
		{nil, 1, "VERSIONS is not set"},
		{[]string{"VERSIONS=9.0.0"}, 1, "there is no version"},
		{[]string{"VERSIONS=1.2.0", "CHARTS_FROM=42/test"}, 1, "gate-from"},
		{[]string{"VERSIONS=1.2.0", "CHARTS_FROM=dev"}, 1, "may not"},
	} {
		o := s.runGitlab(gitlabShells[i%len(gitlabShells)], job, c.env...)
		if o.code != c.code || !strings.Contains(o.stdout, c.says) {
			t.Errorf("%q: exit code %d, want %d and %q in\n%s%s", c.env, o.code, c.code, c.says, o.stdout, o.stderr)
		}
	}
	equal(t, "promoted", s.published("42/stable"), []string{"web 1.1.0+build.7", "web 1.0.0"})
	if strings.Contains(string(read(t, s.curls)), "eyJ") {
		t.Error("a command line of curl shows a token")
	}
}

// TestGitHubPromotes runs the workflow that somebody starts by hand.
func TestGitHubPromotes(t *testing.T) {
	t.Parallel()
	s := newPromotions(t)
	s.git(s.checkout, "init", "--quiet")
	s.git(s.checkout, "commit", "--quiet", "--allow-empty", "--message", "none")
	for _, c := range []struct {
		from, versions string
		code           int
		says           string
	}{
		{"dev", "1.0.0 1.2.0", 0, "accepted: web 1.0.0 1.2.0 from dev"},
		{"test", "1.1.0+build.7", 3, "::error title=web 1.1.0+build.7 from test is refused::"},
	} {
		job := s.newGithubJob("", "GITHUB_EVENT_NAME=workflow_dispatch")
		job.context["inputs.chart"], job.context["inputs.versions"] = "web", c.versions
		o := job.workflow("promote", map[string]string{"url": s.shim.url, "from": c.from})
		if o.code != c.code || !strings.Contains(o.stdout+o.stderr, c.says) {
			t.Errorf("%s from %s: exit code %d, want %d and %q in\n%s%s", c.versions, c.from, o.code, c.code, c.says, o.stdout, o.stderr)
		}
	}
	equal(t, "promoted", s.published("stable"), []string{"web 1.2.0", "web 1.0.0"})
}
