package publisher

import (
	"fmt"
	"maps"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

// fixForeign says what to do about a record that is consistent, but that portolan would
// not have written.
const fixForeign = "portolan does not write such records: find out what did, and restore the channel's log folder from a copy"

// decisions are what a log decides, read from the beginning.
type decisions struct {
	generations map[string]int    // by upload or action
	released    map[string]string // SHA-256 of provenance files, "" without one, by the URL of what was published
}

// published is what a record's added line says, and the SHA-256 of its provenance file; ""
// if it has none.
type published struct {
	line       releaseLine
	provenance string
}

// take adds what the record decides, and returns what its added lines publish. Foreign is
// what portolan would not have written: a second decision on an upload, and a line of an
// upload that the record does not accept.
func (d *decisions) take(r *Record) (lines []published, foreign []error, err error) {
	if d.generations == nil {
		d.generations, d.released = map[string]int{}, map[string]string{}
	}
	decided := func(what, id string) {
		if earlier, ok := d.generations[id]; ok {
			foreign = append(foreign, fmt.Errorf("it decides %s %s, which generation %d decides, too", what, id, earlier))
		}
		d.generations[id] = r.Generation
	}
	uploads := make(map[string]Decision, len(r.Decisions))
	for _, decision := range r.Decisions {
		decided("upload", decision.Upload)
		uploads[decision.Upload] = decision
	}
	for _, a := range r.Actions {
		decided("action", a.ID)
		for _, v := range a.Versions {
			if a.Publishes(v) {
				d.released[a.url(v)] = v.Provenance
			}
		}
	}
	if gone := r.gone(removals...); len(gone) > 0 {
		maps.DeleteFunc(d.released, func(url, _ string) bool { return gone[releaseVersion(url)] })
	}
	if r.Change == nil {
		return nil, foreign, nil
	}
	lines = make([]published, len(r.Change.Added))
	for i, l := range r.Change.Added {
		line := lineOf(l.Text)
		upload, err := line.upload(l.Chart)
		if err != nil {
			return nil, foreign, err
		}
		provenance, released := d.released[line.url()]
		switch decision := uploads[upload]; {
		case decision.Verdict.Publishes():
			provenance = decision.Provenance
		case !released || !r.acts(): // only an action publishes what was published before
			foreign = append(foreign, fmt.Errorf("it publishes %s %s of upload %s, which it does not accept", line.Name, line.Version, upload))
		}
		d.released[line.url()] = provenance
		lines[i] = published{line, provenance}
	}
	return lines, foreign, nil
}

// prove is take for those who must not build on a log that has such records.
func (d *decisions) prove(channel string, r *Record) error {
	key := recordKey(channel, r.Generation)
	_, foreign, err := d.take(r)
	if err == nil && len(foreign) > 0 {
		return bucket.About(key, fmt.Errorf("%w: %s", foreign[0], fixForeign))
	}
	return damaged(key, err)
}

// upload is the upload whose archive a line that is added to the chart names.
func (l releaseLine) upload(chart string) (string, error) {
	upload, ok := parseReleaseURL(l.url())
	if !ok || l.Name != chart || l.url() != ReleaseURL(l.Name, l.Version, upload) {
		return "", fmt.Errorf("it adds a line to chart %s whose URL is %q", chart, l.url())
	}
	return upload, nil
}
