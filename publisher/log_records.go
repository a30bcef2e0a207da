package publisher

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

// Records yields a channel's records from the newest back to the first, and checks the
// chain that they form. It yields nothing if the channel has none. It reads the first
// line of head, to know about where the log ends, and no more records than are taken.
func Records(ctx context.Context, site bucket.Store, channel string) iter.Seq2[*Record, error] {
	return func(yield func(*Record, error) bool) {
		c := &Channel{Name: channel, site: site}
		if err := c.openEnd(ctx); err != nil {
			yield(nil, err)
			return
		}
		for r, err := range c.back(ctx) {
			if !yield(r, err) {
				return
			}
		}
	}
}

// openEnd sets the newest record of a channel, and reads nothing else.
func (c *Channel) openEnd(ctx context.Context) error {
	head := generationIn(ctx, c.site, headKey(c.Name))
	number, err := c.findNewest(ctx, head)
	if err == nil && head == 0 {
		number, err = c.pastHoles(ctx, number)
	}
	if err != nil || number == 0 {
		return err
	}
	c.newest, c.sum, err = c.record(ctx, number)
	if errors.Is(err, bucket.ErrNotFound) {
		return headOnly(headKey(c.Name), head, err)
	}
	return err
}

// headOnly is the error for a head whose record is missing.
func headOnly(key string, generation int, missing error) error {
	return fmt.Errorf("%s says that it is generation %d, but %w: the site is incomplete; restore its log folder", key, generation, missing)
}

// pastHoles makes sure that no listed record is newer than the one with that number, which
// was found without a head. It returns the number of the newest one.
func (c *Channel) pastHoles(ctx context.Context, number int) (int, error) {
	listed, err := c.listedNewest(ctx)
	if err != nil || listed <= number {
		return number, err
	}
	// Either the record was committed a moment ago, or there is a hole before it.
	if number, err = c.findNewest(ctx, number); err == nil && number < listed {
		err = holeBefore(c.Name, number+1, listed)
	}
	return number, err
}
