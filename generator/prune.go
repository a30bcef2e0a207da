package generator

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/portolan-charts/portolan/generator/config"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/droparea"
)

// PruneReport is what a prune did, or would do.
type PruneReport struct {
	*publisher.PruneReport
	Retained []Retained     `json:"retained"`        // what rules of channels let go
	Pages    []ChannelPages `json:"pages,omitempty"` // of channels in which versions are yanked or freed by rule
}

// ChannelPages is what was done to the pages of a channel.
type ChannelPages struct {
	Channel string `json:"channel"`
	*PagesReport
}

// Prune carries out the rules of channels, removes what is not needed any more, as
// [publisher.Prune] does, and makes the pages show that. Without rules, and if nothing is to
// be freed, it leaves the pages alone. It may be repeated after any failure.
//
// Receivers are told of what it does by the next run of a generator.
func Prune(ctx context.Context, o Options, p publisher.PruneOptions) (*PruneReport, error) {
	p.Channels, p.DryRun, p.Workers, p.Now, p.Nonce = o.Channels, o.DryRun, o.Workers, o.Now, o.Nonce
	o.setDefaults()
	o.outbox = newOutbox(&o, &droparea.Inbox{})
	p.Show, p.BeforeHead = showNewest, o.outbox.before
	p.Before = o.Now() // what rules yank now, only a later prune frees
	report := &PruneReport{Retained: []Retained{}}
	channels, err := o.ruledChannels(ctx, p)
	if err == nil {
		var some []Retained
		some, err = o.retainAll(ctx, channels)
		report.Retained = append(report.Retained, some...)
	}
	pruned, failure := publisher.Prune(ctx, o.Drop, o.Site, p)
	report.PruneReport = pruned
	if err = errors.Join(err, failure); o.Pages == nil || o.DryRun {
		return report, err
	}
	return report, errors.Join(err, o.pagesOf(ctx, channels, report))
}

// ruledChannels are the channels in which versions may be yanked or freed by rule.
func (o *Options) ruledChannels(ctx context.Context, p publisher.PruneOptions) ([]string, error) {
	ruled := func(c config.Channel) bool { return c.Retain != nil }
	if p.Yanked == nil && !slices.ContainsFunc(o.Config.Channels, ruled) {
		return nil, nil
	}
	all := slices.Clone(o.Channels)
	if len(all) == 0 {
		var err error
		if all, err = publisher.Channels(ctx, o.Site); err != nil {
			return nil, err
		}
	}
	return slices.DeleteFunc(all, func(name string) bool { return p.Yanked == nil && o.Config.Policy(name).Retain.None() }), nil
}

// pagesOf makes the pages of channels, also if an earlier prune did not get to that.
func (o *Options) pagesOf(ctx context.Context, channels []string, report *PruneReport) error {
	var all []*remainder
	for _, name := range channels {
		all = append(all, &remainder{report: &ChannelReport{Channel: name}, shown: true, size: maxHeld}) // one at a time
	}
	o.finishAll(ctx, all)
	var failures []error
	for _, rest := range all {
		report.Pages = append(report.Pages, ChannelPages{rest.report.Channel, rest.report.Pages})
		if rest.err != nil {
			failures = append(failures, fmt.Errorf("channel %s: %w", rest.report.Channel, rest.err))
		}
	}
	return errors.Join(failures...)
}
