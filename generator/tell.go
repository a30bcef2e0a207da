package generator

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/portolan-charts/portolan/generator/config"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/droparea"
	"github.com/portolan-charts/portolan/publisher/webhook"
)

const (
	// maxAnswer is how long one receiver may take, and maxTelling how long all may take
	// once nothing else is left to do in a run.
	maxAnswer  = 5 * time.Second
	maxTelling = 10 * time.Second

	maxAtOnce = 32 // receivers that are told at the same time
)

// Telling says whether a receiver was told of a channel's newest generation.
type Telling struct {
	Receiver   string `json:"receiver"` // its host
	Generation int    `json:"generation"`

	Error   string    `json:"error,omitempty"`   // why it was not told
	Again   time.Time `json:"again,omitzero"`    // the next run after this tries again; zero for any
	GivenUp bool      `json:"givenUp,omitempty"` // it is not tried again, until there is a new generation
}

// telling is that receivers are told of what heads show. No other work waits for it, and
// what it does not get to is left to the next run.
type telling struct {
	*Options
	heard  []*heard
	cancel context.CancelFunc
	done   chan struct{}
}

// heard is one channel of which receivers are told.
type heard struct {
	*remainder
	generation int
	errands    []*errand
}

// tell begins to tell the receivers of all channels.
func (o *Options) tell(ctx context.Context, all []*remainder) *telling {
	t := &telling{Options: o, done: make(chan struct{})}
	ctx, t.cancel = context.WithCancel(ctx)
	var due []*errand
	for _, rest := range all {
		if !rest.shown || len(o.outbox.entries[rest.report.Channel]) == 0 {
			continue
		}
		h, err := o.hear(ctx, rest)
		if err != nil {
			rest.fail(fmt.Errorf("telling receivers: %w", err))
			continue
		}
		t.heard = append(t.heard, h)
		for _, e := range h.errands {
			if e.news != nil {
				due = append(due, e)
			}
		}
	}
	go func() {
		defer close(t.done)
		t.send(ctx, due)
	}()
	return t
}

// hear finds out what is to be told of one channel, and to whom.
func (o *Options) hear(ctx context.Context, rest *remainder) (*heard, error) {
	h := &heard{remainder: rest}
	c := rest.channel
	if c == nil {
		var err error
		if c, err = publisher.OpenChannel(ctx, o.Site, rest.report.Channel); err != nil {
			return nil, err
		}
	}
	if h.generation = c.IndexGeneration(); h.generation == 0 {
		return h, nil
	}
	if behind := c.Behind(); behind != "" {
		return nil, errors.New(behind)
	}
	h.errands = o.outbox.errands(c.Name)
	for _, e := range h.errands {
		if e.due(o.Now()) {
			var err error
			if e.news, err = newsOf(ctx, o, c, e.since); err != nil {
				return nil, err
			}
		}
	}
	return h, nil
}

// send tells all at the same time, within bounds.
func (t *telling) send(ctx context.Context, due []*errand) {
	var group errgroup.Group
	group.SetLimit(maxAtOnce)
	for _, e := range due {
		group.Go(func() error {
			e.err = send(ctx, e.receiver, e.news)
			e.unfinished = e.err != nil && ctx.Err() != nil
			return nil
		})
	}
	_ = group.Wait() // the errors are in the errands
}

// send makes one request. Flux takes it, and a receiver that knows the secret can check it.
func send(ctx context.Context, to config.Receiver, news *News) error {
	secret, err := to.Secret()
	if err != nil {
		return err
	}
	body, err := json.Marshal(news)
	if err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, maxAnswer)
	defer cancel()
	r, err := http.NewRequestWithContext(limited, http.MethodPost, to.URL, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("the URL of %s cannot be used", to.Host()) // the error has all of it
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "portolan")
	r.Header.Set("X-Signature", sign(secret, body))
	err = webhook.Send(to.Host(), nil, r, secret, strings.Trim(r.URL.RequestURI(), "/"))
	if limited.Err() != nil && ctx.Err() == nil {
		return fmt.Errorf("%s does not answer within %s", to.Host(), maxAnswer)
	}
	return err
}

// sign returns the signature that proves, to those who have the secret, that the body comes
// from somebody who has it too.
func sign(secret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// conclude gives receivers that have not answered yet a little more time, and notes who is
// still to be told.
func (t *telling) conclude(ctx context.Context) {
	select {
	case <-t.done:
	case <-ctx.Done():
	case <-time.After(maxTelling):
	}
	t.cancel()
	<-t.done
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), maxPauseTime)
	defer cancel()
	for _, h := range t.heard {
		if err := t.settle(late, h); err != nil {
			h.fail(fmt.Errorf("noting who is told: %w", err))
		}
	}
}

// settle reports how it went in one channel, and leaves in the outbox what is still to be
// told. If that fails, more is left than need be, and some are told twice.
func (t *telling) settle(ctx context.Context, h *heard) error {
	name := h.report.Channel
	var keep []droparea.Untold
	for _, e := range h.errands {
		some, result := t.outcome(h, e)
		if result != nil {
			h.report.Told = append(h.report.Told, *result)
		}
		keep = append(keep, some...)
	}
	for _, u := range keep {
		if u.Modified.IsZero() && u.Receiver != "" {
			if err := droparea.PutUntold(ctx, t.Drop, name, u); err != nil {
				return err
			}
		}
	}
	return droparea.RemoveUntold(ctx, t.Drop, t.Workers, name, t.outbox.without(name, keep, t.Now()))
}

// outcome is what an errand leaves in the outbox, and how it went; nil if it was not due.
func (t *telling) outcome(h *heard, e *errand) (keep []droparea.Untold, result *Telling) {
	if e.news == nil {
		return e.entries, nil
	}
	result = &Telling{Receiver: e.receiver.Host(), Generation: h.generation}
	switch {
	case e.err == nil:
		return nil, result
	case e.unfinished:
		result.Error = fmt.Sprintf("%s did not answer before the run ended", e.receiver.Host())
		return e.entries, result
	}
	result.Error = e.err.Error()
	next := droparea.Untold{Since: e.since, Generation: h.generation, Receiver: e.receiver.ID(), Tries: e.last.Tries}
	if t.Now().Before(e.again()) { // it was tried for a new generation only
		result.Again = e.again()
		return []droparea.Untold{next, e.last}, result
	}
	if next.Tries++; next.Tries >= maxTries {
		result.GivenUp = true
		return nil, result
	}
	result.Again = t.Now().Add(pauseAfter(next.Tries)).UTC()
	return []droparea.Untold{next}, result
}
