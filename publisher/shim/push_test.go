package shim

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/portolan-charts/portolan/ci/testenv"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
	"github.com/portolan-charts/portolan/publisher/droparea"
	"github.com/portolan-charts/portolan/publisher/registry"
	"github.com/portolan-charts/portolan/publisher/shim/auth"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// pushTo opens a port whose channel team can be read as a registry.
func pushTo(t *testing.T, change func(*Options)) *port {
	return open(t, func(o *Options) {
		o.OCI = func(channel string) bool { return channel == "team" }
		if change != nil {
			change(o)
		}
	})
}

// shipment is what a client pushes.
type shipment struct{ config, chart, prov, manifest string }

// ship returns what helm pushes for a chart.
func ship(name, version, prov string) shipment {
	s := shipment{config: fmt.Sprintf(`{"name":%q,"version":%q,"apiVersion":"v2"}`, name, version), chart: "chart " + name + " " + version, prov: prov}
	layers := []string{descriptor(registry.TypeChart, s.chart)}
	if prov != "" {
		layers = append(layers, descriptor(registry.TypeProvenance, prov))
	}
	s.manifest = fmt.Sprintf(`{"schemaVersion":2,"config":%s,"layers":[%s]}`, descriptor(registry.TypeConfig, s.config), strings.Join(layers, ","))
	return s
}

func descriptor(mediaType, content string) string {
	return fmt.Sprintf(`{"mediaType":%q,"digest":%q,"size":%d}`, mediaType, digestOf(content), len(content))
}

func digestOf(content string) string { return digestPrefix + registry.SumOf([]byte(content)).SHA256 }

// send sends a request to the registry.
func (p *port) send(method, path, body string, headers ...string) reply {
	p.t.Helper()
	return p.do(p.request(method, "/v2/"+path, strings.NewReader(body), headers...))
}

// blob pushes a blob as helm does, with POST and PUT.
func (p *port) blob(repository, content string, headers ...string) reply {
	p.t.Helper()
	begun := p.send(http.MethodPost, repository+"/blobs/uploads/", "", headers...)
	if begun.StatusCode != http.StatusAccepted {
		return begun
	}
	return p.send(http.MethodPut, strings.TrimPrefix(begun.Header.Get("Location"), "/v2/")+"?digest="+digestOf(content), content, headers...)
}

// blobs pushes all blobs of a shipment.
func (p *port) blobs(repository string, s shipment, headers ...string) {
	p.t.Helper()
	for _, content := range []string{s.config, s.chart, s.prov} {
		if content == "" {
			continue
		}
		if r := p.blob(repository, content, headers...); r.StatusCode != http.StatusCreated {
			p.t.Fatalf("pushing %q: status %d: %s", content, r.StatusCode, r.body)
		}
	}
}

func (p *port) manifest(repository, reference, manifest string, headers ...string) reply {
	p.t.Helper()
	headers = append([]string{"Content-Type", registry.TypeManifest}, headers...)
	return p.send(http.MethodPut, repository+"/manifests/"+reference, manifest, headers...)
}

// uploaded returns the parts of the only upload in the inbox, by their endings.
func (p *port) uploaded() map[string]string {
	p.t.Helper()
	parts := map[string]string{}
	for key, o := range p.drop.Snapshot() {
		if name, ok := strings.CutPrefix(key, "inbox/team/"); ok {
			id, ext, _ := strings.Cut(name, ".")
			parts[ext] = string(o)
			parts["id"] = id
		}
	}
	return parts
}

// refusedPush checks that an answer is an error with this status, rule and code, in the
// form of a registry too.
func refusedPush(t *testing.T, r reply, status int, rule, code string) {
	t.Helper()
	failed(t, r, status, rule)
	var body struct{ Errors []registryError }
	if err := json.Unmarshal([]byte(r.body), &body); err != nil || len(body.Errors) != 1 || body.Errors[0].Code != code || body.Errors[0].Message == "" {
		t.Errorf("errors %+v (%v), want one with the code %s", body.Errors, err, code)
	}
}

