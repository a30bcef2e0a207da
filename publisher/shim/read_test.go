package shim

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jellydator/ttlcache/v3"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
	"github.com/portolan-charts/portolan/publisher/shim/auth"
)

const archive = "charts/alpha/1.0.0/id/alpha-1.0.0.tgz"

// stocked opens a port whose channel team has two charts.
func stocked(t *testing.T, change func(*Options)) *port {
	p := open(t, change)
	p.publish("team", "alpha", "beta-1")
	p.put(p.site, "team/"+archive, "the archive")
	p.put(p.site, "team/"+archive+".prov", "the signature")
	p.put(p.site, "team/index.html", "<p>"+strings.Repeat("page ", 1000))
	return p
}

// TestReads checks the answers of the site's URLs.
func TestReads(t *testing.T) {
	p := stocked(t, nil)
	const gl = "/api/v4/projects/7/packages/helm/"
	p.publish("7/devel", "alpha")
	p.put(p.site, "7/devel/"+archive, "another archive")
	const immutable, changing = "public, max-age=31536000, immutable", "no-cache"
	tests := []struct {
		path, body, media, cache string
	}{
		{"/team/index.yaml", `{"apiVersion":"v1","generated"`, "application/yaml", changing},
		{"/team/" + archive, "the archive", "application/gzip", immutable},
		{"/team/" + archive + ".prov", "the signature", "text/plain; charset=utf-8", immutable},
		{"/team/charts/alpha-1.0.0.tgz", "the archive", "application/gzip", changing},
		{"/team/charts/alpha-1.0.0.tgz.prov", "the signature", "text/plain; charset=utf-8", changing},
		{gl + "devel/index.yaml", `{"apiVersion":"v1","generated":"2026-03-01T12:00:00Z","serverInfo":{"contextPath":"/api/v4/projects/7/packages/helm"}`, "application/yaml", changing},
		{gl + "devel/" + archive, "another archive", "application/gzip", immutable},
		{gl + "devel/charts/alpha-1.0.0.tgz", "another archive", "application/gzip", changing},
		{"/team/", "<p>page", "text/html; charset=utf-8", "public, max-age=60, must-revalidate"},
		{"/health", `{"healthy":true}`, "application/json", "no-store"},
		{"/api/team/charts", `{"alpha":[{"name":"alpha","version":"1.0.0","urls"`, "application/json", changing},
		{"/api/team/charts?limit=1", `{"alpha":[{"name":"alpha","version":"1.0.0","urls":["` + archive + `"]}]}`, "application/json", changing},
		{"/api/team/charts?offset=1", `{"beta-1":[`, "application/json", changing},
		{"/api/team/charts?offset=2", `{}`, "application/json", changing},
		{"/api/team/charts/alpha", `[{"name":"alpha"`, "application/json", changing},
		{"/api/team/charts/alpha/1.0.0", `{"name":"alpha"`, "application/json", changing},
		{"/api/team/charts/alpha/latest", `{"name":"alpha"`, "application/json", changing},
	}
	for _, test := range tests {
		got := p.get(test.path)
		if got.StatusCode != http.StatusOK || !strings.HasPrefix(got.body, test.body) {
			t.Errorf("%s: %d %.200s, want %s", test.path, got.StatusCode, got.body, test.body)
		}
		if m, c := got.Header.Get("Content-Type"), got.Header.Get("Cache-Control"); m != test.media || c != test.cache {
			t.Errorf("%s: %q, %q; want %q, %q", test.path, m, c, test.media, test.cache)
		}
		head := p.do(p.request(http.MethodHead, test.path, nil))
		if head.StatusCode != http.StatusOK || head.body != "" || head.ContentLength != int64(len(got.body)) {
			t.Errorf("HEAD %s: %d, length %d, body %q; want length %d", test.path, head.StatusCode, head.ContentLength, head.body, len(got.body))
		}
	}
}

