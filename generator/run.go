package generator

import (
	"context"
	"errors"
	"fmt"

	"github.com/portolan-charts/portolan/publisher"
)

// Run makes one generation run: it decides what waits in the inbox, publishes
// what is accepted, and tells every uploader. It may be repeated after any
// failure, and any number of runs may go on at the same time.
//
// A fault of one upload never stops the run, nor a failure in one channel the
// others. The report says what was done, also when an error is returned.
func Run(ctx context.Context, o Options) (*Report, error) {
	o.setDefaults()
	report := &Report{DryRun: o.DryRun, Channels: []ChannelReport{}, Ignored: []publisher.Ignored{}}
	for _, name := range o.Channels {
		if err := publisher.CheckChannel(name); err != nil {
			return report, err
		}
	}
	inbox, err := readInbox(ctx, o)
	if err != nil {
		return report, fmt.Errorf("reading the inbox: %w", err)
	}
	report.Ignored = append(append(report.Ignored, inbox.Ignored...), o.orphans(inbox)...)
	var failures []error
	for _, w := range o.withNamed(inbox.Channels) {
		c, err := runChannel(ctx, o, w)
		if err == nil && c.After == 0 && len(w.Uploads)+len(w.Foreign) == 0 {
			continue // named, but there is no such channel
		}
		if err != nil {
			c.Error = err.Error()
			failures = append(failures, fmt.Errorf("channel %s: %w", w.Channel, err))
		}
		report.Channels = append(report.Channels, *c)
	}
	return report, errors.Join(failures...)
}
