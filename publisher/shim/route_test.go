package shim

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// TestRoute checks where each URL leads: kind, channel, context path and file.
func TestRoute(t *testing.T) {
	const gl = "/api/v4/projects/"
	tests := []struct{ method, path, want string }{
		// ChartMuseum's API.
		{"POST", "/api/charts", "upload stable"},
		{"POST", "/api/team/charts", "upload team"},
		{"POST", "/api/group/app/devel/charts", "upload group/app/devel"},
		{"POST", "//api//team/charts", "upload team"},
		{"POST", "/api/team/charts?force", "upload team"},
		{"POST", "/api/team/charts/", "upload team"},
		{"GET", "/api/team/charts/", "list team"},
		{"POST", "/api/prov", "prov stable"},
		{"POST", "/api/team/prov", "prov team"},
		{"POST", "/api/prov/charts", "upload prov"},
		{"POST", "/api/uploads/x/charts", "upload uploads/x"},
		{"GET", "/api/charts", "list stable"},
		{"HEAD", "/api/charts/alpha", "list stable alpha"},
		{"GET", "/api/team/charts/alpha/1.0.0+b", "list team alpha 1.0.0+b"},
		{"GET", "/api/team/charts/alpha/1.0.0%2Bb", "list team alpha 1.0.0+b"},
		{"GET", "/api/charts/authorize", "list stable authorize"},
		{"GET", "/api/team/uploads/x", "receipt team x"},
		{"GET", "/api/uploads/x", "receipt stable x"},
		{"POST", "/api/actions", "action stable"},
		{"POST", "/api/team/actions", "action team"},
		{"POST", "/api/team/actions/", "action team"},
		{"POST", "/api/actions/charts", "upload actions"},
		{"GET", "/api/team/actions", "405 method"},
		{"GET", "/api/team/actions/", "405 method"},
		{"DELETE", "/api/team/actions", "405 method"},
		{"POST", "/api/team/v2/actions", "400 channel"},
		{"DELETE", "/api/team/charts/alpha/1.0.0", "delete team alpha 1.0.0"},
		{"DELETE", "/api/charts/alpha/1.0.0+b", "delete stable alpha 1.0.0+b"},
		{"DELETE", "/api/group/app/team/charts/alpha/1.0.0/", "delete group/app/team alpha 1.0.0"},
		{"DELETE", "/api/team/v2/charts/alpha/1.0.0", "400 channel"},
		{"DELETE", "/api/team/charts/alpha", "405 method"},
		{"DELETE", "/api/team/charts", "405 method"},
		{"PUT", "/api/team/charts/alpha/1.0.0", "405 method"},
		{"PUT", "/api/team/charts", "405 method"},
		{"GET", "/api/team/prov", "405 method"},
		{"POST", "/api/charts/authorize", "404 route"},
		{"GET", "/api/charts/a/b/c", "404 route"},
		{"POST", "/api/team", "404 route"},
		{"GET", "/api", "404 route"},
		{"GET", "/api/nonsense", "404 route"},
		{"GET", "/api/", "file  api/"},
		{"GET", "/api/index.json", "file  api/index.json"},
		{"POST", "/api/index.json", "404 route"},
		{"GET", "/api/charts/alpha/1.0.0/values", "404 route"},
		{"GET", "/info", "info "},
		{"POST", "/info", "405 method"},
		// With --context-path, helm cm-push writes the channel before api.
		{"POST", "/team/api/charts", "upload team"},
		{"POST", "/team/api/charts/", "upload team"},
		{"POST", "/team/api/prov", "prov team"},
		{"POST", "/group/api/app/stable/charts", "upload group/app/stable"},
		{"POST", "/group/app/stable/api/charts?force", "upload group/app/stable"},
		{"PUT", "/team/api/charts", "405 method"},
		{"DELETE", "/team/api/charts/alpha/1.0.0", "delete team alpha 1.0.0"},
		{"POST", "/team/api/actions", "action team"},
		{"POST", "/team/api", "404 route"},
		{"POST", "/a--b/api/charts", "400 channel"},
		{"POST", "/team/api/api/charts", "400 channel"},
		{"GET", "/team/api/charts", "file team team/api/charts"},
		{"GET", "/team/api/charts/alpha.json", "file team team/api/charts/alpha.json"},
		{"POST", gl + "42/packages/helm/devel/api/charts", "upload 42/devel"},
		{"POST", gl + "7/packages/helm/devel/api/charts", "upload devel"},
		{"POST", "/api/a--b/charts", "400 channel"},
		{"POST", "/api/assets/charts", "400 channel"},
		{"POST", "/api/x/../y/charts", "400 path"},
		{"POST", "/api/%2e%2e/charts", "400 path"},
		{"POST", "/api/a%2Fb/charts", "upload a/b"},
		{"GET", "/assets/..%2fsecret/index.yaml", "400 path"},
		{"GET", "/public/..%2Fsecret%2flog/00000001.json", "400 path"},
		{"GET", "/public/%2e%2e/secret/index.yaml", "400 path"},
		{"GET", "/public%2F..%2Fsecret/index.yaml", "400 path"},
		{"GET", "/public/..%5csecret/index.yaml", "400 path"},
		{"GET", "/public%2Findex.yaml", "index public"},
		{"GET", "/public/x%0d%0ay", "400 path"},
		{"POST", "/api/a%00/charts", "400 path"},

		// GitLab's.
		{"POST", gl + "42/packages/helm/api/devel/charts", "upload 42/devel"},
		{"POST", gl + "group%2Fproject/packages/helm/api/devel/charts", "upload group/project/devel"},
		{"POST", gl + "group/project/packages/helm/api/devel/charts", "upload group/project/devel"},
		{"POST", gl + "packages/helm/packages/helm/api/devel/charts", "upload packages/helm/devel"},
		{"POST", gl + "7/packages/helm/api/devel/charts", "upload devel"},
		{"POST", gl + "7/packages/helm/api/charts", "upload stable"},
		{"POST", gl + "42/packages/helm/api/charts", "400 channel"},
		{"POST", gl + "42/packages/helm/api/devel/charts/authorize", "404 route"},
		{"POST", gl + "42/packages/helm/api/devel/prov", "prov 42/devel"},
		{"POST", gl + "42/packages/helm/api/devel/actions", "action 42/devel"},
		{"POST", gl + "7/packages/helm/api/actions", "action stable"},
		{"DELETE", gl + "42/packages/helm/api/devel/charts/alpha/1.0.0", "delete 42/devel alpha 1.0.0"},
		{"GET", gl + "42/packages/helm/api/devel/uploads/x", "receipt 42/devel x"},
		{"GET", gl + "42/packages/helm/devel/index.yaml", "index 42/devel at /api/v4/projects/42/packages/helm"},
		{"GET", gl + "a%2Fb/packages/helm/devel/index.yaml", "index a/b/devel at /api/v4/projects/a/b/packages/helm"},
		{"GET", gl + "7/packages/helm/devel/index.yaml", "index devel at /api/v4/projects/7/packages/helm"},
		{"GET", gl + "7/packages/helm/index.yaml", "index stable at /api/v4/projects/7/packages/helm"},
		{"GET", gl + "42/packages/helm/devel/charts/alpha-1.0.0.tgz", "chart 42/devel alpha-1.0.0.tgz"},
		{"GET", gl + "42/packages/helm/devel/charts/alpha-1.0.0.tgz.prov", "chart 42/devel alpha-1.0.0.tgz.prov"},
		{"GET", gl + "42/packages/helm/devel/charts/alpha/1.0.0/x/alpha-1.0.0.tgz", "file 42/devel 42/devel/charts/alpha/1.0.0/x/alpha-1.0.0.tgz"},
		{"GET", gl + "42/packages/helm/index.yaml", "404 route"},
		{"GET", gl + "42/packages/npm/x", "404 route"},
		{"GET", gl + "packages/helm/devel/index.yaml", "404 route"},

		// The site.
		{"GET", "/index.yaml", "index stable"},
		{"GET", "/charts/alpha-1.0.0.tgz", "chart stable alpha-1.0.0.tgz"},
		{"GET", "/charts/alpha/1.0.0/x/alpha-1.0.0.tgz", "file stable stable/charts/alpha/1.0.0/x/alpha-1.0.0.tgz"},
		{"GET", "/group/app/stable/index.yaml", "index group/app/stable"},
		{"GET", "/team/charts/built-1.0.0+b.tgz", "chart team built-1.0.0+b.tgz"},
		{"GET", "/team/charts/built-1.0.0%2Bb.tgz", "chart team built-1.0.0+b.tgz"},
		{"GET", "/team/log/00000001.json", "file team team/log/00000001.json"},
		{"GET", "/team/snapshots/00000001/index.yaml", "file team team/snapshots/00000001/index.yaml"},
		{"GET", "/team/", "file team team/"},

		// A channel whose name was reserved later can be read, with its own permission.
		{"GET", "/team/v2/index.yaml", "index team/v2"},
		{"GET", "/v2/charts/alpha/1.0.0/x/alpha-1.0.0.tgz", "file v2 v2/charts/alpha/1.0.0/x/alpha-1.0.0.tgz"},
		{"GET", "/api/team/v2/charts", "list team/v2"},
		{"POST", "/api/team/v2/charts", "400 channel"},
		{"POST", "/api/tags/prov", "400 channel"},
		{"GET", "/api/v4/projects/v2/packages/helm/team/web/tags/list", "registry team v2/team/web/tags/list"},
		{"GET", "/team", "file team team"},
		{"GET", "/", "file  /"},
		{"GET", "/index.html", "file  index.html"},
		{"GET", "/assets/style.css", "asset  assets/style.css"},
		{"GET", "/team/assets/x", "file team team/assets/x"},
		{"POST", "/team/index.yaml", "405 method"},
		{"DELETE", "/team/charts/alpha-1.0.0.tgz", "405 method"},
		{"GET", "/.portolan/x", "file  .portolan/x"},
		{"GET", "/health", "health  health"},
		{"GET", "/livez", "health  livez"},
		{"HEAD", "/readyz", "health  readyz"},
		{"POST", "/readyz", "405 method"},
	}
	s := New(Options{Projects: []string{"7"}})
	for _, prefix := range []string{"", "/helm"} {
		if prefix != "" {
			s.PublicURL = &url.URL{Scheme: "https", Host: "example.com", Path: prefix}
		}
		for _, test := range tests {
			got := describe(s.route(httptest.NewRequest(test.method, prefix+test.path, nil)))
			want := strings.Replace(test.want, " at /", " at "+prefix+"/", 1)
			if prefix != "" && !strings.Contains(want, " at /") && strings.HasPrefix(want, "index") {
				want += " at " + prefix
			}
			if got != want {
				t.Errorf("%s %s%s:\ngot  %s\nwant %s", test.method, prefix, test.path, got, want)
			}
		}
	}
}

