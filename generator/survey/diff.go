package survey

import (
	"cmp"
	"context"
	"errors"
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
	c, err := publisher.OpenChannel(ctx, site, channel)
	if err != nil {
		return nil, err
	}
	if c.Generation() == 0 {
		return nil, fmt.Errorf("%s: %w", channel, ErrNoChannel)
	}
	if to < 0 {
		to = c.Generation()
	}
	d := &Difference{Channel: channel}
	before, err := asOf(ctx, c, from, &d.From)
	if err != nil {
		return nil, err
	}
	after, err := asOf(ctx, c, to, &d.To)
	if err != nil {
		return nil, err
	}
	d.Changes, err = before.to(after)
	return d, err
}

// past is a channel as it was.
type past struct {
	index *publisher.Index
	state *action.State
}

// asOf returns the channel as it was at a generation, and says since when.
func asOf(ctx context.Context, c *publisher.Channel, generation int, p *Point) (past, error) {
	p.Generation = generation
	if generation == 0 {
		return past{index: &publisher.Index{}}, nil
	}
	missing := &GenerationError{Channel: c.Name, Generation: generation, Newest: c.Generation(), Floor: c.Floor()}
	if generation > c.Generation() {
		return past{}, missing
	}
	x, state, err := c.AsOf(ctx, generation)
	if errors.Is(err, bucket.ErrNotFound) {
		return past{}, missing
	}
	if err != nil {
		return past{}, err
	}
	header, err := x.Header()
	p.Time = header.Generated
	return past{x, state}, err
}

// to returns the changes that lead from one past to another.
func (p past) to(after past) ([]Change, error) {
	charts := map[string][]string{}
	for _, x := range []*publisher.Index{p.index, after.index} {
		for chart := range x.Charts() {
			charts[chart] = after.index.Lines(chart)
		}
	}
	all, err := changes(p.index.Diff(charts))
	if err != nil {
		return nil, err
	}
	removed := map[[2]string]bool{}
	for _, c := range all {
		if c.What == Removed {
			removed[[2]string{c.Chart, c.Version}] = true
		}
	}
	for _, c := range stateChanges(p.state, after.state) {
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

// GenerationError is the error for a generation that does not exist, or of which the
// snapshot is gone.
type GenerationError struct {
	Channel    string
	Generation int
	Newest     int // that the channel has
	Floor      int // the oldest one that is kept; 0 if all are
}

func (e *GenerationError) Error() string {
	if e.Generation > e.Newest {
		return fmt.Sprintf("channel %s has no generation %d: its newest is %d", e.Channel, e.Generation, e.Newest)
	}
	return fmt.Sprintf("the snapshot of generation %d of channel %s is not there any more", e.Generation, e.Channel)
}

// Fix says what to do instead.
func (e *GenerationError) Fix() string {
	switch {
	case e.Generation > e.Newest:
		return fmt.Sprintf("'portolan log %s' lists its generations", e.Channel)
	case e.Generation < e.Floor:
		return fmt.Sprintf("a prune has removed the snapshots before generation %d: compare with that or a later one, or see 'portolan log %s'", e.Floor, e.Channel)
	}
	return fmt.Sprintf("it was lost: run 'portolan rebuild --channel %s', which restores it from the log", e.Channel)
}
