// Package notify tells whoever runs the generator that there is something to
// publish: by GitLab's pipeline trigger, by GitHub's repository_dispatch, or by
// JSON to any URL.
//
// Uploads that come together are told together, and never wait for it. What
// cannot be told is tried again, after a longer time each time.
package notify

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/portolan-charts/portolan/publisher/pause"
)

const (
	quiet      = time.Second      // without an upload, after which one is told
	patience   = 15 * time.Second // for which uploads may keep coming before the first is told
	firstRetry = 2 * time.Second
	lastRetry  = 5 * time.Minute
	lastTry    = 5 * time.Second // for the last notification, when the shim ends

	maxChannels = 100 // that are named
)

// Event is what there is to tell.
type Event struct {
	Channels []string `json:"channels"` // with new uploads; cut at a hundred
	Uploads  int      `json:"uploads"`
}

// Notifier notifies a target of uploads. Its methods may be called from many
// goroutines.
type Notifier struct {
	send   func(ctx context.Context, secret string, e Event) error
	secret func() (string, error)
	wanted chan struct{} // holds one if there is something to tell

	mu      sync.Mutex
	pending Event
}

// New returns a notifier. The secret is asked for before each attempt, so that
// it may change.
func New(target *Target, secret func() (string, error)) *Notifier {
	return &Notifier{send: target.Send, secret: secret, wanted: make(chan struct{}, 1)}
}

// Uploaded notes an upload to a channel. It returns at once.
func (n *Notifier) Uploaded(channel string) {
	n.mu.Lock()
	n.pending.add(Event{[]string{channel}, 1})
	n.mu.Unlock()
	n.want()
}

func (n *Notifier) want() {
	select {
	case n.wanted <- struct{}{}:
	default: // it is known already
	}
}

func (e *Event) add(more Event) {
	e.Uploads += more.Uploads
	for _, channel := range more.Channels {
		if at, known := slices.BinarySearch(e.Channels, channel); !known && len(e.Channels) < maxChannels {
			e.Channels = slices.Insert(e.Channels, at, channel)
		}
	}
}

// Run notifies until the context ends, and then once more if there is anything
// left to tell. What became of each attempt is told to done.
func (n *Notifier) Run(ctx context.Context, done func(Event, error)) {
	defer n.last(ctx, done)
	retry := firstRetry
	for {
		select {
		case <-ctx.Done():
			return
		case <-n.wanted:
		}
		if !n.settle(ctx) {
			return
		}
		if n.try(ctx, done) {
			retry = firstRetry
			continue
		}
		if pause.For(ctx, retry) != nil {
			return
		}
		retry = min(2*retry, lastRetry)
		n.want()
	}
}

// settle waits until no more uploads come, within reason.
func (n *Notifier) settle(ctx context.Context) bool {
	enough := time.After(patience)
	for {
		select {
		case <-ctx.Done():
			return false
		case <-enough:
			return true
		case <-time.After(quiet):
			return true
		case <-n.wanted:
		}
	}
}

// try tells what there is to tell, and reports whether nothing is left. What
// could not be told stays.
func (n *Notifier) try(ctx context.Context, done func(Event, error)) bool {
	n.mu.Lock()
	e := n.pending
	n.pending = Event{}
	n.mu.Unlock()
	if e.Uploads == 0 {
		return true
	}
	secret, err := n.secret()
	if err == nil {
		err = n.send(ctx, secret, e)
	}
	if err != nil {
		n.mu.Lock()
		n.pending.add(e)
		n.mu.Unlock()
	}
	done(e, err)
	return err == nil
}

func (n *Notifier) last(ctx context.Context, done func(Event, error)) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastTry)
	defer cancel()
	n.try(ctx, done)
}
