package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/portolan-charts/portolan/generator"
	reporting "github.com/portolan-charts/portolan/generator/report"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

const helpGenerate = `Usage:
    portolan generate [--drop URL] [--site URL] [--channel NAME]... [--dry-run]
                      [--watch TIME] [--report FILE] [--summary FILE]
                      [--replace-root]

Check every upload in the drop area, accept or reject it, and write its receipt.
The accepted charts are published as a new generation of their channel. Several
jobs may run it at once, and it can be run again after any failure. If there is
nothing to do, it writes nothing. With --channel, it also applies a changed
'keep' (how many versions of a chart the index lists), 'oci' (whether they can
be read by oci:// as well) or 'rootChannel' (which channel the site's own
index.yaml shows as well) to channels without uploads.

Options:
    --drop URL          Drop area (default ./drop).            PORTOLAN_DROP
    --site URL          Site (default ./site).                 PORTOLAN_SITE
    --channel NAME      This channel only; may be repeated.    PORTOLAN_CHANNEL
                        The variable takes several, with commas between them.
    --replace-root
                        PORTOLAN_REPLACE_ROOT
                        Let the channel that portolan.yaml names as rootChannel
                        take the place of another index.yaml in the site's root.
    --dry-run           Say what would happen; write nothing.  PORTOLAN_DRY_RUN
    --timeout TIME
                        PORTOLAN_GENERATE_TIMEOUT
                        Stop after this long, such as 20m (default: never); run
                        it again to continue.
    --watch TIME        Keep running, and check this often,    PORTOLAN_WATCH
                        such as every 10s, until a signal.
    --report FILE       Write the verdict on each upload as    PORTOLAN_REPORT
                        JUnit XML. A rejected upload is a failed test; an error
                        that stopped the run is an error.
    --summary FILE      Append a summary for people to FILE,   PORTOLAN_SUMMARY
                        as Markdown.
` + optionsPages + `
    --pages (=false)    Write only indexes: no HTML pages,     PORTOLAN_PAGES
                        feeds or JSON API.
    --workers N         Uploads read at the same time.         PORTOLAN_WORKERS
` + optionsConfig + `
    --cpuprofile FILE
                        PORTOLAN_CPUPROFILE
                        Profile for 'go tool pprof': where CPU time goes.
    --trace FILE        Trace for 'go tool trace'.             PORTOLAN_TRACE

A URL names a bucket (s3://, gs://, azblob://) or a local folder, which is
created if it does not exist.

Charts of all channels are published before pages are made. If pages fail, or
--timeout ends them, their uploads stay in the inbox, and the next run goes on.

If portolan.yaml says so ('notify'), Flux and other servers are told of each new
generation. The run needs the secrets that sign this, in variables or files that
portolan.yaml names. A server that is down only gets a note; later runs try
again, for a day.

With --watch, a failed run is repeated after longer and longer pauses. So are
pages that fail, while uploads are still decided at the usual pace. A signal
ends the command with exit code 0; --timeout applies to each run, and
portolan.yaml is read once. If GITHUB_ACTIONS is true, rejections and errors are
also printed as annotations.

Exit codes:
    0 done, 1 failed, 2 wrong settings, 3 done (or, with --dry-run, would be
    done) but some upload or action was rejected, 130 interrupted

Example:
    $ portolan generate --drop s3://my-drop --site s3://my-charts
`

// generateFlags are the flags of generate.
type generateFlags struct {
	*flags
	dryRun          bool
	replaceRoot     bool
	timeout, watch  time.Duration
	report, summary string
}

func newGenerateFlags() *generateFlags {
	f := &generateFlags{flags: newFlags("generate")}
	f.withDrop()
	f.withSite()
	f.withConfig()
	f.withChannels()
	f.withWorkers()
	f.withPages()
	f.withProfiles()
	f.withRoot(&f.replaceRoot)
	f.BoolVar(&f.dryRun, "dry-run", false, "")
	f.DurationVar(&f.timeout, "timeout", 0, "")
	f.DurationVar(&f.watch, "watch", 0, "")
	f.StringVar(&f.report, "report", "", "")
	f.StringVar(&f.summary, "summary", "", "")
	return f
}

func (p *program) generate(ctx context.Context, args []string) error {
	f := newGenerateFlags()
	usage := (*usageError)(nil)
	err := p.parse(f.flags, args)
	switch {
	case err == errHelp, errors.As(err, &usage):
		return err
	case err == nil:
		err = f.noOperands()
	}
	if err := f.checkRun(); err != nil {
		return err
	}
	if err == nil {
		err = cmp.Or(f.checkRoot(f.replaceRoot), f.apart())
	}
	if f.watch > 0 && err == nil {
		return f.profiled(func() error { return p.watch(ctx, f) })
	}
	return f.profiled(func() error { return p.generateOnce(ctx, f, err) })
}

