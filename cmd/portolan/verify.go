package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/portolan-charts/portolan/generator/pages"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
)

const helpVerify = `Usage:
    portolan verify [--site URL] [--channel NAME]... [--deep]

Check the whole log of each channel, that index.yaml and each snapshot match the
log byte for byte, and that every chart they name exists and has the right size.
If the channel has pages, check that they exist and show its newest generation;
with --deep, also render them again and compare, if the settings and templates
are still the same. Each fault is printed with the fix.

Options:
    --site URL          Site (default ./site). It can be the   PORTOLAN_SITE
                        https:// URL of a published site; then
                        name its channels, or give the URL of
                        one channel.
    --ca-file FILE      Certificates of authorities to trust   PORTOLAN_CA_FILE
                        in addition to the system's.
    --channel NAME      This channel only; may be repeated.    PORTOLAN_CHANNEL
                        The variable takes several, with commas between them.
    --deep              Also read and hash every chart.        PORTOLAN_DEEP
` + optionsPages + `
    --pages (=false)    Do not check the pages.                PORTOLAN_PAGES
    --workers N         Files read at the same time.           PORTOLAN_WORKERS
` + optionsConfig + `

Exit codes:
    0 no faults, 1 faults found, or failed, 2 wrong settings,
    130 interrupted

Example:
    $ portolan verify --deep --site https://charts.example.com --channel stable
`

func (p *program) verify(ctx context.Context, args []string) error {
	f := newFlags("verify")
	f.withSite()
	f.withConfig()
	f.withChannels()
	f.withWorkers()
	f.withPages()
	f.withCAFile()
	deep := f.Bool("deep", false, "")
	if err := p.parse(f, args); err != nil {
		return err
	}
	if err := f.noOperands(); err != nil {
		return err
	}
	pages, err := f.writer()
	if err != nil {
		return err
	}
	site, err := p.openSite(ctx, f)
	if err != nil {
		return err
	}
	if isWeb(f.site) && len(f.channels) == 0 {
		if site, err = f.webChannel(ctx, site, "name its channels with --channel, or give the URL of one channel"); err != nil {
			return err
		}
	}
	progress := p.newProgress("files")
	report, err := publisher.Verify(ctx, site, publisher.VerifyOptions{
		Channels: f.channels, Deep: *deep, Workers: f.workers,
		Progress: func(v publisher.VerifyProgress) { progress.update(v.Channel, v.Done, v.Total) },
	})
	progress.finish()
	if err == nil && pages != nil {
		err = p.verifyPages(ctx, site, report, pages, *deep)
	}
	return errors.Join(err, p.printVerified(report, f, err != nil))
}

// verifyPages adds what is wrong with the pages of the channels to the report.
func (p *program) verifyPages(ctx context.Context, site bucket.Store, r *publisher.VerifyReport, w *pages.Writer, deep bool) error {
	for i := range r.Channels {
		c := &r.Channels[i]
		if len(c.Faults) > 0 { // mend these first
			continue
		}
		faults, note, err := w.Verify(ctx, site, c.Channel, deep)
		if err != nil {
			return fmt.Errorf("channel %s: pages: %w", c.Channel, err)
		}
		c.Faults = append(c.Faults, faults...)
		if note != "" {
			p.say("note", c.Channel+": "+note)
		}
	}
	return nil
}

// printVerified prints what was found, also by a verification that failed
// halfway, and fails if that is not all good.
func (p *program) printVerified(r *publisher.VerifyReport, f *flags, failed bool) error {
	faults := 0
	for _, c := range r.Channels {
		faults += len(c.Faults)
	}
	if p.found = r; !f.output.json {
		for _, c := range r.Channels {
			p.printVerifiedChannel(c)
		}
	}
	for _, c := range r.Channels {
		p.noteReserved(c.Channel)
		if note := c.Note(); note != "" {
			p.say("note", c.Channel+": "+note)
		}
	}
	if len(r.Channels) == 0 && !failed {
		return hint(fmt.Errorf("there are no channels in %s, so nothing was verified", f.site), "check the URL of the site; its first upload makes a channel")
	}
	if faults > 0 {
		return fmt.Errorf("%s found", count(faults, "fault"))
	}
	return nil
}

// versionsOf says how many versions a channel has.
func versionsOf(c publisher.ChannelVerify) string {
	if c.Older == 0 {
		return count(c.Versions, "version")
	}
	return fmt.Sprintf("%s (%d not in the index)", count(c.Versions, "version"), c.Older)
}

func (p *program) printVerifiedChannel(c publisher.ChannelVerify) {
	switch {
	case c.Error != "":
		p.printf("failed  %s: verification did not finish; %s so far\n", c.Channel, count(len(c.Faults), "fault"))
	case len(c.Faults) > 0:
		p.printf("faulty  %s: %s\n", c.Channel, count(len(c.Faults), "fault"))
	default:
		p.printf("ok      %s: generation %d, %s, %s, %s, %s\n", c.Channel, c.Generation,
			count(c.Charts, "chart"), versionsOf(c), count(c.Snapshots, "snapshot"), sizeText(c.Bytes))
	}
	for _, fault := range c.Faults {
		p.printf("  %s: %s\n", plain(fault.Key), plain(fault.Message))
		if fault.Fix != "" {
			p.printf("      fix: %s\n", plain(fault.Fix))
		}
	}
}
