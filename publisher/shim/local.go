package shim

import (
	"encoding/json"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// A web page can give its own host name an address of this machine once the browser has
// loaded it ("DNS rebinding"). To the browser, this machine's servers then belong to the
// page, which may read and write there. The Host that the browser sends gives it away.

// localHost reports whether a request's Host is a name that only this machine has for
// itself, or that of the URL, which may be nil. A request without one, as probes send
// it, comes from no browser.
func localHost(r *http.Request, public *url.URL) bool {
	host := hostname(r.Host)
	if r.Host == "" || host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	if addr, err := netip.ParseAddr(host); err == nil && addr.Unmap().IsLoopback() {
		return true
	}
	return public != nil && host != "" && host == hostname(public.Host)
}

// hostname returns the host without port, brackets and the dot at its end.
func hostname(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

// notLocal is the failure for a request with another host's name.
func notLocal(r *http.Request) *failure {
	return fail(http.StatusForbidden, "host", "use http://127.0.0.1 or http://localhost with the port; for another name, start the shim with --public-url",
		"this server takes requests from this machine only, and %.100q is not one of its names", r.Host)
}

// Local returns a handler that refuses requests whose Host is not a name that only this
// machine has for itself. It is for servers that listen on loopback and let everybody in.
func Local(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if localHost(r, nil) {
			h.ServeHTTP(w, r)
			return
		}
		f := notLocal(r)
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(f.status)
		json.NewEncoder(w).Encode(problem{Error: f.sentence(), Message: f.sentence(), Rule: f.rule, Hint: f.hint})
	})
}
