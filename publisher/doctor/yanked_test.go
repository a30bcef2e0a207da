package doctor_test

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/doctor"
	"github.com/portolan-charts/portolan/publisher/droparea"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// yank yanks versions of web; hidden says at which places head leaves some out.
func (s *setUp) yank(hidden []bool, versions ...string) {
	s.t.Helper()
	id, err := droparea.NewID()
	if err != nil {
		s.t.Fatal(err)
	}
	a := publisher.ActionDecision{ID: id, Arrival: time.Now().UTC(), Kind: action.Yank, Verdict: verdict.Accepted, Reason: "broken"}
	for _, v := range versions {
		digest := fmt.Sprintf("%x", sha256.Sum256(fmt.Appendf(nil, "archive of web %s", v)))
		a.Versions = append(a.Versions, publisher.ActionVersion{Pin: action.Pin{Chart: "web", Version: v, Digest: digest}})
	}
	c, err := publisher.OpenChannel(s.t.Context(), s.site.Handle("generator"), "group/stable")
	if err != nil {
		s.t.Fatal(err)
	}
	d := publisher.Draft{Time: time.Now().UTC(), Nonce: id, ContextPath: "/helm", Actions: []publisher.ActionDecision{a}, Shown: []publisher.Shown{publisher.ShownBut("web", hidden)}}
	if err := cmp.Or(c.Commit(s.t.Context(), d), c.Project(s.t.Context())); err != nil {
		s.t.Fatal(err)
	}
}

// TestYanked: the checks use a version that is listed, and what is yanked is told of. A
// channel that lists nothing gets a row that says so.
func TestYanked(t *testing.T) {
	const yanked, chart = "site: group/stable: yanked", "web: group/stable/web-1.0.0.tgz"
	s := newSetUp(t)
	s.register()
	s.serveAt("", unchanged)
	s.options.Channels = []string{"group/stable"}
	if r := s.examine(); strings.Contains(rows(r), "yanked") {
		t.Errorf("before all actions: %s", rows(r))
	}
	s.yank([]bool{true, false}, "1.1.0+build")
	r := s.examine()
	want(t, r, yanked, doctor.OK, "versions: 1, of charts: 1")
	want(t, r, chart, doctor.OK, "gzip")
	want(t, r, "oci: "+repository+":1.0.0", doctor.OK, "sha256:")
	if strings.Contains(rows(r), "1.1.0") || strings.Contains(rows(r), "no list has any") {
		t.Errorf("the newest is yanked: %s", rows(r))
	}

	for key := range s.site.Snapshot() {
		if strings.HasSuffix(key, ".state.json") {
			s.site.Put(key, []byte("torn"))
		}
	}
	want(t, s.examine(), yanked, doctor.Fail, ".state.json")

	s = newSetUp(t)
	s.options.Channels = []string{"group/stable"}
	s.yank([]bool{true, true}, "1.1.0+build", "1.0.0")
	r = s.examine()
	want(t, r, yanked, doctor.OK, "versions: 2, of charts: 1; no list has any of web")
	want(t, r, "web: group/stable", doctor.Warning, "lists no version")
}
