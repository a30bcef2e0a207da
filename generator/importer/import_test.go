package importer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/storetest"
)

// old is a repository on a web server.
type old struct {
	*httptest.Server
	t       *testing.T
	entries map[string][]map[string]any
	files   map[string][]byte

	mu    sync.Mutex
	asked []string                                                 // paths
	odd   func(w http.ResponseWriter, r *http.Request, n int) bool // answers instead, if it returns true; n counts requests for the path
	count map[string]int
}

func newOld(t *testing.T) *old {
	s := &old{t: t, entries: map[string][]map[string]any{}, files: map[string][]byte{}, count: map[string]int{}}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

// times is how often a path was asked for.
func (s *old) times(path string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.count[path]
}

// lately are the paths that were asked for since it was called last.
func (s *old) lately() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer func() { s.asked = nil }()
	return strings.Join(s.asked, " ")
}

// add adds a chart, and returns its entry to be changed.
func (s *old) add(name, version string, more ...string) map[string]any {
	b := charttest.Simple(name, version, more...)
	file := name + "-" + version + ".tgz"
	s.files["/repo/"+file] = b
	e := map[string]any{"name": name, "version": version, "digest": sum(b), "urls": []string{file}, "created": charttest.Time}
	s.entries[name] = append(s.entries[name], e)
	return e
}

func (s *old) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.asked = append(s.asked, r.URL.Path)
	s.count[r.URL.Path]++
	n := s.count[r.URL.Path]
	s.mu.Unlock()
	if s.odd != nil && s.odd(w, r, n) {
		return
	}
	if r.URL.Path == "/repo/index.yaml" {
		json.NewEncoder(w).Encode(map[string]any{"apiVersion": "v1", "entries": s.entries})
		return
	}
	b, ok := s.files[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Write(b)
}

// open opens the repository, without waiting between tries.
func (s *old) open(c Credentials) *Repository {
	s.t.Helper()
	r, err := OpenWeb(s.URL+"/repo", c)
	if err != nil {
		s.t.Fatal(err)
	}
	r.place.(*web).sleep = func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
	return r
}

// target is a channel to import into.
type target struct {
	t          *testing.T
	drop, site *storetest.Mem
	config     *generator.Config
}

func newTarget(t *testing.T) *target {
	return &target{t: t, drop: &storetest.Mem{Now: time.Now}, site: &storetest.Mem{Now: time.Now}}
}

func (g *target) options(from *Repository) Options {
	return Options{From: from, Channel: "stable", Drop: g.drop.Handle("import"), Site: g.site.Handle("import"), Config: g.config}
}

// imports runs an import, and returns what became of each chart.
func (g *target) imports(o Options) (string, *Report) {
	g.t.Helper()
	r, err := Run(g.t.Context(), o)
	if err != nil {
		g.t.Fatal(err)
	}
	var words []string
	for _, result := range r.Results {
		words = append(words, strings.Join(strings.Fields(fmt.Sprintf("%s %s %s %s", result.Chart, result.Version, result.Outcome, result.Rule)), " "))
	}
	return strings.Join(words, ", "), r
}

func (g *target) generate() {
	g.t.Helper()
	r, err := generator.Run(g.t.Context(), generator.Options{Drop: g.drop.Handle("generate"), Site: g.site.Handle("generate"), Config: g.config})
	if err != nil || r.Count(publisher.Rejected) > 0 {
		g.t.Fatalf("%+v, %v", r, err)
	}
}

// waits returns the requests that wait in the inbox, by file name.
func (g *target) waits() map[string]publisher.Request {
	g.t.Helper()
	all := map[string]publisher.Request{}
	for key, b := range g.drop.Snapshot() {
		if strings.HasSuffix(key, ".json") && strings.HasPrefix(key, "inbox/stable/") {
			var r publisher.Request
			if err := json.Unmarshal(b, &r); err != nil {
				g.t.Fatal(err)
			}
			all[r.File] = r
		}
	}
	return all
}