func TestNotThere(t *testing.T) {
	p := stocked(t, nil)
	for path, rule := range map[string]string{
		"/team/charts/alpha-2.0.0.tgz":       "chart-unknown",
		"/team/charts/gamma-1.0.0.tgz":       "chart-unknown",
		"/team/charts/alpha.tgz":             "chart-unknown",
		"/team/charts/beta-1-1.0.0.tgz":      "route",      // the index names it, but it is gone
		"/team/charts/beta-1-1.0.0.tgz.prov": "not-signed", // likewise
		"/team/nothing":                      "route",
		"/.portolan/lock":                    "route",
		"/team/.attrs":                       "route",
		"/api/team/charts/gamma":             "chart-unknown",
		"/api/team/charts/alpha/3":           "version-unknown",
		"/api/nowhere/charts/alpha":          "chart-unknown",
		"/api/v4/projects/7/packages/npm/x":  "route",
	} {
		failed(t, p.get(path), http.StatusNotFound, rule)
	}
	failed(t, p.get("/team/"+archive, "Range", "bytes=900-901"), http.StatusRequestedRangeNotSatisfiable, "range")
	failed(t, p.get("/team/"+archive, "If-Match", `"x"`), http.StatusPreconditionFailed, "precondition")
	failed(t, p.get("/team/charts/"+strings.Repeat("-", 10_000)+".tgz"), http.StatusNotFound, "chart-unknown")
	failed(t, p.get("/team/nothing", "Accept", "text/html"), http.StatusNotFound, "route")
	failed(t, p.get("/api/team/charts?offset=-1"), http.StatusBadRequest, "offset")
	failed(t, p.get("/api/team/charts?limit=x"), http.StatusBadRequest, "limit")
	p.put(p.site, "404.html", "<p>gone")
	if got := p.get("/team/nothing", "Accept", "text/html"); got.StatusCode != http.StatusNotFound || got.body != "<p>gone" {
		t.Errorf("for a browser: %d %s", got.StatusCode, got.body)
	}
}

// TestConditional checks entity tags, with and without compression.
func TestConditional(t *testing.T) {
	p := stocked(t, nil)
	for _, path := range []string{"/team/index.yaml", "/team/index.html", "/team/charts/alpha-1.0.0.tgz"} {
		tags := map[string]bool{}
		for _, coding := range []string{"identity", "gzip", "br;q=1, gzip;q=0.5", "gzip;q=0"} {
			first := p.get(path, "Accept-Encoding", coding)
			tag := first.Header.Get("ETag")
			zipped := first.Header.Get("Content-Encoding") == "gzip"
			if want := strings.HasPrefix(path, "/team/index") && coding != "identity" && coding != "gzip;q=0"; zipped != want {
				t.Errorf("%s, %s: compressed is %t, want %t", path, coding, zipped, want)
			}
			if zipped {
				z, err := gzip.NewReader(strings.NewReader(first.body))
				if err != nil {
					t.Fatal(err)
				}
				plain, err := io.ReadAll(z)
				if want := p.get(path, "Accept-Encoding", "identity").body; err != nil || string(plain) != want {
					t.Errorf("%s: the compressed answer differs: %v", path, err)
				}
			}
			tags[fmt.Sprint(tag, zipped)] = true
			for _, sent := range []string{tag, "W/" + tag, `"x", ` + tag} {
				if got := p.get(path, "Accept-Encoding", coding, "If-None-Match", sent); got.StatusCode != http.StatusNotModified || got.body != "" {
					t.Errorf("%s, %s, If-None-Match %s: %d", path, coding, sent, got.StatusCode)
				}
			}
			if got := p.get(path, "Accept-Encoding", coding, "If-None-Match", `"x"`); got.StatusCode != http.StatusOK {
				t.Errorf("%s: another tag: %d", path, got.StatusCode)
			}
		}
		if strings.HasPrefix(path, "/team/index") && len(tags) != 2 {
			t.Errorf("%s: tags %v, want one plain and one compressed", path, tags)
		}
	}
	if got := p.get("/team/"+archive, "Range", "bytes=4-6"); got.StatusCode != http.StatusPartialContent || got.body != "arc" {
		t.Errorf("a range: %d %q", got.StatusCode, got.body)
	}
}

