package survey

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/bucket"
)

// Difference is how two generations of a channel differ. Versions that 'keep' hides count
// like all others.
type Difference struct {
	Channel string   `json:"channel"`
	From    Point    `json:"from"`
	To      Point    `json:"to"`
	Changes []Change `json:"changes"` // that lead from one to the other
}

// Point is one generation.
type Point struct {
	Generation int       `json:"generation"`
	Time       time.Time `json:"time,omitzero"` // when its index was made; zero for 0, the empty channel
}

// Diff compares two generations of a channel; 0 stands for the empty channel before the
// first one, and a negative to for the newest. It reads their records and snapshots. The
// error is a [*GenerationError] if one of them cannot be had.
func Diff(ctx context.Context, site bucket.Store, channel string, from, to int) (*Difference, error) {
	opened, err := publisher.OpenChannel(ctx, site, channel)
	if err != nil {
		return nil, err
	}
	if opened.Generation() == 0 {
		return nil, fmt.Errorf("%s: %w", channel, ErrNoChannel)
	}
	if to < 0 {
		to = opened.Generation()
	}
	c := Newest(opened)
	d := &Difference{Channel: channel}
	before, err := d.From.at(ctx, c, from)
	if err != nil {
		return nil, err
	}
	after, err := d.To.at(ctx, c, to)
	if err != nil {
		return nil, err
	}
	d.Changes, err = before.to(after)
	return d, err
}

// at returns what the channel had at a generation, and says since when.
func (p *Point) at(ctx context.Context, c *Contents, generation int) (*Contents, error) {
	p.Generation = generation
	then, err := c.At(ctx, generation)
	if err != nil || generation == 0 {
		return then, err
	}
	header, err := then.Index.Header()
	p.Time = header.Generated
	return then, err
}

// to returns the changes that lead from these contents to later ones, or earlier ones.
func (c *Contents) to(after *Contents) ([]Change, error) {
	charts := map[string][]string{}
	for _, x := range []*publisher.Index{c.Index, after.Index} {
		for chart := range x.Charts() {
			charts[chart] = after.Index.Lines(chart)
		}
	}
	all, err := changes(c.Index.Diff(charts))
	if err != nil {
		return nil, err
	}
	removed := map[[2]string]bool{}
	for _, c := range all {
		if c.What == Removed {
			removed[[2]string{c.Chart, c.Version}] = true
		}
	}
	for _, c := range stateChanges(c.State, after.State) {
		if !removed[[2]string{c.Chart, c.Version}] {
			all = append(all, c)
		}
	}
	return all, nil
}

// stateChanges are what actions have done between two states. A version that was removed
// counts as restored.
func stateChanges(before, after *action.State) (all []Change) {
	before, after = cmp.Or(before, &action.State{}), cmp.Or(after, &action.State{})
	for _, y := range after.Yanked {
		if _, was := before.FindYanked(y.Chart, y.Version); !was {
			all = append(all, Change{What: IsYanked, Chart: y.Chart, Version: y.Version, Reason: y.Reason})
		}
	}
	for _, y := range before.Yanked {
		if _, is := after.FindYanked(y.Chart, y.Version); !is {
			all = append(all, Change{What: Restored, Chart: y.Chart, Version: y.Version})
		}
	}
	for _, d := range after.Deprecated {
		if was, ok := before.FindDeprecated(d.Chart); !ok || was.Message != d.Message || was.Successor != d.Successor {
			all = append(all, Change{What: Deprecated, Chart: d.Chart, Reason: d.Message, Successor: d.Successor})
		}
	}
	for _, d := range before.Deprecated {
		if _, is := after.FindDeprecated(d.Chart); !is {
			all = append(all, Change{What: Undeprecated, Chart: d.Chart})
		}
	}
	return all
}