func (g *target) want(what, got, want string) {
	g.t.Helper()
	if got != want {
		g.t.Errorf("%s:\ngot  %s\nwant %s", what, got, want)
	}
}

// TestImport goes through the life of an import: what it takes, what it says of
// it, and that it does nothing twice.
func TestImport(t *testing.T) {
	s, g := newOld(t), newTarget(t)
	s.add("a", "1.0.0")
	s.add("a", "2.0.0")["created"] = "2020-02-03T04:05:06.7+02:00"
	s.add("b", "1.0.0")["digest"] = "sha256:" + strings.ToUpper(sum(s.files["/repo/b-1.0.0.tgz"]))
	delete(s.add("c", "1.0.0"), "digest")
	s.files["/repo/b-1.0.0.tgz.prov"] = charttest.NewSigner().Sign("b-1.0.0.tgz", s.files["/repo/b-1.0.0.tgz"])
	o := g.options(s.open(Credentials{}))
	o.Uploader = map[string]string{"user": "me"}
	total := 0
	o.Progress = func(done, of int) { total = of; _ = done }

	o.DryRun = true
	got, _ := g.imports(o)
	g.want("dry run", got, "a 2.0.0 taken, a 1.0.0 taken, b 1.0.0 taken, c 1.0.0 taken")
	if len(g.drop.Snapshot()) > 0 || total != 4 {
		t.Errorf("a dry run leaves %v, and speaks of %d", slices.Collect(maps.Keys(g.drop.Snapshot())), total)
	}
	o.DryRun = false
	got, _ = g.imports(o)
	g.want("first", got, "a 2.0.0 taken, a 1.0.0 taken, b 1.0.0 taken, c 1.0.0 taken")
	request := g.waits()["a-2.0.0.tgz"]
	if want := "2020-02-03T02:05:06.7Z"; request.Created.UTC().Format(time.RFC3339Nano) != want || request.Digest != sum(s.files["/repo/a-2.0.0.tgz"]) || request.Uploader["user"] != "me" || request.Force {
		t.Errorf("request %+v; want it created %s", request, want)
	}
	if !g.waits()["b-1.0.0.tgz"].Provenance {
		t.Error("the provenance file is not uploaded")
	}
	for _, when := range []string{"while it waits", "published"} {
		s.lately()
		got, _ = g.imports(o)
		g.want(when, got, "a 2.0.0 there, a 1.0.0 there, b 1.0.0 there, c 1.0.0 there")
		// Without a digest it must be read to know what it is.
		g.want("fetched "+when, s.lately(), "/repo/index.yaml /repo/c-1.0.0.tgz /repo/c-1.0.0.tgz.prov")
		g.generate()
	}
	if n := len(g.waits()); n != 0 {
		t.Errorf("%d wait", n)
	}
}

// TestImportPublished never replaces what is published, but adds what is the
// same and was not signed.
func TestImportPublished(t *testing.T) {
	for _, policy := range []string{"replace", "reject"} {
		g, before, s := newTarget(t), newOld(t), newOld(t)
		config, err := generator.ParseConfig([]byte("channels: [{match: stable, duplicates: "+policy+"}]"), "portolan.yaml")
		if err != nil {
			t.Fatal(err)
		}
		g.config = config
		before.add("a", "1.0.0", "values.yaml", "old: true\n")
		before.add("b", "1.0.0")
		g.imports(g.options(before.open(Credentials{})))
		g.generate()
		s.add("a", "1.0.0", "values.yaml", "new: true\n")
		repacked := charttest.Pack("b", charttest.Chart("b", "1.0.0"), &charttest.Options{Time: charttest.Time.AddDate(1, 0, 0)})
		s.add("b", "1.0.0")["digest"] = sum(repacked)
		s.files["/repo/b-1.0.0.tgz"] = repacked
		got, r := g.imports(g.options(s.open(Credentials{})))
		g.want(policy, got, "a 1.0.0 differs, b 1.0.0 there")
		if r.Lost() != 1 || !strings.Contains(r.Results[0].Message, sum(before.files["/repo/a-1.0.0.tgz"])) {
			t.Errorf("%s: %+v", policy, r.Results)
		}
	}
}

