// Package notify starts the job that runs the generator when there are uploads to
// publish: by GitLab's pipeline trigger, by GitHub's repository_dispatch, or by a
// POST of JSON to any URL.
//
// Uploads never wait for a notification. One notification covers all uploads until
// a second passes without another, for up to 15 seconds. A failed notification is
// retried until it succeeds, after a pause that doubles from 2 seconds to 5 minutes.
package notify

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/portolan-charts/portolan/publisher/pause"
)

const (
	quiet      = time.Second      // without an upload, before a notification
	patience   = 15 * time.Second // the longest that a notification waits for quiet
	firstRetry = 2 * time.Second
	lastRetry  = 5 * time.Minute
	lastTry    = 5 * time.Second // for the last notification, when the shim ends

	maxChannels = 100 // that a notification names
)

// Event is the content of a notification.
type Event struct {
	Channels []string `json:"channels"` // with new uploads; at most a hundred
	Uploads  int      `json:"uploads"`
}

// Notifier notifies a target of uploads. It is safe for concurrent use.
type Notifier struct {
	send   func(ctx context.Context, secret string, e Event) error
	secret func() (string, error)
	wanted chan struct{} // holds one if there are uploads to notify of

	mu      sync.Mutex
	pending Event
}

// New returns a notifier. It calls secret before each attempt, so the secret may
// change.
func New(target *Target, secret func() (string, error)) *Notifier {
	return &Notifier{send: target.Send, secret: secret, wanted: make(chan struct{}, 1)}
}

// Uploaded records an upload to a channel. It returns at once.
func (n *Notifier) Uploaded(channel string) {
	n.mu.Lock()
	n.pending.add(Event{[]string{channel}, 1})
	n.mu.Unlock()
	n.want()
}

func (n *Notifier) want() {
	select {
	case n.wanted <- struct{}{}:
	default: // a notification is wanted already
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

// Run sends notifications until the context ends, and then a last one, for up to
// five seconds, if any uploads are left. It calls done after each attempt.
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

// settle waits for quiet, or until patience ends. It returns false if the context
// ends first.
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

// try sends one notification of all pending uploads, and reports whether none are
// left. If it fails, they stay pending.
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