// TestPush checks that a chart and its provenance file become an upload when their manifest
// gets its tag, and not before.
func TestPush(t *testing.T) {
	p := pushTo(t, nil)
	s := ship("web", "1.0.0+b", "the signature")
	if r := p.send(http.MethodHead, "team/web/manifests/1.0.0_b", ""); r.StatusCode != http.StatusNotFound {
		t.Errorf("before the push, the tag has status %d", r.StatusCode)
	}
	p.blobs("team/web", s)
	byDigest := "team/web/manifests/" + digestOf(s.manifest)
	if r := p.manifest("team/web", digestOf(s.manifest), s.manifest); r.StatusCode != http.StatusCreated {
		t.Errorf("by digest: status %d: %s", r.StatusCode, r.body)
	}
	if r := p.send(http.MethodGet, byDigest, ""); r.body != s.manifest || r.Header.Get("Content-Type") != registry.TypeManifest {
		t.Errorf("the manifest has the status %d, type %q: %s", r.StatusCode, r.Header.Get("Content-Type"), r.body)
	}
	if up := p.uploaded(); len(up) > 0 {
		t.Errorf("before the tag, the inbox has %q", up)
	}
	r := p.manifest("team/web", "1.0.0_b", s.manifest, "X-Request-Id", "job-7")
	if r.StatusCode != http.StatusCreated || r.Header.Get("Docker-Content-Digest") != digestOf(s.manifest) || r.Header.Get("Location") != "/v2/team/web/manifests/"+digestOf(s.manifest) {
		t.Fatalf("status %d, header %v: %s", r.StatusCode, r.Header, r.body)
	}
	up := p.uploaded()
	if up["tgz"] != s.chart || up["tgz.prov"] != s.prov || up["id"] != r.Header.Get("Portolan-Upload") {
		t.Errorf("the inbox has %q", up)
	}
	var request droparea.Request
	if err := json.Unmarshal([]byte(up["json"]), &request); err != nil {
		t.Fatal(err)
	}
	if request.File != "web-1.0.0+b.tgz" || request.RequestID != "job-7" || request.Force || request.Uploader["address"] == "" {
		t.Errorf("the request is %+v", request)
	}
	if string(request.Manifest) != s.manifest || string(request.Config) != s.config {
		t.Errorf("the request has the manifest %q and the config %q", request.Manifest, request.Config)
	}
}

// TestPushObserved checks that a push is logged and counted like other uploads, once.
func TestPushObserved(t *testing.T) {
	var log testenv.Log
	p := pushTo(t, func(o *Options) { o.Log = slog.New(slog.NewJSONHandler(&log, nil)) })
	s := ship("web", "1.0.0", "")
	p.blobs("team/web", s)
	p.manifest("team/web", digestOf(s.manifest), s.manifest)
	id := p.manifest("team/web", "1.0.0", s.manifest, "X-Request-Id", "job-7").Header.Get("Portolan-Upload")
	p.manifest("team/web", "1.0.1", s.manifest)
	for _, line := range linesOf(t, &log) {
		if line["id"] != "job-7" {
			continue
		}
		for name, want := range map[string]any{"route": "manifest", "status": 201.0, "channel": "team", "chart": "web", "version": "1.0.0", "upload": id, "who": "anonymous"} {
			if line[name] != want {
				t.Errorf("the line has %s %v, want %v", name, line[name], want)
			}
		}
	}
	w := httptest.NewRecorder()
	p.Metrics().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	for _, line := range []string{
		`portolan_uploads_total{result="taken"} 1`,
		`portolan_uploads_total{result="manifest"} 1`,
		`portolan_http_requests_total{code="201",method="PUT",route="blob"} 2`,
		`portolan_http_requests_total{code="201",method="PUT",route="manifest"} 2`,
		fmt.Sprintf(`portolan_upload_bytes_total %d`, len(s.config)+len(s.chart)+3*len(s.manifest)),
	} {
		if !strings.Contains(w.Body.String(), line+"\n") {
			t.Errorf("no line %s", line)
		}
	}
}

// TestPushAgain checks that what was pushed is found, so that it need not be sent again.
func TestPushAgain(t *testing.T) {
	p := pushTo(t, nil)
	s := ship("web", "1.0.0", "")
	p.blobs("team/web", s)
	path := "team/web/blobs/" + digestOf(s.chart)
	if r := p.send(http.MethodHead, path, ""); r.StatusCode != http.StatusOK || r.ContentLength != int64(len(s.chart)) || r.Header.Get("Docker-Content-Digest") != digestOf(s.chart) {
		t.Errorf("HEAD of the blob: status %d, header %v", r.StatusCode, r.Header)
	}
	if r := p.send(http.MethodGet, path, ""); r.body != s.chart {
		t.Errorf("GET of the blob: status %d, body %q", r.StatusCode, r.body)
	}
	refusedPush(t, p.send(http.MethodGet, "team/other/blobs/"+digestOf(s.chart), ""), http.StatusNotFound, "blob-unknown", "BLOB_UNKNOWN")
	if r := p.send(http.MethodGet, "team/web/referrers/"+digestOf(s.manifest), ""); r.body != registry.NoReferrers || r.Header.Get("Content-Type") != registry.TypeIndex {
		t.Errorf("the referrers have the status %d, type %q: %s", r.StatusCode, r.Header.Get("Content-Type"), r.body)
	}
	for range 2 {
		if r := p.manifest("team/web", "1.0.0", s.manifest); r.StatusCode != http.StatusCreated {
			t.Errorf("status %d: %s", r.StatusCode, r.body)
		}
	}
}