// TestImportWaiting leaves out a version of which something else waits.
func TestImportWaiting(t *testing.T) {
	s, g := newOld(t), newTarget(t)
	s.add("a", "1.0.0")
	s.add("b", "1.0.0")
	id, err := publisher.NewID()
	if err != nil {
		t.Fatal(err)
	}
	err = publisher.Submit(t.Context(), g.drop.Handle("other"), "stable", id, publisher.Submission{
		Chart: publisher.Bytes(charttest.Simple("a", "1.0.0", "values.yaml", "x: y\n")), Request: publisher.Request{File: "a-1.0.0.tgz"},
	})
	if err != nil {
		t.Fatal(err)
	}
	g.drop.Put("inbox/stable/b-1.0.0.tgz", charttest.Simple("b", "1.0.0"))
	got, _ := g.imports(g.options(s.open(Credentials{})))
	g.want("waiting", got, "a 1.0.0 differs, b 1.0.0 differs")
}

// TestImportSelects takes what is asked for: names, and the newest versions.
func TestImportSelects(t *testing.T) {
	s, g := newOld(t), newTarget(t)
	for _, version := range []string{"1.0.0", "1.10.0", "1.9.0", "2.0.0-rc.1"} {
		s.add("web", version)
		s.add("webby", version)
	}
	s.add("app", "1.0.0")
	twice := s.add("app", "2.0.0")
	s.entries["app"] = append(s.entries["app"], twice, map[string]any{"name": "app", "version": "2.0.0", "urls": []string{"other.tgz"}}, map[string]any{"version": "3.0.0"})
	o := g.options(s.open(Credentials{}))
	o.DryRun = true
	for _, test := range []struct {
		charts []string
		keep   int
		want   string
		lost   int
	}{
		{[]string{"web"}, 0, "web 2.0.0-rc.1 taken, web 1.10.0 taken, web 1.9.0 taken, web 1.0.0 taken", 0},
		{[]string{"web*"}, 1, "web 2.0.0-rc.1 taken, webby 2.0.0-rc.1 taken", 0},
		{[]string{"a??"}, 1, "app 3.0.0 broken, app 2.0.0 taken, app 2.0.0 duplicate, app 2.0.0 duplicate", 2},
		{[]string{"x", "app"}, 9, "app 3.0.0 broken, app 2.0.0 taken, app 2.0.0 duplicate, app 2.0.0 duplicate, app 1.0.0 taken", 2},
		{[]string{"x"}, 0, "", 0},
	} {
		o.Charts, o.Keep = test.charts, test.keep
		got, r := g.imports(o)
		g.want(fmt.Sprint(test.charts, test.keep), got, test.want)
		if r.Lost() != test.lost {
			t.Errorf("%v: %d lost, want %d", test.charts, r.Lost(), test.lost)
		}
	}
}

// TestImportFaults reports what cannot be had or is refused, one by one.
func TestImportFaults(t *testing.T) {
	s, g := newOld(t), newTarget(t)
	s.add("good", "1.0.0")
	s.add("gone", "1.0.0")["urls"] = []string{"gone.tgz"}
	s.add("other", "1.0.0")["digest"] = strings.Repeat("0", 64)
	s.add("renamed", "1.0.0")
	s.entries["renamed"][0]["version"] = "1.0.1"
	s.add("oci", "1.0.0")["urls"] = []string{"oci://example.com/oci:1.0.0"}
	s.add("ftp", "1.0.0")["urls"] = []string{"ftp://example.com/x.tgz"}
	s.add("badurl", "1.0.0")["urls"] = []string{"http://[::1/x"}
	s.add("escape", "1.0.0")["urls"] = []string{"file:///etc/passwd"}
	s.add("junk", "1.0.0")["digest"] = sum([]byte("junk"))
	s.files["/repo/junk-1.0.0.tgz"] = []byte("junk")
	s.add("badprov", "1.0.0")
	s.files["/repo/badprov-1.0.0.tgz.prov"] = charttest.NewSigner().Sign("badprov-1.0.0.tgz", []byte("else"))
	s.add("pageprov", "1.0.0")
	s.files["/repo/pageprov-1.0.0.tgz.prov"] = []byte("\n<!doctype html>")
	big := make([]byte, generator.DefaultPacked+10)
	s.add("big", "1.0.0")["digest"] = nil
	s.files["/repo/big-1.0.0.tgz"] = big
	got, r := g.imports(g.options(s.open(Credentials{})))
	g.want("faults", got, "badprov 1.0.0 refused prov-digest, badurl 1.0.0 unfetched, big 1.0.0 refused not-gzip, escape 1.0.0 unfetched, "+
		"ftp 1.0.0 unfetched, gone 1.0.0 unfetched, good 1.0.0 taken, junk 1.0.0 refused not-gzip, oci 1.0.0 unfetched, other 1.0.0 differs, pageprov 1.0.0 taken, renamed 1.0.1 differs")
	for _, result := range r.Results {
		if result.Lost != (result.Outcome != Taken) || result.Lost && result.Message == "" {
			t.Errorf("%+v", result)
		}
	}
}

