package bucket

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// openWeb opens a site that h serves under /helm+charts.
func openWeb(t *testing.T, h http.HandlerFunc) *webStore {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	s, err := OpenWeb(server.URL+"/helm+charts/", nil)
	if err != nil {
		t.Fatal(err)
	}
	web := s.(*webStore)
	web.client.Pause = time.Millisecond
	return web
}

func TestWebGet(t *testing.T) {
	s := openWeb(t, func(w http.ResponseWriter, r *http.Request) {
		if r.RequestURI != "/helm+charts/stable/a%20b/x-1.0.0+b.tgz" {
			t.Errorf("asked for %s", r.RequestURI)
		}
		if r.Header.Get("Accept-Encoding") != "identity" || r.Header.Get("User-Agent") != "portolan" {
			t.Errorf("header %v", r.Header)
		}
		w.Header().Set("ETag", `"1"`)
		w.Header().Set("Last-Modified", "Tue, 02 Jan 2024 03:04:05 GMT")
		io.WriteString(w, "bytes")
	})
	const key = "stable/a b/x-1.0.0+b.tgz"
	want := Entry{Key: key, Size: 5, Modified: time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC), Token: `"1"`}
	b, entry, err := ReadAll(t.Context(), s, key, 100)
	if err != nil || string(b) != "bytes" || entry != want {
		t.Errorf("got %q, %+v, %v; want bytes, %+v", b, entry, err, want)
	}
	if entry, err := s.Stat(t.Context(), key); err != nil || entry != want {
		t.Errorf("Stat: got %+v, %v; want %+v", entry, err, want)
	}
}

func TestWebNotFound(t *testing.T) {
	for _, status := range []int{403, 404, 410} {
		tries := 0
		s := openWeb(t, func(w http.ResponseWriter, r *http.Request) {
			tries++
			w.WriteHeader(status)
		})
		_, err := s.Get(t.Context(), "stable/index.yaml")
		if !errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), fmt.Sprint(status)) || !strings.Contains(err.Error(), "/helm+charts/stable/index.yaml") {
			t.Errorf("%d: got %v, want ErrNotFound with the status and the URL", status, err)
		}
		if tries != 1 {
			t.Errorf("%d: tried %d times, want once", status, tries)
		}
	}
}

func TestWebRetries(t *testing.T) {
	for _, status := range []int{429, 500, 503} {
		tries := 0
		s := openWeb(t, func(w http.ResponseWriter, r *http.Request) {
			if tries++; tries < webLimits.Tries {
				w.WriteHeader(status)
			}
		})
		r, err := s.Get(t.Context(), "k")
		if err != nil || tries != webLimits.Tries {
			t.Errorf("%d: got %v after %d tries, want success after %d", status, err, tries, webLimits.Tries)
			continue
		}
		r.Close()
	}
	tries := 0
	s := openWeb(t, func(w http.ResponseWriter, r *http.Request) { tries++; w.WriteHeader(500) })
	if _, err := s.Get(t.Context(), "k"); err == nil || errors.Is(err, ErrNotFound) || tries != webLimits.Tries {
		t.Errorf("got %v after %d tries, want a failure after %d", err, tries, webLimits.Tries)
	}
}

func TestWebRefuses(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{
		"Content-Encoding": func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Content-Encoding", "gzip") },
		"401":              func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(401) },
		"204":              func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(204) },
		"redirects": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, r.URL.Path, http.StatusFound)
		},
	} {
		s := openWeb(t, h)
		if _, err := s.Get(t.Context(), "k"); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: got %v, want an error that says so", name, err)
		}
	}
}

// TestWebPage: a page in the place of a file is an error of the server, whatever
// its type; a file is not, whatever its type.
func TestWebPage(t *testing.T) {
	const archive = "\x1f\x8b archive"
	for _, test := range []struct {
		body, kind string
		page, stat bool // what Get, and Stat, take it for
	}{
		{"<!doctype html><title>App</title>", "text/html; charset=utf-8", true, true},
		{"\ufeff \n<HTML>", "application/json", true, false},
		{archive, "text/html", false, false},
		{`{"format":1}`, "application/octet-stream", false, false},
		{"", "text/plain", false, false},
	} {
		s := openWeb(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", test.kind)
			io.WriteString(w, test.body)
		})
		b, _, err := ReadAll(t.Context(), s, "stable/log/00000002.json", 100)
		if errors.Is(err, errWebPage) != test.page || !test.page && (err != nil || string(b) != test.body) {
			t.Errorf("%q: got %q, %v", test.body, b, err)
		}
		if _, err := s.Stat(t.Context(), "k.tgz"); errors.Is(err, errWebPage) != test.stat {
			t.Errorf("Stat of %q: %v", test.body, err)
		}
	}
}

func TestWebTruncated(t *testing.T) {
	s := openWeb(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "100")
		io.WriteString(w, "short")
	})
	if _, _, err := ReadAll(t.Context(), s, "k", 1000); err == nil || !strings.HasPrefix(err.Error(), "k: ") {
		t.Errorf("got %v, want an error about k", err)
	}
}

func TestWebCanceled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := openWeb(t, func(w http.ResponseWriter, r *http.Request) { cancel(); w.WriteHeader(503) })
	s.client.Pause = time.Hour
	if _, err := s.Get(ctx, "k"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

func TestWebIsReadOnly(t *testing.T) {
	s, err := OpenWeb("https://charts.example.com", nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, o := t.Context(), Object{Key: "k", Body: Bytes(nil)}
	for _, err := range []error{s.Create(ctx, o), s.Replace(ctx, o, "t"), s.Delete(ctx, "k", "")} {
		if !errors.Is(err, errWebWrite) {
			t.Errorf("got %v, want %v", err, errWebWrite)
		}
	}
	for _, err := range s.List(ctx, "", Children) {
		if !errors.Is(err, errWebList) || !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("got %v, want %v", err, errWebList)
		}
	}
	if _, err := s.Get(ctx, "../k"); !errors.Is(err, errKey) {
		t.Errorf("got %v, want %v", err, errKey)
	}
}

func TestOpenWebRefuses(t *testing.T) {
	for _, base := range []string{"ftp://h", "https://", "/folder", "https://h?x", "https://h/?x=1", "https://h#x", "https://h\x00"} {
		if _, err := OpenWeb(base, nil); err == nil {
			t.Errorf("OpenWeb(%q): want an error", base)
		}
	}
}