// TestPushPublished checks that blobs which the site has need not be pushed.
func TestPushPublished(t *testing.T) {
	p := pushTo(t, nil)
	s := ship("web", "1.0.0", "")
	for _, content := range []string{s.config, s.chart} {
		p.put(p.site, registry.BlobKey("team/web", registry.SumOf([]byte(content)).SHA256), content)
	}
	if r := p.send(http.MethodHead, "team/web/blobs/"+digestOf(s.chart), ""); r.StatusCode != http.StatusOK {
		t.Errorf("HEAD of the blob: status %d", r.StatusCode)
	}
	if r := p.manifest("team/web", "1.0.0", s.manifest); r.StatusCode != http.StatusCreated || p.uploaded()["tgz"] != s.chart {
		t.Errorf("status %d: %s; inbox %q", r.StatusCode, r.body, p.uploaded())
	}
}

// TestPushForms checks the other ways to send a blob: in the POST; with PATCH, as crane
// does; and after a mount was asked for.
func TestPushForms(t *testing.T) {
	p := pushTo(t, nil)
	const content = "some bytes"
	at := func(r reply, status int) string {
		t.Helper()
		if r.StatusCode != status {
			t.Fatalf("status %d, want %d: %s", r.StatusCode, status, r.body)
		}
		return strings.TrimPrefix(r.Header.Get("Location"), "/v2/")
	}
	kept := func(content string) {
		t.Helper()
		if r := p.send(http.MethodGet, "team/web/blobs/"+digestOf(content), ""); r.body != content {
			t.Errorf("the blob %q was not kept: status %d", content, r.StatusCode)
		}
	}
	at(p.send(http.MethodPost, "team/web/blobs/uploads/?digest="+digestOf(content), content), http.StatusCreated)
	kept(content)

	url := at(p.send(http.MethodPost, "team/web/blobs/uploads/?from=team%2Fother&mount="+digestOf("patched"), ""), http.StatusAccepted)
	r := p.send(http.MethodPatch, url, "patched")
	url = at(r, http.StatusAccepted)
	if r.Header.Get("Range") != "0-6" || r.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("the range is %q, and caches are told %q", r.Header.Get("Range"), r.Header.Get("Cache-Control"))
	}
	if r := p.send(http.MethodGet, url, ""); r.StatusCode != http.StatusNoContent || r.Header.Get("Range") != "0-6" {
		t.Errorf("the upload has status %d, range %q", r.StatusCode, r.Header.Get("Range"))
	}
	refusedPush(t, p.send(http.MethodPatch, url, "more", "Content-Range", "7-10"), http.StatusRequestedRangeNotSatisfiable, "blob-pieces", "BLOB_UPLOAD_INVALID")
	refusedPush(t, p.send(http.MethodPut, url+"?digest="+digestOf("patchedmore"), "more"), http.StatusRequestedRangeNotSatisfiable, "blob-pieces", "BLOB_UPLOAD_INVALID")
	refusedPush(t, p.send(http.MethodPut, url+"?digest="+digestOf("other"), ""), http.StatusBadRequest, "digest", "DIGEST_INVALID")
	at(p.send(http.MethodPut, url+"?digest="+digestOf("patched"), ""), http.StatusCreated)
	kept("patched")
}

