package shim

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/publisher/channelname"
	"github.com/portolan-charts/portolan/publisher/registry"
)

// FuzzRoute looks for a path that leads to a file outside the channel that it is
// authorised for, or that writes to a channel that cannot be one.
func FuzzRoute(f *testing.F) {
	for _, seed := range []string{
		"/assets/..%2fsecret/index.yaml", "/public/..%2fsecret/log/1.json", "/api/v4/projects/..%2fx/packages/helm/y/index.yaml",
		"/a/b/charts/x-1.0.0.tgz", "//a//index.yaml", "/charts/%2e%2e%2fx.tgz", "/public/snapshots/..%2f..%2fsecret", "/assets/%2e%2e/x",
		"/api/team/actions", "/api/v4/projects/..%2fx/packages/helm/api/y/actions", "/team/api/charts/web/1.0.0", "/api/charts/..%2f/1.0.0",
		"/v2/public/web/tags/list", "/api/v4/projects/v2/packages/helm/secret/web/manifests/1.0.0", "/v2/secret/web/tags/list/x",
	} {
		f.Add(seed)
	}
	s := New(Options{Projects: []string{"7"}})
	f.Fuzz(func(t *testing.T, path string) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		u, err := r.URL.Parse("/" + strings.TrimLeft(path, "/"))
		if err != nil {
			return
		}
		r.URL = u
		for _, method := range []string{http.MethodPost, http.MethodDelete} {
			r.Method = method
			to, err := s.route(r)
			if err == nil && channelname.Check(to.channel) != nil && to.kind != kindBlob {
				t.Errorf("%s %q writes to the channel %q", method, path, to.channel)
			}
			if err == nil && to.kind == kindDelete && (len(to.args) != 2 || to.args[0] == "" || to.args[1] == "") {
				t.Errorf("%q deletes %q", path, to.args)
			}
		}
		r.Method = http.MethodGet
		to, err := s.route(r)
		if err != nil || to.kind == kindFlat || to.kind == kindHealth {
			return
		}
		for segment := range strings.SplitSeq(to.path, "/") {
			if segment == ".." || segment == "." {
				t.Errorf("%q leads to %q", path, to.path)
			}
		}
		switch {
		case to.kind == kindAsset && !strings.HasPrefix(to.path, "assets/"):
			t.Errorf("%q leads to the asset %q", path, to.path)
		case to.kind == kindFile && to.channel != "" && to.path != to.channel && !strings.HasPrefix(to.path, to.channel+"/"):
			t.Errorf("%q leads to %q, authorised as channel %q", path, to.path, to.channel)
		}
		if key, ok := registry.ParseKey(strings.TrimSuffix(to.path, "/")); ok && reads(r) && to.channel != key.Channel() {
			t.Errorf("%q leads to %q, authorised as channel %q", path, to.path, to.channel)
		}
	})
}