// TestFresh checks that an index is read once while it is fresh, and that a new one
// is served as soon as the shim is told that the site changed.
func TestFresh(t *testing.T) {
	p := stocked(t, nil)
	reads := 0
	p.site.Hook = func(op buckettest.Op) buckettest.Fault {
		if op.Kind == buckettest.Get && op.Key == "team/index.yaml" {
			reads++
		}
		return buckettest.None
	}
	for range 5 {
		p.get("/team/index.yaml")
		p.get("/api/team/charts")
	}
	if reads != 1 {
		t.Errorf("10 requests read the index %d times, want once", reads)
	}
	site := p.site.Handle("generator")
	head, err := publisher.ReadHead(t.Context(), site, "team", nil)
	if err != nil {
		t.Fatal(err)
	}
	next := strings.Replace(p.get("/team/index.yaml").body, `"1"`, `"2"`, 1)
	if err := site.Replace(t.Context(), bucket.Object{Key: "team/index.yaml", Body: bucket.Bytes([]byte(next))}, head.Token); err != nil {
		t.Fatal(err)
	}
	p.Published()
	if got := p.get("/team/index.yaml").body; got != next {
		t.Errorf("after it was told, the shim serves\n%s", got)
	}
}

// TestOlderVersions checks that versions moved out of the index can still be
// downloaded and are known to the judge of uploads, but are not in the index that
// clients get.
func TestOlderVersions(t *testing.T) {
	p := open(t, nil)
	const header = `{"apiVersion":"v1","generated":"2026-03-01T12:00:00Z","annotations":{"portolan/generation":"1","portolan/older":"snapshots/00000001/older"},"entries":{`
	entry := func(version, up string) string {
		url := "charts/alpha/" + version + "/id/alpha-" + version + ".tgz"
		return header + "\n\"alpha\":[\n" + `{"name":"alpha","version":"` + version + `","urls":["` + up + url + `"]}` + "\n]\n}}\n"
	}
	p.put(p.site, "team/index.yaml", entry("2.0.0", ""))
	p.put(p.site, "team/snapshots/00000001/older/index.yaml", entry("1.0.0", "../../../"))
	p.put(p.site, "team/"+archive, "the archive")
	for path, want := range map[string]string{
		"/team/charts/alpha-1.0.0.tgz": "the archive", "/api/team/charts/alpha/1.0.0": `{"name":"alpha","version":"1.0.0"`, "/team/index.yaml": header,
	} {
		if got := p.get(path).body; !strings.HasPrefix(got, want) || path == "/team/index.yaml" && strings.Contains(got, "1.0.0") {
			t.Errorf("%s answers %s", path, got)
		}
	}
	v, err := p.views.get(t.Context(), "team")
	if err != nil || len(v.head.Lines("alpha")) != 2 || v.head.Size < int64(2*len(header)) {
		t.Errorf("the view: %+v, %v", v, err)
	}
}

