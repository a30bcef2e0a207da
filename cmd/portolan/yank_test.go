package main

import (
	"bytes"
	"path"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/ci/testenv"
	"github.com/portolan-charts/portolan/generator/charttest"
)

// TestYank: a bad release is yanked. Nobody finds it any more, in a repository or in a
// registry, and who has pinned it by its URL, its digest or its tag still gets it. Then it
// is restored.
func TestYank(t *testing.T) {
	t.Parallel()
	for _, client := range clients {
		testenv.Tool(t, client)
	}
	w := newTown(t)
	write(t, path.Join(w.folder, "portolan.yaml"), []byte("channels: [{match: '**', oci: true}]\n"))
	s := &shelf{t: t, channel: "stable", files: map[string][]byte{
		"web-1.0.0.tgz": charttest.Simple("web", "1.0.0"), "web-1.1.0.tgz": charttest.Simple("web", "1.1.0"),
	}}
	w.drop("stable", s.files)
	w.done("generate")
	server := nginx(t, "folder.conf", map[string]string{"/srv/charts": path.Join(w.folder, "site")})
	s.host = strings.TrimPrefix(server, "http://")
	var helms []*helm
	for _, client := range clients {
		helms = append(helms, newHelm(t, client))
	}
	pinned := pin{url: server + "/stable/" + w.readHead("stable")[0].URLs[0], digest: s.digest("web", "1.1.0")}
	for _, h := range helms {
		h.run("repo", "add", "acme", server+"/stable")
		s.shows(h, pinned, "1.1.0", "1.0.0")
	}

	w.done("yank", "stable", "web", "1.1.x", "--reason", "loses data")
	w.done("generate")
	for _, h := range helms {
		s.shows(h, pinned, "1.0.0")
		h.fails("pull", "acme/web", "--version", "1.1.0")
	}
	w.done("verify", "--deep")

	w.done("restore", "stable", "web", "1.1.0")
	w.done("generate")
	for _, h := range helms {
		s.shows(h, pinned, "1.1.0", "1.0.0")
	}
	w.done("verify", "--deep")
}

// pin is how somebody has pinned web 1.1.0.
type pin struct {
	url    string // of the archive
	digest string // of the manifest
}

// shows makes sure that a client finds these versions of web, the newest first, and that
// it gets 1.1.0 however it is pinned.
func (s *shelf) shows(h *helm, pinned pin, versions ...string) {
	s.t.Helper()
	h.run("repo", "update")
	equal(s.t, "what helm search finds", h.search("acme"), map[string][]string{"web": versions})
	newest := only(s.files, "web-"+versions[0]+".tgz")
	web := "oci://" + s.repository("web")
	sameFiles(s.t, h.pull("acme/web"), newest)
	sameFiles(s.t, h.pull(web, "--plain-http"), newest)

	bad := only(s.files, "web-1.1.0.tgz")
	sameFiles(s.t, h.pull(pinned.url), bad)
	sameFiles(s.t, h.pull(web, "--plain-http", "--version", "1.1.0"), bad)
	for _, got := range h.pull(web+"@"+pinned.digest, "--plain-http") { // which Helm names by the digest
		if !bytes.Equal(got, s.files["web-1.1.0.tgz"]) {
			s.t.Errorf("helm%s pulls other bytes by the digest", h.major)
		}
	}
}
