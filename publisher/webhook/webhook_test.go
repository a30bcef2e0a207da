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

func TestHasSecret(t *testing.T) {
	for text, want := range map[string]bool{"https://h/x?token=a": true, "https://h/x?ref=main&private_token=": true, "https://h/token?ref=a": false} {
		u, err := url.Parse(text)
		if err != nil || HasSecret(u) != want {
			t.Errorf("%s: got %t, %v", text, HasSecret(u), err)
		}
	}
}