// TestViewsBounded checks that the indexes kept are bounded, in number and bytes.
func TestViewsBounded(t *testing.T) {
	p := open(t, nil)
	for i := range maxViews + 10 {
		if _, err := p.views.get(t.Context(), fmt.Sprintf("team%d", i)); err != nil {
			t.Fatal(err)
		}
	}
	if n := p.views.other.Len(); n != maxViews {
		t.Errorf("%d names are remembered, want %d", n, maxViews)
	}
	for i := range 3 {
		name := fmt.Sprintf("large%d", i)
		p.publish(name, "alpha")
		v, err := p.views.get(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		v.head.Size = maxKept + 1
		p.views.kept.Set(name, p.views.kept.Get(name).Value(), ttlcache.NoTTL)
		if !p.views.kept.Has(name) || p.views.kept.Len() != 1 {
			t.Errorf("%s: %d views are kept", name, p.views.kept.Len())
		}
	}
}

// TestViewsOfStrangers checks that names of channels that do not exist push none out.
func TestViewsOfStrangers(t *testing.T) {
	p := stocked(t, nil)
	seen, err := p.views.get(t.Context(), "team")
	if err != nil {
		t.Fatal(err)
	}
	p.put(p.site, "foreign/index.yaml", "apiVersion: v1\nentries: {}\n")
	for i := range 2 * maxViews {
		p.views.get(t.Context(), fmt.Sprintf("made-up%d", i))
		p.views.get(t.Context(), "foreign")
	}
	if kept := p.views.kept.Get("team"); kept == nil || kept.Value().last() != seen || p.views.kept.Len() != 1 {
		t.Errorf("%d views are kept, and team's is %v", p.views.kept.Len(), kept)
	}
	p.publish("made-up1", "alpha") // it becomes a channel
	p.Published()
	if v, err := p.views.get(t.Context(), "made-up1"); err != nil || !v.known || !p.views.kept.Has("made-up1") || p.views.other.Has("made-up1") {
		t.Errorf("a new channel: %+v, %v", v, err)
	}
}

// TestOneZip checks that a channel's index is compressed once, however the URL is
// spelled, and that every answer is one valid gzip file.
func TestOneZip(t *testing.T) {
	p := stocked(t, nil)
	p.publish("g/p/devel", "alpha")
	var zipped *byte
	for _, path := range []string{"/g/p/devel/", "/api/v4/projects/g/packages/helm/p/devel/", "/api/v4/projects/g%2Fp/packages/helm/devel/", "/api/v4/projects/g/p/packages/helm/devel/"} {
		got := p.get(path+"index.yaml", "Accept-Encoding", "gzip")
		z, err := gzip.NewReader(strings.NewReader(got.body))
		if err != nil {
			t.Fatal(err)
		}
		z.Multistream(false) // browsers read the first part only
		plain, err := io.ReadAll(z)
		if want := p.get(path+"index.yaml", "Accept-Encoding", "identity").body; err != nil || string(plain) != want {
			t.Errorf("%s: %v, unpacked to\n%s\nwant\n%s", path, err, plain, want)
		}
		v, err := p.views.get(t.Context(), "g/p/devel")
		if err != nil {
			t.Fatal(err)
		}
		if zipped == nil {
			zipped = &v.zipped[0]
		}
		if &v.zipped[0] != zipped {
			t.Errorf("%s: compressed again", path)
		}
	}
}

// TestAmbiguous checks that no URL leads to one of two charts.
func TestAmbiguous(t *testing.T) {
	p := open(t, nil)
	p.put(p.site, "team/index.yaml", `{"apiVersion":"v1","generated":"2026-03-01T12:00:00Z","annotations":{"portolan/generation":"1"},"entries":{
"web":[
{"name":"web","version":"1.0.0-2.0.0","urls":["charts/web/1.0.0-2.0.0/id/web-1.0.0-2.0.0.tgz"]},
{"name":"web","version":"1.0.0","urls":["charts/web/1.0.0/id/web-1.0.0.tgz"]}
],
"web-1.0.0":[
{"name":"web-1.0.0","version":"2.0.0","urls":["charts/web-1.0.0/2.0.0/id/web-1.0.0-2.0.0.tgz"]}
]
}}
`)
	for _, path := range []string{"charts/web/1.0.0-2.0.0/id/web-1.0.0-2.0.0.tgz", "charts/web-1.0.0/2.0.0/id/web-1.0.0-2.0.0.tgz", "charts/web/1.0.0/id/web-1.0.0.tgz"} {
		p.put(p.site, "team/"+path, path)
		if got := p.get("/team/" + path); got.body != path {
			t.Errorf("%s: %d %s", path, got.StatusCode, got.body)
		}
	}
	for _, path := range []string{"/team/charts/web-1.0.0-2.0.0.tgz", "/team/charts/web-1.0.0-2.0.0.tgz.prov"} {
		failed(t, p.get(path), http.StatusConflict, "ambiguous")
	}
	if got := p.get("/team/charts/web-1.0.0.tgz"); got.body != "charts/web/1.0.0/id/web-1.0.0.tgz" {
		t.Errorf("another of its versions: %d %s", got.StatusCode, got.body)
	}
}

// TestRootAPI checks that the site's files below api are served, beside the API.
func TestRootAPI(t *testing.T) {
	p := stocked(t, func(o *Options) { o.Version = "v1.2.3"; o.Projects = []string{"7"} })
	for _, key := range []string{"api/index.json", "api/index.html", "api/chart.schema.json", "team/api/index.json", "team/api/charts/alpha.json"} {
		p.put(p.site, key, key)
		if got := p.get("/" + key); got.StatusCode != http.StatusOK || got.body != key {
			t.Errorf("%s: %d %s", key, got.StatusCode, got.body)
		}
	}
	for path, want := range map[string]string{
		"/api/": "api/index.html", "/api/v4/projects/7/packages/helm/api/index.json": "api/index.json", "/api/team/charts/alpha/1.0.0": `{"name":"alpha"`, "/info": `{"version":"v1.2.3"}`,
	} {
		if got := p.get(path); got.StatusCode >= http.StatusBadRequest || !strings.HasPrefix(got.body, want) {
			t.Errorf("%s: %d %s, want %s", path, got.StatusCode, got.body, want)
		}
	}
	for _, path := range []string{"/api/nothing.json", "/api/team/charts/alpha/1.0.0/values", "/api/team/charts/alpha/1.0.0/templates", "/api/v4/projects/42/packages/helm/api/index.json"} {
		failed(t, p.get(path), http.StatusNotFound, "route")
	}
	failed(t, p.post("/api/index.json", "x"), http.StatusNotFound, "route")
}

// TestUnknownChannel checks that a channel that does not exist looks empty to those
// who may upload, and that a shim without a site serves nothing else.
func TestUnknownChannel(t *testing.T) {
	p := open(t, nil)
	const empty = `{"apiVersion":"v1","generated":"1970-01-01T00:00:00Z"`
	if got := p.get("/nowhere/index.yaml"); got.StatusCode != http.StatusOK || !strings.HasPrefix(got.body, empty) {
		t.Errorf("somebody who may upload: %d %s", got.StatusCode, got.body)
	}
	blind := open(t, func(o *Options) { o.Site = nil })
	if got := blind.get("/api/v4/projects/7/packages/helm/devel/index.yaml"); !strings.Contains(got.body, `"contextPath":"/api/v4/projects/7/packages/helm"`) {
		t.Errorf("without a site: %d %s", got.StatusCode, got.body)
	}
	for _, path := range []string{"/team/x", "/team/charts/alpha-1.0.0.tgz", "/api/team/charts", "/assets/style.css"} {
		failed(t, blind.get(path), http.StatusNotFound, "no-site")
	}
}

// hanging is a store that never answers.
type hanging struct{ bucket.Store }

func (hanging) Get(ctx context.Context, _ string) (*bucket.Reader, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// TestHangingSite checks that concurrent requests wait together, not one after the
// other, and that a request that is cancelled stops waiting.
func TestHangingSite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		vs := newViews(hanging{}, func(string, *publisher.Head) Judge { return Judge{} })
		start := time.Now()
		var group sync.WaitGroup
		for range 20 {
			group.Go(func() {
				if _, err := vs.get(t.Context(), "team"); err == nil {
					t.Error("an index was read")
				}
			})
		}
		impatient, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := vs.get(impatient, "team"); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) > 2*time.Second {
			t.Errorf("the cancelled request: %v after %v", err, time.Since(start))
		}
		group.Wait()
		if took := time.Since(start); took > readTime+time.Second {
			t.Errorf("20 requests waited %v, want %v", took, readTime)
		}
	})
}

