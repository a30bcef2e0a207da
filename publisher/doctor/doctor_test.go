package doctor_test

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
	"github.com/portolan-charts/portolan/publisher/doctor"
)

// setUp is a drop area and a site in memory with two charts in the channel
// group/stable, served under /helm.
type setUp struct {
	t          *testing.T
	drop, site *buckettest.Mem
	options    doctor.Options
}

func newSetUp(t *testing.T) *setUp {
	t.Helper()
	s := &setUp{t: t, drop: &buckettest.Mem{TB: t, Now: time.Now}, site: &buckettest.Mem{TB: t, Now: time.Now}}
	s.publish("web", "1.0.0")
	s.publish("web", "1.1.0+build")
	s.options = doctor.Options{
		Drop: doctor.Place{Store: s.drop.Handle("doctor"), URL: "s3://drop"},
		Site: doctor.Place{Store: s.site.Handle("doctor"), URL: "s3://site"},
	}
	s.serve(func(h http.Handler) http.Handler { return h })
	return s
}

// publish publishes an archive, of which nobody here looks inside, and leaves the
// receipt that its uploader gets.
func (s *setUp) publish(name, version string) {
	s.t.Helper()
	id, err := publisher.NewID()
	if err != nil {
		s.t.Fatal(err)
	}
	archive := fmt.Appendf(nil, "archive of %s %s", name, version)
	digest := fmt.Sprintf("%x", sha256.Sum256(archive))
	site, now := s.site.Handle("generator"), time.Now().UTC()
	r := &publisher.Release{Chart: name, Version: version, Archive: bucket.Bytes(archive)}
	r.Info = publisher.ReleaseInfo{Upload: id, Digest: digest, Size: int64(len(archive))}
	c, err := publisher.OpenChannel(s.t.Context(), site, "group/stable")
	if err != nil {
		s.t.Fatal(err)
	}
	lines := []string{fmt.Sprintf(`{"name":%q,"version":%q,"digest":%q,"urls":[%q]}`, name, version, digest, r.URL())}
	d := publisher.Draft{Time: now, Nonce: id, ContextPath: "/helm"}
	d.Removed, d.Added = c.Index().Diff(map[string][]string{name: append(lines, c.Index().Lines(name)...)})
	d.Decisions = []publisher.Decision{{
		Upload: id, Arrival: now, Chart: name, Version: version, Verdict: publisher.Accepted, Digest: digest, Size: r.Info.Size,
	}}
	u := &publisher.Upload{ID: id, Channel: "group/stable", Arrival: now}
	err = cmp.Or(
		publisher.PutRelease(s.t.Context(), site, "group/stable", r),
		c.Commit(s.t.Context(), d),
		c.Project(s.t.Context()),
		publisher.WriteReceipt(s.t.Context(), s.drop.Handle("generator"), u, &publisher.Receipt{ID: id, Channel: "group/stable", Verdict: publisher.Accepted}),
	)
	if err != nil {
		s.t.Fatal(err)
	}
}

// serve serves the site as change has it.
func (s *setUp) serve(change func(http.Handler) http.Handler) {
	h := change(publisher.Handler(s.site.Handle("web"), nil))
	server := httptest.NewServer(http.StripPrefix("/helm", h))
	s.t.Cleanup(server.Close)
	s.options.BaseURL = server.URL + "/helm"
}

// examine makes the examination, which must leave everything as it was.
func (s *setUp) examine() *doctor.Report {
	s.t.Helper()
	drop, site := s.drop.Snapshot(), s.site.Snapshot()
	r := doctor.Examine(s.t.Context(), s.options)
	if !maps.EqualFunc(drop, s.drop.Snapshot(), bytes.Equal) || !maps.EqualFunc(site, s.site.Snapshot(), bytes.Equal) {
		s.t.Error("the examination changed the drop area or the site")
	}
	return r
}

// want finds a row of that check and result that has seen in its text.
func want(t *testing.T, r *doctor.Report, check string, result doctor.Result, seen string) {
	t.Helper()
	for _, row := range r.Checks {
		if row.Check == check && row.Result == result && strings.Contains(row.Seen, seen) {
			if result != doctor.OK && row.Fix == "" {
				t.Errorf("%+v has no fix", row)
			}
			return
		}
	}
	t.Errorf("no row %q, %s, %q in:\n%s", check, result, seen, rows(r))
}

func rows(r *doctor.Report) string {
	var b strings.Builder
	for _, row := range r.Checks {
		fmt.Fprintf(&b, "%+v\n", row)
	}
	return b.String()
}

func TestGood(t *testing.T) {
	s := newSetUp(t)
	for _, channels := range [][]string{nil, {"group/stable"}} {
		s.options.Channels = channels
		r := s.examine()
		for _, row := range r.Checks {
			if row.Result != doctor.OK || row.Fix != "" {
				t.Errorf("%+v", row)
			}
		}
		if len(r.Checks) < 12 || r.Failed() != 0 {
			t.Errorf("%d checks", len(r.Checks))
		}
	}
	s.options.ReadOnly = true
	before := len(s.drop.Ops()) + len(s.site.Ops())
	s.examine()
	for _, op := range slices.Concat(s.drop.Ops(), s.site.Ops())[:] {
		if op.Actor == "doctor" && op.N >= before && op.Kind != buckettest.Get && op.Kind != buckettest.List {
			t.Errorf("with ReadOnly: %s", op)
		}
	}
	if s.examine().ReadOnly != true {
		t.Error("the report does not say that nothing was written")
	}
}

