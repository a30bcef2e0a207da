package importer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/generator/config"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
	"github.com/portolan-charts/portolan/publisher/droparea"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// old is a repository on a web server.
type old struct {
	*httptest.Server
	t       *testing.T
	entries map[string][]map[string]any
	files   map[string][]byte

	mu    sync.Mutex
	asked []string                                                 // paths
	odd   func(w http.ResponseWriter, r *http.Request, n int) bool // returns true if it answered itself; n counts requests for the path
	count map[string]int
}

func newOld(t *testing.T) *old {
	s := emptyOld(t)
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

// emptyOld returns a repository without a server.
func emptyOld(t *testing.T) *old {
	return &old{t: t, entries: map[string][]map[string]any{}, files: map[string][]byte{}, count: map[string]int{}}
}

// times returns how often a path was requested.
func (s *old) times(path string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.count[path]
}

// lately returns the paths that were requested since the last call.
func (s *old) lately() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer func() { s.asked = nil }()
	return strings.Join(s.asked, " ")
}

// add adds a chart, and returns its entry so that a test can change it.
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

// open opens the repository without pauses between tries.
func (s *old) open(c Credentials) *Repository {
	s.t.Helper()
	r, err := OpenWeb(s.URL+"/repo", c)
	if err != nil {
		s.t.Fatal(err)
	}
	r.place.(*web).client.Sleep = func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
	return r
}

// target is a channel to import into.
type target struct {
	t          *testing.T
	drop, site *buckettest.Mem
	config     *config.Config
}

func newTarget(t *testing.T) *target {
	return &target{t: t, drop: &buckettest.Mem{Now: time.Now}, site: &buckettest.Mem{Now: time.Now}}
}

func (g *target) options(from *Repository) Options {
	return Options{From: from, Channel: "stable", Drop: g.drop.Handle("import"), Site: g.site.Handle("import"), Config: g.config}
}

// imports runs an import, and returns the outcome of each chart.
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
	if err != nil || r.Count(verdict.Rejected) > 0 {
		g.t.Fatalf("%+v, %v", r, err)
	}
}

