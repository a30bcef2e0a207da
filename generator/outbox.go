package generator

import (
	"context"
	"slices"
	"time"

	"github.com/portolan-charts/portolan/generator/config"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/droparea"
)

// A receiver that cannot be told is tried again after a pause that doubles from firstPause
// to lastPause, until maxTries have failed: for a day, if runs are that frequent. So long
// that receiver alone keeps an entry in the outbox. A new generation is told at once, which
// does not count as a try if it comes within the pause.
const (
	firstPause = time.Minute
	lastPause  = 4 * time.Hour
	maxTries   = 14
)

// outdated is how old an entry is that no receiver of the channel, as this run is
// configured, waits for. Until then, a run with another configuration may need it.
const outdated = 24 * time.Hour

// outbox is what the receivers of all channels are still to be told, as far as a run knows.
type outbox struct {
	drop    bucket.Store
	config  *config.Config
	entries map[string][]droparea.Untold // by channel
}

func newOutbox(o *Options, inbox *droparea.Inbox) *outbox {
	b := &outbox{o.Drop, o.Config, map[string][]droparea.Untold{}}
	if o.DryRun { // which tells nobody
		return b
	}
	for _, w := range inbox.Channels {
		b.entries[w.Channel] = w.Untold
	}
	return b
}

// before returns what notes, before head shows a generation of the channel, that receivers
// are to be told of it; nil if the channel has no receivers. The uploads that make the generation leave
// the inbox later, so after a crash either they bring the next run here or the note does.
func (b *outbox) before(channel string) func(ctx context.Context, shown, next int) error {
	if b == nil || len(b.config.Receivers(channel)) == 0 {
		return nil
	}
	announce := droparea.Announce(b.drop, channel)
	return func(ctx context.Context, shown, next int) error {
		if err := announce(ctx, shown, next); err != nil {
			return err
		}
		u := droparea.Untold{Since: shown, Generation: next}
		if !slices.ContainsFunc(b.entries[channel], u.Same) {
			b.entries[channel] = append(b.entries[channel], u)
		}
		return nil
	}
}

// without are the channel's entries that can go: all but those to keep, and those that only
// a run with another configuration needs.
func (b *outbox) without(channel string, keep []droparea.Untold, now time.Time) []droparea.Untold {
	var all []droparea.Untold
	for _, u := range b.entries[channel] {
		if !slices.ContainsFunc(keep, u.Same) && (b.wanted(channel, u) || b.stale(channel, u, now)) {
			all = append(all, u)
		}
	}
	return all
}

// discard empties the outbox of a channel that does not exist.
func (b *outbox) discard(ctx context.Context, channel string) error {
	return droparea.RemoveUntold(ctx, b.drop, 1, channel, b.entries[channel])
}

// idle reports whether nothing in the channel's inbox has to be looked at now: there are
// only entries of the outbox, and no receiver is due.
func (o *Options) idle(w *droparea.ChannelInbox) bool {
	b, now := o.outbox, o.Now()
	if len(w.Uploads)+len(w.Foreign) > 0 || w.Err != nil {
		return false
	}
	return o.DryRun || !slices.ContainsFunc(b.errands(w.Channel), func(e *errand) bool { return e.due(now) }) &&
		!slices.ContainsFunc(w.Untold, func(u droparea.Untold) bool { return b.stale(w.Channel, u, now) })
}

// stale reports whether an entry is outdated.
func (b *outbox) stale(channel string, u droparea.Untold, now time.Time) bool {
	return now.Sub(u.Modified) >= outdated && !b.wanted(channel, u)
}

// wanted reports whether there is a receiver that the entry is about.
func (b *outbox) wanted(channel string, u droparea.Untold) bool {
	return slices.ContainsFunc(b.config.Receivers(channel), func(r config.Receiver) bool { return concerns(u, r) })
}

// concerns reports whether the receiver is one of those that the entry is about.
func concerns(u droparea.Untold, r config.Receiver) bool {
	return u.Receiver == "" || u.Receiver == r.ID()
}

// errand is that one receiver of a channel is to be told.
type errand struct {
	receiver config.Receiver
	entries  []droparea.Untold // that ask for it
	since    int               // the generation that it knows, by these
	fresh    bool              // there is a generation for which it was not tried yet
	last     droparea.Untold   // which notes that the last try failed; zero if none did

	news       *News
	err        error // why it was not told
	unfinished bool  // it was not told, but the try does not count
}

// errands are all that there are in the channel, including those that are not due.
func (b *outbox) errands(channel string) []*errand {
	var all []*errand
	for _, r := range b.config.Receivers(channel) {
		e := &errand{receiver: r}
		for _, u := range b.entries[channel] {
			if concerns(u, r) {
				e.add(u)
			}
		}
		if len(e.entries) > 0 {
			all = append(all, e)
		}
	}
	return all
}

func (e *errand) add(u droparea.Untold) {
	if len(e.entries) == 0 || u.Since < e.since {
		e.since = u.Since
	}
	e.entries = append(e.entries, u)
	switch last := e.last; {
	case u.Receiver == "":
		e.fresh = true
	// Of those with as many tries, later ones are of generations that came within the pause.
	case u.Tries > last.Tries, u.Tries == last.Tries && u.Modified.Before(last.Modified):
		e.last = u
	}
}

// due reports whether the receiver is to be told now.
func (e *errand) due(now time.Time) bool { return e.fresh || !now.Before(e.again()) }

// again is when the receiver is to be tried again after the last failure.
func (e *errand) again() time.Time {
	if e.last.Tries == 0 {
		return time.Time{}
	}
	return e.last.Modified.Add(pauseAfter(e.last.Tries))
}

// pauseAfter is how long a receiver is left alone after this many tries have failed.
func pauseAfter(tries int) time.Duration {
	return min(firstPause<<min(tries-1, 16), lastPause)
}