// TestCrossOrigin checks that web pages of other sites cannot upload with the
// rights of the browser's user.
func TestCrossOrigin(t *testing.T) {
	p := open(t, nil)
	failed(t, p.post("/api/charts", "chart alpha 1.0.0", "Sec-Fetch-Site", "cross-site"), http.StatusForbidden, "cross-origin")
	failed(t, p.post("/api/charts", "chart alpha 1.0.0", "Origin", "https://evil.example"), http.StatusForbidden, "cross-origin")
	if got := p.get("/health", "Sec-Fetch-Site", "cross-site"); got.StatusCode != http.StatusOK {
		t.Errorf("a link from elsewhere: %d", got.StatusCode)
	}
}

// TestGone checks that a channel whose index disappears is an error, and does not
// look empty.
func TestGone(t *testing.T) {
	p := stocked(t, nil)
	p.get("/team/index.yaml")
	if err := p.site.Handle("somebody").Delete(t.Context(), "team/index.yaml", ""); err != nil {
		t.Fatal(err)
	}
	p.Published()
	failed(t, p.get("/team/index.yaml"), http.StatusServiceUnavailable, "store")
}

// TestReadersUnknownChannel checks the answers about a channel that does not exist
// to those who may not upload to it.
func TestReadersUnknownChannel(t *testing.T) {
	file := filepath.Join(t.TempDir(), "auth.yaml")
	if err := os.WriteFile(file, []byte("anonymous: [\"read:**\"]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := stocked(t, func(o *Options) {
		var err error
		if o.Auth, err = auth.Open(file, nil, nil); err != nil {
			t.Fatal(err)
		}
		o.Projects = []string{"7"}
	})
	p.publish("group/app/stable", "alpha")
	for path, want := range map[string]int{
		"/team/index.yaml": 200, "/group/app/devel/index.yaml": 200, "/api/v4/projects/group%2Fapp/packages/helm/devel/index.yaml": 200,
		"/api/v4/projects/7/packages/helm/devel/index.yaml": 200,
		"/taem/index.yaml":               200, // looks like a new channel beside the others
		"/group/other/stable/index.yaml": 404, "/api/v4/projects/9/packages/helm/stable/index.yaml": 404,
	} {
		if got := p.get(path); got.StatusCode != want {
			t.Errorf("%s: %d %s, want %d", path, got.StatusCode, got.body, want)
		}
	}
}

