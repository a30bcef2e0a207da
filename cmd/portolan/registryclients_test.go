package main

import (
	"bytes"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/content/memory"
	orasregistry "oras.land/oras-go/v2/registry"
	orasremote "oras.land/oras-go/v2/registry/remote"

	"github.com/portolan-charts/portolan/ci/testenv"
	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/publisher/registry"
)

// The tests in this file read charts as clients of OCI registries do.

// shelf is a channel in a registry. The charts are those of shelfGoods.
type shelf struct {
	t       *testing.T
	host    string // 127.0.0.1:5000
	channel string
	signer  *charttest.Signer
	files   map[string][]byte // archives and provenance files, by their names

	unnamed bool // the host does not say what a tag's manifest hashes to
	silent  bool // the host does not answer for /v2/
}

// shelfGoods are two versions of a chart, one of which has a plus, and a signed chart.
func shelfGoods(signer *charttest.Signer) map[string][]byte {
	files := map[string][]byte{
		"web-1.0.0+a.1.tgz": charttest.Simple("web", "1.0.0+a.1"),
		"web-1.1.0.tgz":     charttest.Simple("web", "1.1.0"),
		"signed-1.0.0.tgz":  charttest.Simple("signed", "1.0.0"),
	}
	files["signed-1.0.0.tgz.prov"] = signer.Sign("signed-1.0.0.tgz", files["signed-1.0.0.tgz"])
	return files
}

// repository is one of the shelf's, as clients call it.
func (s *shelf) repository(chart string) string { return s.host + "/" + s.channel + "/" + chart }

// manifest gets what a tag names.
func (s *shelf) manifest(chart, tag string) []byte {
	s.t.Helper()
	got := fetchServed(s.t, "GET", "http://"+s.host+"/"+registry.TagKey(registry.Repository(s.channel, chart), tag))
	if got.status != http.StatusOK || got.kind != registry.TypeManifest {
		s.t.Fatalf("%s:%s: %d, %s", chart, tag, got.status, got.kind)
	}
	return []byte(got.body)
}

// digest is that of the manifest that a tag names.
func (s *shelf) digest(chart, tag string) string { return "sha256:" + digest(s.manifest(chart, tag)) }

// helm has a Helm client do all that it can do with oci://.
func (s *shelf) helm(h *helm) {
	s.t.Helper()
	const plain = "--plain-http"
	web, signed := "oci://"+s.repository("web"), "oci://"+s.repository("signed")
	built, newest := only(s.files, "web-1.0.0+a.1.tgz"), only(s.files, "web-1.1.0.tgz")
	sameFiles(s.t, h.pull(web, plain), newest)
	sameFiles(s.t, h.pull(web, plain, "--version", "1.0.0+a.1"), built)
	sameFiles(s.t, h.pull(web, plain, "--version", "~1.0"), built)
	for _, reference := range []string{"@" + s.digest("web", "1.1.0"), ":1.1.0@" + s.digest("web", "1.1.0")} {
		for file, b := range h.pull(web+reference, plain) { // which Helm names by the digest
			if !bytes.Equal(b, s.files["web-1.1.0.tgz"]) {
				s.t.Errorf("helm%s pulls %s as %s, of %d bytes", h.major, reference, file, len(b))
			}
		}
	}
	keyring := filepath.Join(h.dir, "keyring.gpg")
	write(s.t, keyring, s.signer.Keyring())
	sameFiles(s.t, h.pull(signed, plain, "--verify", "--keyring", keyring), only(s.files, "signed-1.0.0.tgz", "signed-1.0.0.tgz.prov"))
	h.fails("pull", web, plain, "--version", "7.7.7")
	h.fails("pull", "oci://"+s.repository("nowhere"), plain)

	if out := h.run("show", "chart", web, plain, "--version", "<1.1"); !strings.Contains(out, "version: 1.0.0+a.1\n") {
		s.t.Errorf("helm%s show chart prints %s", h.major, out)
	}
	commands := [][]string{{"template", "mine", web, plain}}
	if h.major != "3" { // which wants a cluster for it
		commands = append(commands, []string{"install", "mine", web, plain, "--dry-run=client"})
	}
	for _, args := range commands {
		if out := h.run(append(args, "--set", "replicas=5")...); !strings.Contains(out, `replicas: "5"`) {
			s.t.Errorf("helm%s %q prints %s", h.major, args, out)
		}
	}
	s.dependencies(h)
	if !s.silent {
		h.login(s.host, stranger)
		sameFiles(s.t, h.pull(web, plain), newest)
	}
}

