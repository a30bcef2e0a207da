package shim

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/klauspost/compress/gzhttp"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/shim/auth"
)

// compressing returns a wrapper that compresses text, such as pages. Charts are
// already compressed, and each index is compressed only once, see [rendering].
func compressing() func(http.Handler) http.HandlerFunc {
	wrap, err := gzhttp.NewWrapper(
		gzhttp.ContentTypes([]string{"text/html", "text/css", "text/javascript", "text/plain", "application/json", "application/xml", "image/svg+xml"}),
		gzhttp.SuffixETag(zipSuffix),
	)
	if err != nil {
		panic(err) // the options are constants
	}
	return wrap
}

// maxZipping is how many files are compressed at the same time. Each takes about a
// megabyte for as long as its client reads. The others are sent as they are.
const maxZipping = 64

// file serves one of the site's files.
func (s *Shim) file(a *answer, r *http.Request, key string) error {
	if key == "" { // the site's root without the slash that links in its page need
		to := url.URL{Path: "./" + path.Base(r.URL.Path) + "/", RawQuery: r.URL.RawQuery}
		a.Header().Set("Location", to.String())
		a.WriteHeader(http.StatusMovedPermanently)
		return nil
	}
	err := s.siteFile(a, r, key)
	switch {
	case !errors.Is(err, bucket.ErrNotFound):
		return err
	case strings.Contains(r.Header.Get("Accept"), "text/html") && publisher.ServeMissing(a, r, s.Site) == nil:
		return nil
	}
	return unknownRoute(r)
}

// siteFile serves one of the site's files. If there is no such file, it fails with
// ErrNotFound and has written nothing.
func (s *Shim) siteFile(a *answer, r *http.Request, key string) error {
	to := r.Clone(r.Context())
	to.URL = &url.URL{Path: "/" + strings.TrimPrefix(key, "/"), RawQuery: r.URL.RawQuery}
	// A compressed answer has its own tag, but the tag is compared with that of
	// the file.
	if tags := r.Header.Get("If-None-Match"); strings.Contains(tags, zipSuffix+`"`) {
		to.Header.Set("If-None-Match", strings.ReplaceAll(tags, zipSuffix+`"`, `"`))
	}
	var err error
	refused := &refusals{ResponseWriter: a}
	if takesGzip(r) && !isArchive(key) {
		select {
		case s.zipping <- struct{}{}:
			defer func() { <-s.zipping }()
		default:
			to.Header.Del("Accept-Encoding")
		}
	}
	s.compress(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err = publisher.ServeFile(w, r, s.Site)
	})).ServeHTTP(refused, to)
	switch {
	case refused.status == http.StatusRequestedRangeNotSatisfiable:
		return fail(refused.status, "range", "ask for other bytes, or for the whole file", "the file does not have the requested bytes")
	case refused.status != 0:
		return fail(refused.status, "precondition", "read the file again without conditions", "the file does not meet the conditions of the request")
	}
	return err
}

// refusals holds back error answers, which the shim replaces with its own.
type refusals struct {
	http.ResponseWriter
	status int // of the answer held back; 0 if absent
}

func (w *refusals) WriteHeader(status int) {
	if status >= http.StatusBadRequest {
		w.status = status
		return
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *refusals) Write(b []byte) (int, error) {
	if w.status != 0 {
		return len(b), nil
	}
	return w.ResponseWriter.Write(b)
}

// flat serves an archive or its provenance file by the file name that Helm gives
// it.
func (s *Shim) flat(a *answer, r *http.Request, to *route) error {
	v, err := s.views.get(r.Context(), to.channel)
	if err != nil {
		return err
	}
	name, signature := strings.CutSuffix(to.path, ".prov")
	all := v.archives(strings.TrimSuffix(name, ".tgz"))
	if len(all) == 0 {
		return fail(http.StatusNotFound, "chart-unknown", "see the channel's index.yaml for its charts", "there is no %.200q in channel %s", to.path, to.channel)
	}
	if len(all) > 1 {
		return fail(http.StatusConflict, "ambiguous", "use the URL that the channel's index.yaml has for the chart, as helm pull does",
			"%.200q may be version %s of chart %s, or version %s of chart %s", to.path, all[0].Version, all[0].Name, all[1].Version, all[1].Name)
	}
	found := all[0]
	key := path.Join(to.channel, found.URLs[0])
	if signature {
		key += ".prov"
	}
	// This URL may lead to another file later. The path of the file itself never
	// does.
	a.cacheControl = "no-cache"
	err = s.file(a, r, key)
	if f := (*failure)(nil); signature && errors.As(err, &f) && f.status == http.StatusNotFound {
		return fail(http.StatusNotFound, "not-signed", "leave out --verify, or ask the publisher to sign the chart", "chart %s %s in channel %s is not signed", found.Name, found.Version, to.channel)
	}
	return err
}

// release is the part of an index line that the shim needs.
type release struct {
	Name    string   `json:"name"`
	Version string   `json:"version"`
	Digest  string   `json:"digest"`
	URLs    []string `json:"urls"`
}

// archives finds the releases whose archive is called file, which is a name, a dash
// and a version. Both may have dashes, so it tries every one, and may find several.
func (v *view) archives(file string) (all []release) {
	if len(file) > maxFlat {
		return nil
	}
	for i, b := range file {
		if b != '-' {
			continue
		}
		if _, r, ok := v.version(file[:i], file[i+1:]); ok {
			all = append(all, r)
		}
	}
	return all
}

// maxFlat bounds the names that archives looks up, in bytes. No chart's name and
// version are longer together.
const maxFlat = 255

// version finds a chart's version, and its line in the index.
func (v *view) version(name, version string) (line string, r release, ok bool) {
	lines := v.head.Lines(name)
	if len(lines) == 0 {
		return "", r, false
	}
	quoted, err := json.Marshal(version)
	if err != nil {
		return "", r, false
	}
	for _, line := range lines {
		if !strings.Contains(line, string(quoted)) {
			continue // rules out most lines, and is cheaper than parsing them
		}
		if r, ok = parseRelease(line); ok && r.Version == version {
			return line, r, true
		}
	}
	return "", r, false
}

func parseRelease(line string) (r release, ok bool) {
	err := json.Unmarshal([]byte(line), &r)
	return r, err == nil && len(r.URLs) == 1
}

// siteless answers requests for a site if the shim has none. It serves an empty
// index to those who may upload, from which 'helm cm-push' learns where to push.
func (s *Shim) siteless(a *answer, r *http.Request, to *route, who *auth.Identity) error {
	if to.kind == kindIndex && who.May(auth.Write, to.channel) {
		return a.index(r, emptyView(), to.context)
	}
	return fail(http.StatusNotFound, "no-site", "add the repository from the URL where the site is served", "this server only takes uploads, and serves no charts")
}