// replace answers with other things than the site has, for paths that end so.
func answering(ending string, f func(w http.ResponseWriter, r *http.Request, body []byte)) func(http.Handler) http.Handler {
	return func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !strings.HasSuffix(r.URL.Path, ending) {
				h.ServeHTTP(w, r)
				return
			}
			recorded := httptest.NewRecorder()
			h.ServeHTTP(recorded, r)
			maps.Copy(w.Header(), recorded.Header())
			w.Header().Del("Content-Length")
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
		"something else":    {"index.yaml", body("apiVersion: v1\nentries: {}\n"), index, doctor.Fail, "is no index of portolan's"},
		"old":               {"index.yaml", body(`{"annotations":{"portolan/generation":"1"},"entries":{}}`), index, doctor.Warning, "generation 1 is served, and the site has 2 since"},
		"new":               {"index.yaml", body(`{"annotations":{"portolan/generation":"9"},"entries":{}}`), index, doctor.Fail, "generation 9 is served, and the site has only 2"},
		"other":             {"index.yaml", body(`{"annotations":{"portolan/generation":"2"},"entries":{}}`), index, doctor.Fail, "with other charts"},
		"type of index":     {"index.yaml", header("Content-Type", "binary/octet-stream"), index, doctor.Warning, `"binary/octet-stream"`},
		"index cached":      {"index.yaml", header("Cache-Control", "public, max-age=31536000, immutable"), index, doctor.Fail, "clients would not see new charts"},
		"index cached long": {"index.yaml", header("Cache-Control", "max-age=3600"), index, doctor.Warning, "1h0m0s"},
		"index not cached":  {"index.yaml", header("Cache-Control", ""), index, doctor.Warning, "nothing says"},
		"index of no cache": {"index.yaml", header("Cache-Control", "no-cache, max-age=999999"), index, doctor.OK, "generation 2"},
		"chart type":        {"web-1.0.0.tgz", header("Content-Type", "text/plain"), chart, doctor.Warning, "text/plain"},
		"chart caching":     {"web-1.0.0.tgz", header("Cache-Control", "max-age=60"), chart, doctor.Warning, "max-age=60"},
		"chart unpacked":    {"web-1.0.0.tgz", body("tar"), chart, doctor.Fail, "not those whose digest"},
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

// httpDate is the Date that the answer sets.
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
	want(t, r, "web: group/stable/index.yaml", doctor.Fail, "generation 1 is served, and the site has 2 since")
	want(t, r, "drop: clock", doctor.Fail, "behind this machine's")
}

func TestContextPath(t *testing.T) {
	s := newSetUp(t)
	server := httptest.NewServer(publisher.Handler(s.site.Handle("web"), nil))
	t.Cleanup(server.Close)
	s.options.BaseURL = server.URL
	want(t, s.examine(), "web: contextPath", doctor.Warning, `the index says "/helm", and the base URL's path is ""`)
	for _, bad := range []string{"charts.example.com", "ftp://charts.example.com", "%"} {
		s.options.BaseURL = bad
		want(t, s.examine(), "web", doctor.Fail, "is not the URL of a web site")
	}
}

// denied is a store that refuses some operations, as a cloud does.
type denied struct {
	bucket.Store
	refuse func(kind, key string) error
}

func (d denied) Create(ctx context.Context, o bucket.Object) error {
	if err := d.refuse(buckettest.Create, o.Key); err != nil {
		return bucket.About(o.Key, err)
	}
	return d.Store.Create(ctx, o)
}

func (d denied) Get(ctx context.Context, key string) (*bucket.Reader, error) {
	if err := d.refuse(buckettest.Get, key); err != nil {
		return nil, bucket.About(key, err)
	}
	return d.Store.Get(ctx, key)
}

func (d denied) Replace(ctx context.Context, o bucket.Object, token string) error {
	if err := d.refuse(buckettest.Replace, o.Key); err != nil {
		return bucket.About(o.Key, err)
	}
	return d.Store.Replace(ctx, o, token)
}

func (d denied) Delete(ctx context.Context, key, token string) error {
	if err := d.refuse(buckettest.Delete, key); err != nil && token != "" {
		return bucket.About(key, err)
	}
	return d.Store.Delete(ctx, key, token)
}

