package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/ci/testenv"
	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/publisher/registry"
	"github.com/portolan-charts/portolan/publisher/shim/auth"
)

// newRegistry is a town whose shim is an OCI registry: nobody may read without
// credentials, and versions in channels called final are.
func newRegistry(t *testing.T, more string, flags ...string) *shimProcess {
	t.Helper()
	for _, name := range append(clients, "crane") {
		testenv.Tool(t, name)
	}
	w := newTown(t)
	write(t, filepath.Join(w.folder, "portolan.yaml"), []byte(`channels:
  - {match: "team/**", oci: true}
  - {match: "others/**", oci: true}
  - {match: "**/`+final+`", duplicates: reject}
`))
	write(t, filepath.Join(w.folder, "auth.yaml"), fmt.Appendf(nil, `tokens:
  - {id: pusher, hash: %q, scopes: ["read:**", "write:**"]}
  - {id: forcer, hash: %q, scopes: ["write:team/**"]}
%s`, auth.HashToken(pusher.secret), auth.HashToken(forcer.secret), more))
	return w.shim(append([]string{"--auth", "auth.yaml"}, flags...)...)
}

// host is the shim's, as references have it.
func (s *shimProcess) host() string { return strings.TrimPrefix(s.url, "http://") }

// login logs a client in to a registry.
func (h *helm) login(host string, as credentials) {
	h.t.Helper()
	command := `printf %s "$SECRET" | "$HELM" registry login "$HOST" --plain-http --username "$NAME" --password-stdin`
	env := append([]string{"SECRET=" + as.secret, "NAME=" + as.user, "HOST=" + host, "HELM=" + h.path}, h.env...)
	if o := process(h.t, h.dir, env, "sh", "-c", command); o.code != 0 || !strings.Contains(o.stdout+o.stderr, "Login Succeeded") {
		h.t.Fatalf("helm%s registry login: exit code %d\n%s%s", h.major, o.code, o.stdout, o.stderr)
	}
}

// pushed pushes an archive to a channel, and returns the digest that Helm prints, which
// goes to another output in each of its versions.
func (h *helm) pushed(s *shimProcess, channel, archive string) (digest string) {
	h.t.Helper()
	o := process(h.t, h.dir, h.env, h.path, "push", archive, "oci://"+s.host()+"/"+channel, "--plain-http")
	printed := regexp.MustCompile(`Digest: (sha256:[0-9a-f]{64})`).FindStringSubmatch(o.stdout + o.stderr)
	if o.code != 0 || printed == nil {
		h.t.Fatalf("helm%s push %s: exit code %d\n%s%s", h.major, archive, o.code, o.stdout, o.stderr)
	}
	return printed[1]
}

// pullOCI pulls a chart by oci://, and returns its files.
func (h *helm) pullOCI(s *shimProcess, reference string, flags ...string) map[string][]byte {
	h.t.Helper()
	return h.pull(append([]string{"oci://" + s.host() + "/" + reference, "--plain-http"}, flags...)...)
}

// TestHelmPush pushes charts, signed and not, with both Helms and crane, and pulls them by
// what was printed: the tag and the digest. They are in the index as well, and to push them
// again changes nothing.
func TestHelmPush(t *testing.T) {
	t.Parallel()
	s := newRegistry(t, "", "--generate")
	signer := charttest.NewSigner()
	for _, client := range clients {
		t.Run(client, func(t *testing.T) {
			t.Parallel()
			h, channel, folder := newHelm(t, client), "team/"+client, t.TempDir()
			h.login(s.host(), pusher)
			digests := map[string]string{}
			for _, version := range []string{"1.0.0", "1.1.0+build.5"} {
				name := "web-" + version + ".tgz"
				archive := charttest.Simple("web", version)
				write(t, filepath.Join(folder, name), archive)
				if version != "1.0.0" {
					write(t, filepath.Join(folder, name+".prov"), signer.Sign(name, archive))
				}
				digests[version] = h.pushed(s, channel, filepath.Join(folder, name))
			}
			s.waitFor(t, s.url+"/"+channel, pusher, "published", func(all []headRelease) bool { return len(all) == 2 })
			for version, digest := range digests {
				name := "web-" + version + ".tgz"
				want := only(readFolder(t, folder), name)
				sameFiles(t, h.pullOCI(s, channel+"/web", "--version", version), want)
				for file, b := range h.pullOCI(s, channel+"/web@"+digest) { // under a name with the digest
					sameFiles(t, map[string][]byte{name: b}, want)
					equal(t, "the name has a digest", strings.Contains(file, "sha256"), true)
				}
				kept := read(t, filepath.Join(s.folder, "site", filepath.FromSlash(registry.TagKey(registry.Repository(channel, "web"), registry.Tag(version)))))
				equal(t, "the digest of the manifest of "+version, "sha256:"+registry.SumOf(kept).SHA256, digest)
				equal(t, "the digest of "+version+" pushed again", h.pushed(s, channel, filepath.Join(folder, name)), digest)
			}
			signed := h.pullOCI(s, channel+"/web", "--version", "1.1.0+build.5", "--prov")
			sameFiles(t, signed, only(readFolder(t, folder), "web-1.1.0+build.5.tgz", "web-1.1.0+build.5.tgz.prov"))
		})
	}
	t.Run("crane", func(t *testing.T) { testCranePush(t, s) })
}

