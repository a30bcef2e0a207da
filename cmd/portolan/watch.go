package main

import (
	"context"
	"fmt"
	"time"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/lazyregexp"
	"github.com/portolan-charts/portolan/publisher/pause"
)

// maxPause is how long a watch rests at most between two runs that fail.
const maxPause = 5 * time.Minute

// watch makes a run, and another each time the interval is over, until a signal
// ends it. A run that fails is told once, however often it fails like that, and
// followed by longer and longer pauses. If only pages fail, then only these are
// tried less and less often: uploads must not wait for them.
func (p *program) watch(ctx context.Context, f *generateFlags) error {
	o, err := p.generateOptions(ctx, f)
	if err != nil {
		return err
	}
	o.Patience = &generator.Patience{First: f.watch, Last: max(maxPause, f.watch)}
	p.say("note", fmt.Sprintf("checking %s every %s; press Ctrl-C to stop", f.drop, f.watch))
	p.lookForReserved(ctx, o.Site)
	wait, said := f.watch, ""
	for {
		fresh := o
		fresh.Drop, fresh.Site = bucket.Fresh(o.Drop), bucket.Fresh(o.Site) // a failed write must not trouble the next run
		report, err := p.round(ctx, f, fresh)
		if ctx.Err() != nil {
			return nil // as it was asked to
		}
		if err := p.printRound(report, err, err != nil && lasting(err) == said); err != nil {
			return err // nobody reads it any more
		}
		switch {
		case err != nil && report != nil && report.OnlyPages():
			wait, said = f.watch, lasting(err)
		case err != nil:
			wait, said = min(2*wait, max(maxPause, f.watch)), lasting(err)
		case said != "":
			p.say("note", "it works again")
			fallthrough
		default:
			wait, said = f.watch, ""
		}
		if pause.For(ctx, wait) != nil {
			return nil
		}
	}
}

// numbered are the words of an error that differ each time: of requests, times
// and files.
var numbered = lazyregexp.New(`\S*[0-9]\S*`)

// lasting is an error's text as far as it stays the same when it happens again.
func lasting(err error) string { return numbered.ReplaceAllString(err.Error(), "") }

// printRound prints what only the end of a command has printed otherwise: the
// error, unless it is known, and the JSON of a run that did something.
func (p *program) printRound(report *generator.Report, err error, known bool) error {
	if p.json && (!idle(report) || err != nil && !known) {
		p.found = report
		p.printFound(err)
	}
	p.found = nil
	if err != nil && !known {
		p.complain(err)
	}
	return p.stdout.err
}

// idle reports whether a run found nothing to do.
func idle(r *generator.Report) bool {
	if r == nil {
		return true
	}
	for _, c := range r.Channels {
		if len(c.Receipts) > 0 || c.Before != c.After || c.Head != "" || c.Root != "" || len(c.Told) > 0 || c.Pages != nil && len(c.Pages.Written) > 0 {
			return false
		}
	}
	return true
}
