package generator

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/portolan-charts/portolan/publisher/channelname"
	"github.com/portolan-charts/portolan/publisher/droparea"
)

// Run makes one generation run: it decides what waits in the inbox, publishes
// what is accepted, and tells every uploader. It may be repeated after any
// failure, and any number of runs may go on at the same time.
//
// A fault of one upload never stops the run, nor a failure in one channel the
// others. The report says what was done, also when an error is returned.
func Run(ctx context.Context, o Options) (*Report, error) {
	o.setDefaults()
	if o.Pages != nil && !o.DryRun {
		o.held = newArchives(maxContents)
	}
	report := &Report{DryRun: o.DryRun, Channels: []ChannelReport{}, Ignored: []droparea.Ignored{}}
	for _, name := range o.Channels {
		if err := channelname.Check(name); err != nil {
			return report, err
		}
	}
	inbox, err := readInbox(ctx, o)
	if err != nil {
		return report, fmt.Errorf("reading the inbox: %w", err)
	}
	report.Ignored = append(append(report.Ignored, inbox.Ignored...), o.orphans(inbox)...)
	o.outbox = newOutbox(&o, inbox)
	all := o.decideAll(ctx, o.withNamed(slices.DeleteFunc(inbox.Channels, o.idle)))
	if !o.DryRun {
		o.completeAll(ctx, all)
		telling := o.tell(ctx, all)
		o.finishAll(ctx, all)
		telling.conclude(ctx)
	}
	var failures []error
	for _, rest := range all {
		if rest.err != nil {
			rest.report.Error = rest.err.Error()
			failures = append(failures, fmt.Errorf("channel %s: %w", rest.report.Channel, rest.err))
		}
		report.Channels = append(report.Channels, *rest.report)
	}
	return report, errors.Join(failures...)
}

// decideAll runs one channel after another, and returns what is left to do in
// each. Nothing that any chart holds has cost more than its reading by then.
func (o *Options) decideAll(ctx context.Context, work []*droparea.ChannelInbox) []*remainder {
	var all []*remainder
	held := int64(0)
	for _, w := range work {
		if rest := o.Patience.resting(w, o.Now()); rest != nil {
			all = append(all, rest)
			continue
		}
		rest := runChannel(ctx, *o, w)
		if rest.err == nil && rest.report.After == 0 && len(w.Uploads)+len(w.Foreign) == 0 {
			if rest.err = o.outbox.discard(ctx, w.Channel); rest.err == nil {
				continue // named, but there is no such channel
			}
		}
		if held += rest.size; held > maxHeld {
			rest.channel = nil // it is opened again
			held -= rest.size
		}
		all = append(all, rest)
	}
	return all
}

// finishAll makes the pages of the channels, and empties their inboxes.
func (o *Options) finishAll(ctx context.Context, all []*remainder) {
	t := &turns{Options: o, room: maxHeld}
	for _, rest := range all {
		switch {
		case o.Pages != nil && rest.shown:
			t.waiting = append(t.waiting, rest)
		case o.Pages == nil:
			rest.fail(o.empty(ctx, rest.uploads))
		}
	}
	t.run(ctx)
}
