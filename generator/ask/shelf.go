package ask

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/Masterminds/semver/v3"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/spelling"
)

// shelf is a chart of a channel with all its versions.
type shelf struct {
	channel, chart string
	versions       []version // in the index's order: the newest first
	state          *action.State
}

// version is one of a chart's versions.
type version struct {
	action.Pin
	url        string
	created    time.Time
	semantic   *semver.Version // nil if it is not
	yanked     *action.Yanked  // nil if it is not
	deprecated bool            // its line says so
}

// open reads a channel in which something was published.
func open(ctx context.Context, site bucket.Store, channel string) (*publisher.Channel, error) {
	c, err := publisher.OpenChannel(ctx, site, channel)
	if err != nil {
		return nil, err
	}
	if c.IndexGeneration() > 0 {
		return c, nil
	}
	missing := wrong(fmt.Sprintf("nothing was ever published in channel %s", channel), "'portolan status' lists the channels")
	names, err := publisher.Channels(ctx, site) // a web site cannot be listed
	if near := spelling.Nearest(channel, names); err == nil && near != "" && near != channel {
		missing.fix = fmt.Sprintf("did you mean %s? %s", near, missing.fix)
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return nil, missing
}

// take returns a chart that the channel has.
func take(c *publisher.Channel, chart string) (*shelf, error) {
	if len(c.Index().Lines(chart)) == 0 {
		return nil, noChart(c, chart)
	}
	return shelve(c.Name, chart, c.Index(), c.State())
}

// shelve returns a chart that the channel may have, as of an index and a state.
func shelve(channel, chart string, index *publisher.Index, state *action.State) (*shelf, error) {
	lines := index.Lines(chart)
	s := &shelf{channel: channel, chart: chart, state: state, versions: make([]version, len(lines))}
	for i, line := range lines {
		var l struct {
			Version    string    `json:"version"`
			Created    time.Time `json:"created"`
			Digest     string    `json:"digest"`
			Deprecated bool      `json:"deprecated"`
			URLs       []string  `json:"urls"`
		}
		if err := json.Unmarshal([]byte(line), &l); err != nil || len(l.URLs) != 1 {
			return nil, fmt.Errorf("channel %s: a line of the index cannot be read: %.80s…", channel, line)
		}
		v := version{Pin: action.Pin{Chart: chart, Version: l.Version, Digest: l.Digest}, url: l.URLs[0], created: l.Created, deprecated: l.Deprecated}
		v.semantic, _ = semver.NewVersion(l.Version)
		if y, ok := s.state.FindYanked(chart, l.Version); ok {
			v.yanked = &y
		}
		s.versions[i] = v
	}
	return s, nil
}

func noChart(c *publisher.Channel, chart string) error {
	missing := wrong(fmt.Sprintf("channel %s has no chart %q", c.Name, chart), fmt.Sprintf("'portolan list %s' lists its charts", c.Name))
	if near := spelling.Nearest(chart, chartsOf(c)); near != "" {
		missing.fix = fmt.Sprintf("did you mean %s? %s", near, missing.fix)
	}
	return missing
}

func chartsOf(c *publisher.Channel) []string { return slices.Collect(c.Index().Charts()) }

// hasGone reports whether something was removed from the channel.
func (s *shelf) hasGone() bool { return s.state != nil && len(s.state.Gone) > 0 }

// openChart is open and take.
func openChart(ctx context.Context, site bucket.Store, channel, chart string) (*shelf, error) {
	c, err := open(ctx, site, channel)
	if err != nil {
		return nil, err
	}
	return take(c, chart)
}
