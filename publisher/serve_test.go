package publisher_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
)

const archive = "stable/charts/web/1.0.0+b/0198c0de/web-1.0.0+b.tgz"

func testSite() *buckettest.Mem {
	var m buckettest.Mem
	for key, text := range map[string]string{
		"index.html":                           "<p>root",
		"stable/index.yaml":                    "{}",
		"stable/index.html":                    "<p>stable",
		archive:                                "0123456789",
		archive + ".prov":                      "signed",
		"stable/charts/web/index.html":         "<p>web",
		"stable/charts/web/1.0.0/index.html":   "<p>1.0.0",
		"stable/charts/web/1.0.0/values.yaml":  "<p>a: 1",
		"stable/charts/web/versions.json":      "{}",
		"stable/log/00000001.json":             "{}",
		"stable/snapshots/00000001/index.yaml": "{}",
		"a b/c+d/index.html":                   "<p>odd",
		"badge.svg":                            "<svg/>",
		"feed.xml":                             "<feed/>",
		"style.css":                            "p{}",
		"app.js":                               ";",
		"robots.txt":                           "",
		".portolan/lock":                       "hidden",
		"stable/.attrs":                        "hidden",
		"what.bin":                             "?",
	} {
		m.Put(key, []byte(text))
	}
	return &m
}

func ask(t *testing.T, h http.Handler, method, target string, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, "/", nil)
	r.URL.Path, r.URL.RawQuery, _ = strings.Cut(target, "?")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if got := w.Header().Get("X-Content-Type-Options"); got != "nosniff" {
		t.Errorf("%s %s: X-Content-Type-Options %q, want nosniff", method, target, got)
	}
	return w.Result()
}