// TestPushBadBlobs checks what is refused before there is a manifest, and that nothing of
// it is kept.
func TestPushBadBlobs(t *testing.T) {
	p := pushTo(t, nil)
	begun := strings.TrimPrefix(p.send(http.MethodPost, "team/web/blobs/uploads/", "").Header.Get("Location"), "/v2/")
	large := strings.Repeat("x", archiveLimit+1)
	refusedPush(t, p.send(http.MethodPut, begun+"?digest="+digestOf("other"), "content"), http.StatusBadRequest, "digest", "DIGEST_INVALID")
	refusedPush(t, p.send(http.MethodPut, begun, "content"), http.StatusBadRequest, "digest", "DIGEST_INVALID")
	refusedPush(t, p.send(http.MethodPut, begun+"?digest="+digestOf(large), large), http.StatusRequestEntityTooLarge, "packed-size", "SIZE_INVALID")
	chunked := p.request(http.MethodPatch, "/v2/"+begun, struct{ *strings.Reader }{strings.NewReader(large)})
	refusedPush(t, p.do(chunked), http.StatusRequestEntityTooLarge, "packed-size", "SIZE_INVALID")
	p.put(p.drop, "receipts/a.json", "secret")
	for _, id := range []string{"", strings.Repeat("0", 64), "../../../../receipts/a.json"} {
		id = base64.RawURLEncoding.EncodeToString([]byte("sha256:" + id))
		refusedPush(t, p.send(http.MethodPut, "team/web/blobs/uploads/"+id+"?digest="+digestOf(""), ""), http.StatusNotFound, "blob-unknown", "BLOB_UNKNOWN")
	}
	p.blob("team/shop", "another chart's")
	elsewhere := base64.RawURLEncoding.EncodeToString([]byte("sha256:/../../../shop/blobs/" + digestOf("another chart's")))
	refusedPush(t, p.send(http.MethodGet, "team/web/blobs/uploads/"+elsewhere, ""), http.StatusNotFound, "blob-unknown", "BLOB_UNKNOWN")
	refusedPush(t, p.send(http.MethodPost, "other/web/blobs/uploads/", ""), http.StatusForbidden, "oci", "DENIED")
	refusedPush(t, p.send(http.MethodPost, "web/blobs/uploads/", ""), http.StatusBadRequest, "channel", "NAME_INVALID")
	refusedPush(t, p.send(http.MethodDelete, "team/web/blobs/"+digestOf("x"), ""), http.StatusMethodNotAllowed, "method", "UNSUPPORTED")
	if keys := p.inbox(); len(keys) != 2 {
		t.Errorf("the drop area has %q", keys)
	}
}

// TestPushBadManifests checks what makes no upload.
func TestPushBadManifests(t *testing.T) {
	p := pushTo(t, nil)
	s := ship("web", "1.0.0", "")
	p.blobs("team/web", s)
	p.blobs("team/shop", s)
	other := ship("web", "2.0.0", "")
	p.blob("team/web", other.config)
	long := strings.Replace(s.config, "}", `,"description":"`+strings.Repeat("<", registry.MaxConfig*3/4)+`"}`, 1) // six times as long in the request
	p.blob("team/web", long)
	swap := func(old, new string) string { return strings.Replace(s.manifest, old, new, 1) }
	image := swap(registry.TypeConfig, "application/vnd.oci.image.config.v1+json")
	signature := swap(`{"schema`, `{"subject":`+descriptor(registry.TypeManifest, "x")+`,"schema`)
	tests := []struct {
		name, repository, tag, manifest string
		status                          int
		rule, code                      string
	}{
		{"another tag", "team/web", "1.0.1", s.manifest, 422, "manifest", "MANIFEST_INVALID"},
		{"another repository", "team/shop", "1.0.0", s.manifest, 422, "manifest", "MANIFEST_INVALID"},
		{"another digest", "team/web", digestOf("x"), s.manifest, 400, "digest", "DIGEST_INVALID"},
		{"another config", "team/web", "1.0.0", swap(descriptor(registry.TypeConfig, s.config), descriptor(registry.TypeConfig, other.config)), 422, "manifest", "MANIFEST_INVALID"},
		{"a blob that was not pushed", "team/web", "2.0.0", other.manifest, 404, "blob-unknown", "MANIFEST_BLOB_UNKNOWN"},
		{"a blob of another size", "team/web", "1.0.0", swap(fmt.Sprintf(`"size":%d}]`, len(s.chart)), `"size":5}]`), 404, "blob-unknown", "MANIFEST_BLOB_UNKNOWN"},
		{"a blob that is too large", "team/web", "1.0.0", swap(fmt.Sprintf(`"size":%d}]`, len(s.chart)), `"size":5000000}]`), 413, "packed-size", "SIZE_INVALID"},
		{"a blob of the largest size", "team/web", "1.0.0", swap(fmt.Sprintf(`"size":%d}]`, len(s.chart)), `"size":9223372036854775807}]`), 413, "packed-size", "SIZE_INVALID"},
		{"a config that is too large", "team/web", "1.0.0", swap(fmt.Sprintf(`"size":%d},`, len(s.config)), `"size":1000000},`), 413, "manifest-size", "MANIFEST_INVALID"},
		{"a config that is too long as a text", "team/web", "1.0.0", swap(descriptor(registry.TypeConfig, s.config), descriptor(registry.TypeConfig, long)), 422, "manifest", "MANIFEST_INVALID"},
		{"no chart, says the checker", "team/web", "1.0.0", swap(descriptor(registry.TypeChart, s.chart), descriptor(registry.TypeChart, s.config)), 422, "not-gzip", "MANIFEST_INVALID"},
		{"an image", "team/web", "1.0.0", image, 422, "manifest", "MANIFEST_INVALID"},
		{"a signature", "team/web", "sha256-x.sig", signature, 422, "manifest", "MANIFEST_INVALID"},
		{"no JSON", "team/web", "1.0.0", "no", 422, "manifest", "MANIFEST_INVALID"},
		{"too large", "team/web", "1.0.0", `{"x":"` + strings.Repeat("x", registry.MaxManifest) + `"}`, 413, "manifest-size", "MANIFEST_INVALID"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			refusedPush(t, p.manifest(test.repository, test.tag, test.manifest), test.status, test.rule, test.code)
		})
	}
	index := p.send(http.MethodPut, "team/web/manifests/1.0.0", `{"manifests":[]}`, "Content-Type", registry.TypeIndex)
	refusedPush(t, index, http.StatusUnprocessableEntity, "manifest", "MANIFEST_INVALID")
	if up := p.uploaded(); len(up) > 0 {
		t.Errorf("the inbox has %q", up)
	}
	if r := p.manifest("team/web", "1.0.0", s.manifest); r.StatusCode != http.StatusCreated {
		t.Errorf("after all these, a good one has status %d: %s", r.StatusCode, r.body)
	}
}

