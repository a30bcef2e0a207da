package main

import (
	"context"
	"errors"

	"github.com/portolan-charts/portolan/publisher"
)

func (p *program) rebuild(ctx context.Context, args []string) error {
	f := newFlags("rebuild")
	f.withSite()
	f.withConfig()
	f.withChannels()
	if err := p.parse(f, args); err != nil {
		return err
	}
	if err := f.noOperands(); err != nil {
		return err
	}
	if len(f.channels) == 0 {
		return hint(usagef("rebuild needs the name of a channel"), "give it with --channel; 'portolan verify' tells which channel needs it")
	}
	site, err := p.openExisting(ctx, f, "site")
	if err != nil {
		return err
	}
	reports := []*publisher.RebuildReport{}
	var failures []error
	for _, name := range f.channels {
		progress := p.newProgress("records")
		report, err := publisher.Rebuild(ctx, site, name, func(done, total int) { progress.update(name, done, total) })
		progress.finish()
		reports = append(reports, report)
		failures = append(failures, err)
		if !f.output.json {
			p.printRebuilt(report, err != nil)
		}
	}
	p.found = map[string]any{"channels": reports}
	return errors.Join(failures...)
}

func (p *program) printRebuilt(r *publisher.RebuildReport, failed bool) {
	for _, key := range r.Written {
		p.printf("written  %s\n", plain(key))
	}
	if !failed {
		p.printf("%s: generation %d, %s, %s written\n", r.Channel, r.Generation, count(r.Snapshots, "snapshot"), count(len(r.Written), "file"))
	}
}