// TestRegistryRoute checks where the URLs of a registry lead, which is always at the root
// of a host.
func TestRegistryRoute(t *testing.T) {
	digest := "sha256:" + strings.Repeat("0a", 32)
	tests := []struct{ method, path, want string }{
		{"GET", "/v2/", "ping  v2/"},
		{"HEAD", "/v2", "ping  v2"},
		{"POST", "/v2/", "405 method"},
		{"GET", "/v2/team/web/manifests/1.0.0", "registry team v2/team/web/manifests/1.0.0"},
		{"HEAD", "/v2/team/web/manifests/" + digest, "registry team v2/team/web/manifests/" + digest},
		{"GET", "/v2/group/app/web/blobs/" + digest, "registry group/app v2/group/app/web/blobs/" + digest},
		{"GET", "//v2/team//web/tags/list", "registry team v2/team/web/tags/list"},
		{"GET", "/v2/team/tags/tags/list", "registry team v2/team/tags/tags/list"},
		{"GET", "/v2/team/web/referrers/" + digest, "registry team v2/team/web/referrers/" + digest},
		{"POST", "/v2/team/web/blobs/uploads/", "blob team v2/team/web/blobs/uploads/"},
		{"POST", "/v2/team/web/blobs/uploads", "blob team v2/team/web/blobs/uploads"},
		{"PATCH", "/v2/team/web/blobs/uploads/x", "blob team v2/team/web/blobs/uploads/x"},
		{"GET", "/v2/team/uploads/blobs/uploads/x", "blob team v2/team/uploads/blobs/uploads/x"},
		{"PUT", "/v2/team/web/manifests/1.0.0", "manifest team v2/team/web/manifests/1.0.0"},
		{"DELETE", "/v2/team/web/manifests/1.0.0", "405 method"},
		{"DELETE", "/v2/team/web/blobs/" + digest, "405 method"},
		{"PUT", "/v2/web/manifests/1.0.0", "400 channel"},
		{"HEAD", "/v2/web/manifests/" + digest, "404 channel"}, // as Helm begins, which gives up after 400 or 403
		{"GET", "/v2/web/manifests/1.0.0_b.1", "404 channel"},
		{"GET", "/v2/web/tags/list", "404 channel"},
		{"POST", "/v2/web/blobs/uploads/", "400 channel"},
		{"POST", "/v2/team/a--b/web/blobs/uploads/", "400 channel"},
		{"POST", "/v2/team/tags/web/blobs/uploads/", "400 channel"},
		{"POST", "/v2/Team/web/blobs/uploads/", "400 channel"},
		{"POST", "/v2/team/Web/blobs/uploads/", "400 channel"},
		{"GET", "/v2/team/../secret/manifests/1.0.0", "400 path"},
		{"GET", "/v2/_catalog", "file v2 v2/_catalog"},

		// A site may have a channel that is called v2.
		{"GET", "/v2/index.yaml", "index v2"},
		{"GET", "/v2/charts/tags/index.html", "file v2 v2/charts/tags/index.html"},
		{"GET", "/v2/charts/manifests/index.html", "file v2 v2/charts/manifests/index.html"},
	}
	s := New(Options{})
	for _, test := range tests {
		if got := describe(s.route(httptest.NewRequest(test.method, test.path, nil))); got != test.want {
			t.Errorf("%s %s:\ngot  %s\nwant %s", test.method, test.path, got, test.want)
		}
	}
	s.PublicURL = &url.URL{Scheme: "https", Host: "example.com", Path: "/helm"}
	for _, stripped := range []bool{false, true} {
		s.Stripped = stripped
		if got, want := describe(s.route(httptest.NewRequest("GET", "/v2/", nil))), "404 registry-path"; got != want {
			t.Errorf("under a path: got %s, want %s", got, want)
		}
	}
	s.Stripped = false
	if got, want := describe(s.route(httptest.NewRequest("GET", "/helm/v2/team/web/tags/list", nil))), "registry team v2/team/web/tags/list"; got != want {
		t.Errorf("below the path: got %s, want %s", got, want)
	}
}