// TestImportRetries gets over what fails in passing, and gives up on the rest.
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
	from.place.(*web).sleep = func(_ context.Context, d time.Duration) error {
		mu.Lock()
		defer mu.Unlock()
		longest = max(longest, d)
		return nil
	}
	got, _ := g.imports(g.options(from))
	g.want("retries", got, "busy 1.0.0 taken, cut 1.0.0 taken, down 1.0.0 unfetched, limited 1.0.0 taken, refused 1.0.0 unfetched")
	if down, refused := s.times("/repo/down-1.0.0.tgz"), s.times("/repo/refused-1.0.0.tgz"); down < webTries || refused != 1 || longest < 3*time.Second {
		t.Errorf("asked %d and %d times; waited for %v at most", down, refused, longest)
	}
}

// TestImportStalls breaks off what does not go on, and tries again.
func TestImportStalls(t *testing.T) {
	s, g := newOld(t), newTarget(t)
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
	from := s.open(Credentials{})
	from.place.(*web).stall = 50 * time.Millisecond
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
	if _, err := Run(t.Context(), g.options(from)); err == nil || !strings.Contains(err.Error(), "no data for 50ms") {
		t.Errorf("got %v, want that there was no data", err)
	}
}

// TestImportServerDown gives up once a server is gone, and goes on later.
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

// TestCredentials are sent to the repository alone.
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

// TestRedirects: with credentials, nobody leads from https to http; and loops end.
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
		{"", "http://a/", "http://b/", redirects + 1, false},
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

// TestResolve finds files where Helm finds them.
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
			t.Errorf("%s shows what may be secret", r)
		}
	}
	for _, base := range []string{"https://u:p@h/", "ftp://h/", "https://", "http://[::1", "x"} {
		if _, err := OpenWeb(base, Credentials{}); err == nil {
			t.Errorf("%s is taken", base)
		}
	}
}

