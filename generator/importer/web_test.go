package importer

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/portolan-charts/portolan/ci/testenv"
)

// TestImportRetries retries transient failures, and gives up on others at once.
func TestImportRetries(t *testing.T) {
	s, g := newOld(t), newTarget(t)
	for _, name := range []string{"busy", "cut", "down", "limited", "refused"} {
		s.add(name, "1.0.0")
	}
	s.odd = func(w http.ResponseWriter, r *http.Request, n int) bool {
		switch {
		case strings.Contains(r.URL.Path, "busy") && n < 4, strings.HasSuffix(r.URL.Path, "index.yaml") && n < 3:
			w.WriteHeader(http.StatusServiceUnavailable)
		case strings.HasSuffix(r.URL.Path, "limited-1.0.0.tgz") && n < 2:
			w.Header().Set("Retry-After", "3")
			w.WriteHeader(http.StatusTooManyRequests)
		case strings.HasSuffix(r.URL.Path, "cut-1.0.0.tgz") && n < 3:
			w.Header().Set("Content-Length", "1000")
			w.Write(s.files[r.URL.Path][:100])
		case strings.Contains(r.URL.Path, "down"):
			panic(http.ErrAbortHandler)
		case strings.Contains(r.URL.Path, "refused"):
			w.WriteHeader(http.StatusForbidden)
		default:
			return false
		}
		return true
	}
	from := s.open(Credentials{})
	var mu sync.Mutex
	var longest time.Duration
	from.place.(*web).client.Sleep = func(_ context.Context, d time.Duration) error {
		mu.Lock()
		defer mu.Unlock()
		longest = max(longest, d)
		return nil
	}
	got, _ := g.imports(g.options(from))
	g.want("retries", got, "busy 1.0.0 taken, cut 1.0.0 taken, down 1.0.0 unfetched, limited 1.0.0 taken, refused 1.0.0 unfetched")
	if down, refused := s.times("/repo/down-1.0.0.tgz"), s.times("/repo/refused-1.0.0.tgz"); down < webLimits.Tries || refused != 1 || longest < 3*time.Second {
		t.Errorf("asked %d and %d times; waited for %v at most", down, refused, longest)
	}
}

// TestImportStalls cancels a request that receives no data, and tries again.
func TestImportStalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, g := emptyOld(t), newTarget(t)
		s.add("slow", "1.0.0")
		s.odd = func(w http.ResponseWriter, r *http.Request, n int) bool {
			if !strings.HasSuffix(r.URL.Path, ".tgz") || n > 1 {
				return false
			}
			w.Write(s.files[r.URL.Path][:100])
			w.(http.Flusher).Flush()
			<-r.Context().Done()
			return true
		}
		from, err := OpenWeb("http://old/repo", Credentials{})
		if err != nil {
			t.Fatal(err)
		}
		from.place.(*web).client.Transport.(*signer).next = testenv.Serve(t, s).Transport(t)
		got, _ := g.imports(g.options(from))
		g.want("stalled", got, "slow 1.0.0 taken")
		if n := s.times("/repo/slow-1.0.0.tgz"); n != 2 {
			t.Errorf("asked %d times, want 2", n)
		}
		s.odd = func(w http.ResponseWriter, r *http.Request, n int) bool {
			w.(http.Flusher).Flush()
			<-r.Context().Done()
			return true
		}
		if _, err := Run(t.Context(), g.options(from)); err == nil || !strings.Contains(err.Error(), "no data for 1m") {
			t.Errorf("got %v, want an error about missing data", err)
		}
	})
}

// TestImportServerDown gives up when a server is down, and continues in a later
// import.
func TestImportServerDown(t *testing.T) {
	s, g := newOld(t), newTarget(t)
	for i := range 3 * maxFailed {
		s.add(fmt.Sprintf("c%d", i), "1.0.0")
	}
	var up atomic.Bool
	s.odd = func(w http.ResponseWriter, r *http.Request, _ int) bool {
		if !up.Load() && strings.HasSuffix(r.URL.Path, ".tgz") {
			w.WriteHeader(http.StatusBadGateway)
			return true
		}
		return false
	}
	o := g.options(s.open(Credentials{}))
	o.Workers = 1
	r, err := Run(t.Context(), o)
	if err == nil || !strings.Contains(err.Error(), "502") || len(r.Results) != maxFailed-1 {
		t.Errorf("got %d results and %v", len(r.Results), err)
	}
	up.Store(true)
	if _, r := g.imports(o); r.Count(Taken) != 3*maxFailed {
		t.Errorf("%d taken", r.Count(Taken))
	}
}

