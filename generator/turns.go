package generator

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/droparea"
)

// maxHeld bounds the indexes of channels that are held from the time when they
// are decided, and of those whose pages take turns, in bytes.
var maxHeld int64 = 64 << 20 // a variable for tests

// maxPauseTime is how long it may take to note how far pages are, when the time
// for the run is over.
const maxPauseTime = 10 * time.Second

// remainder is what is left to do in a channel that is decided, of which head
// shows that, and whose uploads have their receipts.
type remainder struct {
	report     *ChannelReport
	shown      bool               // head shows what is committed
	incomplete bool               // older versions have no manifest yet, though the channel is in the registry
	channel    *publisher.Channel // nil if it has to be opened again
	size       int64              // bytes of its index
	uploads    []*droparea.Upload // that leave the inbox
	err        error
}

// hold keeps the channel for its pages.
func (r *remainder) hold(c *publisher.Channel) {
	r.shown, r.channel, r.size = true, c, sizeOf(c.Index())
	in := c.Registry()
	r.incomplete = in.Since > 0 && !in.All
}

// sizeOf is how many bytes of lines the index has.
func sizeOf(x *publisher.Index) (n int64) {
	for name := range x.Charts() {
		for _, line := range x.Lines(name) {
			n += int64(len(line))
		}
	}
	return n
}

func (r *remainder) fail(err error) { r.err = errors.Join(r.err, err) }

// turns makes the pages of channels, which take turns part by part, so that none
// waits for all that another one has to make. A channel's uploads leave the inbox
// when its pages are made: until then they bring the next run here.
type turns struct {
	*Options
	waiting []*remainder // for room
	ring    []*making    // the next one comes first
	room    int64        // bytes
}

// making is a channel whose pages are being made.
type making struct {
	*remainder
	projection *Projection // nil until it has begun
	parts      []Part      // that nobody works on
	active     int         // jobs that somebody works on
	begun      bool
	failed     error // why not all pages are made
	failures   int   // parts that failed
	inARow     int   // those since one succeeded
}

// maxFailed is how many parts of a channel may fail in a row: then more than these is
// wrong, and the site probably cannot be written. maxReasons is how many of their errors are told.
const (
	maxFailed  = 20
	maxReasons = 3
)

// fails notes that a part failed. The others are made all the same, unless the time is
// over or nothing succeeds.
func (m *making) fails(ctx context.Context, err error) {
	if m.inARow++; ctx.Err() != nil || m.inARow >= maxFailed {
		m.parts = nil
	}
	switch m.failures++; {
	case m.failed == nil:
		m.failed = err
	case m.failures <= maxReasons && !errors.Is(m.failed, err):
		m.failed = fmt.Errorf("%w; %w", m.failed, err)
	}
}

// job is some of the work, which is done beside others. What it returns notes the
// result; these are called one at a time.
type job func(context.Context) (note func())

// run works until there is nothing left to do.
func (t *turns) run(ctx context.Context) {
	notes := make(chan func())
	for active := 0; ; active-- {
		for ; active < t.Workers; active++ {
			next := t.next(ctx)
			if next == nil {
				break
			}
			go func() { notes <- next(ctx) }()
		}
		if active == 0 {
			return
		}
		(<-notes)()
	}
}

// next is the next job. It is nil when all are done, or when those left must wait for
// others that are at work.
func (t *turns) next(ctx context.Context) job {
	t.admit()
	for i, m := range t.ring {
		if next := t.of(ctx, m); next != nil {
			t.ring = append(slices.Delete(t.ring, i, i+1), m)
			m.active++
			return next
		}
	}
	return nil
}

// admit lets in as many channels as there is room for, and always one.
func (t *turns) admit() {
	for len(t.waiting) > 0 && (len(t.ring) == 0 || t.waiting[0].size <= t.room) {
		t.room -= t.waiting[0].size
		t.ring = append(t.ring, &making{remainder: t.waiting[0]})
		t.waiting = t.waiting[1:]
	}
}

// of is the next job of one channel.
func (t *turns) of(ctx context.Context, m *making) job {
	if err := ctx.Err(); err != nil && (!m.begun || len(m.parts) > 0) {
		m.begun, m.parts = true, nil
		if m.failed == nil {
			m.failed = err
		} else if !errors.Is(m.failed, err) {
			m.failed = fmt.Errorf("%w; %w", m.failed, err)
		}
	}
	switch {
	case !m.begun:
		m.begun = true
		return t.begin(m)
	case len(m.parts) > 0:
		part := m.parts[0]
		m.parts = m.parts[1:]
		return m.part(part)
	case m.active > 0:
		return nil
	}
	return t.end(m)
}

// begin finds out what is to be made.
func (t *turns) begin(m *making) job {
	return func(ctx context.Context) func() {
		err := t.Patience.wait(m.report.Channel, t.Now())
		if err == nil && m.channel == nil {
			m.channel, err = publisher.OpenChannel(ctx, t.Site, m.report.Channel)
		}
		var p *Projection
		if err == nil {
			p, err = t.Pages.Project(ctx, t.Site, m.channel, t.held)
		}
		return func() {
			m.active--
			if m.projection, m.failed = p, err; err == nil {
				m.parts = p.Parts
			}
		}
	}
}

// part makes a part, and the rest of it when the channel has its turn again. A part
// that fails is left to the next run.
func (m *making) part(part Part) job {
	return func(ctx context.Context) func() {
		done, err := part(ctx)
		return func() {
			m.active--
			switch {
			case err != nil:
				m.fails(ctx, err)
			case !done:
				m.parts = slices.Insert(slices.Clip(m.parts), 0, part)
				fallthrough
			default:
				m.inARow = 0
			}
		}
	}
}

// end makes what lists the parts, and empties the inbox; or, if something failed,
// notes how far the parts got.
func (t *turns) end(m *making) job {
	return func(ctx context.Context) func() {
		if m.failed == nil {
			m.failed = m.projection.Finish(ctx)
		}
		if m.failed == nil {
			m.fail(t.empty(ctx, m.uploads))
		} else if m.projection != nil {
			late, cancel := context.WithTimeout(context.WithoutCancel(ctx), maxPauseTime)
			m.failed = errors.Join(m.failed, m.projection.Pause(late))
			cancel()
		}
		return func() {
			t.room += m.size
			t.ring = slices.DeleteFunc(t.ring, func(o *making) bool { return o == m })
			t.conclude(m)
		}
	}
}

// conclude reports how the pages went.
func (t *turns) conclude(m *making) {
	report := &PagesReport{Written: []string{}}
	if m.projection != nil {
		report = m.projection.Report
	}
	m.report.Pages, m.channel = report, nil
	if m.failed != nil {
		err := fmt.Errorf("pages: %w", m.failed)
		if more := m.failures - maxReasons; more > 0 {
			err = fmt.Errorf("%w; and %d more parts failed", err, more)
		}
		m.fail(err)
		report.Error = err.Error()
	}
	t.Patience.made(m.remainder, m.failed, t.Now())
}