func writeFiles(t *testing.T, files map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	for name, b := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, b, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestImportFolder reads folders with an index and without.
func TestImportFolder(t *testing.T) {
	a, b, c := charttest.Simple("a", "1.0.0"), charttest.Simple("b", "1.0.0"), charttest.Simple("c", "1.0.0")
	plain := writeFiles(t, map[string][]byte{"a.tgz": a, "again.tgz": a, "sub/b %2B.tgz": b, "junk.tgz": []byte("junk"), "sub/sub/c.tgz": c, "README.md": nil})
	for _, test := range []struct{ dir, want string }{
		{plain, "refused not-gzip, a 1.0.0 taken, a 1.0.0 duplicate, b 1.0.0 taken"},
		{writeFiles(t, map[string][]byte{
			"index.yaml": []byte("entries:\n  a:\n  - {name: a, version: 1.0.0, urls: [https://nowhere.invalid/x/a-1.0.0.tgz]}\n  b:\n  - {name: b, version: 1.0.0, urls: [../../etc/b-1.0.0.tgz]}\n" +
				"  c:\n  - {name: c, version: 1.0.0, urls: ['dir/']}\n  d:\n  - {name: d, version: 1.0.0, urls: ['s3://x/d.tgz']}\n"),
			"a-1.0.0.tgz": a, "etc/b-1.0.0.tgz": b, "dir/x": nil,
		}), "a 1.0.0 taken, b 1.0.0 taken, c 1.0.0 unfetched, d 1.0.0 unfetched"},
	} {
		from, err := OpenFolder(test.dir)
		if err != nil {
			t.Fatal(err)
		}
		g := newTarget(t)
		got, _ := g.imports(g.options(from))
		g.want("folder", got, test.want)
	}
	empty, err := OpenFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Run(t.Context(), newTarget(t).options(empty)); !errors.Is(err, errMissing) {
		t.Errorf("empty: %v", err)
	}
}

// TestImportFolderLink reads nothing outside the folder.
func TestImportFolderLink(t *testing.T) {
	outside := writeFiles(t, map[string][]byte{"a-1.0.0.tgz": charttest.Simple("a", "1.0.0")})
	dir := writeFiles(t, map[string][]byte{"index.yaml": []byte("entries:\n  a:\n  - {name: a, version: 1.0.0, urls: [a-1.0.0.tgz]}\n")})
	if err := os.Symlink(filepath.Join(outside, "a-1.0.0.tgz"), filepath.Join(dir, "a-1.0.0.tgz")); err != nil {
		t.Logf("no links here: %v", err)
		return
	}
	from, err := OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	g := newTarget(t)
	got, _ := g.imports(g.options(from))
	g.want("link", got, "a 1.0.0 unfetched")
}

// TestImportBucket reads a repository in a bucket, by keys and by its URLs.
func TestImportBucket(t *testing.T) {
	bucket := &storetest.Mem{Now: time.Now}
	bucket.Put("index.yaml", []byte("entries:\n  a:\n  - {name: a, version: 1.0.0, urls: [charts/a.tgz]}\n  b:\n  - {name: b, version: 1.0.0, urls: ['s3://old/helm/b.tgz']}\n"+
		"  c:\n  - {name: c, version: 1.0.0, urls: ['s3://old/elsewhere/c.tgz']}\n  d:\n  - {name: d, version: 1.0.0, urls: ['s3://other/helm/d.tgz']}\n  e:\n  - {name: e, version: 1.0.0, urls: [e.tgz]}\n"))
	bucket.Put("charts/a.tgz", charttest.Simple("a", "1.0.0"))
	bucket.Put("b.tgz", charttest.Simple("b", "1.0.0"))
	from, err := OpenBucket("s3://old?prefix=helm/&region=x", bucket.Handle("import"))
	if err != nil || from.String() != "s3://old" {
		t.Fatal(from, err)
	}
	g := newTarget(t)
	got, _ := g.imports(g.options(from))
	g.want("bucket", got, "a 1.0.0 taken, b 1.0.0 taken, c 1.0.0 unfetched, d 1.0.0 unfetched, e 1.0.0 unfetched")
}

// TestImportStoreFails ends an import whose drop area or site fails, and says
// what was done by then.
func TestImportStoreFails(t *testing.T) {
	s := newOld(t)
	s.add("a", "1.0.0")
	for name, fail := range map[string]func(*target) *storetest.Mem{
		"drop": func(g *target) *storetest.Mem { return g.drop },
		"site": func(g *target) *storetest.Mem { return g.site },
	} {
		g := newTarget(t)
		fail(g).Hook = func(storetest.Op) storetest.Fault { return storetest.Refused }
		if _, err := Run(t.Context(), g.options(s.open(Credentials{}))); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	s.odd = func(_ http.ResponseWriter, r *http.Request, _ int) bool {
		if strings.HasSuffix(r.URL.Path, ".tgz") {
			cancel()
		}
		return false
	}
	if r, err := Run(ctx, newTarget(t).options(s.open(Credentials{}))); !errors.Is(err, context.Canceled) || r.Count(Unfetched) > 0 {
		t.Errorf("interrupted: %+v, %v", r, err)
	}
}

// published are the versions in the channel's index, with digests and dates.
func (g *target) published() string {
	g.t.Helper()
	head, err := publisher.ReadHead(g.t.Context(), g.site.Handle("reader"), "stable", nil)
	if err != nil {
		g.t.Fatal(err)
	}
	var words []string
	for chart := range head.Charts() {
		for _, line := range head.Lines(chart) {
			var l struct{ Version, Digest, Created string }
			if err := json.Unmarshal([]byte(line), &l); err != nil {
				g.t.Fatal(err)
			}
			words = append(words, chart, l.Version, l.Digest, l.Created)
		}
	}
	return strings.Join(words, " ")
}

// TestImportTwiceAtOnce shows nothing twice.
func TestImportTwiceAtOnce(t *testing.T) {
	s, once, g := newOld(t), newTarget(t), newTarget(t)
	for i := range 20 {
		s.add("web", fmt.Sprintf("1.0.%d", i))
	}
	once.imports(once.options(s.open(Credentials{})))
	once.generate()
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			if _, err := Run(t.Context(), g.options(s.open(Credentials{}))); err != nil {
				t.Error(err)
			}
		})
	}
	both.Wait()
	g.generate()
	g.want("published", g.published(), once.published())
}

