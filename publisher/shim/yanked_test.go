package shim

import (
	"net/http"
	"strings"
	"testing"
)

// yankedShelf publishes alpha 3.0.0, a prerelease that keep leaves out, 2.0.0, which is
// yanked, and beta, all of which is.
func (p *port) yankedShelf() {
	const header = `{"apiVersion":"v1","generated":"2026-03-01T12:00:00Z","annotations":{"portolan/generation":"5","portolan/older":"snapshots/00000005/older","portolan/state":"00000005-n.state.json"},"entries":{`
	line := func(chart, version, up string) string {
		return `{"name":"` + chart + `","version":"` + version + `","digest":"` + someDigest + `","urls":["` + up + `charts/` + chart + `/` + version + `/id/` + chart + `-` + version + `.tgz"]}`
	}
	const up = "../../../"
	p.put(p.site, "team/index.yaml", header+"\n\"alpha\":[\n"+line("alpha", "3.0.0-rc.1", "")+"\n]\n}}\n")
	p.put(p.site, "team/snapshots/00000005/older/index.yaml", header+"\n\"alpha\":[\n"+line("alpha", "2.0.0", up)+",\n"+line("alpha", "1.0.0", up)+
		"\n],\n\"beta\":[\n"+line("beta", "1.0.0", up)+"\n]\n}}\n")
	p.put(p.site, "team/log/00000005-n.state.json", `{"yanked":[{"chart":"alpha","version":"2.0.0","reason":"it \"leaks\"","time":"2026-03-01T12:00:00Z","action":"y"},`+
		`{"chart":"beta","version":"1.0.0","reason":"broken","time":"2026-03-01T12:00:00Z","action":"y"}]}`)
	p.put(p.site, "team/charts/alpha/2.0.0/id/alpha-2.0.0.tgz", "the archive")
}

// TestYanked checks what the API says of versions that are yanked: lists and "latest" do
// not have them, but their own URLs do, and say so. They cannot be deleted again; what keep
// leaves out can be.
func TestYanked(t *testing.T) {
	p := open(t, nil)
	p.yankedShelf()
	for path, want := range map[string]string{
		"/api/team/charts":              "3.0.0-rc.1 1.0.0",
		"/api/team/charts?limit=1":      "3.0.0-rc.1 1.0.0",
		"/api/team/charts?offset=1":     "",
		"/api/team/charts/alpha":        "3.0.0-rc.1 1.0.0",
		"/api/team/charts/alpha/latest": "1.0.0", // 2.0.0 would be newer
		"/api/team/charts/alpha/2.0.0":  "2.0.0",
		"/api/team/charts/beta/1.0.0":   "1.0.0",
		"/api/team/charts/alpha/1.0.0":  "1.0.0",
	} {
		got := p.get(path)
		var versions []string
		for _, rest := range strings.Split(got.body, `"version":"`)[1:] {
			version, _, _ := strings.Cut(rest, `"`)
			versions = append(versions, version)
		}
		yanked := strings.HasSuffix(path, "/alpha/2.0.0") || strings.Contains(path, "beta")
		if got.StatusCode != http.StatusOK || strings.Join(versions, " ") != want || strings.Contains(got.body, `"yanked":{"reason":`) != yanked {
			t.Errorf("%s: %d %s, want versions %s", path, got.StatusCode, got.body, want)
		}
	}
	if got := p.get("/api/team/charts/alpha/2.0.0").body; !strings.HasSuffix(got, `.tgz"],"yanked":{"reason":"it \"leaks\"","time":"2026-03-01T12:00:00Z"}}`+"\n") {
		t.Errorf("a yanked version: %s", got)
	}
	failed(t, p.get("/api/team/charts/beta"), http.StatusNotFound, "chart-unknown")
	failed(t, p.get("/api/team/charts/beta/latest"), http.StatusNotFound, "version-unknown")
	failed(t, p.get("/api/team/charts/gamma/1.0.0"), http.StatusNotFound, "chart-unknown")
	if got := p.get("/team/charts/alpha-2.0.0.tgz"); got.body != "the archive" {
		t.Errorf("the archive: %d %s", got.StatusCode, got.body)
	}
	failed(t, p.delete("/api/team/charts/alpha/2.0.0"), http.StatusNotFound, "version-deleted")
	failed(t, p.delete("/api/team/charts/beta/1.0.0"), http.StatusNotFound, "version-deleted")
	if got := p.delete("/api/team/charts/alpha/1.0.0"); got.StatusCode != http.StatusOK {
		t.Errorf("what keep leaves out: %d %s", got.StatusCode, got.body)
	}
}
