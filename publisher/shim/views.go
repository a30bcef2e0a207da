package shim

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/jellydator/ttlcache/v3"
	"golang.org/x/sync/semaphore"
	"golang.org/x/sync/singleflight"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
)

const (
	viewFresh = time.Second // how long an index is served without checking for a newer one
	maxViews  = 256         // channels whose indexes are kept, and other names that are remembered
	maxKept   = 64 << 20    // bytes of indexes that are kept, unless a single one is larger
)

// views caches the indexes of channels, so that not every request reads one.
type views struct {
	site     bucket.Store
	newJudge func(string, *publisher.Head) Judge
	reads    singleflight.Group  // of indexes, by channel
	room     *semaphore.Weighted // for these, see [roomy]

	kept  *ttlcache.Cache[string, *channelView] // channels that exist, those used last
	other *ttlcache.Cache[string, *channelView] // other names, of which anybody can make up any number

	readings readings // answers under way
}

// channelView is a channel as it was last seen.
type channelView struct {
	mu      sync.Mutex // never held while reading from the site
	seen    *view      // nil until the first read succeeds
	failure error      // of the last read
	looked  time.Time  // when that began; zero if another is due
	expired time.Time  // when the shim was last told that the site changed
}

// view is one state of a channel. It does not change, except that renderings are
// added to it.
type view struct {
	head  *publisher.Head // an empty one if the channel does not exist
	known bool            // the channel exists
	judge Judge

	mu       sync.Mutex
	rendered map[string]*rendering // by context path
	deleted  map[[2]string]bool    // see delete; by chart and version

	zipping    sync.Once
	zipped     []byte // see zippedRest
	unzippable error
}

func newViews(site bucket.Store, judge func(string, *publisher.Head) Judge) *views {
	kept := ttlcache.New(ttlcache.WithCapacity[string, *channelView](maxViews), ttlcache.WithMaxCost(maxKept, costOf))
	other := ttlcache.New(ttlcache.WithCapacity[string, *channelView](maxViews))
	return &views{site: site, newJudge: judge, room: semaphore.NewWeighted(maxReading), kept: kept, other: other}
}

// of returns the channel of this name, which need not exist.
func (vs *views) of(channel string) *channelView {
	if kept := vs.kept.Get(channel); kept != nil {
		return kept.Value()
	}
	other, _ := vs.other.GetOrSet(channel, &channelView{})
	return other.Value()
}

// keep keeps a channel that was used. The name of no channel takes no channel's
// place.
func (vs *views) keep(channel string, c *channelView) {
	if v := c.last(); v == nil || !v.known {
		vs.other.Set(channel, c, ttlcache.NoTTL)
		return
	}
	vs.kept.Set(channel, c, ttlcache.NoTTL)
	vs.other.Delete(channel)
}

// costOf returns the bytes that a kept channel counts for. A channel larger than
// maxKept counts as maxKept, so it is kept, but alone.
func costOf(item ttlcache.CostItem[string, *channelView]) uint64 {
	size := int64(1) // even of an empty index
	if v := item.Value.last(); v != nil {
		size += v.head.Size
	}
	return uint64(min(size, maxKept))
}

// get returns the channel as it is now, or was up to [viewFresh] ago. Concurrent
// calls share one read of the index, which takes at most [readTime].
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
		vs.keep(channel, c)
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

// fresh returns the view or the error of the last read if that is still fresh, and
// nil otherwise.
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

// saw records the result of a read that began at the given time.
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

// read reads the channel's index, or returns seen if that is still current.
func (vs *views) read(ctx context.Context, seen *view, channel string) (*view, error) {
	var before *publisher.Head
	if seen != nil && seen.known {
		before = seen.head
	}
	head, err := publisher.ReadHead(ctx, &roomy{vs.site, channel, vs.room}, channel, before)
	known := true
	switch {
	case errors.Is(err, bucket.ErrNotFound) && before != nil:
		return nil, storeFailure(err) // channels are never removed
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
		head: head, known: known, judge: vs.newJudge(channel, head), rendered: map[string]*rendering{},
	}, nil
}

// errDamaged means that a channel's index is damaged. The next run of the generator
// that publishes something to the channel repairs it.
var errDamaged = errors.New("the index is damaged")

// unreadable returns the failure for an index that cannot be read: it is damaged,
// or portolan did not write it.
func (vs *views) unreadable(ctx context.Context, channel string, err error) error {
	ours, failure := publisher.HasChannel(ctx, vs.site, channel)
	if failure != nil {
		return failure
	}
	if ours {
		return fail(http.StatusServiceUnavailable, "index-damaged", "upload a chart to the channel, or ask the operator of this server to run 'portolan generate --channel "+channel+"', which repairs it",
			"the index of channel %s is damaged", channel).because(fmt.Errorf("%w: %w", errDamaged, err)).after(storePause)
	}
	return fail(http.StatusConflict, "index-foreign", "choose another channel, or ask the operator of this server to move that repository to portolan",
		"channel %s holds a repository that portolan did not write", channel).because(err)
}

// emptyView returns the view of an empty channel.
func emptyView() *view {
	return &view{head: publisher.EmptyHead(), rendered: map[string]*rendering{}}
}

// expire makes every channel be looked at again before it is served.
func (vs *views) expire() {
	for _, cache := range []*ttlcache.Cache[string, *channelView]{vs.kept, vs.other} {
		for _, item := range cache.Items() {
			c := item.Value()
			c.mu.Lock()
			c.looked, c.expired = time.Time{}, time.Now()
			c.mu.Unlock()
		}
	}
}
