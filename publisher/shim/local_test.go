package shim

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
)

// TestLocal checks which names a server takes for its own that lets everybody in who
// can reach its loopback address.
func TestLocal(t *testing.T) {
	p := stocked(t, func(o *Options) {
		o.Local, o.PublicURL = true, &url.URL{Scheme: "https", Host: "Charts.example.com:8443"}
	})
	preview := Local(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {}))
	for host, want := range map[string]bool{
		"127.0.0.1:8080": true, "127.0.0.1": true, "127.8.7.6:1": true, "[::1]:8080": true, "[::1]": true, "[::ffff:127.0.0.1]:80": true,
		"localhost:8080": true, "LocalHost": true, "localhost.": true, "charts.localhost:8080": true, "": true, // as probes send it
		"evil.example": false, "evil.example:8080": false, "localhost.evil.example": false, "127.0.0.1.evil.example": false, "notlocalhost": false,
		"192.0.2.1:8080": false, "[2001:db8::1]:8080": false, "0.0.0.0:8080": false, ".": false, "charts.example.com.evil.example": false,
	} {
		for _, r := range []*http.Request{
			httptest.NewRequest(http.MethodPost, "/api/stable/charts", nil), httptest.NewRequest(http.MethodGet, "/team/index.yaml", nil), httptest.NewRequest(http.MethodGet, "/livez", nil),
		} {
			r.Host = host
			r.Header.Set("Origin", "http://"+host)
			for name, h := range map[string]http.Handler{"shim": p.Shim, "preview": preview} {
				w := httptest.NewRecorder()
				h.ServeHTTP(w, r)
				if got := w.Code != http.StatusForbidden; got != want {
					t.Errorf("%s: %s %s with Host %q: %d %s", name, r.Method, r.URL.Path, host, w.Code, w.Body)
				}
			}
		}
	}
	for _, host := range []string{"charts.example.com", "charts.example.com:8443", "charts.example.com."} {
		r := httptest.NewRequest(http.MethodGet, "/team/index.yaml", nil)
		r.Host = host
		w := httptest.NewRecorder()
		if p.ServeHTTP(w, r); w.Code != http.StatusOK {
			t.Errorf("the public name %s: %d %s", host, w.Code, w.Body)
		}
	}
}

// TestNotLocal checks that a shim which does not let everybody in has any name.
func TestNotLocal(t *testing.T) {
	r := httptest.NewRequest(http.MethodGet, "/livez", nil)
	r.Host = "charts.example.com"
	w := httptest.NewRecorder()
	if build(t, nil).ServeHTTP(w, r); w.Code != http.StatusOK {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
