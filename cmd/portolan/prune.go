package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/generator/pages"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/sweep"
)

const helpPrune = `Usage:
    portolan prune [--drop URL] [--site URL] [--channel NAME]... [--dry-run]
                   [--keep-snapshots N] [--keep-days D] [--grace TIME]
                   [--yanked TIME]

Remove what is no longer needed, and print how much that was: snapshots, if told
how many to keep; replaced charts that no kept snapshot names; states that newer
ones replaced (what is yanked, deprecated or gone); files of a crashed run that
were never published; old receipts and refused uploads; and in local folders,
files left by writers that died. It never removes anything that index.yaml
names, nor the records of the log. Generators may run meanwhile.

Before that, it yanks what the rules of channels let go ("retain" in
portolan.yaml): lists hide these versions, and those who pinned one still get
it. With --yanked, versions that have been yanked for that long are freed: the
index of all versions lists them no more, and neither they nor their content
come back. Their files go by the first prune after --grace, also those that
snapshots name. A dry run names each version, why, and how large it is.

Options:
    --drop URL          Drop area (default ./drop).            PORTOLAN_DROP
    --site URL          Site (default ./site).                 PORTOLAN_SITE
    --channel NAME      This channel only; may be repeated.    PORTOLAN_CHANNEL
                        The variable takes several, with commas between them.
                        Receipts are left alone then.
    --keep-snapshots N
                        PORTOLAN_KEEP_SNAPSHOTS
                        Keep the newest N snapshots (default: all), and those
                        that --keep-days and --grace still need.
    --keep-days D
                        PORTOLAN_KEEP_DAYS
                        Keep receipts, refused uploads and snapshots for D days
                        (default 30).
    --grace TIME        Keep charts for this long after  PORTOLAN_PRUNE_GRACE
                        index.yaml stopped naming them
                        (default 168h).
    --yanked TIME       Free what has been yanked for    PORTOLAN_PRUNE_YANKED
                        TIME, such as 90d (default: nothing).
    --dry-run           Only say what would be removed.        PORTOLAN_DRY_RUN
    --base-url URL      Where the site's root is served        PORTOLAN_BASE_URL
                        (default: baseURL in portolan.yaml).
` + optionTemplates + `
    --pages (=false)    Leave the pages alone.                 PORTOLAN_PAGES
    --workers N         Files removed at the same time.        PORTOLAN_WORKERS
` + optionsConfig + `

Exit codes:
    0 done, 1 failed, 2 wrong settings, 130 interrupted

Example:
    $ portolan prune --keep-snapshots 10 --dry-run
    $ portolan prune --keep-snapshots 10
    $ portolan prune --keep-snapshots 10 --yanked 90d
`

// pruneFlags are the flags of prune.
type pruneFlags struct {
	*flags
	snapshots, days int
	grace           time.Duration
	yanked          string
	dryRun          bool
}

func newPruneFlags() *pruneFlags {
	f := &pruneFlags{flags: newFlags("prune")}
	f.withDrop()
	f.withSite()
	f.withConfig()
	f.withChannels()
	f.withWorkers()
	f.withPages()
	f.IntVar(&f.snapshots, "keep-snapshots", 0, "")
	f.IntVar(&f.days, "keep-days", 30, "")
	f.DurationVar(&f.grace, "grace", 168*time.Hour, "")
	f.StringVar(&f.yanked, "yanked", "", "")
	f.BoolVar(&f.dryRun, "dry-run", false, "")
	return f
}

// options says what is to be removed. It refuses what would remove more than anybody means to.
func (f *pruneFlags) options() (o publisher.PruneOptions, err error) {
	const maxDays = 36_500
	switch {
	case f.Changed("keep-snapshots") && f.snapshots < 1:
		return o, hint(usagef("%s: %d is not at least 1", f.given["keep-snapshots"], f.snapshots), "without it, all snapshots are kept")
	case f.days < 0 || f.days > maxDays:
		return o, usagef("%s: %d is not between 0 and %d", f.given["keep-days"], f.days, maxDays)
	case f.grace < 0:
		return o, usagef("%s: %v must not be negative; write a time such as 24h", f.given["grace"], f.grace)
	}
	if err := f.noOperands(); err != nil {
		return o, err
	}
	o = publisher.PruneOptions{Snapshots: f.snapshots, Keep: time.Duration(f.days) * 24 * time.Hour, Grace: f.grace}
	if o.Yanked, err = f.yankedFor(); err != nil {
		return o, err
	}
	return o, f.apart()
}

