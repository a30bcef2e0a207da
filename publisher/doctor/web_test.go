package doctor_test

import (
	"compress/gzip"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/publisher/doctor"
)

// answering lets f answer requests for paths with this ending.
func answering(ending string, f func(w http.ResponseWriter, r *http.Request, body []byte)) func(http.Handler) http.Handler {
	return answeringIf(func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, ending) }, f)
}

// answeringIf lets f answer some requests.
func answeringIf(some func(*http.Request) bool, f func(w http.ResponseWriter, r *http.Request, body []byte)) func(http.Handler) http.Handler {
	return func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !some(r) {
				h.ServeHTTP(w, r)
				return
			}
			recorded := httptest.NewRecorder()
			h.ServeHTTP(recorded, r)
			maps.Copy(w.Header(), recorded.Header())
			if r.Method != http.MethodHead {
				w.Header().Del("Content-Length")
			}
			f(w, r, recorded.Body.Bytes())
		})
	}
}

func header(name, value string) func(http.ResponseWriter, *http.Request, []byte) {
	return func(w http.ResponseWriter, _ *http.Request, body []byte) {
		w.Header().Set(name, value)
		w.Write(body)
	}
}

func body(text string) func(http.ResponseWriter, *http.Request, []byte) {
	return func(w http.ResponseWriter, _ *http.Request, _ []byte) { fmt.Fprint(w, text) }
}

func status(code int) func(http.ResponseWriter, *http.Request, []byte) {
	return func(w http.ResponseWriter, _ *http.Request, _ []byte) { w.WriteHeader(code) }
}

func TestWeb(t *testing.T) {
	const (
		index   = "web: group/stable/index.yaml"
		chart   = "web: group/stable/web-1.0.0.tgz"
		plus    = "web: group/stable/web-1.1.0+build.tgz"
		private = "web: private files"
	)
	compressed := func(w http.ResponseWriter, _ *http.Request, b []byte) {
		z := gzip.NewWriter(w)
		z.Write(b)
		z.Close()
	}
	for name, c := range map[string]struct {
		ending string
		answer func(http.ResponseWriter, *http.Request, []byte)
		check  string
		result doctor.Result
		seen   string
	}{
		"no public read":    {"index.yaml", status(403), index, doctor.Fail, "it cannot be read by the public"},
		"not there":         {"index.yaml", status(404), index, doctor.Fail, "404 Not Found"},
		"broken":            {"index.yaml", status(500), index, doctor.Fail, "500"},
		"gzip at rest":      {"index.yaml", compressed, index, doctor.Fail, "is stored gzip-compressed"},
		"gzip on the way":   {"index.yaml", header("Content-Encoding", "gzip"), index, doctor.Fail, `comes with Content-Encoding "gzip"`},
		"a page":            {"index.yaml", body("\n<html>"), index, doctor.Fail, "is a web page"},
		"something else":    {"index.yaml", body("apiVersion: v1\nentries: {}\n"), index, doctor.Fail, "is not an index that portolan wrote"},
		"old":               {"index.yaml", body(`{"annotations":{"portolan/generation":"1"},"entries":{}}`), index, doctor.Warning, "generation 1 is served, but the site has had 2 since"},
		"new":               {"index.yaml", body(`{"annotations":{"portolan/generation":"9"},"entries":{}}`), index, doctor.Fail, "generation 9 is served, but the site has only 2"},
		"other":             {"index.yaml", body(`{"annotations":{"portolan/generation":"2"},"entries":{}}`), index, doctor.Fail, "with other charts"},
		"type of index":     {"index.yaml", header("Content-Type", "binary/octet-stream"), index, doctor.Warning, `"binary/octet-stream"`},
		"index cached":      {"index.yaml", header("Cache-Control", "public, max-age=31536000, immutable"), index, doctor.Fail, "clients would not see new charts"},
		"index cached long": {"index.yaml", header("Cache-Control", "max-age=3600"), index, doctor.Warning, "1h0m0s"},
		"index not cached":  {"index.yaml", header("Cache-Control", ""), index, doctor.Warning, "nothing says"},
		"index of no cache": {"index.yaml", header("Cache-Control", "no-cache, max-age=999999"), index, doctor.OK, "generation 2"},
		"chart type":        {"web-1.0.0.tgz", header("Content-Type", "text/plain"), chart, doctor.Warning, "text/plain"},
		"chart caching":     {"web-1.0.0.tgz", header("Cache-Control", "max-age=60"), chart, doctor.Warning, "max-age=60"},
		"chart unpacked":    {"web-1.0.0.tgz", body("tar"), chart, doctor.Fail, "do not match the digest"},
		"plus":              {"web-1.1.0+build.tgz", status(404), plus, doctor.Fail, "404"},
		"drop area":         {"/inbox/", body("<title>Index of /inbox</title>"), private, doctor.Fail, "/helm/inbox/ is served"},
		"work folder":       {"/.portolan/", body("locks"), private, doctor.Fail, "/helm/.portolan/ is served"},
		"listing":           {"/", body("<?xml?><ListBucketResult>"), "web: listing", doctor.Warning, "lists the files of the site"},
		"pages for all":     {".yaml", body("<!doctype html>"), "web: missing files", doctor.Fail, "200 for a file that does not exist"},
		"password":          {".yaml", status(401), "web: missing files", doctor.Warning, "asks for a password"},
		"errors for all":    {".yaml", status(500), "web: missing files", doctor.Warning, "500"},
		"clock":             {".yaml", header("Date", time.Now().Add(5*time.Minute).UTC().Format(http.TimeFormat)), "web: clock", doctor.Warning, "ahead of this machine's"},
		"late clock":        {".yaml", header("Date", time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat)), "web: clock", doctor.Fail, "behind this machine's"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSetUp(t)
			answer := c.answer
			if strings.Contains(name, "clock") { // of what is missing
				answer = func(w http.ResponseWriter, r *http.Request, b []byte) {
					if strings.Contains(r.URL.Path, "portolan-doctor-") {
						w.Header().Set("Date", httpDate(c.answer))
						w.WriteHeader(404)
						return
					}
					w.Write(b)
				}
			}
			s.serve(answering(c.ending, answer))
			want(t, s.examine(), c.check, c.result, c.seen)
		})
	}
}

// httpDate returns the Date that the answer sets.
func httpDate(answer func(http.ResponseWriter, *http.Request, []byte)) string {
	w := httptest.NewRecorder()
	answer(w, nil, nil)
	return w.Header().Get("Date")
}

func TestServedTooOld(t *testing.T) {
	s := newSetUp(t)
	s.serve(answering("index.yaml", body(`{"annotations":{"portolan/generation":"1"},"entries":{}}`)))
	s.options.Now = func() time.Time { return time.Now().Add(time.Hour) }
	r := s.examine()
	want(t, r, "web: group/stable/index.yaml", doctor.Fail, "generation 1 is served, but the site has had 2 since")
	want(t, r, "drop: clock", doctor.Fail, "behind this machine's")
}