// describe puts a route into words.
func describe(to *route, err error) string {
	var f *failure
	if errors.As(err, &f) {
		return fmt.Sprint(f.status, " ", f.rule)
	}
	words := []string{to.kind.String(), to.channel}
	switch to.kind {
	case kindIndex:
		if to.context != "" {
			words = append(words, "at", to.context)
		}
	case kindFile, kindFlat, kindAsset, kindHealth, kindPing, kindRegistry, kindBlob, kindManifest:
		words = append(words, to.path)
	default:
		words = append(words, to.args...)
	}
	return strings.Join(words, " ")
}

// TestReceiptURL checks that the URL in the answer to an upload leads to the
// upload's receipt, for every form of URL.
func TestReceiptURL(t *testing.T) {
	s := New(Options{Projects: []string{"7", "the/one"}})
	for _, prefix := range []string{"", "/helm", "/a b"} {
		if prefix != "" {
			s.PublicURL = &url.URL{Scheme: "https", Host: "example.com", Path: prefix}
		}
		for _, path := range []string{
			"/api/charts", "/api/a/b/charts", "/api/a/b/actions", "/api/v4/projects/42/packages/helm/api/x/charts",
			"/api/v4/projects/g%2Fp/packages/helm/api/x/charts", "/api/v4/projects/g/p/packages/helm/api/x/charts",
			"/api/v4/projects/7/packages/helm/api/x/charts", "/api/v4/projects/the%2Fone/packages/helm/api/x/charts",
			"/api/v4/projects/7/packages/helm/api/7/charts", "/api/v4/projects/7/packages/helm/api/7/x/charts",
		} {
			r := httptest.NewRequest(http.MethodPost, strings.ReplaceAll(prefix, " ", "%20")+path, nil)
			up, err := s.route(r)
			if err != nil {
				t.Fatal(err)
			}
			receipt := s.base(r) + up.receipts() + "id"
			r = httptest.NewRequest(http.MethodGet, receipt, nil)
			down, err := s.route(r)
			if err != nil || down.kind != kindReceipt || down.channel != up.channel || down.args[0] != "id" {
				t.Errorf("%s: the receipt %s leads to %s", path, receipt, describe(down, err))
			}
		}
	}
}
