package generator

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/portolan-charts/portolan/publisher"
)

// maxNews is how many versions a list names.
const maxNews = 100

// News is what a receiver is told of a channel.
type News struct {
	Channel    string    `json:"channel"`
	URL        string    `json:"url,omitempty"` // of the Helm repository; "" if that is not known
	Generation int       `json:"generation"`
	Time       time.Time `json:"time"` // when the generation was made

	// Changes says how the index differs from an earlier generation's; nil if that index is
	// not kept any more, or cannot be read.
	Changes *Changes `json:"changes,omitempty"`
}

// Changes is how an index differs from that of an earlier generation.
type Changes struct {
	Since   int      `json:"since"` // that generation; 0 for the empty index
	Added   Versions `json:"added"`
	Changed Versions `json:"changed"`
	Removed Versions `json:"removed"` // that the index does not list any more
}

// Versions are versions of charts, of which at most a hundred are named.
type Versions struct {
	Count    int       `json:"count"`
	Versions []Version `json:"versions"`
}

// Version is one version of a chart.
type Version struct {
	Chart   string `json:"chart"`
	Version string `json:"version"`
}

// newsOf returns what is to be told to those who know the generation since.
func newsOf(ctx context.Context, o *Options, c *publisher.Channel, since int) (*News, error) {
	n := &News{Channel: c.Name, Generation: c.IndexGeneration(), Time: c.Time()}
	if o.Config.BaseURL != "" {
		n.URL = strings.TrimSuffix(o.Config.BaseURL, "/") + "/" + c.Name
	}
	if h, err := c.Index().Header(); err == nil {
		n.Time = h.Generated
	}
	before, err := c.At(ctx, since)
	if err != nil { // the news must not wait for what only explains it
		return n, ctx.Err()
	}
	n.Changes = &Changes{Since: since, Added: Versions{Versions: []Version{}}, Changed: Versions{Versions: []Version{}}, Removed: Versions{Versions: []Version{}}}
	return n, n.Changes.compare(before, c.Index())
}

// compare lists what differs between what two indexes show.
func (c *Changes) compare(before, after *publisher.Index) error {
	charts := slices.Sorted(before.Charts())
	charts = slices.AppendSeq(charts, after.Charts())
	slices.Sort(charts)
	for _, chart := range slices.Compact(charts) {
		old, now := before.HeadLines(chart), after.HeadLines(chart)
		if slices.Equal(old, now) {
			continue
		}
		gone, err := versionsOnly(old, now)
		if err != nil {
			return err
		}
		come, err := versionsOnly(now, old)
		if err != nil {
			return err
		}
		for _, version := range slices.Sorted(maps.Keys(come)) {
			if gone[version] {
				delete(gone, version)
				c.Changed.add(chart, version)
			} else {
				c.Added.add(chart, version)
			}
		}
		for _, version := range slices.Sorted(maps.Keys(gone)) {
			c.Removed.add(chart, version)
		}
	}
	return nil
}

// versionsOnly are the versions of the lines of a that b does not have.
func versionsOnly(a, b []string) (map[string]bool, error) {
	versions := map[string]bool{}
	has := make(map[string]bool, len(b))
	for _, line := range b {
		has[line] = true
	}
	for _, line := range a {
		if has[line] {
			continue
		}
		release, err := parseLine(line)
		if err != nil {
			return nil, err
		}
		versions[release.Version] = true
	}
	return versions, nil
}

func (v *Versions) add(chart, version string) {
	if v.Count++; v.Count <= maxNews {
		v.Versions = append(v.Versions, Version{chart, version})
	}
}
