package generator

import (
	"cmp"
	"fmt"
	"sync"
	"time"

	"github.com/portolan-charts/portolan/publisher/droparea"
)

// Patience lets the runs of one process try pages that fail again and again after
// longer and longer pauses. Uploads are decided all the same, and those that only
// wait for the pages are not looked at again in between. With a nil Patience, nothing waits.
type Patience struct {
	First, Last time.Duration // pauses: they double from First to Last

	mu       sync.Mutex
	channels map[string]*failing
}

// failing is a channel whose pages failed.
type failing struct {
	report ChannelReport     // of a run that does not try them
	err    error             // why they failed
	tokens map[string]string // uploads that have their receipts: versions of their objects, by id
	pause  time.Duration
	until  time.Time
}

// made notes that pages were made, or why not. Pages that got on are tried again
// without a pause.
func (p *Patience) made(r *remainder, err error, now time.Time) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	name := r.report.Channel
	if err == nil {
		delete(p.channels, name)
		return
	}
	f := p.channels[name]
	switch {
	case f == nil:
		f = &failing{pause: p.First}
	case now.Before(f.until): // they were not tried
	default:
		f.pause = min(2*f.pause, p.Last)
	}
	if len(r.report.Pages.Written) > 0 {
		f.pause = p.First
	}
	if !now.Before(f.until) {
		f.until = now.Add(f.pause)
	}
	f.err, f.tokens = err, map[string]string{}
	f.report = ChannelReport{Channel: name, Before: r.report.After, After: r.report.After, Receipts: []droparea.Receipt{}}
	f.report.Pages = &PagesReport{Generation: r.report.Pages.Generation, Written: []string{}, Error: r.report.Pages.Error}
	for _, u := range r.uploads {
		f.tokens[u.ID] = token(u)
	}
	if p.channels == nil {
		p.channels = map[string]*failing{}
	}
	p.channels[name] = f
}

// token tells the versions of an upload's object apart.
func token(u *droparea.Upload) string {
	return cmp.Or(u.Chart, u.Prov, u.Action).Token
}

// wait returns why the channel's pages failed, as long as they are not to be tried.
func (p *Patience) wait(channel string, now time.Time) error {
	if p == nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if f := p.channels[channel]; f != nil && now.Before(f.until) {
		return f.err
	}
	return nil
}

// told divides uploads into those to look at, and those that have their receipts
// and only wait for pages.
func (p *Patience) told(channel string, all []*droparea.Upload) (fresh, waiting []*droparea.Upload) {
	if p == nil {
		return all, nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	f := p.channels[channel]
	for _, u := range all {
		if f != nil && f.waits(u) {
			waiting = append(waiting, u)
		} else {
			fresh = append(fresh, u)
		}
	}
	return fresh, waiting
}

func (f *failing) waits(u *droparea.Upload) bool {
	had, ok := f.tokens[u.ID]
	return ok && had == token(u)
}

// resting returns what is left to do in a channel in which nothing is, until its
// pages are to be tried again; nil if there is something.
func (p *Patience) resting(w *droparea.ChannelInbox, now time.Time) *remainder {
	if p == nil || w.Err != nil || len(w.Foreign) > 0 || p.wait(w.Channel, now) == nil {
		return nil
	}
	if fresh, _ := p.told(w.Channel, w.Uploads); len(fresh) > 0 {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	f := p.channels[w.Channel]
	report := f.report
	return &remainder{report: &report, err: fmt.Errorf("pages: %w", f.err)}
}