// TestPushBadNames checks that what cannot be a tag, a digest or a repository is refused in
// a sentence that names it, and not in the words of the library.
func TestPushBadNames(t *testing.T) {
	p := pushTo(t, nil)
	s := ship("web", "1.0.0", "")
	put := func(path string) reply {
		return p.send(http.MethodPut, path, s.manifest, "Content-Type", registry.TypeManifest)
	}
	long := strings.Repeat("1", 129)
	for _, test := range []struct {
		got              reply
		rule, code, says string
	}{
		{put("team/web/manifests/.1"), "tag", "MANIFEST_INVALID", `the tag ".1" cannot be one`},
		{put("team/web/manifests/" + long), "tag", "MANIFEST_INVALID", `the tag "` + long + `" cannot be one`},
		{put("team/web/manifests/sha256:12"), "digest", "DIGEST_INVALID", `"sha256:12" is not a digest`},
		{put("team/web/manifests/" + digestOf("x")), "digest", "DIGEST_INVALID", "the manifest does not have the digest " + digestOf("x")},
		{p.send(http.MethodPost, "team/web/blobs/uploads/?digest=md5:12", "content"), "digest", "DIGEST_INVALID", `"md5:12" is not a digest`},
		{put("team/-web/manifests/1.0.0"), "channel", "NAME_INVALID", `the repository "team/-web" cannot be one`},
		{p.send(http.MethodPost, "team/web./blobs/uploads/", ""), "channel", "NAME_INVALID", `the repository "team/web." cannot be one`},
	} {
		refusedPush(t, test.got, http.StatusBadRequest, test.rule, test.code)
		if !strings.Contains(strings.ReplaceAll(test.got.body, `\"`, `"`), test.says) {
			t.Errorf("%s, want %s", test.got.body, test.says)
		}
	}
}

