package main

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
)

const (
	quiet = 3 * time.Second // runs shorter than this say nothing of their progress
	every = 5 * time.Second // between two lines
)

// progress shows how far a run is: on a terminal as a bar that goes away, and
// elsewhere as a line now and then.
type progress struct {
	w    io.Writer
	tty  bool
	noun string
	now  func() time.Time

	mu   sync.Mutex
	bar  *progressbar.ProgressBar
	what string    // that the bar is for
	next time.Time // when the next line is due
}

func (p *program) newProgress(noun string) *progress {
	return &progress{w: p.stderr, tty: isTerminal(p.stderr), noun: noun, now: time.Now, next: time.Now().Add(quiet)}
}

// update says that of total things in what, done are done.
func (p *progress) update(what string, done, total int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.tty {
		if now := p.now(); !now.Before(p.next) {
			p.next = now.Add(every)
			fmt.Fprintf(p.w, "portolan: %s: %d of %d %s\n", plain(what), done, total, p.noun)
		}
		return
	}
	if p.bar == nil || what != p.what {
		p.clear()
		p.what = what
		p.bar = progressbar.NewOptions(total,
			progressbar.OptionSetWriter(p.w),
			progressbar.OptionSetDescription(plain(what)),
			progressbar.OptionShowCount(),
			progressbar.OptionSetPredictTime(true),
			progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionClearOnFinish(),
		)
	}
	if p.bar.GetMax() != total {
		p.bar.ChangeMax(total)
	}
	p.bar.Set(done)
}

// finish takes the bar away.
func (p *progress) finish() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
}

func (p *progress) clear() {
	if p.bar != nil {
		p.bar.Clear()
		p.bar = nil
	}
}