// TestUnreadableIndex checks channels whose index portolan did not write, or whose
// index is damaged. Only the damaged one takes uploads, since they repair it.
func TestUnreadableIndex(t *testing.T) {
	p := open(t, nil)
	p.put(p.site, "foreign/index.yaml", "apiVersion: v1\nentries: {}\n")
	p.put(p.site, "damaged/index.yaml", "oops")
	p.put(p.site, "damaged/log/00000001.json", "{}")
	failed(t, p.get("/foreign/index.yaml"), http.StatusConflict, "index-foreign")
	failed(t, p.post("/api/foreign/charts", "chart alpha 1.0.0"), http.StatusConflict, "index-foreign")
	failed(t, p.get("/damaged/index.yaml"), http.StatusServiceUnavailable, "index-damaged")
	if got := p.post("/api/damaged/charts", "chart alpha 1.0.0"); got.StatusCode != http.StatusCreated {
		t.Errorf("an upload to the damaged channel: %d %s", got.StatusCode, got.body)
	}
}

// TestHealth checks that a probe asks the buckets, and that its result is reused.
func TestHealth(t *testing.T) {
	p := open(t, nil)
	asked := 0
	p.drop.Hook = func(buckettest.Op) buckettest.Fault { asked++; return buckettest.None }
	for range 5 {
		if got := p.get("/readyz"); got.StatusCode != http.StatusOK {
			t.Errorf("readyz: %d %s", got.StatusCode, got.body)
		}
	}
	if asked != 1 {
		t.Errorf("the drop area was asked %d times, want once", asked)
	}
	var healthy struct{ Healthy bool }
	if err := json.Unmarshal([]byte(p.get("/health").body), &healthy); err != nil || !healthy.Healthy {
		t.Error("/health is not what ChartMuseum answers")
	}
}
