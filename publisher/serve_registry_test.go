package publisher_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
	"github.com/portolan-charts/portolan/publisher/registry"
)

const registryManifest = `{"schemaVersion":2}`

func digestOf(text string) string { return fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(text))) }

// registrySite has the version 1.0.0+b of the chart web in the channel group/stable.
func registrySite() *buckettest.Mem {
	m := testSite()
	const in = "v2/group/stable/web/"
	m.Put(in+"blobs/"+digestOf("0123456789"), []byte("0123456789"))
	m.Put(in+"manifests/"+digestOf(registryManifest), []byte(registryManifest))
	m.Put(in+"manifests/1.0.0_b", []byte(registryManifest))
	m.Put(in+"tags/list", []byte(`{"name":"group/stable/web","tags":["1.0.0_b"]}`))
	m.Put(in+"referrers/"+digestOf(registryManifest), []byte(registry.NoReferrers))
	return m
}

// TestHandlerRegistry: clients of registries get what they need to read charts.
func TestHandlerRegistry(t *testing.T) {
	const (
		long  = "public, max-age=31536000, immutable"
		short = "public, max-age=60, must-revalidate"
		in    = "/v2/group/stable/web/"
	)
	h := publisher.Handler(registrySite().Handle("server"), nil)
	manifest := digestOf(registryManifest)
	for _, test := range []struct{ path, typ, cache, digest, body string }{
		{"/v2/", "application/json", short, "", "{}"},
		{in + "blobs/" + digestOf("0123456789"), "application/octet-stream", long, digestOf("0123456789"), "0123456789"},
		{in + "manifests/" + manifest, registry.TypeManifest, long, manifest, registryManifest},
		{in + "manifests/1.0.0_b", registry.TypeManifest, short, manifest, registryManifest},
		{in + "tags/list", "application/json", short, "", `{"name":"group/stable/web","tags":["1.0.0_b"]}`},
		{in + "referrers/" + manifest, registry.TypeIndex, short, "", registry.NoReferrers},
		{in + "referrers/" + digestOf("unknown"), registry.TypeIndex, short, "", registry.NoReferrers},
	} {
		r := ask(t, h, "GET", test.path)
		if got := body(t, r); r.StatusCode != 200 || got != test.body {
			t.Errorf("%s: got %d %q, want 200 %q", test.path, r.StatusCode, got, test.body)
		}
		head := ask(t, h, "HEAD", test.path)
		if got := body(t, head); head.StatusCode != 200 || got != "" || head.ContentLength != int64(len(test.body)) {
			t.Errorf("HEAD %s: got %d %q, length %d", test.path, head.StatusCode, got, head.ContentLength)
		}
		for _, r := range []*http.Response{r, head} {
			got := [3]string{r.Header.Get("Content-Type"), r.Header.Get("Cache-Control"), r.Header.Get("Docker-Content-Digest")}
			if want := [3]string{test.typ, test.cache, test.digest}; got != want {
				t.Errorf("%s: got %q, want %q", test.path, got, want)
			}
		}
	}
	r := ask(t, h, "GET", in+"blobs/"+digestOf("0123456789"), "Range", "bytes=4-6")
	if got := body(t, r); r.StatusCode != 206 || got != "456" {
		t.Errorf("a range of a blob: got %d %q", r.StatusCode, got)
	}
}

// TestHandlerTagMoves: the digest of a tag is that of what it names now.
func TestHandlerTagMoves(t *testing.T) {
	m := registrySite()
	h := publisher.Handler(m.Handle("server"), nil)
	first := ask(t, h, "HEAD", "/v2/group/stable/web/manifests/1.0.0_b")
	m.Put("v2/group/stable/web/manifests/1.0.0_b", []byte(`{"schemaVersion":2,"new":true}`))
	second := ask(t, h, "HEAD", "/v2/group/stable/web/manifests/1.0.0_b", "If-None-Match", first.Header.Get("ETag"))
	if got := second.Header.Get("Docker-Content-Digest"); second.StatusCode != 200 || got != digestOf(`{"schemaVersion":2,"new":true}`) {
		t.Errorf("got %d and %s", second.StatusCode, got)
	}
}

