package ask

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/Masterminds/semver/v3"

	"github.com/portolan-charts/portolan/generator/survey"
	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/bucket"
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
	line       string // of the index
	url        string // of the archive, relative to the channel
	created    time.Time
	semantic   *semver.Version // nil if it is not
	yanked     *action.Yanked  // nil if it is not
	deprecated bool            // its line says so
}

// open reads a channel in which something was published.
func open(ctx context.Context, site bucket.Store, channel string) (*survey.Contents, error) {
	c, err := survey.Open(ctx, site, channel)
	if !errors.Is(err, survey.ErrNoChannel) {
		return c, err
	}
	missing := wrong(fmt.Sprintf("nothing was ever published in channel %s", channel), "'portolan status' lists the channels")
	if near := survey.NearChannel(ctx, site, channel); near != "" {
		missing.fix = fmt.Sprintf("did you mean %s? %s", near, missing.fix)
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return nil, missing
}

// openChart reads a chart that a channel has.
func openChart(ctx context.Context, site bucket.Store, channel, chart string) (*shelf, error) {
	c, err := open(ctx, site, channel)
	if err != nil {
		return nil, err
	}
	return take(c, chart)
}

// take returns a chart that the channel has.
func take(c *survey.Contents, chart string) (*shelf, error) {
	all, err := c.Chart(chart)
	if missing := (*survey.ChartError)(nil); errors.As(err, &missing) {
		return nil, wrong(missing.Error(), missing.Fix())
	}
	if err != nil {
		return nil, err
	}
	return shelve(c, chart, all), nil
}

// takeAny returns a chart that the channel may have.
func takeAny(c *survey.Contents, chart string) (*shelf, error) {
	all, err := c.Versions(chart)
	if err != nil {
		return nil, err
	}
	return shelve(c, chart, all), nil
}

func shelve(c *survey.Contents, chart string, all []survey.Version) *shelf {
	s := &shelf{channel: c.Channel.Name, chart: chart, state: c.State, versions: make([]version, len(all))}
	lines := c.Index.Lines(chart)
	for i, is := range all {
		v := version{
			Pin: action.Pin{Chart: chart, Version: is.Version, Digest: is.Digest}, line: lines[i],
			url: strings.TrimPrefix(is.URL, s.channel+"/"), created: is.Created, deprecated: is.Deprecated,
		}
		v.semantic, _ = semver.NewVersion(is.Version)
		if y, ok := s.state.FindYanked(chart, is.Version); ok {
			v.yanked = &y
		}
		s.versions[i] = v
	}
	return s
}

// hasGone reports whether something was removed from the channel.
func (s *shelf) hasGone() bool { return s.state != nil && len(s.state.Gone) > 0 }
