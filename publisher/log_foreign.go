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

// take adds what the record decides. It returns what portolan would not have written: a
// second decision on an upload, and a line of an upload that the record does not accept.
func (d decisions) take(r *Record) (foreign []error, err error) {
	for _, decision := range r.Decisions {
		if earlier, ok := d[decision.Upload]; ok {
			foreign = append(foreign, fmt.Errorf("it decides upload %s, which generation %d decides, too", decision.Upload, earlier))
		}
		d[decision.Upload] = r.Generation
	}
	if r.Change == nil {
		return foreign, nil
	}
	uploads := r.uploads()
	for _, l := range r.Change.Added {
		upload, err := l.upload()
		if err != nil {
			return foreign, err
		}
		if decision, ok := uploads[upload]; !ok || !decision.Verdict.Publishes() {
			line := lineOf(l.Text)
			foreign = append(foreign, fmt.Errorf("it publishes %s %s of upload %s, which it does not accept", line.Name, line.Version, upload))
		}
	}
	return foreign, nil
}

// prove is take for those who must not build on a log that has such records.
func (d decisions) prove(channel string, r *Record) error {
	key := recordKey(channel, r.Generation)
	foreign, err := d.take(r)
	if err == nil && len(foreign) > 0 {
		return bucket.About(key, fmt.Errorf("%w: %s", foreign[0], fixForeign))
	}
	return damaged(key, err)
}

// uploads are the record's decisions, by their uploads.
func (r *Record) uploads() map[string]Decision {
	uploads := map[string]Decision{}
	for _, d := range r.Decisions {
		uploads[d.Upload] = d
	}
	return uploads
}

// upload is the upload whose archive an added line names.
func (l Line) upload() (string, error) {
	line := lineOf(l.Text)
	upload, ok := parseReleaseURL(line.url())
	if !ok || line.Name != l.Chart || line.url() != ReleaseURL(line.Name, line.Version, upload) {
		return "", fmt.Errorf("it adds a line to chart %s whose URL is %q", l.Chart, line.url())
	}
	return upload, nil
}
