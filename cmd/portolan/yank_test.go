package main

import (
	"bytes"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/ci/testenv"
	"github.com/portolan-charts/portolan/generator/charttest"
)

// TestYank: a bad release is yanked. Nobody finds it any more, in a repository or in a
// registry, and who has pinned it by its URL, its digest, its tag, or its version in the
// repository of all versions still gets it, but not by its version, or a Chart.lock, of the
// channel's repository. Then it is restored. In between, all are yanked.
func TestYank(t *testing.T) {
	t.Parallel()
	for _, client := range clients {
		testenv.Tool(t, client)
	}
	w := newTown(t)
	write(t, filepath.Join(w.folder, "portolan.yaml"), []byte("channels: [{match: '**', oci: true}]\n"))
	s := &shelf{t: t, channel: "stable", files: map[string][]byte{
		"web-1.0.0.tgz": charttest.Simple("web", "1.0.0"), "web-1.1.0.tgz": charttest.Simple("web", "1.1.0"),
	}}
	w.drop("stable", s.files)
	w.done("generate")
	server := nginx(t, "folder.conf", map[string]string{"/srv/charts": filepath.Join(w.folder, "site")})
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
	locked, kept := locks(t, helms[0], server+"/stable"), ""

	w.done("yank", "stable", "web", "1.1.x", "--reason", "loses data")
	w.done("generate")
	for _, h := range helms {
		s.shows(h, pinned, "1.0.0")
		h.fails("pull", "acme/web", "--version", "1.1.0")
		h.run("repo", "add", "all", server+"/stable/all")
		sameFiles(t, h.pull("all/web", "--version", "1.1.0"), only(s.files, "web-1.1.0.tgz"))
		if said := h.fails("dependency", "build", locked); !strings.Contains(said, "no matching version") {
			t.Error(said)
		}
		if kept == "" {
			kept = locks(t, h, server+"/stable/all")
		}
		h.run("dependency", "build", kept)
	}
	w.done("verify", "--deep")
	w.lacks("1.1.0")

	w.done("yank", "stable", "web", "1.0.0", "--reason", "loses data, too")
	w.done("generate")
	for _, h := range helms {
		h.run("repo", "update")
		equal(t, "what helm search finds when all are yanked", h.search("acme"), map[string][]string{})
		h.run("repo", "add", "empty", server+"/stable")
		sameFiles(t, h.pull("all/web", "--version", "1.1.0"), only(s.files, "web-1.1.0.tgz"))
	}
	w.done("verify", "--deep")
	w.lacks("1.0.0", "1.1.0")

	w.done("restore", "stable", "web", "1.x")
	w.done("generate")
	for _, h := range helms {
		s.shows(h, pinned, "1.1.0", "1.0.0")
	}
	w.drop("stable", map[string][]byte{"web-1.2.0.tgz": charttest.Simple("web", "1.2.0")})
	w.done("generate")
	for _, h := range helms {
		h.run("repo", "update")
		equal(t, "the repository of all versions", h.search("all"), map[string][]string{"web": {"1.2.0", "1.1.0", "1.0.0"}})
	}
	w.done("verify", "--deep")
}

// locks makes the folder of a chart that depends on web 1.1.0 of a repository, with a
// Chart.lock, and returns its name.
func locks(t *testing.T, h *helm, repository string) string {
	t.Helper()
	folder := t.TempDir()
	write(t, filepath.Join(folder, "Chart.yaml"), fmt.Appendf(nil, "apiVersion: v2\nname: app\nversion: 1.0.0\n"+
		"dependencies: [{name: web, version: 1.1.0, repository: %q}]\n", repository))
	h.run("dependency", "update", folder)
	return folder
}

// pin is how somebody has pinned web 1.1.0.
type pin struct {
	url    string // of the archive
	digest string // of the manifest
}

// lacks makes sure that the badge, the feed's news and ChartMuseum's API do not show versions.
func (w *town) lacks(versions ...string) {
	w.t.Helper()
	api := w.shim("--site", "site")
	status, charts := api.get(w.t, api.url+"/api/stable/charts", credentials{})
	if status != http.StatusOK {
		w.t.Errorf("ChartMuseum's charts are answered %d", status)
	}
	_, chart := api.get(w.t, api.url+"/api/stable/charts/web", credentials{})
	site := filepath.Join(w.folder, "site", "stable")
	badge, feed := read(w.t, filepath.Join(site, "charts", "web", "badge.svg")), read(w.t, filepath.Join(site, "feed.xml"))
	for _, version := range versions {
		for where, text := range map[string]string{
			"the badge": string(badge), "ChartMuseum's charts": string(charts), "ChartMuseum's chart": string(chart),
		} {
			if strings.Contains(text, version) {
				w.t.Errorf("%s shows %s, which is yanked:\n%s", where, version, text)
			}
		}
		if !strings.Contains(string(feed), "<title>web "+version+" yanked</title>") || strings.Contains(string(feed), version+" was added") {
			w.t.Errorf("the feed does not tell that %s is yanked, but shows it as new:\n%s", version, feed)
		}
	}
	api.stop()
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
