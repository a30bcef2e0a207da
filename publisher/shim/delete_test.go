package shim

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
)

// delete sends ChartMuseum's request.
func (p *port) delete(path string, headers ...string) reply {
	p.t.Helper()
	return p.do(p.request(http.MethodDelete, path, nil, headers...))
}

// shelf publishes a chart with these versions, all of someDigest.
func (p *port) shelf(channel string, versions ...string) {
	p.t.Helper()
	var lines []string
	for _, v := range versions {
		lines = append(lines, fmt.Sprintf(`{"name":"alpha","version":%q,"digest":%q,"urls":["charts/alpha/%[1]s/id/alpha-%[1]s.tgz"]}`, v, someDigest))
	}
	p.put(p.site, channel+"/index.yaml", `{"apiVersion":"v1","generated":"2026-03-01T12:00:00Z","annotations":{"portolan/generation":"1"},"entries":{`+
		"\n\"alpha\":[\n"+strings.Join(lines, ",\n")+"\n]\n}}\n")
}

// yanks are the versions whose yanks are in the inbox.
func (p *port) yanks(channel string) (versions []string) {
	p.t.Helper()
	for key, b := range p.drop.Snapshot() {
		r, err := action.Parse(b)
		if err != nil || !strings.HasPrefix(key, "inbox/"+channel+"/") || r.Kind != action.Yank || len(r.Versions) != 1 ||
			r.Versions[0].Digest != someDigest || r.Reason != deletedReason || r.Requester["address"] == "" {
			p.t.Fatalf("%s: %s, %v", key, b, err)
		}
		versions = append(versions, r.Versions[0].Version)
	}
	return versions
}

// TestDelete checks that ChartMuseum's DELETE asks for a yank, in every form of URL, and
// what it says of what there is not.
func TestDelete(t *testing.T) {
	for channel, path := range map[string]string{
		"stable": "/api/charts", "team": "/api/team/charts", "group/team": "/group/api/team/charts",
		"g/p/devel": "/api/v4/projects/g%2Fp/packages/helm/api/devel/charts",
	} {
		p := open(t, nil)
		p.shelf(channel, "1.1.0+b.1", "1.0.0")
		for _, gone := range []string{"/alpha/2.0.0", "/beta/1.0.0", "/alpha/latest"} {
			failed(t, p.delete(path+gone), http.StatusNotFound, "version-unknown")
		}
		got := p.delete(path + "/alpha/1.1.0+b.1")
		if got.StatusCode != http.StatusOK || strings.TrimSpace(got.body) != `{"deleted":true}` || got.Header.Get("Portolan-Action") == "" {
			t.Errorf("%s: %d %s", path, got.StatusCode, got.body)
		}
		if all := p.yanks(channel); len(all) != 1 || all[0] != "1.1.0+b.1" {
			t.Errorf("%s: the inbox has yanks of %q", path, all)
		}
		failed(t, p.delete(path+"/alpha/1.1.0+b.1"), http.StatusNotFound, "version-deleted")
		if got := p.delete(path + "/alpha/1.0.0"); got.StatusCode != http.StatusOK {
			t.Errorf("%s: after another: %d %s", path, got.StatusCode, got.body)
		}
	}
}

// TestDeleteAgain deletes a version whose deletion was not taken, and one that is
// published again.
func TestDeleteAgain(t *testing.T) {
	p := open(t, nil)
	p.shelf("team", "1.0.0")
	p.drop.Hook = func(op buckettest.Op) buckettest.Fault {
		if op.Kind == buckettest.Create {
			return buckettest.Refused
		}
		return buckettest.None
	}
	failed(t, p.delete("/api/team/charts/alpha/1.0.0"), http.StatusServiceUnavailable, "store")
	p.drop.Hook = nil
	if got := p.delete("/api/team/charts/alpha/1.0.0"); got.StatusCode != http.StatusOK {
		t.Errorf("after a failure: %d %s", got.StatusCode, got.body)
	}
}

// TestDeleteScopes checks who may delete.
func TestDeleteScopes(t *testing.T) {
	p, tokens := guarded(t, map[string]string{
		"writer": `scopes: ["read:**", "write:**"]`, "yanker": `scopes: ["yank:team"]`, "others": `scopes: ["yank:team"], charts: ["beta"]`,
	})
	p.shelf("team", "1.0.0")
	for who, says := range map[string]string{
		"writer": "may not yank or deprecate what is in channel team; ask for a token with the scope yank:team",
		"others": `may not yank or deprecate a chart called \"alpha\" in channel team; ask for a token that may yank or deprecate this chart`,
	} {
		got := p.delete("/api/team/charts/alpha/1.0.0", "Authorization", "Bearer "+tokens[who])
		failed(t, got, http.StatusForbidden, "forbidden")
		if !strings.Contains(got.body, says) {
			t.Errorf("%s is told %s", who, got.body)
		}
	}
	failed(t, p.delete("/api/team/charts/alpha/1.0.0"), http.StatusUnauthorized, "credentials")
	if got := p.delete("/api/team/charts/alpha/1.0.0", "Authorization", "Bearer "+tokens["yanker"]); got.StatusCode != http.StatusOK {
		t.Errorf("%d %s", got.StatusCode, got.body)
	}
}

// TestDeleteWithoutSite says why it cannot tell what to yank.
func TestDeleteWithoutSite(t *testing.T) {
	p := open(t, func(o *Options) { o.Site = nil })
	got := p.delete("/api/team/charts/alpha/1.0.0")
	failed(t, got, http.StatusNotImplemented, "no-site")
	if !strings.Contains(got.body, "start this server with --site") || len(p.inbox()) > 0 {
		t.Errorf("%s, and the inbox has %q", got.body, p.inbox())
	}
}

// TestDeletesBusy checks that deletions and actions share the places of uploads.
func TestDeletesBusy(t *testing.T) {
	p := open(t, func(o *Options) { o.MaxUploads = 1 })
	p.shelf("team", "1.0.0")
	if f := p.uploads.take(""); f != nil {
		t.Fatal(errors.New(f.message))
	}
	failed(t, p.delete("/api/team/charts/alpha/1.0.0"), http.StatusServiceUnavailable, "busy")
	failed(t, p.post("/api/team/actions", requests[action.Yank]), http.StatusServiceUnavailable, "busy")
	p.uploads.giveBack("")
	if got := p.delete("/api/team/charts/alpha/1.0.0"); got.StatusCode != http.StatusOK {
		t.Errorf("%d %s", got.StatusCode, got.body)
	}
}
