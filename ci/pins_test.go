// Package ci has only tests: that what this folder holds, and what users copy
// from it, names what it runs, and agrees.
package ci

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/ci/testenv"
)

// copied are the files below a root that users read and copy: all READMEs, and
// what is in ci and .github, but for tests and what only tests need.
func copied(t *testing.T, root string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(root, file)
		name = filepath.ToSlash(name)
		switch name {
		case ".build", "testdata", "ci/tools", "ci/bench", "ci/testenv":
			return fs.SkipDir
		case ".git":
			if d.IsDir() { // a file in another worktree
				return fs.SkipDir
			}
		}
		ours := strings.HasPrefix(name, "ci/") || strings.HasPrefix(name, ".github/")
		if d.Type().IsRegular() && filepath.Ext(name) != ".go" && (ours || filepath.Ext(name) == ".md") {
			b, err := os.ReadFile(file)
			files[name] = string(b)
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// Where a version of portolan stands, and what would stand for another one
// tomorrow.
var (
	versions = regexp.MustCompile(`portolan-charts/portolan[\w./-]*[@:]([\w.-]*\w)|acme/portolan/[a-z]+@([\w.-]+)|acme/portolan, ref: ([\w.-]+)|` +
		`releases/download/([\w.-]+)|githubusercontent\.com/portolan-charts/portolan/([\w.-]+)/|portolan_([^_\s]+)_[a-z]+_|--tag portolan:([\w.-]+)|PORTOLAN_VERSION: ([\w.-]+)|default: (v[\d.]+)\n`)
	moving = regexp.MustCompile(`[@:](?:main|master|latest|HEAD)\b|[a-z]-latest\b|\b(?:version|default|tag|VERSION): *["']?(?:main|master|latest)\b`)
)

// checkVersions checks that all files below the root name this version of
// portolan, and none that moves.
func checkVersions(t *testing.T, root, version string) {
	t.Helper()
	named := map[string]int{}
	for file, text := range copied(t, root) {
		for _, m := range versions.FindAllStringSubmatch(text, -1) {
			named[file]++
			if got := strings.Join(m[1:], ""); strings.TrimPrefix(got, "v") != version {
				t.Errorf("%s names version %s of portolan, and the chart in ci/chart %s: %s", file, got, version, m[0])
			}
		}
		for _, m := range moving.FindAllString(text, -1) {
			t.Errorf("%s names what will be another tomorrow: %s", file, m)
		}
	}
	for _, file := range []string{"README.md", "ci/README.md", "ci/Containerfile", "ci/github/workflows/generate.yml", "ci/github/workflows/pages.yml", "ci/github/workflows/promote.yml",
		"ci/github/workflows/upload.yml", "ci/gitlab/portolan.yml", "ci/gitlab/templates/generate.yml", "ci/gitlab/templates/promote.yml", "ci/gitlab/templates/upload.yml"} {
		if named[file] == 0 {
			t.Errorf("%s names no version of portolan", file)
		}
	}
	chart, err := os.ReadFile(filepath.Join(root, "ci", "chart", "Chart.yaml"))
	if err != nil || !strings.Contains(string(chart), "\nversion: "+version+"\nappVersion: "+version+"\n") {
		t.Errorf("%v; the chart in ci/chart is not of version %s", err, version)
	}
}

// chartVersion is the version that the templates are of.
func chartVersion(t *testing.T) string {
	t.Helper()
	m := regexp.MustCompile(`(?m)^appVersion: (.*)$`).FindStringSubmatch(read(t, "ci/chart/Chart.yaml"))
	if m == nil {
		t.Fatal("the chart in ci/chart has no appVersion")
	}
	return m[1]
}

// What users copy runs the same next year: it names one version of portolan.
func TestVersions(t *testing.T) { checkVersions(t, "..", chartVersion(t)) }

// Our own workflows run what was read: actions by their commits, and the Go
// that the image is built with.
func TestWorkflowPins(t *testing.T) {
	goVersion := regexp.MustCompile(`golang:([0-9.]+)`).FindStringSubmatch(read(t, "ci/Containerfile"))[1]
	uses := regexp.MustCompile(`uses: +(.*)`)
	pinned := regexp.MustCompile(`^[\w./-]+@[0-9a-f]{40} # v[0-9]+\.[0-9]+\.[0-9]+$`)
	for file, text := range copied(t, "..") {
		for _, m := range regexp.MustCompile(`(?:golang:|go-version: )([0-9.]+)`).FindAllStringSubmatch(text, -1) {
			if m[1] != goVersion {
				t.Errorf("%s names Go %s, and ci/Containerfile %s", file, m[1], goVersion)
			}
		}
		if !strings.HasPrefix(file, ".github/workflows/") {
			continue
		}
		for _, m := range uses.FindAllStringSubmatch(text, -1) {
			if !pinned.MatchString(m[1]) && !strings.HasPrefix(m[1], "./.github/") {
				t.Errorf("%s uses an action that is not pinned by its commit, with the version in a comment: %s", file, m[1])
			}
		}
		if !strings.Contains(text, "\npermissions:") || strings.Contains(text, "pull_request_target") || strings.Contains(text, "write-all") {
			t.Errorf("%s may do more than it needs", file)
		}
	}
}

// Releasing rewrites the version in every place, and nothing else.
func TestRelease(t *testing.T) {
	git := testenv.Program(t, "git")
	root := t.TempDir()
	for file, text := range copied(t, "..") {
		write(t, filepath.Join(root, file), text)
	}
	if err := os.Chmod(filepath.Join(root, "ci", "release"), 0o777); err != nil {
		t.Fatal(err)
	}
	env := append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com")
	run := func(code int, says, name string, args ...string) string {
		t.Helper()
		c := exec.CommandContext(testenv.Context(t), name, args...)
		c.Dir, c.Env = root, env
		out, err := c.CombinedOutput()
		if c.ProcessState == nil || c.ProcessState.ExitCode() != code || !strings.Contains(string(out), says) {
			t.Fatalf("%s %q: %v, want exit code %d and %q in\n%s", name, args, err, code, says, out)
		}
		return string(out)
	}
	run(0, "", git, "init", "--quiet")
	run(0, "", git, "add", ".")
	run(0, "", git, "commit", "--quiet", "--message", "all")
	run(1, "has no notes", "ci/release", "--check", "v"+chartVersion(t))
	run(1, "run ci/release 9.8.7, and tag its commit", "ci/release", "--check", "v9.8.7")
	run(1, "is not a version", "ci/release", "next")
	run(0, "git tag --annotate v9.8.7-rc.1", "ci/release", "v9.8.7-rc.1")
	checkVersions(t, root, "9.8.7-rc.1")
	run(0, "", "ci/release", "9.8.7")
	checkVersions(t, root, "9.8.7")
	run(0, "", git, "tag", "v9.8.7")
	run(1, "has no notes", "ci/release", "--check", "v9.8.7")
	run(0, "", git, "tag", "--force", "--annotate", "--message", "v9.8.7", "--message", "Faster.", "v9.8.7")
	run(0, "", "ci/release", "--check", "v9.8.7")
	run(0, "release: v9.8.7", git, "log", "-1", "--format=%s")
	run(0, "", git, "diff", "--quiet", "HEAD")
	write(t, filepath.Join(root, "README.md"), "changed\n")
	run(1, "not committed", "ci/release", "9.8.8")
	run(0, "", git, "reset", "--quiet", "--hard")
	run(0, "", "ci/release", chartVersion(t))
	if changed := run(0, "", git, "diff", "--stat", "HEAD~3"); changed != "" {
		t.Errorf("there and back again, something else changed:\n%s", changed)
	}
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}