// dependencies has Helm find the dependencies of a chart in the registry.
func (s *shelf) dependencies(h *helm) {
	s.t.Helper()
	parent := filepath.Join(h.dir, "parent")
	metadata := "apiVersion: v2\nname: parent\nversion: 1.0.0\ndependencies:\n" +
		"- {name: web, version: ~1.1.0, repository: \"oci://" + s.host + "/" + s.channel + "\"}\n" +
		"- {name: signed, version: 1.0.0, repository: \"oci://" + s.host + "/" + s.channel + "\"}\n"
	for file, text := range charttest.Chart("parent", "1.0.0", "Chart.yaml", metadata) {
		write(s.t, filepath.Join(parent, filepath.FromSlash(file)), []byte(text))
	}
	want := only(s.files, "web-1.1.0.tgz", "signed-1.0.0.tgz")
	h.run("dependency", "update", parent, "--plain-http")
	sameFiles(s.t, readFolder(s.t, filepath.Join(parent, "charts")), want)
	for file := range want {
		remove(s.t, filepath.Join(parent, "charts", file))
	}
	h.run("dependency", "build", parent, "--plain-http")
	sameFiles(s.t, readFolder(s.t, filepath.Join(parent, "charts")), want)
}

// crane has crane read the shelf, and copy it to a registry.
func (s *shelf) crane(hub string) {
	s.t.Helper()
	program := testenv.Tool(s.t, "crane")
	env := append(plainEnv(), "HOME="+s.t.TempDir())
	crane := func(args ...string) string {
		s.t.Helper()
		o := process(s.t, s.t.TempDir(), env, program, append(args, "--insecure")...)
		if o.code != 0 {
			s.t.Fatalf("crane %q: exit code %d\n%s", args, o.code, o.stderr)
		}
		return o.stdout
	}
	if got := strings.Fields(crane("ls", s.repository("web"))); !slices.Equal(got, []string{"1.0.0_a.1", "1.1.0"}) {
		s.t.Errorf("crane ls prints %q", got)
	}
	for chart, tag := range map[string]string{"web": "1.0.0_a.1", "signed": "1.0.0"} {
		want := s.digest(chart, tag)
		for _, reference := range []string{s.repository(chart) + ":" + tag, s.repository(chart) + "@" + want} {
			if got := strings.TrimSpace(crane("digest", reference)); got != want {
				s.t.Errorf("crane digest %s prints %s, want %s", reference, got, want)
			}
			if got := crane("manifest", reference); got != string(s.manifest(chart, tag)) {
				s.t.Errorf("crane manifest %s prints %s", reference, got)
			}
		}
		copied := hub + "/crane/" + s.channel + "/" + chart + ":" + tag
		crane("copy", s.repository(chart)+":"+tag, copied)
		if got := strings.TrimSpace(crane("digest", copied)); got != want {
			s.t.Errorf("crane copies %s:%s as %s, want %s", chart, tag, got, want)
		}
	}
	m := parseManifest(s.t, s.manifest("web", "1.1.0"))
	if got := crane("blob", s.repository("web")+"@sha256:"+m.Archive.SHA256); got != string(s.files["web-1.1.0.tgz"]) {
		s.t.Errorf("crane blob prints %d bytes", len(got))
	}
}