// testCranePush copies a chart from one channel to another with crane, which sends blobs by
// PATCH, and to a tag that is not its version.
func testCranePush(t *testing.T, s *shimProcess) {
	archive := writeArchive(t, "web", "1.0.0")
	h := newHelm(t, clients[0])
	h.login(s.host(), pusher)
	digest := h.pushed(s, "team/source", archive)
	s.waitFor(t, s.url+"/team/source", pusher, "published", func(all []headRelease) bool { return len(all) == 1 })
	folder := t.TempDir()
	config, err := json.Marshal(map[string]any{"auths": map[string]any{s.host(): map[string]string{"username": pusher.user, "password": pusher.secret}}})
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(folder, "config.json"), config)
	crane := func(args ...string) outcome {
		return process(t, folder, append(plainEnv(), "DOCKER_CONFIG="+folder), testenv.Tool(t, "crane"), append(args, "--insecure")...)
	}
	source, target := s.host()+"/team/source/web:1.0.0", s.host()+"/team/target/web"
	if o := crane("copy", source, target+":1.0.0"); o.code != 0 {
		t.Fatalf("crane copy: exit code %d\n%s", o.code, o.stderr)
	}
	s.waitFor(t, s.url+"/team/target", pusher, "published", func(all []headRelease) bool { return len(all) == 1 })
	equal(t, "the digest of the copy", strings.TrimSpace(crane("digest", target+":1.0.0").stdout), digest)
	if o := crane("copy", source, target+":latest"); o.code == 0 || !strings.Contains(o.stderr, "the tag is latest, but the chart has the version 1.0.0; push it with the tag 1.0.0") {
		t.Errorf("crane copy to another tag: exit code %d\n%s", o.code, o.stderr)
	}
}

// TestHelmPushRefused: what the shim says is what Helm prints, with the rule and the fix.
func TestHelmPushRefused(t *testing.T) {
	t.Parallel()
	s := newRegistry(t, "", "--generate")
	old, other := writeArchive(t, "web", "1.0.0"), writeArchive(t, "web", "1.0.0", "values.yaml", "replicas: 2\n")
	newHelmOf := func(client string, as credentials) *helm {
		h := newHelm(t, client)
		h.login(s.host(), as)
		return h
	}
	newHelmOf(clients[0], pusher).pushed(s, "team/"+final, old)
	s.waitFor(t, s.url+"/team/"+final, pusher, "published", func(all []headRelease) bool { return len(all) == 1 })
	_, b := s.post(t, s.url+"/api/team/"+final+"/charts", pusher, read(t, other))
	var answer struct{ Error string }
	decode(t, string(b), &answer)
	for _, client := range clients {
		for name, test := range map[string]struct {
			as               credentials
			archive, channel string
			says             string
		}{
			"final":    {pusher, other, "team/" + final, "denied: " + answer.Error},
			"version":  {pusher, writeArchive(t, "web", "0.1"), "team/stable", "manifest invalid: "},
			"channel":  {pusher, old, "other", "denied: channel other is not an OCI registry"},
			"nowhere":  {pusher, old, "", "name invalid: the repository \"web\" names no channel"},
			"lost":     {forcer, old, "", "name invalid: the repository \"web\" names no channel"},
			"rights":   {forcer, old, "others/stable", "may not upload to channel others/stable; ask for a token with the scope write:others/stable"},
			"unharmed": {pusher, old, "team/" + final, ""},
		} {
			t.Run(client+"/"+name, func(t *testing.T) {
				h := newHelmOf(client, test.as)
				if test.says == "" {
					h.pushed(s, test.channel, test.archive)
					return
				}
				if said := h.fails("push", test.archive, strings.TrimSuffix("oci://"+s.host()+"/"+test.channel, "/"), "--plain-http"); !strings.Contains(said, test.says) {
					t.Errorf("helm%s push prints %q, want %q", h.major, said, test.says)
				}
			})
		}
	}
}

// TestHelmPushTokens pushes with the token of a CI job, which is sent as a password, and
// with one that may only write, to a shim that only takes uploads. The receipt has the claims that allowed it.
func TestHelmPushTokens(t *testing.T) {
	t.Parallel()
	f := newForge(t)
	s := newRegistry(t, fmt.Sprintf(`oidc:
  - issuer: %s
    audience: %s
    rules:
      - {name: main, claims: {project_id: "42", ref: main}, scopes: ["write:team/**"], charts: [web]}
`, f.URL, f.audience), "--generate")
	h := newHelm(t, clients[0])
	h.login(s.host(), credentials{"job", f.idToken("main")})
	h.pushed(s, "team/job", writeArchive(t, "web", "1.0.0"))
	s.waitFor(t, s.url+"/team/job", pusher, "published", func(all []headRelease) bool { return len(all) == 1 })
	if said := h.fails("push", writeArchive(t, "shop", "1.0.0"), "oci://"+s.host()+"/team/job", "--plain-http"); !strings.Contains(said, "may not upload a chart called") {
		t.Errorf("another chart: %s", said)
	}
	receipts, _ := filepath.Glob(filepath.Join(s.folder, "drop", "receipts", "*.json"))
	if len(receipts) != 1 {
		t.Fatalf("receipts: %q", receipts)
	}
	s.receiptTells(strings.TrimSuffix(filepath.Base(receipts[0]), ".json"), map[string]string{"oidc": "project_path:acme/app:ref_type:branch:ref:main", "rule": "main", "claim.ref": "main"})

	taking := s.shim("--auth", "auth.yaml") // has no site, and publishes nothing
	h = newHelm(t, clients[1])
	h.login(taking.host(), forcer)
	for range 2 {
		h.pushed(taking, "team/writer", writeArchive(t, "web", "1.0.0"))
		s.done("generate")
	}
	equal(t, "the versions in the index", len(s.readHead("team/writer")), 1)
	if status, b := s.get(t, s.url+"/v2/team/writer/web/manifests/1.0.0", forcer); status != http.StatusForbidden {
		t.Errorf("who may only write reads %d %s", status, b)
	}
}
