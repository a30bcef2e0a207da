package doctor

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"path"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

const (
	indexLife = 10 * time.Minute // the longest that caches should keep an index
	chartLife = 24 * time.Hour   // the shortest that they should keep a chart
)

// index is the part of portolan's index.yaml that doctor checks.
type index struct {
	Annotations map[string]string `json:"annotations"`
	ServerInfo  struct {
		ContextPath string `json:"contextPath"`
	} `json:"serverInfo"`
	Entries map[string][]release `json:"entries"`
}

type release struct {
	Version string   `json:"version"`
	Digest  string   `json:"digest"`
	URLs    []string `json:"urls"`
}

func (x *index) generation() int {
	n, _ := strconv.Atoi(x.Annotations["portolan/generation"])
	return n
}

func parse(b []byte) (*index, error) {
	x := &index{}
	if err := json.Unmarshal(b, x); err != nil {
		return nil, err
	}
	if x.generation() < 1 {
		return nil, fmt.Errorf("it does not name its generation")
	}
	return x, nil
}

// channel examines a channel as it is served: its index, and up to two charts.
func (e *exam) channel(ctx context.Context, base *url.URL, name string, first bool) {
	check := "web: " + name + "/index.yaml"
	a := e.file(ctx, check, join(base, name+"/index.yaml"))
	if a == nil {
		return
	}
	x, bad := e.readable(a)
	if x == nil {
		e.found(check, bad, "")
		return
	}
	findings := append(e.compare(ctx, name, x), a.typed("application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml", "text/plain", "application/json")...)
	findings = append(findings, a.cachedBriefly("index.yaml")...)
	e.found(check, findings, fmt.Sprintf("generation %d, %s, %s", x.generation(), a.header.Get("Content-Type"), a.header.Get("Cache-Control")))
	if first {
		e.contextPath(base, x)
	}
	sampled := samples(x)
	for _, r := range sampled {
		e.chart(ctx, base, name, r)
	}
	if len(sampled) == 0 {
		e.Add("web: "+name, Warning, "its index.yaml lists no version, so no archive was checked", "publish a chart; if all that is there is yanked, 'portolan restore' lists it again")
	}
	e.yanked(ctx, name)
	e.registry(ctx, base, name, x)
}

// file asks for a file. If it is not served, it adds why to the report and
// returns nil.
func (e *exam) file(ctx context.Context, check, address string) *answer {
	a, err := e.get(ctx, address)
	if err != nil {
		seen, fix := webError(err)
		e.Add(check, Fail, seen, fix)
		return nil
	}
	if bad := a.served(); bad != nil {
		e.found(check, bad, "")
		return nil
	}
	return a
}

// readable parses the index that was served.
func (e *exam) readable(a *answer) (*index, []finding) {
	if bytes.HasPrefix(a.body, []byte{0x1f, 0x8b}) {
		return nil, []finding{{Fail, a.url + " is stored gzip-compressed", "store it uncompressed again, and do not compress it when copying the site to its server (gsutil cp -z, gzip_static); Helm does not decompress it"}}
	}
	x, err := parse(a.body)
	if err != nil {
		return nil, []finding{{Fail, fmt.Sprintf("%s is not an index that portolan wrote: %v", a.url, err), "check that the base URL is that of the site's root, and that nothing else writes this index"}}
	}
	return x, nil
}

