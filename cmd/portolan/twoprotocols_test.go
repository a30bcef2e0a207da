package main

import (
	"bytes"
	"fmt"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/ci/testenv"
	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/registry"
	"github.com/portolan-charts/portolan/publisher/shim/auth"
)

// TestTwoProtocols uploads a chart in each way that there is, and reads all of them as a
// Helm repository and as an OCI registry: from a folder behind nginx, and from the
// buckets of each provider.
func TestTwoProtocols(t *testing.T) {
	t.Parallel()
	for _, tool := range append(clients, "helm-cm-push", "crane", "registry", "oci-conformance") {
		testenv.Tool(t, tool)
	}
	t.Run("folder", func(t *testing.T) {
		t.Parallel()
		drop, site := newPlace(t, "file"), newPlace(t, "file")
		site.public = nginx(t, "folder.conf", map[string]string{"/srv/charts": strings.TrimPrefix(site.url, "file://")})
		newTrader(t, drop, site).trade(shelf{unnamed: true})
	})
	for _, scheme := range sortedKeys(backends) {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			drop, site := newPlace(t, scheme), newPlace(t, scheme)
			site.public = backends[scheme](t).Root(t, site.url)
			newTrader(t, drop, site).trade(shelf{unnamed: true, silent: scheme == "azblob"}) // Azurite does not answer for /v2/
		})
	}
}

// trader is a harbor whose site is served at the root of a host, with a shim that takes
// uploads.
type trader struct {
	*harbor
	shim   *shimProcess
	signer *charttest.Signer
	files  map[string][]byte // what was uploaded, by file name
}

func newTrader(t *testing.T, drop, site place) *trader {
	t.Helper()
	w := &trader{harbor: newHarbor(t, drop, site), signer: charttest.NewSigner()}
	config := filepath.Join(w.folder, "portolan.yaml")
	write(t, config, append(read(t, config), "channels: [{match: '**', oci: true}]\n"...))
	write(t, filepath.Join(w.folder, "auth.yaml"),
		fmt.Appendf(nil, "tokens: [{id: pusher, hash: %q, scopes: ['read:**', 'write:**']}]\nanonymous: ['read:**']\n", auth.HashToken(pusher.secret)))
	w.done("generate") // makes the site
	w.shim = w.town.shim("--auth", "auth.yaml")
	w.files = shelfGoods(w.signer)
	for _, name := range []string{"copied", "repacked"} {
		w.files[name+"-1.0.0.tgz"] = charttest.Simple(name, "1.0.0")
	}
	return w
}

// file writes what is uploaded to the disk, and returns its name.
func (w *trader) file(name string) string {
	w.t.Helper()
	file := filepath.Join(w.t.TempDir(), name)
	write(w.t, file, w.files[name])
	if prov := w.files[name+".prov"]; prov != nil {
		write(w.t, file+".prov", prov)
	}
	return file
}

// trade uploads, publishes and reads. The shelf says what its host lacks.
func (w *trader) trade(s shelf) {
	w.t.Helper()
	w.curl("web-1.0.0+a.1.tgz")
	w.copy("copied-1.0.0.tgz")
	newPusher(w.t, clients[0]).push(w.file("repacked-1.0.0.tgz"), w.shim.url+"/stable", "--access-token", pusher.secret)
	pushed := map[string]string{
		"web:1.1.0": w.helmPush(newHelm(w.t, clients[0]), "web-1.1.0.tgz"), "signed:1.0.0": w.helmPush(newHelm(w.t, clients[1]), "signed-1.0.0.tgz"),
	}
	w.done("generate")
	w.done("verify", "--deep")

	s.t, s.host, s.channel, s.signer, s.files = w.t, strings.TrimPrefix(w.site.public, "http://"), "stable", w.signer, w.files
	for version, digest := range pushed {
		chart, tag, _ := strings.Cut(version, ":")
		if got := s.digest(chart, tag); got != digest {
			w.t.Errorf("helm push says that the digest of %s is %s, and it is %s", version, digest, got)
		}
	}
	for _, client := range clients {
		w.bothProtocols(newHelm(w.t, client), &s)
	}
	w.clients(&s)
	w.doctor(&s)
	digest, replaced := s.digest("web", "1.1.0"), w.files[newest]
	w.replace(&s)
	w.keeps(&s, digest, replaced)
	w.rebuild(&s)
	w.keeps(&s, digest, replaced)
}

// curl uploads as scripts do.
func (w *trader) curl(file string) {
	w.t.Helper()
	o := process(w.t, w.folder, plainEnv(), "curl", "--silent", "--show-error", "--fail-with-body", "--user", pusher.user+":"+pusher.secret,
		"--form", "chart=@"+w.file(file), w.shim.url+"/api/stable/charts")
	if o.code != 0 {
		w.t.Fatalf("curl: exit code %d\n%s%s", o.code, o.stdout, o.stderr)
	}
}