// TestPushRights checks who may push, and that the right to push is not one to read what is
// published.
func TestPushRights(t *testing.T) {
	file := filepath.Join(t.TempDir(), "auth.yaml")
	err := os.WriteFile(file, []byte(`
tokens:
  - {id: writer, hash: "`+auth.HashToken("writer")+`", scopes: ["write:team"], charts: ["web"]}
  - {id: reader, hash: "`+auth.HashToken("reader")+`", scopes: ["read:team"]}
  - {id: stranger, hash: "`+auth.HashToken("stranger")+`", scopes: ["read:other", "write:other"]}
anonymous: ["read:team"]
`), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	p := pushTo(t, func(o *Options) {
		if o.Auth, err = auth.Open(file, nil, nil); err != nil {
			t.Fatal(err)
		}
	})
	as := func(who string) []string { return []string{"Authorization", "Bearer " + who} }
	s := ship("web", "1.0.0", "")
	published := ship("web", "0.9.0", "")
	p.put(p.site, registry.TagKey("team/web", "0.9.0"), published.manifest)
	p.put(p.site, registry.BlobKey("team/web", registry.SumOf([]byte(published.chart)).SHA256), published.chart)

	p.blobs("team/web", s, as("writer")...)
	challenged := p.blob("team/web", s.chart)
	refusedPush(t, challenged, http.StatusUnauthorized, "credentials", "UNAUTHORIZED")
	if got := challenged.Header.Get("WWW-Authenticate"); !strings.HasPrefix(got, "Basic ") {
		t.Errorf("WWW-Authenticate: %q", got)
	}
	refusedPush(t, p.blob("team/web", s.chart, as("reader")...), http.StatusForbidden, "forbidden", "DENIED")
	refusedPush(t, p.blob("team/shop", s.chart, as("writer")...), http.StatusForbidden, "forbidden", "DENIED")
	refusedPush(t, p.manifest("team/web", "1.0.0", s.manifest, as("reader")...), http.StatusForbidden, "forbidden", "DENIED")

	statuses := []struct {
		method, path, who string
		want              int
	}{
		{"HEAD", "team/web/manifests/0.9.0", "writer", 404},
		{"GET", "team/web/manifests/0.9.0", "writer", 403},
		{"HEAD", "team/web/manifests/0.9.0", "reader", 200},
		{"HEAD", "team/web/manifests/0.9.0", "", 200},
		{"HEAD", "team/web/manifests/0.9.0", "stranger", 403},
		{"HEAD", "team/web/blobs/" + digestOf(published.chart), "writer", 404},
		{"HEAD", "team/web/blobs/" + digestOf(s.chart), "writer", 200},
		{"HEAD", "team/web/blobs/" + digestOf(s.chart), "reader", 404},
		{"HEAD", "team/web/blobs/" + digestOf(s.chart), "stranger", 404},
		{"GET", "team/web/blobs/" + digestOf(s.chart), "stranger", 403},
		{"HEAD", "other/web/blobs/" + digestOf(s.chart), "", 401},
		{"GET", "", "", 401},
		{"GET", "", "writer", 200},
		{"GET", "", "stranger", 200},
		{"GET", "", "nobody", 401},
	}
	for _, c := range statuses {
		var headers []string
		if c.who != "" {
			headers = as(c.who)
		}
		if r := p.send(c.method, c.path, "", headers...); r.StatusCode != c.want {
			t.Errorf("%s %s as %q: status %d, want %d: %s", c.method, c.path, c.who, r.StatusCode, c.want, r.body)
		}
	}
	// A manifest cannot name what its pusher may not read.
	old := p.manifest("team/web", "0.9.0", published.manifest, as("writer")...)
	refusedPush(t, old, http.StatusNotFound, "blob-unknown", "MANIFEST_BLOB_UNKNOWN")
	if r := p.manifest("team/web", "1.0.0", s.manifest, as("writer")...); r.StatusCode != http.StatusCreated {
		t.Errorf("status %d: %s", r.StatusCode, r.body)
	}
}

// TestPushSlowly checks that a push may take longer to check and to keep than a client may
// pause, and that one which stops in between is refused.
func TestPushSlowly(t *testing.T) {
	p := pushTo(t, func(o *Options) {
		o.Patience = 50 * time.Millisecond
		o.Judge = func(string, *publisher.Head) Judge {
			return Judge{Upload: func(ctx context.Context, _ *droparea.Offer, _ bool) error {
				time.Sleep(400 * time.Millisecond)
				return ctx.Err()
			}}
		}
	})
	s := ship("web", "1.0.0", "")
	p.blobs("team/web", s)
	if r := p.manifest("team/web", "1.0.0", s.manifest); r.StatusCode != http.StatusCreated {
		t.Errorf("status %d: %s", r.StatusCode, r.body)
	}
	for _, path := range []string{"team/web/blobs/uploads/?digest=" + digestOf("x"), "team/web/manifests/1.0.0"} {
		method := http.MethodPut
		if strings.Contains(path, "uploads") {
			method = http.MethodPost
		}
		body, stalled := io.Pipe()
		go stalled.Write([]byte("x"))
		refusedPush(t, p.do(p.request(method, "/v2/"+path, body)), http.StatusRequestTimeout, "slow", "UNAVAILABLE")
		stalled.Close()
	}
}

// TestPushJudged checks that the judge knows which manifest is pushed, and that what it
// warns of reaches the client.
func TestPushJudged(t *testing.T) {
	p := pushTo(t, func(o *Options) {
		o.Judge = func(string, *publisher.Head) Judge {
			return Judge{Upload: func(_ context.Context, o *droparea.Offer, _ bool) error {
				o.Warnings = append(o.Warnings, verdict.Warning{Message: "not " + o.Manifest})
				return nil
			}}
		}
	})
	s := ship("web", "1.0.0", "")
	p.blobs("team/web", s)
	want := `299 - "not ` + registry.SumOf([]byte(s.manifest)).SHA256 + `"`
	if r := p.manifest("team/web", "1.0.0", s.manifest); r.StatusCode != http.StatusCreated || !slices.Contains(r.Header.Values("Warning"), want) {
		t.Errorf("status %d: %s; warnings %q, want %q", r.StatusCode, r.body, r.Header.Values("Warning"), want)
	}
}

// TestPushWithoutSite checks that a shim without a site takes pushes.
func TestPushWithoutSite(t *testing.T) {
	p := pushTo(t, func(o *Options) { o.Site = nil })
	s := ship("web", "1.0.0", "")
	refusedPush(t, p.send(http.MethodGet, "team/web/manifests/1.0.0", ""), http.StatusNotFound, "version-unknown", "MANIFEST_UNKNOWN")
	p.blobs("team/web", s)
	if r := p.manifest("team/web", "1.0.0", s.manifest); r.StatusCode != http.StatusCreated || p.uploaded()["tgz"] != s.chart {
		t.Errorf("status %d: %s; inbox %q", r.StatusCode, r.body, p.uploaded())
	}
}

// TestPushConflict checks that a version which is final is refused, unless it is forced.
func TestPushConflict(t *testing.T) {
	p := pushTo(t, nil)
	p.publish("team", "web")
	s := ship("web", "1.0.0", "")
	p.blobs("team/web", s)
	refusedPush(t, p.manifest("team/web", "1.0.0", s.manifest), http.StatusConflict, "version-exists", "DENIED")
	if r := p.manifest("team/web", "1.0.0?force", s.manifest); r.StatusCode != http.StatusCreated || !strings.Contains(p.uploaded()["json"], `"force":true`) {
		t.Errorf("status %d: %s; inbox %q", r.StatusCode, r.body, p.uploaded())
	}
}

// TestPushWarnings checks that warnings come where clients of registries look for them.
func TestPushWarnings(t *testing.T) {
	p := pushTo(t, func(o *Options) {
		check := o.Check
		o.Check = func(channel string, chart, prov io.Reader) (*droparea.Offer, error) {
			offer, err := check(channel, chart, prov)
			if err == nil {
				offer.Warnings = []verdict.Warning{{Rule: "x", Message: "say \"hi\"\r\nthen go"}}
			}
			return offer, err
		}
	})
	s := ship("web", "1.0.0", "")
	p.blobs("team/web", s)
	r := p.manifest("team/web", "1.0.0", s.manifest)
	if got, want := r.Header.Get("Warning"), `299 - "say \"hi\"\r\nthen go"`; got != want {
		t.Errorf("warning %s, want %s", got, want)
	}
}

// TestPushTampered checks that a blob which somebody changed in the drop area is not taken.
func TestPushTampered(t *testing.T) {
	p := pushTo(t, nil)
	s := ship("web", "1.0.0", "")
	p.blob("team/web", s.config)
	hour := time.Now().UTC().Format("2006-01-02T15")
	p.put(p.drop, "pushed/"+hour+"/team/web/"+registry.SumOf([]byte(s.chart)).SHA256, strings.Replace(s.chart, "1.0.0", "6.6.6", 1))
	refusedPush(t, p.manifest("team/web", "1.0.0", s.manifest), http.StatusNotFound, "blob-unknown", "MANIFEST_BLOB_UNKNOWN")
}

// TestPushTwoShims checks that the blobs and the manifest may reach different shims.
func TestPushTwoShims(t *testing.T) {
	one := pushTo(t, nil)
	two := pushTo(t, func(o *Options) { o.Drop = one.drop.Handle("another shim") })
	s := ship("web", "1.0.0", "")
	one.blobs("team/web", s)
	if r := two.manifest("team/web", "1.0.0", s.manifest); r.StatusCode != http.StatusCreated || one.uploaded()["tgz"] != s.chart {
		t.Errorf("status %d: %s; inbox %q", r.StatusCode, r.body, one.uploaded())
	}
}

// TestPushesAreBounded checks how much may wait for manifests: half of what is left for
// each party, and again what was uploaded or has waited for long.
func TestPushesAreBounded(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 30, 0, 0, time.UTC)
	ps := newPushes(nil)
	take := func(party string, bytes int64, want int) {
		t.Helper()
		status := 0
		if f := ps.take(party, bytes, now); f != nil {
			status = f.status
		}
		if status != want {
			t.Errorf("%s takes %d: status %d, want %d", party, bytes, status, want)
		}
	}
	take("a", maxPushed/2+1, http.StatusTooManyRequests)
	take("a", maxPushed/2, 0)
	take("a", cost(1), http.StatusTooManyRequests)
	take("b", maxPushed/4, 0)
	take("c", maxPushed/4+1, http.StatusServiceUnavailable)
	take("", maxPushed/4, 0) // of this machine
	take("c", cost(1), http.StatusServiceUnavailable)
	ps.giveBack("a", maxPushed/4, "x")
	take("c", maxPushed/8, 0)
	now = now.Add(time.Hour)
	take("a", maxPushed/2, http.StatusServiceUnavailable)
	now = now.Add(time.Hour)
	take("a", maxPushed/2, 0)
	now = now.Add(3 * time.Hour)
	take("b", maxPushed/2, 0)
	ps.giveBack("b", maxPushed, "y")
	ps.giveBack("nobody", maxPushed, "z")
	if len(ps.by[0])+len(ps.by[1]) != 0 {
		t.Errorf("parties without anything are remembered: %v", ps.by)
	}
}

