package main

import (
	"path/filepath"
	"regexp"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/portolan-charts/portolan/ci/testenv"
)

// remoteTemplate begins the address of a template, up to its path in the checkout.
var remoteTemplate = regexp.MustCompile(`remote: https://raw\.githubusercontent\.com/portolan-charts/portolan/[^/]+/`)

// TestReadmePipelines runs the jobs that the READMEs tell users to write.
func TestReadmePipelines(t *testing.T) {
	t.Parallel()
	s := newWorkshop(t)
	s.chart("mychart", "app-mychart", "1.0.0")
	s.gitlabProject(remoteTemplate.ReplaceAllString(block(t, "gitlab", "https://charts.example.com", s.shim.url,
		"s3://acme-chart-drop?region=eu-central-1", filepath.Join(s.folder, "drop"), "s3://acme-charts?region=eu-central-1", filepath.Join(s.folder, "site")), "local: "))
	jobs := s.gitlabJobs()
	for _, name := range []string{"upload-charts", "publish-charts"} {
		if o := s.runGitlab(gitlabShells[0], jobs[name]); o.code != 0 {
			t.Errorf("GitLab's %s: exit code %d\n%s%s", name, o.code, o.stdout, o.stderr)
		}
	}
	equal(t, "published from GitLab", s.published("42/stable"), []string{"app-mychart 1.0.0"})

	var w githubWorkflow
	if err := yaml.Unmarshal([]byte(block(t, "github", "https://charts.example.com", s.shim.url)), &w); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(s.checkout, ".github", "workflows", "charts.yml"), []byte(blocks(t, "github")[0]))
	if o := process(t, s.checkout, s.env(), testenv.Tool(t, "actionlint")); o.code != 0 {
		t.Errorf("actionlint says\n%s%s", o.stdout, o.stderr)
	}
	if o := s.newGithubJob("").steps(w.Jobs["charts"].Steps, nil); o.code != 0 {
		t.Errorf("GitHub: exit code %d\n%s%s", o.code, o.stdout, o.stderr)
	}

	write(t, filepath.Join(s.checkout, "token"), []byte(s.forge.idToken("main")+"\n"))
	lines := block(t, "ci", "https://charts.example.com", s.shim.url, "CHARTS_CHANNEL=stable", "CHARTS_CHANNEL=42/script", "ci/portolan.sh", scriptPath(t))
	env := s.env("PORTOLAN_DROP="+filepath.Join(s.folder, "drop"), "PORTOLAN_SITE="+filepath.Join(s.folder, "site"))
	if o := process(t, s.checkout, env, "sh", "-eu", "-c", lines); o.code != 0 {
		t.Errorf("the script: exit code %d\n%s%s", o.code, o.stdout, o.stderr)
	}
	for _, channel := range []string{"stable", "42/script"} {
		equal(t, channel, s.published(channel), []string{"app-mychart 1.0.0"})
	}
}
