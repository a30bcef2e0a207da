package survey

import (
	"context"
	"errors"
	"fmt"
	"path"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/spelling"
)

// Contents is what a channel has at its newest generation.
type Contents struct {
	channel *publisher.Channel
	index   *publisher.Index
	state   *action.State
}

// ErrNoChannel is reported for a channel that the site does not have.
var ErrNoChannel = errors.New("there is no such channel")

// Open reads a channel. It fails with ErrNoChannel also if nothing was ever published in
// it.
func Open(ctx context.Context, site bucket.Store, channel string) (*Contents, error) {
	c, err := publisher.OpenChannel(ctx, site, channel)
	if err != nil {
		return nil, err
	}
	if c.IndexGeneration() == 0 {
		return nil, fmt.Errorf("%s: %w", channel, ErrNoChannel)
	}
	return &Contents{c, c.Index(), c.State()}, nil
}

// Channels returns the channels of the site. One that cannot be read has an Error, and
// does not stop it.
func Channels(ctx context.Context, site bucket.Store) ([]Channel, error) {
	names, err := publisher.Channels(ctx, site)
	if err != nil {
		return nil, err
	}
	all := []Channel{}
	for _, name := range names {
		c, err := Open(ctx, site, name)
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case errors.Is(err, ErrNoChannel):
			continue
		case err != nil:
			all = append(all, Channel{Channel: name, Error: err.Error()})
		default:
			all = append(all, c.Summary())
		}
	}
	return all, nil
}

// Versions returns the versions of all channels of the site, by channel and chart.
func Versions(ctx context.Context, site bucket.Store) ([]Version, error) {
	names, err := publisher.Channels(ctx, site)
	if err != nil {
		return nil, err
	}
	all := []Version{}
	for _, name := range names {
		c, err := Open(ctx, site, name)
		if errors.Is(err, ErrNoChannel) {
			continue
		}
		var some []Version
		if err == nil {
			some, err = c.AllVersions()
		}
		if err != nil {
			return all, fmt.Errorf("channel %s: %w", name, err)
		}
		all = append(all, some...)
	}
	return all, nil
}

// Summary says how much there is.
func (c *Contents) Summary() Channel {
	s := Channel{Channel: c.channel.Name, Generation: c.channel.Generation(), Changed: c.channel.Time()}
	s.Charts, s.Versions = c.index.Counts()
	if c.state != nil {
		s.Yanked = len(c.state.Yanked)
	}
	s.Hidden = c.index.Older() - s.Yanked // what is yanked is never listed
	return s
}

// Charts returns the charts, by name.
func (c *Contents) Charts() ([]Chart, error) {
	all := []Chart{}
	for name := range c.index.Charts() {
		versions, err := c.Versions(name)
		if err != nil {
			return nil, err
		}
		if len(versions) > 0 {
			all = append(all, c.chartOf(versions))
		}
	}
	return all, nil
}

// chartOf describes the chart that has these versions, which are in the index's order.
func (c *Contents) chartOf(versions []Version) Chart {
	v := newest(versions)
	chart := Chart{
		Channel: v.Channel, Chart: v.Chart, Newest: v.Version, AppVersion: v.AppVersion,
		Created: v.Created, Versions: len(versions), Deprecated: v.Deprecated,
	}
	for _, v := range versions {
		switch v.State {
		case Hidden:
			chart.Hidden++
		case Yanked:
			chart.Yanked++
		}
	}
	if d, ok := c.state.FindDeprecated(v.Chart); ok {
		chart.Deprecation = &Deprecation{Message: d.Message, Successor: d.Successor, Time: d.Time}
	}
	return chart
}

// newest returns the newest version that is neither yanked nor a prerelease; or if there is
// none, the newest that is not yanked; or else the newest of all. The versions are in the
// index's order.
func newest(versions []Version) Version {
	best := versions[0]
	for _, v := range versions {
		switch {
		case v.State == Yanked:
		case !prerelease(v.Version):
			return v
		case best.State == Yanked:
			best = v
		}
	}
	return best
}

// AllVersions returns the versions of all charts, by chart.
func (c *Contents) AllVersions() ([]Version, error) {
	all := []Version{}
	for name := range c.index.Charts() {
		versions, err := c.Versions(name)
		if err != nil {
			return nil, err
		}
		all = append(all, versions...)
	}
	return all, nil
}

// Versions returns the versions of a chart, in the index's order: the newest first. There
// are none if the channel does not have the chart.
func (c *Contents) Versions(chart string) ([]Version, error) {
	lines, shown := c.index.Lines(chart), c.index.Shown(chart)
	all := make([]Version, len(lines))
	for i, line := range lines {
		r, err := parseLine(line)
		if err != nil {
			return nil, err
		}
		all[i] = Version{
			Channel: c.channel.Name, Chart: chart, Version: r.Version, AppVersion: r.AppVersion, Created: r.Created,
			Digest: r.Digest, URL: path.Join(c.channel.Name, r.URLs[0]), State: Listed, Deprecated: r.Deprecated,
		}
		if !shown.Has(i) {
			all[i].State = Hidden
		}
		if y, ok := c.state.FindYanked(chart, r.Version); ok {
			all[i].State, all[i].Yanked = Yanked, &Yank{y.Reason, y.Time, y.Action}
		}
	}
	return all, nil
}

// Near returns the chart whose name is most like this one; "" if none is.
func (c *Contents) Near(name string) string {
	var names []string
	for chart := range c.index.Charts() {
		if chart != "" {
			names = append(names, chart)
		}
	}
	return spelling.Nearest(name, names)
}
