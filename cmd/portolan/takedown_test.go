package main

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/ci/testenv"
	"github.com/portolan-charts/portolan/generator/charttest"
)

// TestTakeDownSeen: after a takedown, no client gets the version, however it is named, and
// the others are served as before. Its content is refused; other content is published.
func TestTakeDownSeen(t *testing.T) {
	t.Parallel()
	for _, client := range clients {
		testenv.Tool(t, client)
	}
	w := newTown(t)
	write(t, filepath.Join(w.folder, "portolan.yaml"), []byte("channels: [{match: '**', oci: true}]\n"))
	leaked := charttest.Simple("web", "1.1.0", "values.yaml", "password: hunter2\n")
	s := &shelf{t: t, channel: "stable", files: map[string][]byte{
		"web-1.0.0.tgz": charttest.Simple("web", "1.0.0"), "web-1.1.0.tgz": leaked,
	}}
	w.drop("stable", s.files)
	w.done("generate")
	server := nginx(t, "folder.conf", map[string]string{"/srv/charts": filepath.Join(w.folder, "site")})
	s.host = strings.TrimPrefix(server, "http://")
	pinned := pin{url: server + "/stable/" + w.readHead("stable")[0].URLs[0], digest: s.digest("web", "1.1.0")}
	var helms []*helm
	for _, client := range clients {
		h := newHelm(t, client)
		helms = append(helms, h)
		h.run("repo", "add", "acme", server+"/stable")
		s.shows(h, pinned, "1.1.0", "1.0.0")
	}

	w.done("takedown", "stable", "web", "1.1.0", "--reason", "a password leaked")
	web := "oci://" + s.repository("web")
	for _, h := range helms {
		h.run("repo", "update")
		equal(t, "what helm search finds", h.search("acme"), map[string][]string{"web": {"1.0.0"}})
		h.fails("pull", pinned.url)
		h.fails("pull", web, "--plain-http", "--version", "1.1.0")
		h.fails("pull", web+"@"+pinned.digest, "--plain-http")
		sameFiles(t, h.pull(web, "--plain-http"), only(s.files, "web-1.0.0.tgz"))
	}
	for _, url := range []string{pinned.url, server + "/v2/stable/web/manifests/1.1.0", server + "/v2/stable/web/manifests/" + pinned.digest} {
		answer, err := http.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		if answer.Body.Close(); answer.StatusCode != http.StatusNotFound {
			t.Errorf("%s is answered %d", url, answer.StatusCode)
		}
	}
	w.done("verify", "--deep")

	write(t, filepath.Join(w.folder, "web-1.1.0.tgz"), leaked)
	if o := w.run([]int{exitRejected}, "drop", "stable", "web-1.1.0.tgz"); !strings.Contains(o.stdout+o.stderr, "a password leaked") {
		t.Errorf("the same content is refused without the reason: %s%s", o.stdout, o.stderr)
	}
	s.files["web-1.1.0.tgz"] = charttest.Simple("web", "1.1.0")
	w.drop("stable", only(s.files, "web-1.1.0.tgz"))
	w.done("generate")
	again := pin{url: server + "/stable/" + w.readHead("stable")[0].URLs[0], digest: s.digest("web", "1.1.0")}
	for _, h := range helms {
		s.shows(h, again, "1.1.0", "1.0.0")
	}
	w.done("verify", "--deep")
}
