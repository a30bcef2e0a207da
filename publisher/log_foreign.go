package publisher

import (
	"fmt"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

// fixForeign says what to do about a record that is consistent, but that portolan would
// not have written.
const fixForeign = "portolan does not write such records: find out what did, and restore the channel's log folder from a copy"

// decisions are the generations that decide the uploads of a log, by the uploads' ids.
type decisions map[string]int

// published is what a record's added line says, and the record of its upload; zero if the
// record does not decide it.
type published struct {
	line     releaseLine
	decision Decision
}

// take adds what the record decides, and returns what its added lines publish. Foreign is
// what portolan would not have written: a second decision on an upload, and a line of an
// upload that the record does not accept.
func (d decisions) take(r *Record) (lines []published, foreign []error, err error) {
	uploads := make(map[string]Decision, len(r.Decisions))
	for _, decision := range r.Decisions {
		if earlier, ok := d[decision.Upload]; ok {
			foreign = append(foreign, fmt.Errorf("it decides upload %s, which generation %d decides, too", decision.Upload, earlier))
		}
		d[decision.Upload] = r.Generation
		uploads[decision.Upload] = decision
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
		decision := uploads[upload]
		if !decision.Verdict.Publishes() {
			foreign = append(foreign, fmt.Errorf("it publishes %s %s of upload %s, which it does not accept", line.Name, line.Version, upload))
		}
		lines[i] = published{line, decision}
	}
	return lines, foreign, nil
}

// prove is take for those who must not build on a log that has such records.
func (d decisions) prove(channel string, r *Record) error {
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
