package doctor_test

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
	"github.com/portolan-charts/portolan/publisher/doctor"
	"github.com/portolan-charts/portolan/publisher/droparea"
	"github.com/portolan-charts/portolan/publisher/verdict"
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

// publish publishes an archive, which is not a real one since doctor does not look
// inside, and leaves the receipt that its uploader gets.
func (s *setUp) publish(name, version string) {
	s.t.Helper()
	id, err := droparea.NewID()
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
		Upload: id, Arrival: now, Chart: name, Version: version, Verdict: verdict.Accepted, Digest: digest, Size: r.Info.Size,
	}}
	u := &droparea.Upload{ID: id, Channel: "group/stable", Arrival: now}
	err = cmp.Or(
		publisher.PutRelease(s.t.Context(), site, "group/stable", r),
		c.Commit(s.t.Context(), d),
		c.Project(s.t.Context()),
		droparea.WriteReceipt(s.t.Context(), s.drop.Handle("generator"), u, &droparea.Receipt{ID: id, Channel: "group/stable", Verdict: verdict.Accepted}),
	)
	if err != nil {
		s.t.Fatal(err)
	}
}

// serve serves the site by the handler that change returns.
func (s *setUp) serve(change func(http.Handler) http.Handler) { s.serveAt("/helm", change) }

// serveAt is serve for another path of the host.
func (s *setUp) serveAt(path string, change func(http.Handler) http.Handler) {
	h := change(publisher.Handler(s.site.Handle("web"), nil))
	server := httptest.NewServer(http.StripPrefix(path, h))
	s.t.Cleanup(server.Close)
	s.options.BaseURL = server.URL + path
}

// examine runs the examination, which must leave everything as it was.
func (s *setUp) examine() *doctor.Report {
	s.t.Helper()
	drop, site := s.drop.Snapshot(), s.site.Snapshot()
	r := doctor.Examine(s.t.Context(), s.options)
	if !maps.EqualFunc(drop, s.drop.Snapshot(), bytes.Equal) || !maps.EqualFunc(site, s.site.Snapshot(), bytes.Equal) {
		s.t.Error("the examination changed the drop area or the site")
	}
	return r
}

// want checks that there is a row of this check and result whose text contains seen.
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
