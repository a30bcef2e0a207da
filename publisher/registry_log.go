package publisher

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

// registryLog is what a log, read from the beginning, says of the manifests of versions.
type registryLog struct {
	since    int                         // as Registry.Since, at the last record
	releases map[string]*registryRelease // by URL
}

// registryRelease is a version that the index names, or has named.
type registryRelease struct {
	chart, url string
	until      int    // the first generation that does not name it any more; 0 if the newest does
	manifest   string // SHA-256; "" if it has none
	gone       bool   // its version was taken down or freed
}

// kept reports whether its files in the registry must be there: a generation at or above
// the floor names it. Those of others may be: nothing removes them.
func (r *registryRelease) kept(floor int) bool {
	return r.manifest != "" && !r.gone && (r.until == 0 || r.until > floor)
}

func (r *registryRelease) version() string { return releaseVersion(r.url).version }

// add follows a record. Foreign is what portolan would not have written: a manifest for a
// version that the index does not name, or a second one.
func (l *registryLog) add(r *Record) (foreign []error) {
	if r.Change == nil {
		return nil
	}
	if l.releases == nil {
		l.releases = map[string]*registryRelease{}
	}
	in, _ := r.registry()
	if in.Since != l.since {
		for _, release := range l.releases {
			release.manifest = "" // from an earlier time in the registry
		}
	}
	l.since = in.Since
	if gone := r.gone(removals...); len(gone) > 0 {
		for url, release := range l.releases {
			release.gone = release.gone || gone[releaseVersion(url)]
		}
	}
	for _, line := range r.Change.Removed {
		if release := l.releases[lineOf(line.Text).url()]; release != nil {
			release.until = r.Generation
		}
	}
	for _, line := range r.Change.Added {
		url := lineOf(line.Text).url()
		if _, ok := parseReleaseURL(url); !ok {
			continue
		}
		if release := l.releases[url]; release != nil { // an action has changed the line, or brought it back
			release.until = 0
			continue
		}
		l.releases[url] = &registryRelease{chart: line.Chart, url: url}
	}
	for _, m := range r.manifests() {
		release := l.releases[m.url()]
		switch {
		case release == nil || release.until > 0 || release.chart != m.Chart || release.version() != m.Version:
			foreign = append(foreign, fmt.Errorf("it gives a manifest to upload %s, which is not %s %s of the index", m.Upload, m.Chart, m.Version))
		case release.manifest != "" && release.manifest != m.Manifest:
			foreign = append(foreign, fmt.Errorf("it gives upload %s another manifest than an earlier record", m.Upload))
		default:
			release.manifest = m.Manifest
		}
	}
	return foreign
}

// prove is add for those who must not build on a log that has such records.
func (l *registryLog) prove(channel string, r *Record) error {
	if foreign := l.add(r); len(foreign) > 0 {
		return bucket.About(recordKey(channel, r.Generation), fmt.Errorf("%w: %s", foreign[0], fixForeign))
	}
	return nil
}

// all are the releases whose files must be in the registry, in the order of their URLs.
func (l *registryLog) all(floor int) []*registryRelease {
	var all []*registryRelease
	for _, release := range l.releases {
		if l.since > 0 && release.kept(floor) {
			all = append(all, release)
		}
	}
	slices.SortFunc(all, func(a, b *registryRelease) int { return cmp.Compare(a.url, b.url) })
	return all
}
