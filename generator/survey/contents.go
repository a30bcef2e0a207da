package survey

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/spelling"
)

// Contents is what a channel has at one of its generations.
type Contents struct {
	Channel *publisher.Channel
	Index   *publisher.Index
	State   *action.State
}

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
	return Newest(c), nil
}

// Newest is what the channel has at its newest generation: nothing if it has none.
func Newest(c *publisher.Channel) *Contents { return &Contents{c, c.Index(), c.State()} }

// At returns what the channel had at a generation; 0 is the empty channel before the first.
// It fails with a [*GenerationError] if that cannot be had.
func (c *Contents) At(ctx context.Context, generation int) (*Contents, error) {
	switch {
	case generation == 0:
		return &Contents{Channel: c.Channel, Index: &publisher.Index{}}, nil
	case generation < 0 || generation > c.Channel.Generation():
		return nil, c.NoGeneration(generation)
	}
	index, state, err := c.Channel.AsOf(ctx, generation)
	if errors.Is(err, bucket.ErrNotFound) {
		return nil, c.NoGeneration(generation)
	}
	return &Contents{c.Channel, index, state}, err
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
			return all, err
		}
		all = append(all, some...)
	}
	return all, nil
}

// Summary says how much there is.
func (c *Contents) Summary() Channel {
	s := Channel{Channel: c.Channel.Name, Generation: c.Channel.Generation(), Changed: c.Channel.Time()}
	s.Charts, s.Versions = c.Index.Counts()
	if c.State != nil {
		s.Yanked = len(c.State.Yanked)
	}
	s.Hidden = c.Index.Older() - s.Yanked // what is yanked is never listed
	return s
}

// Charts returns the charts, by name.
func (c *Contents) Charts() ([]Chart, error) {
	all := []Chart{}
	for name := range c.Index.Charts() {
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
	if d, ok := c.State.FindDeprecated(v.Chart); ok {
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
	for name := range c.Index.Charts() {
		versions, err := c.Versions(name)
		if err != nil {
			return nil, err
		}
		all = append(all, versions...)
	}
	return all, nil
}

// Chart returns the versions of a chart as Versions does. It fails with a [*ChartError] if
// the channel does not have it.
func (c *Contents) Chart(chart string) ([]Version, error) {
	all, err := c.Versions(chart)
	if err == nil && len(all) == 0 {
		return nil, &ChartError{Channel: c.Channel.Name, Chart: chart, Near: c.Near(chart)}
	}
	return all, err
}

// Versions returns the versions of a chart, in the index's order: the newest first. There
// are none if the channel does not have the chart.
func (c *Contents) Versions(chart string) ([]Version, error) {
	lines, shown := c.Index.Lines(chart), c.Index.Shown(chart)
	all := make([]Version, len(lines))
	for i, line := range lines {
		r, err := parseLine(line)
		if err != nil {
			return nil, fmt.Errorf("channel %s: %w", c.Channel.Name, err)
		}
		all[i] = Version{
			Channel: c.Channel.Name, Chart: chart, Version: r.Version, AppVersion: r.AppVersion, Created: r.Created,
			Digest: r.Digest, URL: path.Join(c.Channel.Name, r.URLs[0]), State: Listed, Deprecated: r.Deprecated,
		}
		if !shown.Has(i) {
			all[i].State = Hidden
		}
		if y, ok := c.State.FindYanked(chart, r.Version); ok {
			all[i].State, all[i].Yanked = Yanked, &Yank{y.Reason, y.Time, y.Action}
		}
	}
	return all, nil
}

// Near returns the chart whose name is most like this one, except for those others; "" if
// no name is.
func (c *Contents) Near(name string, others ...string) string {
	var names []string
	for chart := range c.Index.Charts() {
		if chart != "" && !slices.Contains(others, chart) {
			names = append(names, chart)
		}
	}
	return spelling.Nearest(name, names)
}