func body(t *testing.T, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestHandlerFiles(t *testing.T) {
	const (
		long  = "public, max-age=31536000, immutable"
		short = "public, max-age=60, must-revalidate"
	)
	h := publisher.Handler(testSite().Handle("server"), nil)
	for _, test := range []struct{ path, typ, cache, body string }{
		{"/", "text/html; charset=utf-8", short, "<p>root"},
		{"/stable/index.yaml", "application/yaml", short, "{}"},
		{"/stable/", "text/html; charset=utf-8", short, "<p>stable"},
		{"/" + archive, "application/gzip", long, "0123456789"},
		{"/" + archive + ".prov", "text/plain; charset=utf-8", long, "signed"},
		{"/stable/charts/web/", "text/html; charset=utf-8", short, "<p>web"},
		{"/stable/charts/web/1.0.0/index.html", "text/html; charset=utf-8", short, "<p>1.0.0"},
		{"/stable/charts/web/1.0.0/values.yaml", "application/yaml", short, "<p>a: 1"},
		{"/stable/charts/web/versions.json", "application/json", short, "{}"},
		{"/stable/log/00000001.json", "application/json", long, "{}"},
		{"/stable/snapshots/00000001/index.yaml", "application/yaml", long, "{}"},
		{"/a b/c+d/", "text/html; charset=utf-8", short, "<p>odd"},
		{"/badge.svg", "image/svg+xml", short, "<svg/>"},
		{"/feed.xml", "application/xml", short, "<feed/>"},
		{"/style.css", "text/css; charset=utf-8", short, "p{}"},
		{"/app.js", "text/javascript; charset=utf-8", short, ";"},
		{"/robots.txt", "text/plain; charset=utf-8", short, ""},
		{"/what.bin", "application/octet-stream", short, "?"},
	} {
		r := ask(t, h, "GET", test.path)
		if got := body(t, r); r.StatusCode != 200 || got != test.body {
			t.Errorf("%s: got %d %q, want 200 %q", test.path, r.StatusCode, got, test.body)
		}
		if got := r.Header.Get("Content-Type"); got != test.typ {
			t.Errorf("%s: Content-Type %q, want %q", test.path, got, test.typ)
		}
		if got := r.Header.Get("Cache-Control"); got != test.cache {
			t.Errorf("%s: Cache-Control %q, want %q", test.path, got, test.cache)
		}
		if r.Header.Get("Last-Modified") == "" || r.Header.Get("ETag") == "" {
			t.Errorf("%s: want Last-Modified and ETag, got %v", test.path, r.Header)
		}
		head := ask(t, h, "HEAD", test.path)
		if got := body(t, head); head.StatusCode != 200 || got != "" || head.ContentLength != int64(len(test.body)) {
			t.Errorf("HEAD %s: got %d %q, length %d", test.path, head.StatusCode, got, head.ContentLength)
		}
	}
}

func TestHandlerMissing(t *testing.T) {
	m := testSite()
	h := publisher.Handler(m.Handle("server"), nil)
	for _, path := range []string{
		"/no", "/no/", "/stable/charts/", "/stable/charts", "/.portolan/lock", "/stable/.attrs", "/.", "/..", "/../x",
		"/stable/../index.html", "/stable/./index.yaml", `/stable\index.yaml`,
		"/stable/index.yaml/", "/stable/index.yaml\x00", "/\xff", "/" + strings.Repeat("x", 2000),
	} {
		r := ask(t, h, "GET", path)
		if got := body(t, r); r.StatusCode != 404 || got != "not found\n" {
			t.Errorf("%q: got %d %q, want 404", path, r.StatusCode, got)
		}
		if got := r.Header.Get("Content-Type"); got != "text/plain; charset=utf-8" {
			t.Errorf("%q: Content-Type %q", path, got)
		}
	}
	m.Put("404.html", []byte("<p>lost?"))
	r := ask(t, h, "GET", "/no")
	if got := body(t, r); r.StatusCode != 404 || got != "<p>lost?" || r.Header.Get("Content-Type") != "text/html; charset=utf-8" {
		t.Errorf("with a 404.html: got %d %q %v", r.StatusCode, got, r.Header)
	}
	r = ask(t, h, "HEAD", "/no")
	if got := body(t, r); r.StatusCode != 404 || got != "" {
		t.Errorf("HEAD: got %d %q", r.StatusCode, got)
	}
}

// TestHandlerSlashes: clients that put a repository's URL, with its slash, and a path
// together double the slash.
func TestHandlerSlashes(t *testing.T) {
	h := publisher.Handler(testSite().Handle("server"), nil)
	for path, want := range map[string]string{
		"/stable//index.yaml": "{}", "//stable///index.yaml": "{}", "//index.html": "<p>root", "//": "<p>root", "/stable//": "<p>stable",
		"/stable//charts/web//1.0.0+b/0198c0de/web-1.0.0+b.tgz": "0123456789",
	} {
		if r := ask(t, h, "GET", path); r.StatusCode != 200 || body(t, r) != want {
			t.Errorf("%s: got %d, want %q", path, r.StatusCode, want)
		}
	}
	for _, path := range []string{"//.portolan/lock", "/stable//.attrs", "/stable//../index.html"} {
		if r := ask(t, h, "GET", path); r.StatusCode != 404 {
			t.Errorf("%s: got %d, want 404", path, r.StatusCode)
		}
	}
}

// TestHandlerPolicy: what browsers run has a policy that no page can leave out, and
// that is the one which portolan's pages have in themselves.
func TestHandlerPolicy(t *testing.T) {
	m := testSite()
	m.Put("404.html", []byte("<p>lost?"))
	h := publisher.Handler(m.Handle("server"), nil)
	page, err := os.ReadFile(filepath.Join("..", "templates", "page.html"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/", "/stable/", "/stable/index.html", "/no"} {
		got := ask(t, h, "GET", path).Header.Get("Content-Security-Policy")
		own, ok := strings.CutSuffix(got, "; frame-ancestors 'none'")
		if !ok || !strings.Contains(string(page), `http-equiv="Content-Security-Policy" content="`+own+`"`) {
			t.Errorf("%s: the policy is %q", path, got)
		}
	}
	for _, path := range []string{"/badge.svg", "/feed.xml"} {
		if got := ask(t, h, "GET", path).Header.Get("Content-Security-Policy"); !strings.HasPrefix(got, "default-src 'none';") {
			t.Errorf("%s: the policy is %q", path, got)
		}
	}
}

// TestHandlerMissingInFolder: what only a file system would choke on is no
// failure of it.
func TestHandlerMissingInFolder(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "there.txt"), []byte("there"), 0o666); err != nil {
		t.Fatal(err)
	}
	links := map[string]string{"out": t.TempDir(), "up": "..", "gone": "nowhere", "circle": "circle", "file.txt": "there.txt"}
	for link, target := range links {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil && runtime.GOOS != "windows" { // where it takes rights
			t.Fatal(err)
		}
	}
	store, err := bucket.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	h := publisher.Handler(store, nil)
	if r := ask(t, h, "GET", "/there.txt"); r.StatusCode != 200 {
		t.Errorf("there.txt: got %d", r.StatusCode)
	}
	name := strings.Repeat("x", 255)
	for _, path := range []string{
		"/" + name, "/" + name + "x", "/" + name + "x/index.yaml", "/" + name + "x/", "/a/" + strings.Repeat("ö", 128),
		"/" + strings.Repeat(name+"/", 3) + name, "/" + strings.Repeat("x/", 511) + "x",
		"/out", "/out/", "/out/x", "/up/x", "/gone/x", "/circle", "/circle/x", "/file.txt", "/file.txt/x",
	} {
		r := ask(t, h, "GET", path)
		if got := body(t, r); r.StatusCode != 404 {
			t.Errorf("%.300q: got %d %q, want 404", path, r.StatusCode, got)
		}
	}
}