// checkRun refuses times that make no sense, what a watch cannot do, and two
// reports in one file.
func (f *generateFlags) checkRun() error {
	switch {
	case f.report != "" && f.report == f.summary:
		return usagef("%s: %s is also the file of --report", f.given["summary"], f.summary)
	case f.Changed("timeout") && f.timeout <= 0:
		return usagef("%s: %s is not a time to run for; write one such as 90s or 20m", f.given["timeout"], f.timeout)
	case !f.Changed("watch"):
		return nil
	case f.watch < time.Second:
		return usagef("%s: %s is too short; the minimum is 1s", f.given["watch"], f.watch)
	case f.dryRun:
		return usagef("%s: a dry run ends once it has said what would happen, so it cannot watch", f.given["watch"])
	case f.report != "" || f.summary != "":
		return hint(usagef("%s: --report and --summary describe one run, and --watch makes many", f.given["watch"]), "run 'portolan generate' without --watch in jobs that need a report")
	}
	return nil
}

// generateOnce makes one run, and reports it wherever the flags say. If err is not
// nil, there is no run, and that is reported.
func (p *program) generateOnce(ctx context.Context, f *generateFlags, err error) error {
	tell, failure := f.tellers()
	if failure != nil {
		return cmp.Or(err, failure)
	}
	start := time.Now()
	var report *generator.Report
	if err == nil {
		report, err = p.generateNow(ctx, f)
	}
	told := tell.run(p, f, &reporting.Run{Report: report, Err: err, Start: start, Took: time.Since(start)})
	if err == nil && report.Count(verdict.Rejected) > 0 {
		err = errRejected
	}
	if told != nil && (err == nil || err == errRejected) {
		return told
	}
	return err
}

// generateNow opens the buckets, makes one run, and prints what it did.
func (p *program) generateNow(ctx context.Context, f *generateFlags) (*generator.Report, error) {
	o, err := p.generateOptions(ctx, f)
	if err != nil {
		return nil, err
	}
	return p.round(ctx, f, o)
}

// generateOptions are those of the runs that the flags ask for.
func (p *program) generateOptions(ctx context.Context, f *generateFlags) (o generator.Options, err error) {
	o = generator.Options{Config: f.config, Channels: f.channels, ReplaceRoot: f.replaceRoot, DryRun: f.dryRun, Workers: f.workers}
	if o.Pages, err = f.projector(); err != nil {
		return o, err
	}
	if !f.dryRun {
		if err = f.checkReceivers(); err != nil {
			return o, err
		}
	}
	open := func(flag string) (bucket.Store, error) { return p.open(ctx, f.flags, flag) }
	if f.dryRun { // makes no folder
		open = func(flag string) (bucket.Store, error) {
			store, _, err := f.openBucket(ctx, flag)
			return store, err
		}
	}
	if _, _, err = f.openBucket(ctx, "site"); err != nil { // before any folder is made
		return o, err
	}
	if o.Drop, err = open("drop"); err != nil {
		return o, err
	}
	o.Site, err = open("site")
	return o, err
}

// round makes one run, and prints what it did.
func (p *program) round(ctx context.Context, f *generateFlags, o generator.Options) (*generator.Report, error) {
	progress := p.newProgress("uploads")
	o.Progress = func(g generator.Progress) { progress.update(g.Channel, g.Done, g.Total) }
	limited, cancel := limit(ctx, f.timeout)
	defer cancel()
	report, err := generator.Run(limited, o)
	progress.finish()
	if err != nil && limited.Err() != nil && ctx.Err() == nil {
		err = hint(fmt.Errorf("stopped after %s (--timeout)", f.timeout),
			"nothing is lost, and what was published stands; run it again, with more time, and it goes on from there")
	}
	if f.watch > 0 && idle(report) {
		return report, err
	}
	if err == nil && f.watch == 0 && len(report.Channels) == 0 {
		err = p.lookAtSite(ctx, f.flags, o.Site)
	}
	p.printReport(report, f.output, err != nil)
	if err == nil {
		err = p.noteUnknown(ctx, f, o.Site, report)
		p.noteRoot(ctx, f, o.Site, report)
	}
	return report, err
}

// lookAtSite makes sure that there is a site, after a run that had no reason to look at
// it. It says so if the site has nothing, since its URL may be wrong, and if it has channels
// that take no uploads any more. That takes a listing.
func (p *program) lookAtSite(ctx context.Context, f *flags, site bucket.Store) error {
	folders, err := publisher.RootFolders(ctx, site)
	switch {
	case bucket.Denied(err):
		p.say("note", fmt.Sprintf("%s cannot be listed, so only the next upload will show whether it is the right place", f.site))
	case err != nil:
		return err
	case len(folders) == 0:
		p.say("note", fmt.Sprintf("no channels in %s yet, and no uploads in %s", f.site, f.drop))
	default:
		p.noteReservedChannels(ctx, site, folders)
	}
	return nil
}

// limit returns a context that ends after the time; 0 is never.
func limit(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	if timeout == 0 {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, timeout)
}

// noteUnknown names the channels that were asked for but are nowhere: most
// likely they are misspelt.
func (p *program) noteUnknown(ctx context.Context, f *generateFlags, site bucket.Store, r *generator.Report) error {
	names := f.channels
	if f.replaceRoot && len(names) == 0 {
		names = []string{f.config.RootChannel}
	}
	for _, name := range names {
		if slices.ContainsFunc(r.Channels, func(c generator.ChannelReport) bool { return c.Channel == name }) {
			continue
		}
		known, err := publisher.HasChannel(ctx, site, name)
		if err != nil {
			return err
		}
		if !known {
			p.say("note", fmt.Sprintf("no channel %s in %s, and no uploads for it in %s", name, f.site, f.drop))
		}
	}
	return nil
}