// TestPushRefusalCosts checks that a manifest which makes the shim read a large chart again
// and again is refused in the end, and that one which makes an upload costs nothing.
func TestPushRefusalCosts(t *testing.T) {
	p := pushTo(t, nil)
	s := ship("web", "1.0.0", "")
	p.blobs("team/web", s)
	p.manifest("team/web", "1.0.0", s.manifest)
	if len(p.pushes.by[0]) != 0 {
		t.Errorf("what was uploaded still counts: %v", p.pushes.by)
	}
	p.manifest("team/web", "1.0.1", s.manifest)
	if got, want := p.pushes.by[0][""], int64(3*leastPushed); got != want {
		t.Errorf("a refused manifest counts %d bytes, want %d", got, want)
	}
	p.manifest("team/web", "1.0.0", s.manifest)
	if got, want := p.pushes.by[0][""], int64(6*leastPushed); got != want {
		t.Errorf("with the same upload again they are %d bytes, want %d", got, want)
	}
}

// TestPushExpires checks that blobs wait for an hour at least, and are removed later, when
// somebody else pushes.
func TestPushExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		drop := &buckettest.Mem{TB: t, Now: time.Now}
		store := drop.Handle("shim")
		time.Sleep(59 * time.Minute) // into the hour
		keep := func() error {
			return droparea.KeepPushed(t.Context(), store, "team/web", "aa", bucket.Bytes([]byte("x")), time.Now())
		}
		kept := func(want bool) {
			t.Helper()
			r, err := droparea.OpenPushed(t.Context(), store, "team/web", "aa", time.Now())
			if err == nil {
				r.Close()
			}
			if got := err == nil; got != want {
				t.Errorf("at %s the blob is there: %t, want %t", time.Now().UTC(), got, want)
			}
		}
		if err := keep(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		kept(true)
		if err := keep(); err != nil { // makes it young again
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		kept(true)
		ps := newPushes(store)
		for range 4 {
			time.Sleep(time.Hour)
			ps.tidy(slog.New(slog.DiscardHandler))
			synctest.Wait()
		}
		kept(false)
		if keys := drop.Snapshot(); len(keys) > 0 {
			t.Errorf("the drop area has %v", keys)
		}
	})
}

// TestPushHeadLasts checks that a client is not told that a blob waits just before it is
// gone: it would not send it again, and the manifest would be refused.
func TestPushHeadLasts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := build(t, func(o *Options) { o.OCI = func(string) bool { return true } })
		sum := registry.SumOf([]byte("x")).SHA256
		err := droparea.KeepPushed(t.Context(), p.drop.Handle("shim"), "team/web", sum, bucket.Bytes([]byte("x")), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		for _, step := range []struct {
			after     time.Duration
			head, get int
		}{{time.Hour + 44*time.Minute, 200, 200}, {2 * time.Minute, 404, 200}, {14 * time.Minute, 404, 404}} {
			time.Sleep(step.after)
			for method, want := range map[string]int{http.MethodHead: step.head, http.MethodGet: step.get} {
				w := httptest.NewRecorder()
				p.ServeHTTP(w, httptest.NewRequest(method, "/v2/team/web/blobs/"+digestPrefix+sum, nil))
				if w.Code != want {
					t.Errorf("at %s: %s has status %d, want %d", time.Now().UTC(), method, w.Code, want)
				}
			}
		}
	})
}