// TestCredentials sends credentials to the repository only.
func TestCredentials(t *testing.T) {
	for name, c := range map[string]Credentials{"Basic dTpw": {Username: "u", Password: "p"}, "Bearer tok": {Token: "tok"}} {
		var mu sync.Mutex
		seen := map[string]string{}
		note := func(who string, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			seen[who+r.URL.Path] = r.Header.Get("Authorization") + r.Header.Get("Referer")
		}
		s, g := newOld(t), newTarget(t)
		elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			note("elsewhere", r)
			if r.URL.Path == "/back.tgz" {
				http.Redirect(w, r, s.URL+"/repo/back-1.0.0.tgz", http.StatusFound)
				return
			}
			if b, ok := s.files["/repo"+r.URL.Path]; ok {
				w.Write(b)
				return
			}
			http.NotFound(w, r)
		}))
		defer elsewhere.Close()
		s.add("a", "1.0.0")
		s.add("abs", "1.0.0")["urls"] = []string{elsewhere.URL + "/abs-1.0.0.tgz"}
		s.add("back", "1.0.0")["urls"] = []string{elsewhere.URL + "/back.tgz"}
		s.add("moved", "1.0.0")
		s.odd = func(w http.ResponseWriter, r *http.Request, _ int) bool {
			note("repository", r)
			if r.Header.Get("Authorization") != name {
				w.WriteHeader(http.StatusUnauthorized)
				return true
			}
			if strings.HasPrefix(r.URL.Path, "/repo/moved-1.0.0.tgz") {
				http.Redirect(w, r, elsewhere.URL+strings.TrimPrefix(r.URL.Path, "/repo"), http.StatusFound)
				return true
			}
			return false
		}
		if _, err := Run(t.Context(), g.options(s.open(Credentials{}))); !errors.Is(err, ErrDenied) {
			t.Errorf("without credentials: %v", err)
		}
		clear(seen)
		got, _ := g.imports(g.options(s.open(c)))
		g.want(name, got, "a 1.0.0 taken, abs 1.0.0 taken, back 1.0.0 taken, moved 1.0.0 taken")
		if len(seen) < 7 {
			t.Errorf("seen %v", seen)
		}
		for who, header := range seen {
			if want := map[bool]string{true: name}[strings.HasPrefix(who, "repository")]; header != want {
				t.Errorf("%s is sent %q, want %q", who, header, want)
			}
		}
	}
}

// TestRedirects refuses redirects from https to http if there are credentials,
// and too many redirects.
func TestRedirects(t *testing.T) {
	ask := func(s *signer, from, to string, hops int) error {
		u, _ := url.Parse(to)
		v, _ := url.Parse(from)
		return s.checkRedirect(&http.Request{URL: u, Header: http.Header{}}, slices.Repeat([]*http.Request{{URL: v}}, hops))
	}
	base, _ := url.Parse("https://a.example.com/")
	for _, test := range []struct {
		header, from, to string
		hops             int
		fine             bool
	}{
		{"x", "https://a/", "https://b/", 1, true},
		{"x", "https://a/", "http://a/", 1, false},
		{"", "https://a/", "http://a/", 1, true},
		{"x", "http://a/", "http://b/", 1, true},
		{"", "http://a/", "ftp://b/", 1, false},
	} {
		if err := ask(&signer{base: base, header: test.header}, test.from, test.to, test.hops); (err == nil) != test.fine {
			t.Errorf("%+v: %v", test, err)
		}
	}
	for a, same := range map[string]bool{"https://A.example.com:443/x": true, "https://a.example.com": true, "http://a.example.com:443": false, "https://b.a.example.com": false, "https://a.example.com:8443": false} {
		if u, _ := url.Parse(a); sameOrigin(u, base) != same {
			t.Errorf("sameOrigin(%s) = %v", a, !same)
		}
	}
}

// TestResolve resolves URLs as Helm does.
func TestResolve(t *testing.T) {
	for _, test := range [][3]string{
		{"https://h/a/b", "x-1.0.0+b.tgz", "https://h/a/b/x-1.0.0+b.tgz"},
		{"https://h/a/b/", "charts/x.tgz", "https://h/a/b/charts/x.tgz"},
		{"https://h/a/b", "/x.tgz", "https://h/x.tgz"},
		{"https://h/a/b", "../x.tgz", "https://h/a/x.tgz"},
		{"https://h/a?sig=1", "x.tgz", "https://h/a/x.tgz?sig=1"},
		{"https://h/a?sig=1", "//other/x.tgz", "https://other/x.tgz"},
		{"https://h/a?sig=1", "https://h/x.tgz", "https://h/x.tgz"},
		{"https://h/a/index.yaml", "x.tgz", "https://h/a/x.tgz"},
		{"https://h", "x.tgz", "https://h/x.tgz"},
	} {
		r, err := OpenWeb(test[0], Credentials{})
		if err != nil {
			t.Fatal(err)
		}
		if u, err := r.place.(*web).resolve(test[1]); err != nil || u.String() != test[2] {
			t.Errorf("%s from %s: got %v, %v; want %s", test[1], test[0], u, err, test[2])
		}
		if strings.Contains(r.String(), "sig") {
			t.Errorf("%s shows the query, which may be secret", r)
		}
	}
	for _, base := range []string{"https://u:p@h/", "ftp://h/", "https://", "http://[::1", "x"} {
		if _, err := OpenWeb(base, Credentials{}); err == nil {
			t.Errorf("%s is accepted", base)
		}
	}
}