// waits returns the requests of the uploads in the inbox, by file name.
func (g *target) waits() map[string]droparea.Request {
	g.t.Helper()
	all := map[string]droparea.Request{}
	for key, b := range g.drop.Snapshot() {
		if strings.HasSuffix(key, ".json") && strings.HasPrefix(key, "inbox/stable/") {
			var r droparea.Request
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

// TestImport goes through an import from a dry run to published charts: what it
// takes, what it reports, and that it does nothing twice.
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
		t.Errorf("a dry run leaves %v, and counts %d entries", slices.Collect(maps.Keys(g.drop.Snapshot())), total)
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
		// An archive without a digest in the index must be fetched.
		g.want("fetched "+when, s.lately(), "/repo/index.yaml /repo/c-1.0.0.tgz /repo/c-1.0.0.tgz.prov")
		g.generate()
	}
	if n := len(g.waits()); n != 0 {
		t.Errorf("%d wait", n)
	}
}

// TestImportPublished replaces nothing that is published.
func TestImportPublished(t *testing.T) {
	for _, policy := range []string{"replace", "reject"} {
		g, before, s := newTarget(t), newOld(t), newOld(t)
		config, err := config.Parse([]byte("channels: [{match: stable, duplicates: "+policy+"}]"), "portolan.yaml")
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

// TestImportWaiting leaves out a version if other content for it is waiting.
func TestImportWaiting(t *testing.T) {
	s, g := newOld(t), newTarget(t)
	s.add("a", "1.0.0")
	s.add("b", "1.0.0")
	id, err := droparea.NewID()
	if err != nil {
		t.Fatal(err)
	}
	err = droparea.Submit(t.Context(), g.drop.Handle("other"), "stable", id, droparea.Submission{
		Chart: bucket.Bytes(charttest.Simple("a", "1.0.0", "values.yaml", "x: y\n")), Request: droparea.Request{File: "a-1.0.0.tgz"},
	})
	if err != nil {
		t.Fatal(err)
	}
	g.drop.Put("inbox/stable/b-1.0.0.tgz", charttest.Simple("b", "1.0.0"))
	got, _ := g.imports(g.options(s.open(Credentials{})))
	g.want("waiting", got, "a 1.0.0 differs, b 1.0.0 differs")
}

// TestImportSelects takes only the charts asked for, and their newest versions.
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

// TestImportFaults reports each entry that cannot be fetched or is refused.
func TestImportFaults(t *testing.T) {
	s, g := newOld(t), newTarget(t)
	s.add("good", "1.0.0")
	s.add("gone", "1.0.0")["urls"] = []string{"gone.tgz"}
	s.add("other", "1.0.0")["digest"] = strings.Repeat("0", 64)
	s.add("renamed", "1.0.0")
	s.entries["renamed"][0]["version"] = "1.0.1"
	s.add("oci", "1.0.0")["urls"] = []string{"oci://example.com/OCI:1.0.0"}
	s.add("ftp", "1.0.0")["urls"] = []string{"ftp://example.com/x.tgz"}
	s.add("badurl", "1.0.0")["urls"] = []string{"http://[::1/x"}
	s.add("escape", "1.0.0")["urls"] = []string{"file:///etc/passwd"}
	s.add("junk", "1.0.0")["digest"] = sum([]byte("junk"))
	s.files["/repo/junk-1.0.0.tgz"] = []byte("junk")
	s.add("badprov", "1.0.0")
	s.files["/repo/badprov-1.0.0.tgz.prov"] = charttest.NewSigner().Sign("badprov-1.0.0.tgz", []byte("else"))
	s.add("pageprov", "1.0.0")
	s.files["/repo/pageprov-1.0.0.tgz.prov"] = []byte("\n<!doctype html>")
	big := make([]byte, check.Limits{}.WithDefaults().Packed+10)
	s.add("big", "1.0.0")["digest"] = nil
	s.files["/repo/big-1.0.0.tgz"] = big
	got, r := g.imports(g.options(s.open(Credentials{})))
	g.want("faults", got, "badprov 1.0.0 taken, badurl 1.0.0 unfetched, big 1.0.0 refused packed-size, escape 1.0.0 unfetched, "+
		"ftp 1.0.0 unfetched, gone 1.0.0 unfetched, good 1.0.0 taken, junk 1.0.0 refused not-gzip, oci 1.0.0 unfetched, other 1.0.0 differs, pageprov 1.0.0 taken, renamed 1.0.1 differs")
	for _, result := range r.Results {
		if result.Lost != (result.Outcome != Taken) || result.Lost && result.Message == "" {
			t.Errorf("%+v", result)
		}
	}
}

// TestImportStoreFails stops when the drop area or the site fails, and reports
// what was done before.
func TestImportStoreFails(t *testing.T) {
	s := newOld(t)
	s.add("a", "1.0.0")
	for name, fail := range map[string]func(*target) *buckettest.Mem{
		"drop": func(g *target) *buckettest.Mem { return g.drop },
		"site": func(g *target) *buckettest.Mem { return g.site },
	} {
		g := newTarget(t)
		fail(g).Hook = func(buckettest.Op) buckettest.Fault { return buckettest.Refused }
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

// published returns the versions in the channel's index, with digests and dates.
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

// TestImportTwiceAtOnce runs two imports at once; nothing is published twice.
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

// TestImportFaulty makes each operation on the drop area and the site fail, with
// and without effect. Whatever that leaves behind, the next import completes it.
func TestImportFaulty(t *testing.T) {
	s, clean := newOld(t), newTarget(t)
	s.add("a", "1.0.0")
	s.add("b", "1.0.0")
	s.files["/repo/b-1.0.0.tgz.prov"] = charttest.NewSigner().Sign("b-1.0.0.tgz", s.files["/repo/b-1.0.0.tgz"])
	n := 0
	count := func(buckettest.Op) buckettest.Fault { n++; return buckettest.None }
	clean.drop.Hook, clean.site.Hook = count, count
	clean.imports(clean.options(s.open(Credentials{})))
	clean.drop.Hook, clean.site.Hook = nil, nil
	clean.generate()
	if n < 5 {
		t.Fatalf("an import has %d operations", n)
	}
	for at := range n {
		for _, fault := range []buckettest.Fault{buckettest.Refused, buckettest.Unacked} {
			g, i := newTarget(t), 0
			hook := func(buckettest.Op) buckettest.Fault {
				if i++; i == at+1 {
					return fault
				}
				return buckettest.None
			}
			g.drop.Hook, g.site.Hook = hook, hook
			o := g.options(s.open(Credentials{}))
			o.Workers = 1
			if _, err := Run(t.Context(), o); err == nil && fault == buckettest.Refused {
				t.Errorf("operation %d is refused, but the import reports no failure", at)
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
