package webhook

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// TestSendHides: no error has a secret in it, not even half of one at the end of what is
// quoted, and none has the URL.
func TestSendHides(t *testing.T) {
	secrets := []string{"s3cret+", "", "hook/0a1b2c"}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		io.WriteString(w, "no "+r.URL.Path+" with s3cret+ or s3cret%2B: "+strings.Repeat("x", 445)+"hook/0a1b2c"+strings.Repeat("y", 1<<20))
	}))
	r := func() *http.Request {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/hook/0a1b2c", nil)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	err := Send("there", nil, r(), secrets...)
	if err == nil || !strings.HasPrefix(err.Error(), "there: the server answers 403 Forbidden: no /… with … or …: xxx") {
		t.Errorf("got %v", err)
	}
	server.Close()
	gone := Send("there", nil, r(), secrets...)
	if gone == nil || !strings.HasPrefix(gone.Error(), "there cannot be reached: ") {
		t.Errorf("got %v", gone)
	}
	for _, err := range []error{err, gone} {
		if text := err.Error(); strings.Contains(text, "s3cr") || strings.Contains(text, "hook") || len(text) > 1000 {
			t.Errorf("%d bytes: %.600s", len(text), text)
		}
	}
}

// TestSendHidesOddAnswers: nor has an error a secret in it that the server repeats in the
// first line of its answer, in an odd header, or in what is no HTTP at all; and it stays short.
func TestSendHidesOddAnswers(t *testing.T) {
	long := strings.Repeat("x", 100_000)
	for _, answer := range []string{
		"HTTP/1.1 403 no hook/0a1b2c " + long + "\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 302 Found\r\nLocation: http://[::1/hook/0a1b2c" + long + "\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 hook/0a1b2c\r\n\r\n",
		"hook/0a1b2c: " + long + "\r\n\r\n",
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			io.WriteString(conn, answer)
		}))
		defer server.Close()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/hook/0a1b2c", nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := Send("there", nil, r, "hook/0a1b2c"); err == nil || strings.Contains(err.Error(), "0a1b2c") || len(err.Error()) > 1000 {
			t.Errorf("to %.40q: %.600v", answer, err)
		}
	}
}

func TestHasSecret(t *testing.T) {
	for text, want := range map[string]bool{"https://h/x?token=a": true, "https://h/x?ref=main&private_token=": true, "https://h/token?ref=a": false} {
		u, err := url.Parse(text)
		if err != nil || HasSecret(u) != want {
			t.Errorf("%s: got %t, %v", text, HasSecret(u), err)
		}
	}
}