func TestPermissions(t *testing.T) {
	errDenied := errors.New("api error AccessDenied: Access Denied")
	for _, c := range []struct{ kind, folder, check, seen string }{
		{buckettest.Create, "inbox/", "drop: inbox/", "creating an object: permission denied"},
		{buckettest.Get, "inbox/", "drop: inbox/", "reading an object: permission denied"},
		{buckettest.Delete, "inbox/", "drop: inbox/", "deleting an object: permission denied"},
		{buckettest.Create, "receipts/", "drop: receipts/", "creating an object: permission denied"},
		{buckettest.Get, "rejected/", "drop: rejected/", "reading an object: permission denied"},
		{buckettest.Create, ".probe-", "site: /", "creating an object: permission denied"},
		{buckettest.Replace, ".probe-", "site: /", "replacing an object: permission denied"},
	} {
		s := newSetUp(t)
		s.options.Channels = nil
		refuse := func(kind, key string) error {
			if kind == c.kind && strings.HasPrefix(key, c.folder) {
				return errDenied
			}
			return nil
		}
		s.options.Drop.Store = denied{s.options.Drop.Store, refuse}
		s.options.Site.Store = denied{s.options.Site.Store, refuse}
		r := s.examine()
		want(t, r, c.check, doctor.Fail, c.seen)
		if r.Failed() != 1 {
			t.Errorf("%s in %s: %d failures:\n%s", c.kind, c.folder, r.Failed(), rows(r))
		}
	}
}

func TestBrokenPromises(t *testing.T) {
	s := newSetUp(t)
	s.options.Site.Store = overwriting{s.options.Site.Store}
	r := s.examine()
	want(t, r, "site: /", doctor.Fail, "an object that exists cannot be created again, but a second writer replaced")
	s = newSetUp(t)
	s.options.Drop.Store = careless{s.options.Drop.Store}
	s.options.Site.Store = careless{s.options.Site.Store}
	r = s.examine()
	want(t, r, "drop: inbox/", doctor.Warning, "who knew only the old one deleted the new one")
	want(t, r, "site: /", doctor.OK, "which a site can do without")
}

// overwriting is a store whose Create replaces what is there.
type overwriting struct{ bucket.Store }

func (o overwriting) Create(ctx context.Context, object bucket.Object) error {
	err := o.Store.Create(ctx, object)
	if !errors.Is(err, bucket.ErrConflict) {
		return err
	}
	r, err := o.Get(ctx, object.Key)
	if err != nil {
		return err
	}
	r.Close()
	return o.Replace(ctx, object, r.Entry.Token)
}

// careless is a store whose Delete has no conditions.
type careless struct{ bucket.Store }

func (c careless) Delete(ctx context.Context, key, _ string) error {
	return c.Store.Delete(ctx, key, "")
}

func TestNoHardLinks(t *testing.T) {
	s := newSetUp(t)
	folder := t.TempDir()
	for _, dir := range []string{"inbox", "receipts"} {
		if err := os.Mkdir(filepath.Join(folder, dir), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	s.options.Drop.Folder = folder
	s.options.Drop.Store = denied{s.options.Drop.Store, func(kind, _ string) error {
		if kind == buckettest.Create {
			return fmt.Errorf("linkat: %w", syscall.EPERM)
		}
		return nil
	}}
	r := s.examine()
	want(t, r, "drop: inbox/", doctor.Fail, "this file system has no hard links")
	want(t, r, "drop: rejected/", doctor.Fail, "this file system has no hard links")
}

func TestExplain(t *testing.T) {
	bucket, folder := doctor.Place{URL: "s3://b"}, doctor.Place{Folder: "/srv/charts"}
	for _, c := range []struct {
		err       error
		place     doctor.Place
		seen, fix string
	}{
		{errors.New("operation error S3: ListObjectsV2, api error NoSuchBucket: x"), bucket, "there is no such bucket", "check the bucket's name"},
		{errors.New("failed to refresh cached credentials, no EC2 IMDS role found"), bucket, "no credentials were found", "AWS_ACCESS_KEY_ID"},
		{errors.New("api error PermanentRedirect: x"), bucket, "in another region", "region=eu-central-1"},
		{errors.New("RESPONSE 404: ERROR CODE: ContainerNotFound"), bucket, "there is no such container", "check the bucket's name"},
		{errors.New("googleapi: Error 403: caller does not have storage.objects.list access: permission denied"), bucket, "permission denied", "Permissions"},
		{fmt.Errorf("dial: %w", syscall.ECONNREFUSED), bucket, "nothing answers at this address", "check the endpoint"},
		{fmt.Errorf("list: %w", context.DeadlineExceeded), bucket, "does not answer in time", "check the endpoint"},
		{errors.New("teapot"), bucket, "teapot", "what the server says"},
		{&fs.PathError{Op: "open", Path: "x", Err: syscall.EACCES}, folder, "permission denied", "read and write the folder"},
		{&fs.PathError{Op: "open", Path: "x", Err: syscall.EROFS}, folder, "can only be read", "mount it"},
		{&fs.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}, folder, "is full", "make room"},
	} {
		seen, fix := doctor.Explain(c.err, c.place)
		if !strings.Contains(seen, c.seen) || !strings.Contains(seen, c.err.Error()) || !strings.Contains(fix, c.fix) {
			t.Errorf("%v: got %q, %q", c.err, seen, fix)
		}
	}
}
