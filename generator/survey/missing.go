package survey

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/spelling"
)

// ErrNoChannel is reported for a channel that the site does not have.
var ErrNoChannel = errors.New("there is no such channel")

// NearChannel returns the channel whose name is most like this one; "" if no name is, or if
// the site cannot be listed, as on the web.
func NearChannel(ctx context.Context, site bucket.Store, name string) string {
	names, err := publisher.Channels(ctx, site)
	if err != nil {
		return ""
	}
	return spelling.Nearest(name, slices.DeleteFunc(names, func(other string) bool { return other == name }))
}

// ChartError is the error for a chart that a channel does not have.
type ChartError struct {
	Channel, Chart string
	Near           string // the chart whose name is most like it; "" if no name is
}

func (e *ChartError) Error() string {
	return fmt.Sprintf("channel %s has no chart %q", e.Channel, e.Chart)
}

// Fix says what to do instead.
func (e *ChartError) Fix() string {
	lists := fmt.Sprintf("'portolan list %s' lists its charts", e.Channel)
	if e.Near == "" {
		return lists
	}
	return fmt.Sprintf("did you mean %s? %s", e.Near, lists)
}

// GenerationError is the error for a generation that does not exist, is not kept any more,
// or has lost its snapshot.
type GenerationError struct {
	Channel    string
	Generation int
	Newest     int // that the channel has
	Floor      int // the oldest one that is kept; 0 if all are
}

// NoGeneration is the error for a generation of the channel that cannot be had.
func (c *Contents) NoGeneration(generation int) *GenerationError {
	return &GenerationError{c.Channel.Name, generation, c.Channel.Generation(), c.Channel.Floor()}
}

func (e *GenerationError) Error() string {
	switch {
	case e.Generation < 1 || e.Generation > e.Newest:
		return fmt.Sprintf("channel %s has no generation %d: its newest is %d", e.Channel, e.Generation, e.Newest)
	case e.Generation < e.Floor:
		return fmt.Sprintf("generation %d of channel %s is not kept any more: the last prune kept those from %d on", e.Generation, e.Channel, e.Floor)
	}
	return fmt.Sprintf("the snapshot of generation %d of channel %s is missing", e.Generation, e.Channel)
}

// Fix says what to do instead.
func (e *GenerationError) Fix() string {
	if e.Generation < 1 || e.Generation > e.Newest || e.Generation < e.Floor {
		return fmt.Sprintf("take another one: 'portolan log %s' lists them", e.Channel)
	}
	return fmt.Sprintf("'portolan rebuild --channel %s' restores it from the log", e.Channel)
}
