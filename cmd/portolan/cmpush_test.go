package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/ci/testenv"
	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/publisher/shim/auth"
)

var (
	pusher   = credentials{"robot", "secret-pusher-3f9a1c"} // may push
	forcer   = credentials{"admin", "secret-forcer-77be20"} // may force as well
	stranger = credentials{"robot", "secret-unknown-000000"}
)

// final is the policy of the channels whose versions are final.
const final = "final"

// newPushTown is a town whose shim everybody may read from and the pusher may
// push to.
func newPushTown(t *testing.T, flags ...string) *shimProcess {
	t.Helper()
	for _, name := range append(clients, "helm-cm-push") {
		testenv.Tool(t, name)
	}
	w := newTown(t)
	write(t, filepath.Join(w.folder, "portolan.yaml"), []byte("channels:\n  - match: \"**/"+final+"\"\n    duplicates: reject\n"))
	write(t, filepath.Join(w.folder, "auth.yaml"), fmt.Appendf(nil, `tokens:
  - id: pusher
    hash: %s
    scopes: ["read:**", "write:**"]
  - id: forcer
    hash: %s
    scopes: ["read:**", "write:**", "force:**", "yank:**", "rollback:**"]
anonymous: ["read:**"]
`, auth.HashToken(pusher.secret), auth.HashToken(forcer.secret)))
	return w.shim(append([]string{"--auth", "auth.yaml", "--project", "7"}, flags...)...)
}

// pushRoutes are where a repository is, by what kind of URL that is.
var pushRoutes = map[string]struct{ before, context string }{
	"ChartMuseum": {"/", ""},
	"numeric":     {"/api/v4/projects/42/packages/helm/", "/api/v4/projects/42/packages/helm"},
	"path":        {"/api/v4/projects/group%2Fproject/packages/helm/", "/api/v4/projects/group/project/packages/helm"},
	"root":        {"/api/v4/projects/7/packages/helm/", "/api/v4/projects/7/packages/helm"},
}

// TestCMPush pushes as the users of the plugin do: with both Helms, folders
// and archives, to repositories by name and by URL, of both families of routes.
func TestCMPush(t *testing.T) {
	t.Parallel()
	s := newPushTown(t, "--generate")
	folder, archive := filepath.Join(t.TempDir(), "web"), filepath.Join(t.TempDir(), "web-1.0.0.tgz")
	for file, text := range charttest.Chart("web", "1.0.0") {
		write(t, filepath.Join(folder, filepath.FromSlash(file)), []byte(text))
	}
	write(t, archive, charttest.Simple("web", "1.0.0"))
	sources := map[string]string{"folder": folder, "archive": archive}
	for _, client := range clients {
		for _, route := range sortedKeys(pushRoutes) {
			for _, source := range sortedKeys(sources) {
				for _, target := range []string{"name", "URL"} {
					for _, scheme := range []string{"basic", "bearer"} {
						t.Run(strings.Join([]string{client, route, source, target, scheme}, "/"), func(t *testing.T) {
							t.Parallel()
							channel := strings.Join([]string{client, source, target, scheme, route}, "-")
							p := &pushing{helm: newPusher(t, client), shim: s, source: sources[source], url: s.url + pushRoutes[route].before + channel, who: pusher}
							p.aim(target, scheme)
							p.test(target)
						})
					}
				}
			}
		}
	}
}

// pushing is one way to push.
type pushing struct {
	*helm
	shim   *shimProcess
	source string
	url    string // of the repository
	target string // how it is called when it is pushed to
	who    credentials
	flags  []string // that say so
}

// aim says where is pushed to, and as whom. Helm keeps the credentials of a
// repository that has a name and needs none for reading. A token is not sent
// where there is a password, so the other ways of naming it are without one.
func (p *pushing) aim(target, scheme string) {
	p.target = p.url
	add := []string{"repo", "add", "mine", p.url}
	switch {
	case target == "name" && scheme == "basic":
		add = append(add, "--username", p.who.user, "--password", p.who.secret)
	case target == "name":
		p.env = append(p.env, "HELM_REPO_ACCESS_TOKEN="+p.who.secret)
	case scheme == "basic":
		p.flags = []string{"--username", p.who.user, "--password", p.who.secret}
	case scheme == "bearer":
		p.flags = []string{"--access-token", p.who.secret}
	}
	if target == "name" {
		p.target = "mine"
		p.run(add...)
	}
}

// send pushes with more flags.
func (p *pushing) send(flags ...string) {
	p.t.Helper()
	p.push(append(append([]string{p.source, p.target}, p.flags...), flags...)...)
}

// test pushes to a channel that is not there yet, and to the same when it is.
// Each push packs the chart again: the same content changes nothing.
func (p *pushing) test(target string) {
	p.send()
	p.send()
	first := p.published("1.0.0")
	if target == "name" {
		p.run("repo", "update")
	}
	p.send()
	p.send("--version", "1.1.0", "--app-version", "2.3.4")
	all := p.published("1.1.0")
	if len(all) != 2 || all["1.0.0"] != first["1.0.0"] {
		p.t.Errorf("pushing 1.0.0 again and then 1.1.0 makes %v of %v", all, first)
	}
	var files map[string][]byte
	if target == "name" {
		p.run("repo", "update")
		files = p.pull("mine/web", "--version", "1.1.0")
	} else {
		files = p.pull("web", "--version", "1.1.0", "--repo", p.url)
	}
	if got := digest(files["web-1.1.0.tgz"]); got != all["1.1.0"] {
		p.t.Errorf("helm pulls %s, and the index says %s", got, all["1.1.0"])
	}
}