func TestHandlerRedirectsToFolder(t *testing.T) {
	h := publisher.Handler(testSite().Handle("server"), nil)
	for path, want := range map[string]string{
		"/stable": "./stable/", "/stable?x=1": "./stable/?x=1", "/a b/c+d": "./c+d/", "/stable/charts/web": "./web/",
	} {
		r := ask(t, h, "GET", path)
		if got := r.Header.Get("Location"); r.StatusCode != 301 || got != want {
			t.Errorf("%s: got %d to %q, want 301 to %q", path, r.StatusCode, got, want)
		}
	}
}

func TestHandlerRefusesOtherMethods(t *testing.T) {
	h := publisher.Handler(testSite().Handle("server"), nil)
	for _, method := range []string{"POST", "PUT", "DELETE", "PATCH", "OPTIONS"} {
		r := ask(t, h, method, "/stable/index.yaml")
		if got := r.Header.Get("Allow"); r.StatusCode != 405 || got != "GET, HEAD" {
			t.Errorf("%s: got %d, Allow %q; want 405 and GET, HEAD", method, r.StatusCode, got)
		}
	}
}

func TestHandlerConditional(t *testing.T) {
	m := testSite()
	h := publisher.Handler(m.Handle("server"), nil)
	first := ask(t, h, "GET", "/stable/index.yaml")
	tag := first.Header.Get("ETag")
	if strings.HasPrefix(tag, "W/") || len(tag) < 10 {
		t.Fatalf("ETag %q, want a strong one", tag)
	}
	for _, value := range []string{tag, "*", `"x", ` + tag} {
		r := ask(t, h, "GET", "/stable/index.yaml", "If-None-Match", value)
		if got := body(t, r); r.StatusCode != 304 || got != "" || r.Header.Get("ETag") != tag {
			t.Errorf("If-None-Match %s: got %d %q, ETag %s; want 304", value, r.StatusCode, got, r.Header.Get("ETag"))
		}
	}
	if r := ask(t, h, "GET", "/stable/index.yaml", "If-Modified-Since", first.Header.Get("Last-Modified")); r.StatusCode != 304 {
		t.Errorf("If-Modified-Since: got %d, want 304", r.StatusCode)
	}
	m.Put("stable/index.yaml", []byte("[]"))
	r := ask(t, h, "GET", "/stable/index.yaml", "If-None-Match", tag)
	if got := body(t, r); r.StatusCode != 200 || got != "[]" || r.Header.Get("ETag") == tag {
		t.Errorf("changed: got %d %q, ETag %s; want 200 and another ETag", r.StatusCode, got, r.Header.Get("ETag"))
	}
}

func TestHandlerRange(t *testing.T) {
	h := publisher.Handler(testSite().Handle("server"), nil)
	for _, test := range []struct {
		header, body, content string
		status                int
	}{
		{"bytes=0-3", "0123", "bytes 0-3/10", 206},
		{"bytes=4-6", "456", "bytes 4-6/10", 206},
		{"bytes=7-", "789", "bytes 7-9/10", 206},
		{"bytes=-2", "89", "bytes 8-9/10", 206},
		{"bytes=5-100", "56789", "bytes 5-9/10", 206},
		{"bytes=6-7,0-1", "0123456789", "", 200},
		{"bytes=10-", "", "bytes */10", 416},
	} {
		r := ask(t, h, "GET", "/"+archive, "Range", test.header)
		got := body(t, r)
		if r.StatusCode != test.status || test.status != 416 && got != test.body || r.Header.Get("Content-Range") != test.content {
			t.Errorf("%s: got %d %q (%s), want %d %q (%s)", test.header, r.StatusCode, got, r.Header.Get("Content-Range"), test.status, test.body, test.content)
		}
	}
	r := ask(t, h, "GET", "/"+archive, "Range", "bytes=0-3", "If-Range", `"another"`)
	if got := body(t, r); r.StatusCode != 200 || got != "0123456789" {
		t.Errorf("If-Range of another version: got %d %q, want 200 and all of it", r.StatusCode, got)
	}
}

// broken is a store that does not answer.
type broken struct{ bucket.Store }

func (broken) Get(context.Context, string) (*bucket.Reader, error) {
	return nil, errors.New("secret bucket: access denied")
}

func TestHandlerStoreFails(t *testing.T) {
	r := ask(t, publisher.Handler(broken{}, nil), "GET", "/stable/index.yaml")
	if got := body(t, r); r.StatusCode != 503 || strings.Contains(got, "secret") || r.Header.Get("Retry-After") == "" {
		t.Errorf("got %d %q, want 503 with Retry-After that says nothing of the store", r.StatusCode, got)
	}
}