// TestHandlerRegistryMissing: what is missing is said as registries say it, and at once:
// clients take other errors for a failure of the network, and try again.
func TestHandlerRegistryMissing(t *testing.T) {
	m := registrySite()
	m.Put("404.html", []byte("<p>lost?"))
	h := publisher.Handler(m.Handle("server"), nil)
	for _, test := range []struct {
		method, path string
		status       int
		code, says   string
	}{
		{"GET", "/v2/group/stable/web/manifests/2.0.0", 404, "MANIFEST_UNKNOWN", "group/stable/web has no version 2.0.0;"},
		{"GET", "/v2/group/stable/web/manifests/" + digestOf("unknown"), 404, "MANIFEST_UNKNOWN", "group/stable/web has no version sha256:"},
		{"GET", "/v2/group/stable/web/blobs/" + digestOf("unknown"), 404, "BLOB_UNKNOWN", "group/stable/web has no file sha256:"},
		{"GET", "/v2/group/stable/db/tags/list", 404, "NAME_UNKNOWN", "group/stable/db: there is no such chart"},
		{"GET", "/v2/group/stable/web/manifests/sha256:bad", 404, "NAME_UNKNOWN", "there is nothing at"},
		{"GET", "/v2/_catalog", 404, "NAME_UNKNOWN", "/v2/CHANNEL/CHART/manifests/VERSION"},
		{"GET", "/v2//x%s%d", 404, "NAME_UNKNOWN", `"/v2//x%s%d"`},
		{"GET", "/v2/" + strings.Repeat("x/", 600) + "tags/list", 404, "NAME_UNKNOWN", "no such chart"},
		{"POST", "/v2/group/stable/web/blobs/uploads/", 405, "UNSUPPORTED", "only GET and HEAD"},
		{"PUT", "/v2/group/stable/web/manifests/1.0.0", 405, "UNSUPPORTED", "only GET and HEAD"},
	} {
		r := ask(t, h, test.method, test.path)
		var said struct {
			Errors []struct{ Code, Message string }
		}
		if err := json.Unmarshal([]byte(body(t, r)), &said); err != nil || len(said.Errors) != 1 {
			t.Errorf("%s %.100s: got %v, %v", test.method, test.path, said, err)
			continue
		}
		got := said.Errors[0]
		if r.StatusCode != test.status || got.Code != test.code || !strings.Contains(got.Message, test.says) || len(got.Message) > 500 || strings.Contains(got.Message, "%!") {
			t.Errorf("%s %.100s: got %d %+v, want %d %s %s", test.method, test.path, r.StatusCode, got, test.status, test.code, test.says)
		}
		if kind := r.Header.Get("Content-Type"); kind != "application/json" {
			t.Errorf("%s %.100s: Content-Type %s", test.method, test.path, kind)
		}
	}
}

// TestHandlerChannelV2: a site may have a channel of that name, from before it was
// reserved.
func TestHandlerChannelV2(t *testing.T) {
	m := testSite()
	m.Put("v2/index.html", []byte("<p>v2"))
	m.Put("v2/index.yaml", []byte("{}"))
	m.Put("v2/charts/web/1.0.0/0198c0de/web-1.0.0.tgz", []byte("archive"))
	h := publisher.Handler(m.Handle("server"), nil)
	for path, want := range map[string]string{"/v2/": "<p>v2", "/v2/index.yaml": "{}", "/v2/charts/web/1.0.0/0198c0de/web-1.0.0.tgz": "archive"} {
		if r := ask(t, h, "GET", path); r.StatusCode != 200 || body(t, r) != want {
			t.Errorf("%s: got %d, want %q", path, r.StatusCode, want)
		}
	}
	if r := ask(t, h, "GET", "/v2"); r.StatusCode != 301 {
		t.Errorf("/v2: got %d", r.StatusCode)
	}
}
