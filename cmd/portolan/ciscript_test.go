package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/ci/testenv"
	"github.com/portolan-charts/portolan/generator/charttest"
)

// scriptPath is ci/portolan.sh.
func scriptPath(t *testing.T) string {
	t.Helper()
	file, err := filepath.Abs("../../ci/portolan.sh")
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// script runs ci/portolan.sh in the checkout.
func (s *workshop) script(shell []string, env []string, args ...string) outcome {
	s.t.Helper()
	args = append(append(shell[1:], scriptPath(s.t)), args...)
	return process(s.t, s.checkout, s.env(env...), shell[0], args...)
}

var sh = []string{"sh"}

// TestCIScriptTokens uploads with each kind of token, and looks for them in
// the traces of all shells and in the command lines that 'ps' would show.
func TestCIScriptTokens(t *testing.T) {
	t.Parallel()
	s := newWorkshop(t)
	token := s.forge.idToken("main")
	file := filepath.Join(t.TempDir(), "token")
	write(t, file, []byte(token+"\n"))
	for i, c := range []struct {
		name, channel string
		env           []string
	}{
		{"a token", "42/stable", []string{"CHARTS_TOKEN=" + token}},
		{"a file", "42/stable", []string{"CHARTS_TOKEN_FILE=" + file}},
		{"a GitLab job's", "42/stable", []string{"CHARTS_USER=gitlab-ci-token", "CHARTS_TOKEN=" + jobSecret}},
		{"a GitHub job's", "stable", []string{"GITHUB_ACTIONS=true", "ACTIONS_ID_TOKEN_REQUEST_URL=" + s.forge.URL + "/github/token?api-version=2",
			"ACTIONS_ID_TOKEN_REQUEST_TOKEN=" + requestSecret, "CHARTS_URL=" + strings.Replace(s.shim.url, "127.0.0.1", "localhost", 1), "CHARTS_AUDIENCE=" + s.shim.url}},
	} {
		for j, shell := range [][]string{{"sh", "-x"}, {"bash", "-x"}, {"busybox", "sh", "-x"}} {
			version := fmt.Sprintf("1.%d.%d", i, j)
			s.chart("chart", "app-web", version)
			o := s.script(shell, append([]string{"CHARTS_URL=" + s.shim.url, "CHARTS_CHANNEL=" + c.channel}, c.env...), "upload", "chart")
			if o.code != 0 || !strings.Contains(o.stderr, "portolan.sh: uploaded app-web-"+version+".tgz to "+c.channel+"\n") {
				t.Fatalf("%s, %q: exit code %d\n%s", c.name, shell, o.code, o.stderr)
			}
			s.hides(c.name, []string{o.stdout, o.stderr}, token, jobSecret, requestSecret)
		}
	}
	equal(t, "waiting", s.waiting(), map[string]int{"42/stable": 9, "stable": 3})
	if o := s.script(sh, []string{"PORTOLAN_DROP=" + filepath.Join(s.folder, "drop"), "PORTOLAN_SITE=" + filepath.Join(s.folder, "site")}, "generate", "--channel", "stable"); o.code != 0 {
		t.Fatalf("generate: exit code %d\n%s%s", o.code, o.stdout, o.stderr)
	}
	equal(t, "published", s.published("stable"), []string{"app-web 1.3.2", "app-web 1.3.1", "app-web 1.3.0"})
	s.installs("stable", "app-web")
}

// TestCIScriptRefusals says what is wrong, and ends with the exit code for it.
func TestCIScriptRefusals(t *testing.T) {
	t.Parallel()
	s := newWorkshop(t)
	s.chart("charts/good", "app-good", "1.0.0")
	s.chart("other", "web", "1.0.0") // not one of the charts that the token may upload
	write(t, filepath.Join(s.checkout, "bad-1.0.0.tgz"), []byte("nonsense"))
	signed := charttest.Simple("app-signed", "1.0.0")
	write(t, filepath.Join(s.checkout, "app-signed-1.0.0.tgz"), signed)
	write(t, filepath.Join(s.checkout, "app-signed-1.0.0.tgz.prov"), charttest.NewSigner().Sign("app-signed-1.0.0.tgz", signed))
	s.chart("broken", "app-broken", "1.0.0", "templates/x.yaml", "{{ nonsense }}")
	write(t, filepath.Join(s.checkout, "empty", "README.md"), nil)
	s.chart("--version", "app-dashed", "1.0.0") // a folder that looks like an option
	write(t, filepath.Join(s.checkout, "-o\";x=y.tgz"), charttest.Simple("app-quoted", "1.0.0"))
	written := filepath.Join(t.TempDir(), "written")
	url, token := "CHARTS_URL="+s.shim.url+"/", "CHARTS_TOKEN="+s.forge.idToken("main")
	for _, c := range []struct {
		name string
		env  []string
		args []string
		code int
		says string
	}{
		{"no command", nil, nil, 2, "usage: portolan.sh upload"},
		{"another command", nil, []string{"publish"}, 2, "usage: portolan.sh upload"},
		{"no chart", []string{url, token}, []string{"upload"}, 2, "usage: portolan.sh upload"},
		{"no URL", []string{token}, []string{"upload", "charts"}, 1, "CHARTS_URL is not set"},
		{"no URL but an option", []string{token, "CHARTS_URL=--version"}, []string{"upload", "charts"}, 1, "--version is not a URL"},
		{"a folder without charts", []string{url, token}, []string{"upload", "charts", "empty"}, 1, "empty is neither an archive"},
		{"a chart that does not lint", []string{url, token}, []string{"upload", "charts", "broken"}, 1, "broken does not lint; nothing is uploaded"},
		{"no file with a token", []string{url, "CHARTS_TOKEN_FILE=nothere"}, []string{"upload", "charts"}, 1, "cannot read nothere"},
		{"an empty token", []string{url, "CHARTS_TOKEN_FILE=empty/README.md"}, []string{"upload", "charts"}, 1, "the token is empty"},
		{"GitHub without the permission", []string{url, "GITHUB_ACTIONS=true"}, []string{"upload", "charts"}, 1, "permissions: {id-token: write}"},
		{"plain HTTP", []string{"CHARTS_URL=http://127.0.0.1.example.com", token}, []string{"upload", "charts"}, 1, "a token is sent to https:// only"},
		{"nobody listens", []string{"CHARTS_URL=http://127.0.0.1:1", token}, []string{"upload", "charts"}, 1, "cannot be reached"},
		{"no token", []string{url}, []string{"upload", "charts"}, 1, "answers 401: "},
		{"another's chart", []string{url, token}, []string{"upload", "other"}, 1, "may not upload a chart called"},
		{"one of two", []string{url, token}, []string{"upload", "bad-1.0.0.tgz", "charts"}, 3, "refused bad-1.0.0.tgz: the file is not a gzip-compressed archive"},
		{"in GitHub", []string{url, token, "GITHUB_ACTIONS=true"}, []string{"upload", "bad-1.0.0.tgz"}, 3, "::error title=bad-1.0.0.tgz is refused::the file is not a gzip"},
		{"a folder and a file like options", []string{url, token}, []string{"upload", "--version", "-o\";x=y.tgz"}, 0, "uploaded app-dashed-1.0.0.tgz to 42/stable"},
		{"a user name like a setting of curl", []string{url, token, "CHARTS_USER=x\"\noutput = \"" + written}, []string{"upload", "charts"}, 0, "uploaded app-good-1.0.0.tgz"},
		{"a sum like a path", []string{"PORTOLAN_BINARY_URL=" + s.shim.url, "PORTOLAN_BINARY_SHA256=/../../x"}, []string{"get"}, 1, "is not a sum"},
		{"a signed one", []string{url, token}, []string{"upload", "app-signed-1.0.0.tgz"}, 0, "uploaded app-signed-1.0.0.tgz to 42/stable"},
	} {
		o := s.script(sh, append(c.env, "CHARTS_CHANNEL=42/stable"), c.args...)
		if o.code != c.code || !strings.Contains(o.stdout+o.stderr, c.says) {
			t.Errorf("%s: exit code %d, want %d and %q in\n%s%s", c.name, o.code, c.code, c.says, o.stdout, o.stderr)
		}
	}
	if _, err := os.Stat(written); err == nil {
		t.Error("CHARTS_USER sets other options of curl")
	}
	s.done("generate")
	equal(t, "published", s.published("42/stable"), []string{"app-dashed 1.0.0", "app-good 1.0.0", "app-quoted 1.0.0", "app-signed 1.0.0"})
	if provs, _ := filepath.Glob(filepath.Join(s.folder, "site", "42", "stable", "charts", "app-signed", "1.0.0", "*", "*.prov")); len(provs) != 1 {
		t.Errorf("the signature is not published: %q", provs)
	}
}

// git runs git in a folder, as somebody.
func (s *workshop) git(folder string, args ...string) string {
	s.t.Helper()
	env := s.env("GIT_CONFIG_GLOBAL=/dev/null", "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com")
	o := process(s.t, folder, env, "git", args...)
	if o.code != 0 {
		s.t.Fatalf("git %q: %s%s", args, o.stdout, o.stderr)
	}
	return strings.TrimSpace(o.stdout)
}

// TestCIScriptChanged packages what has changed since a commit, also in a
// checkout that has the last commit only; and all, if that cannot be told.
func TestCIScriptChanged(t *testing.T) {
	t.Parallel()
	s := newWorkshop(t)
	origin := t.TempDir()
	s.checkout = origin
	s.git(origin, "init", "--quiet", "--initial-branch=main")
	s.git(origin, "config", "uploadpack.allowAnySHA1InWant", "true")
	s.chart("charts/one", "one", "1.0.0", "templates/_x.tpl", "{{ define \"one.x\" }}x: y{{ end }}")
	s.chart("charts/two", "two", "1.0.0")
	s.chart("charts/on-common", "on-common", "1.0.0", "Chart.yaml",
		"apiVersion: v2\nname: on-common\nversion: 1.0.0\ndependencies: [{name: one, version: 1.x, repository: \"file://../one\"}]\n", "templates/x.yaml", "{{ include \"one.x\" . }}")
	s.git(origin, "add", ".")
	s.git(origin, "commit", "--quiet", "--message", "first")
	first := s.git(origin, "rev-parse", "HEAD")
	s.chart("charts/two", "two", "2.0.0")
	s.git(origin, "commit", "--quiet", "--all", "--message", "second")
	second := s.git(origin, "rev-parse", "HEAD")
	s.chart("charts/one", "one", "1.0.1", "templates/_x.tpl", "{{ define \"one.x\" }}x: y{{ end }}")
	s.git(origin, "commit", "--quiet", "--all", "--message", "third")
	third := s.git(origin, "rev-parse", "HEAD")
	all := []string{"on-common-1.0.0.tgz", "one-1.0.1.tgz", "two-2.0.0.tgz"}
	s.checkout = filepath.Join(t.TempDir(), "clone")
	s.git(origin, "clone", "--quiet", "--depth=1", "file://"+origin, s.checkout)
	ran := filepath.Join(t.TempDir(), "ran")
	for _, c := range []struct {
		name, since, says string
		want              []string
	}{
		{"all", "", "", all},
		{"none", third, "charts/on-common has not changed", nil},
		{"a name", "HEAD", "CHARTS_SINCE is not a commit's hash", all},
		{"an option that runs a command", "--upload-pack=touch " + ran + ";git-upload-pack", "is not a commit's hash", all},
		{"an option that writes a file", "--output=" + ran, "is not a commit's hash", all},
		{"two lines", third + "\n--output=" + ran, "is not a commit's hash", all},
		{"a commit that is not here", first, "", all},
		{"what has changed with another", second, "charts/two has not changed since " + second, []string{"on-common-1.0.0.tgz", "one-1.0.1.tgz"}},
		{"a new branch", strings.Repeat("0", 40), "no chart is left out", all},
	} {
		into := t.TempDir()
		s.git(s.checkout, "clean", "--quiet", "-dx", "--force") // of dependencies that were packaged
		s.git(s.checkout, "checkout", "--quiet", ".")
		o := s.script(sh, []string{"CHARTS_SINCE=" + c.since}, "package", into, "charts")
		if o.code != 0 || !strings.Contains(o.stderr, c.says) {
			t.Fatalf("%s: exit code %d, want %q in\n%s", c.name, o.code, c.says, o.stderr)
		}
		equal(t, c.name, sortedKeys(readFolder(t, into)), append([]string{}, c.want...))
		if _, err := os.Stat(ran); err == nil {
			t.Fatalf("%s: git took CHARTS_SINCE for an option", c.name)
		}
	}
}

// TestCIScriptGets gets the binary in each of the ways.
func TestCIScriptGets(t *testing.T) {
	t.Parallel()
	s := newWorkshop(t)
	binary := []byte("#!/bin/sh\necho \"portolan: $*\"\n")
	pack := func(name string) []byte {
		return charttest.Pack("", map[string]string{name: string(binary), "LICENSE": "-"}, nil)
	}
	files := map[string][]byte{"/portolan": binary, "/portolan.tar.gz": pack("portolan"), "/another.tar.gz": pack("another")}
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write(files[r.URL.Path]) }))
	defer web.Close()
	s.program("go", "true", `case "$*" in "install "*" github.com/portolan-charts/portolan/cmd/portolan@v1.2.3") printf '#!/bin/sh\necho "installed: $*"\n' >"$GOBIN/portolan"; chmod +x "$GOBIN/portolan" ;; *) exit 1 ;; esac`)
	cache := filepath.Join(s.home, ".cache", "portolan", "ci")
	if err := os.MkdirAll(cache, 0o777); err != nil {
		t.Fatal(err)
	}
	url := "PORTOLAN_BINARY_URL=" + web.URL + "/portolan"
	archive := []string{url + ".tar.gz", "PORTOLAN_BINARY_SHA256=" + digest(files["/portolan.tar.gz"])}
	another := []string{"PORTOLAN_BINARY_URL=" + web.URL + "/another.tar.gz", "PORTOLAN_BINARY_SHA256=" + digest(files["/another.tar.gz"])}
	for _, c := range []struct {
		name string
		env  []string
		code int
		says string
	}{
		{"what is in the PATH", nil, 0, "portolan: error"},
		{"a download", []string{url, "PORTOLAN_BINARY_SHA256=" + digest(binary)}, 0, "portolan: generate --nonsense"},
		{"an archive", archive, 0, "portolan: generate --nonsense"},
		{"an archive without it", another, 1, "holds no file portolan"},
		{"a download without a sum", []string{url}, 1, "PORTOLAN_BINARY_SHA256 is not set"},
		{"another file", []string{url, "PORTOLAN_BINARY_SHA256=" + digest(nil)}, 1, "has the SHA-256 sum " + digest(binary) + ", not " + digest(nil)},
		{"no such file", []string{"PORTOLAN_BINARY_URL=http://127.0.0.1:1/x", "PORTOLAN_BINARY_SHA256=" + digest(nil)}, 1, "cannot download"},
		{"a version", []string{"PORTOLAN_VERSION=v1.2.3"}, 0, "installed: generate --nonsense"},
		{"no such version", []string{"PORTOLAN_VERSION=v9.9.9"}, 1, "cannot install portolan v9.9.9"},
	} {
		o := s.script(sh, c.env, "generate", "--nonsense")
		if (o.code == 1) != (c.code == 1) || !strings.Contains(o.stdout+o.stderr, c.says) {
			t.Errorf("%s: exit code %d, want %d and %q in\n%s%s", c.name, o.code, c.code, c.says, o.stdout, o.stderr)
		}
	}
}

// TestCIScriptBuilds builds the binary from the checkout that the script is in,
// where nothing else is said and none is in the PATH: as in GitHub's actions.
func TestCIScriptBuilds(t *testing.T) {
	t.Parallel()
	s := newWorkshop(t)
	s.program("go", testenv.Program(t, "go"), "")
	path := "PATH=" + s.bin + ":/usr/bin:/bin"
	o := s.script(sh, []string{path, "GOFLAGS="}, "get")
	if want := filepath.Join(s.home, ".cache", "portolan", "ci", "portolan"); o.code != 0 || o.stdout != want+"\n" {
		t.Fatalf("exit code %d, and %q, want %q\n%s", o.code, o.stdout, want, o.stderr)
	}
	if o := process(t, s.checkout, s.env(), strings.TrimSpace(o.stdout), "version"); !strings.Contains(o.stdout, "portolan") {
		t.Errorf("it says %q", o.stdout)
	}
}