func parseManifest(t *testing.T, b []byte) *registry.Manifest {
	t.Helper()
	m, err := registry.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// goContainerRegistry reads the shelf by the library of Flux, crane and cosign.
func (s *shelf) goContainerRegistry() {
	s.t.Helper()
	repository, err := name.NewRepository(s.repository("web"), name.Insecure)
	if err != nil {
		s.t.Fatal(err)
	}
	ctx := remote.WithContext(testenv.Context(s.t))
	if tags, err := remote.List(repository, ctx); err != nil || !slices.Equal(tags, []string{"1.0.0_a.1", "1.1.0"}) {
		s.t.Errorf("go-containerregistry lists %q: %v", tags, err)
	}
	tag, want := repository.Tag("1.0.0_a.1"), s.digest("web", "1.0.0_a.1")
	for _, reference := range []name.Reference{tag, repository.Digest(want)} {
		got, err := remote.Get(reference, ctx)
		if err != nil || got.Digest.String() != want || !bytes.Equal(got.Manifest, s.manifest("web", "1.0.0_a.1")) {
			s.t.Fatalf("go-containerregistry gets %v: %v", got, err)
		}
		head, err := remote.Head(reference, ctx)
		switch {
		case reference == tag && s.unnamed:
			if err == nil || !strings.Contains(err.Error(), "Docker-Content-Digest") {
				s.t.Errorf("go-containerregistry asks for the head of %s: %v, %v", reference, head, err)
			}
		case err != nil || head.Digest != got.Digest || head.Size != got.Size || head.MediaType != got.MediaType:
			s.t.Errorf("go-containerregistry asks for the head of %s: %v, %v", reference, head, err)
		}
		image, err := got.Image()
		if err != nil {
			s.t.Fatal(err)
		}
		layers, err := image.Layers()
		if err != nil || len(layers) != 1 {
			s.t.Fatalf("go-containerregistry finds %d layers: %v", len(layers), err)
		}
		r, err := layers[0].Compressed()
		if err != nil {
			s.t.Fatal(err)
		}
		if b, err := io.ReadAll(r); err != nil || !bytes.Equal(b, s.files["web-1.0.0+a.1.tgz"]) {
			s.t.Errorf("go-containerregistry gets an archive of %d bytes: %v", len(b), err)
		}
		r.Close()
	}
	index, err := remote.Referrers(repository.Digest(want), ctx)
	if err != nil {
		s.t.Fatal(err)
	}
	if m, err := index.IndexManifest(); err != nil || len(m.Manifests) != 0 {
		s.t.Errorf("go-containerregistry finds the referrers %v: %v", m, err)
	}
}

// orasGo reads the shelf by the library of Helm and Argo CD, and copies it to a
// registry.
func (s *shelf) orasGo(hub string) {
	s.t.Helper()
	ctx := testenv.Context(s.t)
	from, err := orasremote.NewRepository(s.repository("web"))
	if err != nil {
		s.t.Fatal(err)
	}
	from.PlainHTTP = true
	if tags, err := orasregistry.Tags(ctx, from); err != nil || !slices.Equal(tags, []string{"1.0.0_a.1", "1.1.0"}) {
		s.t.Errorf("oras-go lists %q: %v", tags, err)
	}
	want := s.digest("web", "1.0.0_a.1")
	for _, reference := range []string{"1.0.0_a.1", want} {
		d, err := from.Resolve(ctx, reference)
		switch {
		case reference != want && s.unnamed:
			if err == nil || !strings.Contains(err.Error(), "Docker-Content-Digest") {
				s.t.Errorf("oras-go resolves %s: %v, %v", reference, d, err)
			}
		case err != nil || d.Digest.String() != want || d.MediaType != registry.TypeManifest:
			s.t.Errorf("oras-go resolves %s: %v, %v", reference, d, err)
		}
	}
	memory := memory.New()
	d, err := oras.Copy(ctx, from, "1.0.0_a.1", memory, "1.0.0_a.1", oras.DefaultCopyOptions)
	if err != nil || d.Digest.String() != want {
		s.t.Fatalf("oras-go copies %v: %v", d, err)
	}
	layers, err := content.Successors(ctx, memory, d)
	if err != nil || len(layers) != 2 {
		s.t.Fatalf("oras-go finds %v: %v", layers, err)
	}
	if b, err := content.FetchAll(ctx, memory, layers[1]); err != nil || !bytes.Equal(b, s.files["web-1.0.0+a.1.tgz"]) {
		s.t.Errorf("oras-go gets an archive of %d bytes: %v", len(b), err)
	}
	if referrers, err := orasregistry.Referrers(ctx, from, d, ""); err != nil || len(referrers) != 0 {
		s.t.Errorf("oras-go finds the referrers %v: %v", referrers, err)
	}
	to, err := orasremote.NewRepository(hub + "/oras/" + s.channel + "/web")
	if err != nil {
		s.t.Fatal(err)
	}
	to.PlainHTTP = true
	if d, err := oras.Copy(ctx, from, "1.0.0_a.1", to, "1.0.0_a.1", oras.DefaultCopyOptions); err != nil || d.Digest.String() != want {
		s.t.Errorf("oras-go copies %v: %v", d, err)
	}
	if d, err := to.Resolve(ctx, "1.0.0_a.1"); err != nil || d.Digest.String() != want {
		s.t.Errorf("the copy is %v: %v", d, err)
	}
}

// cache has a pull-through cache stand between Helm and the shelf.
func (s *shelf) cache() {
	s.t.Helper()
	host := distribution(s.t, `proxy: {remoteurl: "http://`+s.host+`"}`)
	cached := "oci://" + host + "/" + s.channel + "/web"
	for _, client := range clients {
		h := newHelm(s.t, client)
		for range 2 { // from the shelf, and from the cache
			sameFiles(s.t, h.pull(cached, "--plain-http", "--version", "1.0.0+a.1"), only(s.files, "web-1.0.0+a.1.tgz"))
		}
	}
}
