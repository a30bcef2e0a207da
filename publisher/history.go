package publisher

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/bucket"
)

// Since returns the records that may decide an upload that arrived at t or later: all
// whose time is not before t, newest first, down to the first one after the generation.
// Times never go back along the log, so the first older record ends it.
func (c *Channel) Since(ctx context.Context, t time.Time, after int) ([]*Record, error) {
	var records []*Record
	for r := c.newest; r != nil && r.Generation > after && !r.Time.Before(t); {
		records = append(records, r)
		if r.Generation == after+1 {
			break
		}
		var err error
		if r, _, err = c.record(ctx, r.Generation-1); err != nil {
			return nil, incomplete(err)
		}
	}
	return records, nil
}

// Find returns the records that decide one of the uploads or actions, by its id. It reads
// all records of that time or later, which may be many, and holds only those.
func (c *Channel) Find(ctx context.Context, uploads map[string]bool, since time.Time) (map[string]*Record, error) {
	found := map[string]*Record{}
	for r, err := range c.back(ctx) {
		if err != nil {
			return nil, err
		}
		if len(found) == len(uploads) || r.Time.Before(since) {
			break
		}
		for _, d := range r.Decisions {
			if uploads[d.Upload] {
				found[d.Upload] = r
			}
		}
		for _, a := range r.Actions {
			if uploads[a.ID] {
				found[a.ID] = r
			}
		}
	}
	return found, nil
}

// Lately is the time of the n-th newest record, or of the first if there are
// fewer; zero in a new channel.
func (c *Channel) Lately(ctx context.Context, n int) (time.Time, error) {
	r := c.newest
	for ; r != nil && r.Generation > 1 && n > 1; n-- {
		var err error
		if r, _, err = c.record(ctx, r.Generation-1); err != nil {
			return time.Time{}, incomplete(err)
		}
	}
	if r == nil {
		return time.Time{}, nil
	}
	return r.Time, nil
}

// Changes yields the records that changed the index, from the newest back to
// the first one after the generation.
func (c *Channel) Changes(ctx context.Context, after int) iter.Seq2[*Record, error] {
	return func(yield func(*Record, error) bool) {
		for r, n := c.newest, c.IndexGeneration(); n > after; n = r.Base {
			if r.Generation != n {
				var err error
				if r, _, err = c.record(ctx, n); err != nil {
					yield(nil, incomplete(err))
					return
				}
			}
			if !yield(r, nil) {
				return
			}
		}
	}
}

// back yields the channel's records from the newest to the first. It checks the chain
// that they form, because callers remove files by what the log says, and must not
// believe a damaged one.
func (c *Channel) back(ctx context.Context) iter.Seq2[*Record, error] {
	return func(yield func(*Record, error) bool) {
		for r := c.newest; r != nil; {
			if !yield(r, nil) || r.Generation == 1 {
				return
			}
			before, sum, err := c.record(ctx, r.Generation-1)
			if err == nil && sum != r.Parent {
				err = bucket.About(recordKey(c.Name, r.Generation-1),
					fmt.Errorf("its SHA-256 is %s, but the record after it follows on one with %s: %s", sum, r.Parent, fixLog))
			}
			if err != nil {
				yield(nil, incomplete(err))
				return
			}
			r = before
		}
	}
}

// AsOf returns the index and the state as they were at a generation. It fails with
// ErrNotFound if there is no such generation, or if its snapshot is not there any more.
func (c *Channel) AsOf(ctx context.Context, generation int) (*Index, *action.State, error) {
	r, _, err := c.record(ctx, generation)
	if err != nil {
		return nil, nil, err
	}
	index, err := c.At(ctx, r.IndexGeneration())
	if err != nil {
		return nil, nil, err
	}
	state, err := c.stateOf(ctx, r)
	return index, state, err
}

// At returns the index as it was at a generation that changed it; 0 is the empty index.
// It fails with ErrNotFound if the snapshot is not kept any more.
func (c *Channel) At(ctx context.Context, generation int) (*Index, error) {
	switch generation {
	case 0:
		return &Index{}, nil
	case c.IndexGeneration():
		return c.index, nil
	case c.opened.number:
		return c.opened.index, nil
	}
	for _, behind := range c.behind { // which may have no snapshot yet
		if behind.number == generation {
			return behind.index, nil
		}
	}
	x, _, err := readMoved(ctx, c.site, snapshotKey(c.Name, generation), snapshotUp)
	if err == nil {
		_, err = readOlder(ctx, c.site, c.Name, x)
	}
	return x, err
}
