package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/ci/testenv"
	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/publisher/registry"
)

// nginx starts a server with one of the files in ci/nginx, of which each change
// must apply, until the test ends. It returns its URL.
func nginx(t *testing.T, file string, changes map[string]string) string {
	t.Helper()
	program := testenv.Program(t, "nginx")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	folder := t.TempDir()
	b, err := os.ReadFile("../../ci/nginx/" + file)
	if err != nil {
		t.Fatal(err)
	}
	conf := string(b)
	changes["listen 80;"] = "listen " + address + ";"
	for old, new := range changes {
		if !strings.Contains(conf, old) {
			t.Fatalf("%s has no %q", file, old)
		}
		conf = strings.ReplaceAll(conf, old, strings.ReplaceAll(new, "FOLDER", folder))
	}
	write(t, filepath.Join(folder, "nginx.conf"), fmt.Appendf(nil, `user root; daemon off; worker_processes 1; pid %[1]s/pid; error_log stderr warn;
events { worker_connections 256; }
http {
	access_log off;
	client_body_temp_path %[1]s/body; proxy_temp_path %[1]s/proxy; fastcgi_temp_path %[1]s/fastcgi; uwsgi_temp_path %[1]s/uwsgi; scgi_temp_path %[1]s/scgi;
%[2]s}
`, folder, conf))
	c := exec.Command(program, "-e", "stderr", "-p", folder, "-c", filepath.Join(folder, "nginx.conf"))
	said := &testenv.Log{}
	c.Stderr = said
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Process.Signal(syscall.SIGTERM)
		c.Wait()
		if t.Failed() {
			t.Logf("nginx: %s", said)
		}
	})
	for until := testenv.Deadline(t); ; {
		if conn, err := net.Dial("tcp", address); err == nil {
			conn.Close()
			return "http://" + address
		}
		if time.Now().After(until) {
			t.Fatalf("nginx does not listen: %s", said)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// served is what a server answers, as far as every server must answer the same.
type served struct {
	status                                  int
	kind, caching, sniffing, target, digest string
	body                                    string
}

func fetchServed(t *testing.T, method, url string) served {
	t.Helper()
	r, err := http.NewRequest(method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := (&http.Transport{DisableCompression: true}).RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	if answer.Header.Get("Content-Encoding") != "" {
		t.Errorf("%s is compressed, and nobody asked for that", url)
	}
	h := answer.Header
	return served{answer.StatusCode, h.Get("Content-Type"), h.Get("Cache-Control"), h.Get("X-Content-Type-Options"), h.Get("Location"), h.Get("Docker-Content-Digest"), string(b)}
}

// nginxSite is a site with all kinds of files.
func nginxSite(t *testing.T) *town {
	w := newTown(t)
	write(t, filepath.Join(w.folder, "portolan.yaml"), []byte("description: Charts\nlogo: logo.svg\nbaseURL: https://charts.example.com\nchannels: [{match: '**', oci: true}]\n"))
	write(t, filepath.Join(w.folder, "logo.svg"), []byte(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"/>`))
	w.drop("stable", map[string][]byte{"web-1.0.0+a.1.tgz": charttest.Simple("web", "1.0.0+a.1"), "web-1.1.0.tgz": charttest.Simple("web", "1.1.0")})
	w.drop("group/app/devel", map[string][]byte{"db-2.0.0.tgz": charttest.Simple("db", "2.0.0")})
	w.done("generate")
	write(t, filepath.Join(w.folder, "site", "stable", "index.yaml.attrs"), []byte(`{}`))
	return w
}

// siteKeys are the files of a site, and folders that have pages.
func (w *town) siteKeys() (keys []string) {
	w.t.Helper()
	root := filepath.Join(w.folder, "site")
	err := filepath.WalkDir(root, func(file string, d os.DirEntry, err error) error {
		key := filepath.ToSlash(strings.TrimPrefix(strings.TrimPrefix(file, root), "/"))
		if err == nil && !d.IsDir() {
			keys = append(keys, "/"+key)
			if folder, isPage := strings.CutSuffix("/"+key, "index.html"); isPage {
				keys = append(keys, folder)
			}
		}
		return err
	})
	if err != nil || len(keys) < 30 {
		w.t.Fatalf("%d files in the site: %v", len(keys), err)
	}
	return keys
}

// sameAsPreview compares what a server says with what portolan preview says.
func (w *town) sameAsPreview(server string, keys []string) {
	w.t.Helper()
	preview := w.preview()
	for _, key := range keys {
		if key == "/404.html" {
			continue // a page, or what is said of a missing one
		}
		if strings.HasSuffix(key, ".attrs") { // which no preview meets
			if got := fetchServed(w.t, "GET", server+key); got.status != http.StatusNotFound {
				w.t.Errorf("GET %s: %d, want 404", key, got.status)
			}
			continue
		}
		got, want := fetchServed(w.t, "GET", server+key), fetchServed(w.t, "GET", preview+key)
		if k, ok := registry.ParseKey(strings.TrimPrefix(key, "/")); ok && k.Kind == registry.ByTag {
			want.digest = "" // nginx does not know it
		}
		if got != want {
			got.body, want.body = fmt.Sprintf("%.100q", got.body), fmt.Sprintf("%.100q", want.body)
			w.t.Errorf("GET %s:\ngot  %+v\nwant %+v", key, got, want)
		}
	}
	if got := fetchServed(w.t, "HEAD", server+"/stable/index.yaml"); got.status != http.StatusOK || got.body != "" {
		w.t.Errorf("HEAD: got %+v", got)
	}
	if got := fetchServed(w.t, "POST", server+"/stable/index.yaml"); got.status != http.StatusMethodNotAllowed {
		w.t.Errorf("POST: got %d, want 405", got.status)
	}
}

// registryKeys are paths of a registry that are no files of the site.
func registryKeys() []string {
	unknown := "sha256:" + strings.Repeat("0", 64)
	return []string{"/v2/", "/v2/stable/web/referrers/" + unknown, "/v2/nowhere/app/referrers/" + unknown}
}

// sameErrors compares how a server and portolan preview say to clients of registries
// what they do not have.
func (w *town) sameErrors(server string) {
	w.t.Helper()
	preview, unknown := w.preview(), "sha256:"+strings.Repeat("0", 64)
	read := func(url string) (served, string) {
		var said struct {
			Errors []struct{ Code, Message string }
		}
		got := fetchServed(w.t, "GET", url)
		if err := json.Unmarshal([]byte(got.body), &said); err != nil || len(said.Errors) != 1 || said.Errors[0].Message == "" {
			w.t.Fatalf("GET %s: %+v: %v", url, got, err)
		}
		got.body = ""
		return got, said.Errors[0].Code
	}
	for _, key := range []string{
		"/v2/stable/web/manifests/0.0.1", "/v2/stable/web/manifests/" + unknown, "/v2/stable/web/blobs/" + unknown, "/v2/stable/nowhere/tags/list",
		"/v2/nowhere/tags/list", "/v2/_catalog", "/v2/stable/", "/v2/stable/web/manifests/",
	} {
		got, code := read(server + key)
		want, wantCode := read(preview + key)
		if got != want || code != wantCode {
			w.t.Errorf("GET %s:\ngot  %+v, %s\nwant %+v, %s", key, got, code, want, wantCode)
		}
	}
}

// helmsUse has both Helm clients take charts from a server.
func helmsUse(t *testing.T, url string) {
	t.Helper()
	for _, name := range clients {
		h := newHelm(t, name)
		h.run("repo", "add", "charts", url+"/stable")
		if out := h.run("search", "repo", "charts/web", "--versions", "--devel"); !strings.Contains(out, "1.0.0+a.1") || !strings.Contains(out, "1.1.0") {
			t.Errorf("%s finds\n%s", name, out)
		}
		h.run("pull", "charts/web", "--version", "1.0.0+a.1")
		h.run("template", "web", "charts/web", "--version", "1.1.0")
		remove(t, filepath.Join(h.dir, "web-1.0.0+a.1.tgz"))
		registry := "oci://" + strings.TrimPrefix(url, "http://") + "/stable/web"
		h.run("pull", registry, "--version", "1.0.0+a.1", "--plain-http")
		if got := read(t, filepath.Join(h.dir, "web-1.0.0+a.1.tgz")); !bytes.Equal(got, charttest.Simple("web", "1.0.0+a.1")) {
			t.Errorf("%s pulls other bytes from the registry", name)
		}
	}
}

// TestNginxFolder serves a site with ci/nginx/folder.conf: as portolan preview
// does, to both Helm clients, and again with each generation.
func TestNginxFolder(t *testing.T) {
	t.Parallel()
	w := nginxSite(t)
	server := nginx(t, "folder.conf", map[string]string{"/srv/charts": filepath.Join(w.folder, "site")})
	w.sameAsPreview(server, append(append(w.siteKeys(), registryKeys()...), "/nowhere", "/nowhere/", "/.portolan/", "/stable/log/", "/stable/../.hidden"))
	w.sameErrors(server)
	if got := fetchServed(t, "GET", server+"/stable"); got.status != http.StatusMovedPermanently || got.target != "/stable/" {
		t.Errorf("a folder without its slash: %+v", got)
	}
	helmsUse(t, server)
	r, err := http.NewRequest("GET", server+"/stable/index.yaml", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("If-Modified-Since", time.Now().UTC().Format(http.TimeFormat))
	r.Header.Set("Accept-Encoding", "gzip")
	answer, err := (&http.Transport{}).RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if h := answer.Header; answer.StatusCode != http.StatusOK || h.Get("Etag") != "" || h.Get("Last-Modified") != "" || h.Get("Content-Encoding") != "gzip" || h.Get("Vary") != "Accept-Encoding" {
		t.Errorf("got %s and %v, want all of it, compressed, without a stamp", answer.Status, h)
	}
	w.drop("stable", map[string][]byte{"web-1.2.0.tgz": charttest.Simple("web", "1.2.0")})
	w.done("generate")
	if got := fetchServed(t, "GET", server+"/stable/index.yaml"); !strings.Contains(got.body, `"1.2.0"`) {
		t.Error("the new generation is not served")
	}
}

// TestNginxTags has a portolan behind nginx answer for tags, as the files in ci/nginx say.
func TestNginxTags(t *testing.T) {
	t.Parallel()
	w := nginxSite(t)
	preview := w.preview()
	tags := map[string]string{"# location ~ /manifests/": "location ~ /manifests/", "http://127.0.0.1:8080": preview}
	folder := maps.Clone(tags)
	folder["/srv/charts"] = filepath.Join(w.folder, "site")
	bucket := maps.Clone(tags)
	maps.Copy(bucket, map[string]string{"https://acme-charts.example.com": preview, "/var/cache/nginx/portolan": "FOLDER/cache", "resolver 127.0.0.53;": ""})
	for _, server := range []string{nginx(t, "folder.conf", folder), nginx(t, "bucket.conf", bucket)} {
		for _, method := range []string{"GET", "HEAD"} {
			const tag = "/v2/stable/web/manifests/1.0.0_a.1"
			got, want := fetchServed(t, method, server+tag), fetchServed(t, method, preview+tag)
			if got != want || got.status != http.StatusOK || got.digest == "" {
				t.Errorf("%s: got %+v, want %+v", method, got, want)
			}
		}
	}
}

// TestNginxBucket serves a site with ci/nginx/bucket.conf from a bucket that
// denies what it does not have: as portolan preview does, and from its cache
// while the bucket is away.
func TestNginxBucket(t *testing.T) {
	t.Parallel()
	w := nginxSite(t)
	types := w.preview()
	var asked, down atomic.Int64
	bucket := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if down.Load() > 0 {
			out.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		if r.Header.Get("Authorization") != "" || r.URL.RawQuery != "" || !strings.HasPrefix(r.URL.Path, "/site/") {
			t.Errorf("the bucket is asked for %s, with %v", r.URL, r.Header)
		}
		key := filepath.FromSlash(strings.TrimPrefix(r.URL.Path, "/"))
		b, err := os.ReadFile(filepath.Join(w.folder, key))
		if err != nil {
			out.WriteHeader(http.StatusForbidden)
			return
		}
		kinds := fetchServed(t, "HEAD", types+strings.TrimPrefix(r.URL.Path, "/site"))
		out.Header().Set("Content-Type", kinds.kind)
		out.Header().Set("Cache-Control", "no-store") // whatever a bucket says
		out.Header().Set("x-amz-request-id", "x")
		out.Write(b)
	}))
	defer bucket.Close()
	server := nginx(t, "bucket.conf", map[string]string{
		"https://acme-charts.example.com": bucket.URL + "/site", "/var/cache/nginx/portolan": "FOLDER/cache", "resolver 127.0.0.53;": "", "200 5s": "200 1s",
	})
	keys := append(append(w.siteKeys(), registryKeys()...), "/nowhere", "/nowhere/", "/.portolan/", "/stable/log/", "/stable/../.hidden")
	for i, key := range keys {
		if strings.HasSuffix(key, ".attrs") {
			keys = append(keys[:i], keys[i+1:]...)
			break
		}
	}
	w.sameAsPreview(server, keys)
	w.sameErrors(server)
	helmsUse(t, server)
	for _, odd := range []string{"/stable/index.yaml%0d%0aX:y", "/stable/%2e%2e/drop", "/a%20b", "/a/..%2fdrop", `/a\b`} {
		if got := fetchServed(t, "GET", server+odd); got.status != http.StatusNotFound && got.status != http.StatusBadRequest {
			t.Errorf("GET %s: %d", odd, got.status)
		}
	}
	if got := fetchServed(t, "GET", server+"/stable/index.yaml?list-type=2"); got.status != http.StatusOK {
		t.Errorf("with a query: %d", got.status)
	}
	w.drop("stable", map[string][]byte{"web-1.3.0.tgz": charttest.Simple("web", "1.3.0")})
	w.done("generate")
	for until := testenv.Deadline(t); !strings.Contains(fetchServed(t, "GET", server+"/stable/index.yaml").body, `"1.3.0"`); {
		if time.Now().After(until) {
			t.Fatal("the new generation is not served")
		}
		time.Sleep(100 * time.Millisecond) // the cache keeps an index for a second here
	}
	fetchServed(t, "GET", server+"/stable/")
	down.Store(1)
	time.Sleep(1100 * time.Millisecond) // what is served now is stale
	var unknown string
	for _, key := range w.siteKeys() {
		if strings.HasSuffix(key, "web-1.3.0.tgz") {
			unknown = key
		}
	}
	if got := fetchServed(t, "GET", server+unknown); got.status != http.StatusServiceUnavailable || got.caching != "no-cache" {
		t.Errorf("what is not in the cache, while the bucket is away: %d, %q", got.status, got.caching)
	}
	before := asked.Load()
	for _, key := range []string{"/stable/index.yaml", "/stable/"} {
		if got := fetchServed(t, "GET", server+key); got.status != http.StatusOK {
			t.Errorf("while the bucket is away, %s: %d", key, got.status)
		}
	}
	if n := asked.Load() - before; n > 4 {
		t.Errorf("the bucket is asked %d times for what was asked for just before", n)
	}
}