// published waits until a version is, and returns the digests by version.
func (p *pushing) published(version string) map[string]string {
	p.t.Helper()
	var digests map[string]string
	p.shim.waitFor(p.t, p.url, pusher, "version "+version, func(all []headRelease) bool {
		digests = map[string]string{}
		for _, r := range all {
			digests[r.Version] = r.Digest
		}
		return digests[version] != ""
	})
	return digests
}

// TestCMPushContext: with --context-path the plugin asks for no index, so that
// it can push where none is served.
func TestCMPushContext(t *testing.T) {
	t.Parallel()
	routes := map[string]struct{ repository, context, post string }{
		"channel": {"/stable", "/stable", "/stable/api/charts"},
		"group":   {"/group/app/stable", "/group", "/group/api/app/stable/charts"},
	}
	for _, name := range []string{"numeric", "path", "root"} {
		to := pushRoutes[name]
		routes[name] = struct{ repository, context, post string }{to.before + "stable", to.context, to.context + "/api/stable/charts"}
	}
	for _, client := range clients {
		for _, route := range sortedKeys(routes) {
			t.Run(client+"/"+route, func(t *testing.T) {
				s, to := newPushTown(t), routes[route]
				p := &pushing{helm: newPusher(t, client), shim: s, url: s.url + to.repository}
				p.source, p.target = writeArchive(t, "web", "1.0.0"), p.url
				p.flags = []string{"--access-token", pusher.secret, "--context-path", to.context}
				p.send()
				s.stop()
				equal(t, "the requests", s.log.requests(t), []loggedRequest{{"POST", to.post, http.StatusCreated}})
			})
		}
	}
}

// TestCMPushFinal: where versions are final, the same content is harmless and
// other content is refused, but for those who may force it.
func TestCMPushFinal(t *testing.T) {
	t.Parallel()
	s := newPushTown(t, "--generate")
	for _, client := range clients {
		t.Run(client, func(t *testing.T) {
			as := func(who credentials, archive string) *pushing {
				p := &pushing{helm: newPusher(t, client), shim: s, source: archive, url: s.url + "/" + client + "/" + final, who: who}
				p.aim("URL", "basic")
				return p
			}
			old, other := writeArchive(t, "web", "1.0.0"), writeArchive(t, "web", "1.0.0", "values.yaml", "replicas: 2\n")
			p := as(pusher, old)
			p.send()
			p.send()
			first := p.published("1.0.0")
			p.send()

			as(pusher, other).refused(http.StatusConflict, read(t, other))
			as(pusher, other).refused(http.StatusConflict, read(t, other), "--force")
			as(forcer, other).refused(http.StatusConflict, read(t, other))
			as(forcer, other).send("--force")
			s.waitFor(t, p.url, pusher, "replaced by force", func(all []headRelease) bool {
				return len(all) == 1 && all[0].Digest != first["1.0.0"]
			})
		})
	}
}

// TestCMPushRefused: what the shim says is what the plugin prints.
func TestCMPushRefused(t *testing.T) {
	t.Parallel()
	s := newPushTown(t, "--generate")
	// The channel exists: else those who may not push are told that it does not.
	if status, b := s.post(t, s.url+"/api/stable/charts", pusher, charttest.Simple("other", "1.0.0")); status != http.StatusCreated {
		t.Fatalf("an upload is answered %d %s", status, b)
	}
	s.waitFor(t, s.url+"/stable", pusher, "published", func(all []headRelease) bool { return len(all) == 1 })
	for _, client := range clients {
		for _, test := range []struct {
			name    string
			who     credentials
			scheme  string
			version string
			status  int
		}{
			{"password", stranger, "basic", "1.0.0", http.StatusUnauthorized},
			{"token", stranger, "bearer", "1.0.0", http.StatusUnauthorized},
			{"nobody", credentials{}, "none", "1.0.0", http.StatusUnauthorized},
			{"version", pusher, "bearer", "0.1", http.StatusUnprocessableEntity},
		} {
			t.Run(client+"/"+test.name, func(t *testing.T) {
				archive := writeArchive(t, "web", test.version)
				p := &pushing{helm: newPusher(t, client), shim: s, source: archive, url: s.url + "/stable", who: test.who}
				p.aim("URL", test.scheme)
				p.refused(test.status, read(t, archive))
			})
		}
	}
}

// refused pushes what must be refused, and wants to see the sentence that the
// same archive is answered with when it is posted, but for the digest: the
// plugin packs the chart again.
func (p *pushing) refused(status int, archive []byte, flags ...string) {
	p.t.Helper()
	got := p.fails(append(append([]string{"cm-push", p.source, p.target}, p.flags...), flags...)...)
	query := ""
	if slices.Contains(flags, "--force") {
		query = "?force"
	}
	code, b := p.shim.post(p.t, p.shim.url+"/api"+strings.TrimPrefix(p.url, p.shim.url)+"/charts"+query, p.who, archive)
	var answer struct{ Error, Message string }
	if err := json.Unmarshal(b, &answer); err != nil || code != status || answer.Error == "" || answer.Error != answer.Message {
		p.t.Fatalf("the archive is answered %d %s, want %d and a sentence (%v)", code, b, status, err)
	}
	if want := fmt.Sprintf("Error: %d: %s\n", status, answer.Error); !strings.Contains(anyDigest(got), anyDigest(want)) {
		p.t.Errorf("helm%s cm-push prints %q, want %q", p.major, got, want)
	}
}

// anyDigest is a text in which all digests look the same.
func anyDigest(s string) string {
	return regexp.MustCompile(`\b[0-9a-f]{64}\b`).ReplaceAllString(s, "…")
}

// writeArchive writes a small chart's archive.
func writeArchive(t *testing.T, name, version string, files ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name+"-"+version+".tgz")
	write(t, file, charttest.Simple(name, version, files...))
	return file
}
