package survey_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// world is a site and a drop area, on which a test commits what it likes. Each generation
// is an hour after the one before.
type world struct {
	t          *testing.T
	site, drop *buckettest.Mem
	uploads    int
}

func newWorld(t *testing.T) *world {
	return &world{t: t, site: &buckettest.Mem{TB: t, Now: start}, drop: &buckettest.Mem{TB: t, Now: start}}
}

func start() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

// at is when a generation was made.
func at(generation int) time.Time { return start().Add(time.Duration(generation) * time.Hour) }

func (w *world) store() bucket.Store { return w.site.Handle("test") }

// digest is that of content.
func digest(content string) string { return fmt.Sprintf("%064x", content)[:64] }

// id is that of the n-th upload.
func id(n int) string { return fmt.Sprintf("01980000-0000-7000-8000-%012d", n) }

// edit is the next generation while it is made.
type edit struct {
	w     *world
	c     *publisher.Channel
	draft publisher.Draft
	lines map[string][]string
}

func (w *world) edit(channel string) *edit {
	w.t.Helper()
	c, err := publisher.OpenChannel(w.t.Context(), w.store(), channel)
	if err != nil {
		w.t.Fatal(err)
	}
	return &edit{w, c, publisher.Draft{Time: at(c.Generation() + 1), Nonce: "nonce"}, map[string][]string{}}
}

// of are the lines of a chart that the edit begins with.
func (e *edit) of(chart string) []string {
	if lines, ok := e.lines[chart]; ok {
		return lines
	}
	return append([]string{}, e.c.Index().Lines(chart)...)
}

// put publishes a version before all others, or in place of its old line.
func (e *edit) put(chart, version, content string) *edit {
	e.w.uploads++
	upload, v := id(e.w.uploads), verdict.Accepted
	line := fmt.Sprintf(`{"name":%q,"version":%q,"appVersion":"v%s","created":%q,"digest":%q,"urls":[%q]}`,
		chart, version, version, e.draft.Time.Format(time.RFC3339), digest(content), publisher.ReleaseURL(chart, version, upload))
	lines := e.of(chart)
	for i, old := range lines {
		if strings.Contains(old, fmt.Sprintf(`"version":%q,`, version)) {
			lines[i], v = line, verdict.Replaced
		}
	}
	if v == verdict.Accepted {
		lines = append([]string{line}, lines...)
	}
	e.lines[chart] = lines
	return e.decide(publisher.Decision{Upload: upload, Chart: chart, Version: version, Verdict: v, Digest: digest(content)})
}

// take removes a version.
func (e *edit) take(chart, version string) *edit {
	var kept []string
	for _, line := range e.of(chart) {
		if !strings.Contains(line, fmt.Sprintf(`"version":%q,`, version)) {
			kept = append(kept, line)
		}
	}
	e.lines[chart] = kept
	return e
}

// decide decides an upload that arrived a minute before.
func (e *edit) decide(d publisher.Decision) *edit {
	d.Arrival = e.draft.Time.Add(-time.Minute)
	e.draft.Decisions = append(e.draft.Decisions, d)
	return e
}

// reject rejects an upload that cannot be read.
func (e *edit) reject(rule string) *edit {
	e.w.uploads++
	return e.decide(publisher.Decision{Upload: id(e.w.uploads), Verdict: verdict.Rejected, Rule: rule})
}

// act decides an action.
func (e *edit) act(a publisher.ActionDecision) *edit {
	e.w.uploads++
	a.ID, a.Arrival = id(e.w.uploads), e.draft.Time.Add(-time.Minute)
	if a.Verdict == "" {
		a.Verdict = verdict.Accepted
	}
	e.draft.Actions = append(e.draft.Actions, a)
	return e
}

// hide says which places among a chart's lines head leaves out.
func (e *edit) hide(chart string, hidden ...bool) *edit {
	e.draft.Shown = append(e.draft.Shown, publisher.ShownBut(chart, hidden))
	return e
}

func (e *edit) commit() {
	e.w.t.Helper()
	e.draft.Removed, e.draft.Added = e.c.Index().Diff(e.lines)
	if err := e.c.Commit(e.w.t.Context(), e.draft); err != nil {
		e.w.t.Fatal(err)
	}
	if err := e.c.Project(e.w.t.Context()); err != nil {
		e.w.t.Fatal(err)
	}
}

// pins name versions in an action, as "web 1.0.0".
func pins(names ...string) (all []publisher.ActionVersion) {
	for _, name := range names {
		chart, version, _ := strings.Cut(name, " ")
		all = append(all, publisher.ActionVersion{Pin: action.Pin{Chart: chart, Version: version, Digest: digest(name)}})
	}
	return all
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\n got %+v\nwant %+v", what, got, want)
	}
}