// compare compares the index that was served with that of the bucket.
func (e *exam) compare(ctx context.Context, name string, served *index) []finding {
	if e.Site.Store == nil {
		return nil
	}
	b, entry, err := bucket.ReadAll(ctx, e.Site.Store, path.Join(name, "index.yaml"), maxBody)
	if err != nil {
		seen, fix := Explain(err, e.Site)
		if isNotFound(err) {
			seen, fix = "it is served, but the site does not have it", "check that the server serves this site, and not another"
		}
		return []finding{{Fail, seen, fix}}
	}
	stored, err := parse(b)
	if err != nil {
		return []finding{{Fail, fmt.Sprintf("the site's copy is not an index that portolan wrote: %v", err), "run 'portolan verify' to see what is wrong"}}
	}
	was, is := served.generation(), stored.generation()
	switch {
	case was < is && e.Now().Sub(entry.Modified) < indexLife:
		return []finding{{Warning, fmt.Sprintf("generation %d is served, but the site has had %d since %s", was, is, entry.Modified.UTC().Format(time.RFC3339)), "wait; a cache may serve the old one for a few minutes"}}
	case was < is:
		return []finding{{Fail, fmt.Sprintf("generation %d is served, but the site has had %d since %s", was, is, entry.Modified.UTC().Format(time.RFC3339)),
			"make the CDN respect the Cache-Control of index.yaml, and empty its cache; or copy the site to the server after each run"}}
	case was > is:
		return []finding{{Fail, fmt.Sprintf("generation %d is served, but the site has only %d", was, is), "check that --site and the base URL belong to the same site"}}
	case !reflect.DeepEqual(served.Entries, stored.Entries):
		return []finding{{Fail, fmt.Sprintf("generation %d is served with other charts than the site's", was), "check that --site and the base URL belong to the same site"}}
	}
	return nil
}

// cachedBriefly checks that clients soon see what is new in a file of this kind.
func (a *answer) cachedBriefly(what string) []finding {
	fix := "serve " + what + " with 'Cache-Control: public, max-age=60, must-revalidate', as it is stored in buckets"
	switch life := a.lifetime(); {
	case life < 0:
		return []finding{{Warning, "nothing says how long it may be cached", fix}}
	case life > chartLife || strings.Contains(a.header.Get("Cache-Control"), "immutable"):
		return []finding{{Fail, "its Cache-Control is " + strconv.Quote(a.header.Get("Cache-Control")) + ": clients would not see new charts", fix}}
	case life > indexLife:
		return []finding{{Warning, fmt.Sprintf("it may be cached for %s, during which clients do not see new charts", life), fix}}
	}
	return nil
}

// contextPath checks what 'helm cm-push' needs.
func (e *exam) contextPath(base *url.URL, x *index) {
	want := strings.TrimSuffix(base.Path, "/")
	if got := x.ServerInfo.ContextPath; got != want {
		e.Add("web: contextPath", Warning, fmt.Sprintf("the index says %q, but the base URL's path is %q: 'helm cm-push' would push to the wrong place", got, want),
			"set baseURL in portolan.yaml to where the site is served; each channel's next generation will have it. This matters only for 'helm cm-push'")
		return
	}
	e.Add("web: contextPath", OK, fmt.Sprintf("%q", want), "")
}

// samples returns the releases whose archives are checked: one, and one whose version
// has a plus, which not all servers handle well.
func samples(x *index) []release {
	var any, plus *release
	for _, name := range slices.Sorted(maps.Keys(x.Entries)) {
		for _, r := range x.Entries[name] {
			switch {
			case len(r.URLs) != 1:
			case strings.Contains(r.Version, "+") && plus == nil:
				plus = &r
			case any == nil:
				any = &r
			}
		}
	}
	var all []release
	for _, r := range []*release{any, plus} {
		if r != nil {
			all = append(all, *r)
		}
	}
	return all
}

// chart examines an archive as it is served.
func (e *exam) chart(ctx context.Context, base *url.URL, channel string, r release) {
	check := "web: " + channel + "/" + path.Base(r.URLs[0])
	a := e.file(ctx, check, join(base, channel+"/"+r.URLs[0]))
	if a == nil {
		return
	}
	if sum := sha256.Sum256(a.body); hex.EncodeToString(sum[:]) != r.Digest {
		e.Add(check, Fail, "its bytes do not match the digest in the index", "make the server neither change nor unpack archives; 'portolan verify --deep' shows whether the site itself is intact")
		return
	}
	findings := a.typed("application/gzip", "application/x-gzip", "application/tar+gzip", "application/x-tar", "application/x-compressed-tar", "application/octet-stream")
	if life := a.lifetime(); life < chartLife {
		findings = append(findings, finding{Warning, fmt.Sprintf("its Cache-Control is %q: it never changes, but clients would fetch it again and again", a.header.Get("Cache-Control")),
			"serve everything in charts/ with 'Cache-Control: public, max-age=31536000, immutable', as it is stored in buckets"})
	}
	e.found(check, findings, fmt.Sprintf("%s, %s", a.header.Get("Content-Type"), a.header.Get("Cache-Control")))
}