// copy puts a file into the inbox as 'cp' and the clients of clouds do.
func (w *trader) copy(file string) {
	w.t.Helper()
	if folder, ok := strings.CutPrefix(w.drop.url, "file://"); ok {
		inbox := filepath.Join(folder, "inbox", "stable")
		if out, err := exec.Command("sh", "-ec", `mkdir -p "$2"; cp "$1" "$2"`, "-", w.file(file), inbox).CombinedOutput(); err != nil {
			w.t.Fatalf("cp: %v\n%s", err, out)
		}
		return
	}
	drop, err := bucket.Open(w.t.Context(), w.drop.url)
	if err == nil {
		err = drop.Create(w.t.Context(), bucket.Object{Key: path.Join("inbox/stable", file), Body: bucket.Bytes(w.files[file])})
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// helmPush uploads as 'helm push' does, and returns the digest that it prints.
func (w *trader) helmPush(h *helm, file string) string {
	w.t.Helper()
	h.login(w.shim.host(), pusher)
	return h.pushed(w.shim, "stable", w.file(file))
}

// bothProtocols pulls each chart as from a repository and as from a registry.
func (w *trader) bothProtocols(h *helm, s *shelf) {
	w.t.Helper()
	h.run("repo", "add", "charts", w.site.public+"/stable")
	charts := h.search("charts", "--devel")
	equal(w.t, "what is published", charts, map[string][]string{"web": {"1.1.0", "1.0.0+a.1"}, "signed": {"1.0.0"}, "copied": {"1.0.0"}, "repacked": {"1.0.0"}})
	for chart, versions := range charts {
		for _, version := range versions {
			flags := []string{"--version", version}
			if chart == "signed" {
				flags = append(flags, "--prov")
			}
			got := h.pull(append(flags, "charts/"+chart)...)
			sameFiles(w.t, h.pull(append(flags, "oci://"+s.repository(chart), "--plain-http")...), got)
			if file := chart + "-" + version + ".tgz"; chart != "repacked" { // by cm-push
				sameFiles(w.t, only(got, file), only(w.files, file))
			}
			if m := parseManifest(w.t, s.manifest(chart, registry.Tag(version))); m.Archive.SHA256 != digest(got[chart+"-"+version+".tgz"]) {
				w.t.Errorf("%s %s: the manifest names an archive with the digest %s", chart, version, m.Archive.SHA256)
			}
		}
	}
}

// newest is the file that is replaced.
const newest = "web-1.1.0.tgz"

// replace replaces a version, whose tag has the new content then.
func (w *trader) replace(s *shelf) {
	w.t.Helper()
	w.files[newest] = charttest.Simple("web", "1.1.0", "values.yaml", "replicas: 2 # replaced\n")
	w.curl(newest)
	w.done("generate")
	sameFiles(w.t, newHelm(w.t, clients[0]).pull("oci://"+s.repository("web"), "--plain-http"), only(w.files, newest))
}

// keeps pulls by its digest what has been replaced.
func (w *trader) keeps(s *shelf, digest string, want []byte) {
	w.t.Helper()
	for _, got := range newHelm(w.t, clients[0]).pull("oci://"+s.repository("web")+"@"+digest, "--plain-http") {
		if !bytes.Equal(got, want) {
			w.t.Errorf("what was replaced is pulled by its digest with other bytes")
		}
	}
}

// rebuild deletes the registry and makes it again, with the digests that it had.
func (w *trader) rebuild(s *shelf) {
	w.t.Helper()
	tags := [][2]string{{"web", "1.0.0_a.1"}, {"web", "1.1.0"}, {"signed", "1.0.0"}, {"copied", "1.0.0"}, {"repacked", "1.0.0"}}
	before := map[[2]string]string{}
	for _, tag := range tags {
		before[tag] = s.digest(tag[0], tag[1])
	}
	site, err := bucket.Open(w.t.Context(), w.site.url)
	if err != nil {
		w.t.Fatal(err)
	}
	for e, err := range site.List(w.t.Context(), registry.Root, bucket.Descendants) {
		if err == nil {
			err = site.Delete(w.t.Context(), e.Key, "")
		}
		if err != nil {
			w.t.Fatal(err)
		}
	}
	w.done("rebuild", "--channel", "stable")
	w.done("verify", "--deep")
	for _, tag := range tags {
		if got := s.digest(tag[0], tag[1]); got != before[tag] {
			w.t.Errorf("%s: after a rebuild the digest is %s, and was %s", tag, got, before[tag])
		}
	}
	s.helm(newHelm(w.t, clients[0]))
}

// clients has all clients of registries read from the host, and from nginx before it if the
// host alone is not enough for some.
func (w *trader) clients(s *shelf) {
	w.t.Helper()
	hub := distribution(w.t)
	s.orasGo(hub)
	for _, client := range clients {
		s.helm(newHelm(w.t, client))
	}
	front := *s
	if !strings.HasPrefix(w.site.url, "file:") {
		front.silent = false
		front.host = strings.TrimPrefix(nginx(w.t, "bucket.conf", map[string]string{
			"https://acme-charts.example.com": w.site.public, "/var/cache/nginx/portolan": "FOLDER/cache", "resolver 127.0.0.53;": "",
		}), "http://")
	}
	front.conform()
	front.crane(hub)
	front.goContainerRegistry()
}

// doctor says what the host lacks.
func (w *trader) doctor(s *shelf) {
	w.t.Helper()
	o := w.run([]int{exitDone, exitFailed}, "doctor", "--read-only", "--base-url", w.site.public)
	for says, lacks := range map[string]bool{"Flux, crane and cosign ask for this first": s.silent, "does not send Docker-Content-Digest": s.unnamed} {
		if strings.Contains(o.stdout, says) != lacks {
			w.t.Errorf("doctor prints %s%s", o.stdout, o.stderr)
		}
	}
}