// TestImportFaulty lets each operation on the drop area and the site go wrong,
// with and without effect. Whatever comes of it, the next import completes it.
func TestImportFaulty(t *testing.T) {
	s, clean := newOld(t), newTarget(t)
	s.add("a", "1.0.0")
	s.add("b", "1.0.0")
	s.files["/repo/b-1.0.0.tgz.prov"] = charttest.NewSigner().Sign("b-1.0.0.tgz", s.files["/repo/b-1.0.0.tgz"])
	n := 0
	count := func(storetest.Op) storetest.Fault { n++; return storetest.None }
	clean.drop.Hook, clean.site.Hook = count, count
	clean.imports(clean.options(s.open(Credentials{})))
	clean.drop.Hook, clean.site.Hook = nil, nil
	clean.generate()
	if n < 5 {
		t.Fatalf("an import is %d operations", n)
	}
	for at := range n {
		for _, fault := range []storetest.Fault{storetest.Refused, storetest.Unacked} {
			g, i := newTarget(t), 0
			hook := func(storetest.Op) storetest.Fault {
				if i++; i == at+1 {
					return fault
				}
				return storetest.None
			}
			g.drop.Hook, g.site.Hook = hook, hook
			o := g.options(s.open(Credentials{}))
			o.Workers = 1
			if _, err := Run(t.Context(), o); err == nil && fault == storetest.Refused {
				t.Errorf("operation %d is refused, and nothing is said", at)
			}
			g.drop.Hook, g.site.Hook = nil, nil
			if _, r := g.imports(o); r.Lost() > 0 {
				t.Errorf("operation %d: %+v", at, r.Results)
			}
			g.generate()
			g.want(fmt.Sprint("operation ", at), g.published(), clean.published())
		}
	}
}

// TestIndexSource fails as a whole if there is no index to be had.
func TestIndexSource(t *testing.T) {
	for name, answer := range map[string]func(w http.ResponseWriter){
		"page":  func(w http.ResponseWriter) { io.WriteString(w, "<!doctype html>") },
		"none":  func(w http.ResponseWriter) { w.WriteHeader(http.StatusNotFound) },
		"error": func(w http.ResponseWriter) { w.WriteHeader(http.StatusInternalServerError) },
		"huge": func(w http.ResponseWriter) {
			line := []byte(strings.Repeat("#", 1<<20) + "\n")
			for range 101 {
				w.Write(line)
			}
		},
	} {
		s := newOld(t)
		s.odd = func(w http.ResponseWriter, _ *http.Request, _ int) bool { answer(w); return true }
		if _, err := Run(t.Context(), newTarget(t).options(s.open(Credentials{}))); err == nil || !strings.Contains(err.Error(), "index.yaml") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