func (p *program) prune(ctx context.Context, args []string) error {
	f := newPruneFlags()
	if err := p.parse(f.flags, args); err != nil {
		return err
	}
	options, err := f.options()
	if err != nil {
		return err
	}
	pages, err := f.writer()
	if err != nil {
		return err
	}
	site, drop, err := p.openSiteAndDrop(ctx, f.flags)
	if err != nil {
		return err
	}
	progress := p.newProgress("files")
	options.Progress = func(v publisher.PruneProgress) { progress.update(v.Channel, v.Files, v.Files) }
	report, err := generator.Prune(ctx, generator.Options{
		Drop: drop, Site: site, Config: f.config, Channels: f.channels, Pages: pagesOf(pages), DryRun: f.dryRun, Workers: f.workers,
	}, options)
	progress.finish()
	if err == nil && pages != nil && !f.dryRun {
		err = prunedPages(ctx, site, report.PruneReport, pages)
	}
	if p.found = report; f.output.json {
		return err
	}
	p.printRuled(report)
	// After a failure, that nothing was removed does not mean that all is well.
	if err == nil || report.Total().Files > 0 {
		err = errors.Join(err, p.printPruned(report.PruneReport))
	}
	if err == nil && report.Total().Files == 0 {
		p.printKept(f, report.PruneReport)
	}
	return err
}

// printKept says why nothing was removed, which may not be what somebody expects.
func (p *program) printKept(f *pruneFlags, r *publisher.PruneReport) {
	for _, c := range r.Channels {
		p.printf("  %s: %s\n", c.Channel, keptText(c, f.snapshots))
		if !c.RegistryUntil.IsZero() {
			p.printf("  %s: it left the registry too recently (--grace); its files there can go at %s\n", c.Channel, timeText(c.RegistryUntil))
		}
	}
	switch {
	case len(r.Channels) == 0:
		p.printf("  there are no channels in %s\n", plain(f.site))
	case len(f.channels) > 0:
		p.printf("  receipts are not looked at, since they may be those of any channel: leave out --channel\n")
	}
	p.printf("  no receipt or refused upload that was looked at is older than %s (--keep-days)\n", count(f.days, "day"))
}

// keptText says why a channel's snapshots stay, and with them the charts they name.
func keptText(c publisher.ChannelPrune, snapshots int) string {
	all := count(c.Kept.Snapshots, "snapshot")
	switch c.Kept.Why {
	case publisher.KeptAll:
		return fmt.Sprintf("all of its snapshots (%d) are kept, and the charts that they name; --keep-snapshots says how many to keep", c.Kept.Snapshots)
	case publisher.KeptFew:
		return fmt.Sprintf("it has %s, and --keep-snapshots keeps %d", all, snapshots)
	case publisher.KeptYoung:
		return fmt.Sprintf("its older snapshots were index.yaml until too recently (--keep-days, --grace); the first can go at %s", timeText(c.Kept.Until))
	}
	return fmt.Sprintf("what came before generation %d has been removed", c.Floor)
}

// prunedPages takes links to what is gone off the pages.
func prunedPages(ctx context.Context, site bucket.Store, r *publisher.PruneReport, w *pages.Writer) error {
	for _, c := range r.Channels {
		if c.Snapshots.Files == 0 {
			continue
		}
		if err := w.Pruned(ctx, site, c.Channel); err != nil {
			return fmt.Errorf("channel %s: pages: %w", c.Channel, err)
		}
	}
	return nil
}

// printPruned prints a table of what was removed: a line for each channel and
// kind, and one for all.
func (p *program) printPruned(r *publisher.PruneReport) error {
	total := r.Total()
	if total.Files == 0 {
		p.printf("nothing to remove\n")
		return nil
	}
	w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	what := "REMOVED"
	if r.DryRun {
		what = "WOULD BE REMOVED"
	}
	fmt.Fprintf(w, "CHANNEL\t%s\tFILES\tSIZE\n", what)
	for _, c := range r.Channels {
		printFreed(w, c.Channel, fmt.Sprintf("snapshots before generation %d", c.Floor), c.Snapshots)
		printFreed(w, c.Channel, "states that newer ones replaced", c.States)
		printFreed(w, c.Channel, "charts that only they named", c.Charts)
		printFreed(w, c.Channel, "charts that were never published", c.Orphans)
		printFreed(w, c.Channel, "the registry, which it has left", c.Registry)
		printFreed(w, c.Channel, "versions that were freed", c.FreedFiles)
	}
	printFreed(w, "-", "receipts", r.Receipts)
	printFreed(w, "-", "refused uploads", r.Rejected)
	printFreed(w, "-", "leftovers of crashes", r.Leftovers)
	printFreed(w, "all", "", total)
	return w.Flush()
}

func printFreed(w io.Writer, channel, what string, f sweep.Freed) {
	if f.Files > 0 {
		fmt.Fprintf(w, "%s\t%s\t%d\t%s\n", channel, what, f.Files, sizeText(f.Bytes))
	}
}
