package shim

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
)

const (
	viewFresh = time.Second // for how long an index is served without looking whether it is the newest
	maxViews  = 256         // channels whose indexes are kept
	maxKept   = 64 << 20    // bytes of the indexes that are kept, unless one alone has more
)

// views are the indexes of channels, kept so that not every request reads one.
type views struct {
	site     bucket.Store
	newJudge func(string, *publisher.Index) Judge
	reads    singleflight.Group // of indexes, by channel

	mu     sync.Mutex
	kept   map[string]*list.Element // of *channelView
	recent *list.List               // the one that was used last in front
}

// channelView is a channel as it was last seen.
type channelView struct {
	channel string

	mu      sync.Mutex // held for moments only
	seen    *view      // nil before
	failure error      // of the last look
	looked  time.Time  // when that began; zero if another is due
	expired time.Time  // when somebody said that there is something new
}

// view is one state of a channel. It is never changed but to note what was
// derived from it.
type view struct {
	head  *publisher.Head // an empty one if the channel does not exist
	known bool            // the channel exists
	judge Judge

	mu       sync.Mutex
	rendered map[string]*rendering // by context path
}

func newViews(site bucket.Store, judge func(string, *publisher.Index) Judge) *views {
	return &views{site: site, newJudge: judge, kept: map[string]*list.Element{}, recent: list.New()}
}

// get returns the channel as it is now, or was a moment ago. Of those who ask at
// the same time one reads the index, and all wait for it, but not for ever.
func (vs *views) get(ctx context.Context, channel string) (*view, error) {
	c := vs.of(channel)
	if v, err := c.fresh(); v != nil || err != nil {
		return v, err
	}
	read := vs.reads.DoChan(channel, func() (any, error) {
		began := time.Now()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readTime)
		defer cancel()
		v, err := vs.read(ctx, c.last(), channel)
		c.saw(v, err, began)
		vs.shrink(channel)
		return v, err
	})
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case r := <-read:
		v, _ := r.Val.(*view)
		return v, r.Err
	}
}

// fresh returns what was seen last, or why nothing was, if that is not long ago.
func (c *channelView) fresh() (*view, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.looked) >= viewFresh {
		return nil, nil
	}
	if c.failure != nil {
		return nil, c.failure
	}
	return c.seen, nil
}

func (c *channelView) last() *view {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.seen
}

// saw notes what was seen in a look that began then.
func (c *channelView) saw(v *view, err error, began time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failure = err; err == nil {
		c.seen = v
	}
	if began.After(c.expired) {
		c.looked = began
	}
}

// read reads the channel's index, unless it still is the one that was seen.
func (vs *views) read(ctx context.Context, seen *view, channel string) (*view, error) {
	var before *publisher.Head
	if seen != nil && seen.known {
		before = seen.head
	}
	head, err := publisher.ReadHead(ctx, vs.site, channel, before)
	known := true
	switch {
	case errors.Is(err, bucket.ErrNotFound) && before != nil:
		return nil, storeFailure(err) // no channel ever ceases to be
	case errors.Is(err, bucket.ErrNotFound):
		head, known = publisher.EmptyHead(), false
	case errors.Is(err, publisher.ErrNotOurs):
		return nil, vs.unreadable(ctx, channel, err)
	case err != nil:
		return nil, storeFailure(err)
	case head == before:
		return seen, nil
	}
	return &view{
		head: head, known: known, judge: vs.newJudge(channel, head.Index), rendered: map[string]*rendering{},
	}, nil
}

// errDamaged says that a channel's index is damaged: the next run of the generator
// that has something to do there puts it right.
var errDamaged = errors.New("the index is damaged")

// unreadable tells a damaged index from one of somebody else's.
func (vs *views) unreadable(ctx context.Context, channel string, err error) error {
	ours, failure := publisher.HasChannel(ctx, vs.site, channel)
	if failure != nil {
		return failure
	}
	if ours {
		return fail(http.StatusServiceUnavailable, "index-damaged", "upload a chart to the channel, or tell who runs this server: 'portolan generate --channel "+channel+"' puts it right",
			"the index of channel %s is damaged", channel).because(fmt.Errorf("%w: %w", errDamaged, err)).after(storePause)
	}
	return fail(http.StatusConflict, "index-foreign", "choose another channel, or ask who runs this server to move that repository over",
		"channel %s is a repository that portolan did not write", channel).because(err)
}

// emptyView is that of a channel that has nothing in it.
func emptyView() *view {
	return &view{head: publisher.EmptyHead(), rendered: map[string]*rendering{}}
}

// of returns the view of a channel, which is then the one used last.
func (vs *views) of(channel string) *channelView {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	if e, ok := vs.kept[channel]; ok {
		vs.recent.MoveToFront(e)
		return e.Value.(*channelView)
	}
	c := &channelView{channel: channel}
	vs.kept[channel] = vs.recent.PushFront(c)
	if vs.recent.Len() > maxViews {
		vs.forget(vs.recent.Back())
	}
	return c
}

// shrink forgets the channels that were used longest ago while all that are kept
// take too much. The one that has just been read stays.
func (vs *views) shrink(channel string) {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	total := int64(0)
	for e := vs.recent.Front(); e != nil; {
		c, next := e.Value.(*channelView), e.Next()
		if v := c.last(); v != nil {
			total += v.head.Size
		}
		if total > maxKept && c.channel != channel {
			vs.forget(e)
		}
		e = next
	}
}

func (vs *views) forget(e *list.Element) {
	delete(vs.kept, e.Value.(*channelView).channel)
	vs.recent.Remove(e)
}

// expire makes every channel be looked at again before it is served.
func (vs *views) expire() {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	for e := vs.recent.Front(); e != nil; e = e.Next() {
		c := e.Value.(*channelView)
		c.mu.Lock()
		c.looked, c.expired = time.Time{}, time.Now()
		c.mu.Unlock()
	}
}
