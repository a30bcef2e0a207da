package main

import (
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/ci/testenv"
	"github.com/portolan-charts/portolan/generator/charttest"
)

// distribution starts a distribution registry that has nothing yet, until the test ends;
// its configuration may have more lines. It returns its host.
func distribution(t *testing.T, more ...string) string {
	t.Helper()
	program, folder := testenv.Tool(t, "registry"), t.TempDir()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	host := l.Addr().String()
	l.Close()
	config := filepath.Join(folder, "config.yml")
	write(t, config, []byte("version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\nstorage: {inmemory: {}}\nhttp: {addr: \""+host+"\"}\n"+strings.Join(more, "\n")))
	c := exec.Command(program, "serve", config)
	said := &testenv.Log{}
	c.Env, c.Stdout, c.Stderr = append(plainEnv(), "OTEL_TRACES_EXPORTER=none"), said, said // or it looks for a collector
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	t.Cleanup(func() {
		c.Process.Kill()
		if t.Failed() {
			t.Logf("the registry: %s", said)
		}
	})
	for late := testenv.Late(t); ; {
		if r, err := http.Get("http://" + host + "/v2/"); err == nil {
			r.Body.Close()
			return host
		}
		select {
		case err := <-ended:
			t.Fatalf("the registry ends: %v\n%s", err, said)
		case <-late:
			t.Fatalf("the registry does not listen: %s", said)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// conform runs the distribution specification's own tests of reading. They ask for lists
// of tags from some tag on, which files cannot answer, if there is more than one tag.
func (s *shelf) conform() {
	s.t.Helper()
	m := parseManifest(s.t, s.manifest("signed", "1.0.0"))
	digest := s.digest("signed", "1.0.0")
	c := exec.CommandContext(testenv.Context(s.t), testenv.Tool(s.t, "oci-conformance"))
	c.Dir = s.t.TempDir()
	c.Env = append(plainEnv(), "OCI_REGISTRY="+s.host, "OCI_TLS=disabled", "OCI_VERSION=1.1",
		"OCI_REPO1="+s.channel+"/signed", "OCI_REPO2="+s.channel+"/web",
		"OCI_API_PUSH=false", "OCI_API_BLOBS_DELETE=false", "OCI_API_MANIFESTS_DELETE=false", "OCI_API_TAGS_DELETE=false",
		"OCI_RO_DATA_TAGS=1.0.0", "OCI_RO_DATA_MANIFESTS="+digest, "OCI_RO_DATA_REFERRERS="+digest,
		"OCI_RO_DATA_BLOBS=sha256:"+m.Config.SHA256+" sha256:"+m.Archive.SHA256+" sha256:"+m.Provenance.SHA256)
	out, _ := c.Output() // without pushing, it fails while it writes its results to a file
	results, _, _ := strings.Cut(string(out), "\nConfiguration:")
	passed := 0
	for line := range strings.Lines(results) {
		test, result, _ := strings.Cut(strings.TrimSpace(line), ": ")
		if !strings.HasPrefix(test, "OCI Conformance Test") {
			continue
		}
		switch result {
		case "Pass":
			passed++
		case "Disabled": // what pushes and deletes
		default:
			s.t.Errorf("the specification's %s: %s", test, result)
		}
	}
	if passed < 20 || s.t.Failed() {
		s.t.Errorf("the specification's tests: %d passed\n%s", passed, results)
	}
}

// TestRegistryServed: what preview, the shim and nginx serve is a registry, to the
// specification's tests and to every client.
func TestRegistryServed(t *testing.T) {
	t.Parallel()
	for _, tool := range append(clients, "crane", "registry", "oci-conformance") {
		testenv.Tool(t, tool)
	}
	w, signer := nginxSite(t), charttest.NewSigner()
	files := shelfGoods(signer)
	w.drop("group/app", files)
	w.done("generate")
	preview := w.preview()
	hub := distribution(t)
	for name, host := range map[string]string{
		"preview": preview,
		"shim":    w.shim("--site", "site").url,
		"folder":  nginx(t, "folder.conf", map[string]string{"/srv/charts": filepath.Join(w.folder, "site")}),
		"bucket": nginx(t, "bucket.conf", map[string]string{
			"https://acme-charts.example.com": preview, "/var/cache/nginx/portolan": "FOLDER/cache", "resolver 127.0.0.53;": "",
		}),
	} {
		t.Run(name, func(t *testing.T) {
			s := &shelf{t: t, host: strings.TrimPrefix(host, "http://"), channel: "group/app", signer: signer, files: files, unnamed: name == "folder"}
			s.conform()
			s.crane(hub)
			s.goContainerRegistry()
			s.orasGo(hub)
			s.cache()
			for _, client := range clients {
				s.helm(newHelm(t, client))
			}
		})
	}
}
