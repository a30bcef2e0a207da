package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/droparea"
)

const helpTakedown = `Usage:
    portolan takedown [--drop URL] [--site URL] CHANNEL CHART VERSION
                      --reason TEXT [--again] [--dry-run]

Remove a version for good, such as one with a password in it. To hide a version
that merely should not exist, use 'portolan yank': it can be undone, and the
version's files stay.

It takes one version at a time, written as the chart has it, and no range. A
secret is often in several versions: take down each of them. 'portolan list
CHANNEL CHART --versions' shows which there are, the yanked ones too.

First the log says that the version is gone: it leaves all indexes, and none of
the contents that it ever had can be published in the channel again, also not
packed again. Then the files go: archives, provenance files and descriptions of
all its uploads; its blobs, manifests and tag in the registry; its pages, while
those that compare other versions with it are made again; and what was refused
of it and is kept in the drop area. Each is printed, and then what to purge from
a CDN, with all pages that may have shown it. Other content can be published as
the same version later.

Snapshots stay byte for byte: what they name is gone. They and the log keep the
version's line, with what its Chart.yaml said. Other channels are searched for
copies: each archive of this version there, also one that was replaced, is
yanked or not published yet, is compared by its digest and by the fingerprint of
its files. Copies are named, and stay. So are the charts of all indexes that may
hold the version: those that depend on it and have a folder or an archive of it
in charts/. Take each of them down, too, and publish a new version without it.

Some refused uploads stay in the drop area, which is private: those that could
not be read and have another file name, and those that other channels refused.
On a folder, a program that was killed may have left what it was writing in
.portolan/tmp of the site or of the drop area. Do not serve that folder:
'portolan prune' removes such files after a day.

It acts at once, without 'portolan generate'. It may be repeated after any
failure, even if the version is gone already. It needs the generator's rights on
the site, and is no action that the drop area or the shim can carry.

Options:
    --reason TEXT       Why. It is public: the log keeps it.   PORTOLAN_REASON
                        One line of at most 500 bytes.
    --again             If the version has been published      PORTOLAN_AGAIN
                        again since, with other content, take that down, too.
    --dry-run           Only say what would be removed.        PORTOLAN_DRY_RUN
    --drop URL          Drop area (default ./drop).            PORTOLAN_DROP
    --site URL          Site (default ./site).                 PORTOLAN_SITE
    --base-url URL      Where the site's root is served        PORTOLAN_BASE_URL
                        (default: baseURL in portolan.yaml).
` + optionTemplates + `
    --pages (=false)    Leave the pages of other versions      PORTOLAN_PAGES
                        alone.
    --workers N         Files removed at the same time.        PORTOLAN_WORKERS
` + optionsConfig + `

Exit codes:
    0 done, 1 failed, or there never was such a version, 2 wrong settings,
    130 interrupted

Example:
    $ portolan takedown stable mychart 1.2.3 --reason 'has a password in it' \
          --site s3://my-charts --drop s3://my-drop --dry-run
`

// takedownFlags are the flags of takedown.
type takedownFlags struct {
	*flags
	reason        string
	again, dryRun bool
}

func newTakedownFlags() *takedownFlags {
	f := &takedownFlags{flags: newFlags("takedown")}
	f.withDrop()
	f.withSite()
	f.withConfig()
	f.withWorkers()
	f.withPages()
	f.StringVar(&f.reason, "reason", "", "")
	f.BoolVar(&f.again, "again", false, "")
	f.BoolVar(&f.dryRun, "dry-run", false, "")
	return f
}

func (p *program) takedown(ctx context.Context, args []string) error {
	f := newTakedownFlags()
	if err := p.parse(f.flags, args); err != nil {
		return err
	}
	if err := f.checkTakedown(); err != nil {
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
	o := publisher.TakeDownOptions{
		Channel: f.Arg(0), Chart: f.Arg(1), Version: f.Arg(2), Reason: f.reason, Again: f.again,
		Drop: drop, DryRun: f.dryRun, Workers: f.workers,
	}
	if len(f.config.Receivers(o.Channel)) > 0 {
		o.BeforeHead = droparea.Announce(drop, o.Channel)
	}
	report, err := generator.TakeDown(ctx, site, o)
	if never := (*publisher.NoVersionError)(nil); errors.As(err, &never) {
		return hint(err, "'portolan list %s %s --versions --yanked' shows what there is; takedown takes one version, written as it is there, and no range", f.Arg(0), f.Arg(1))
	}
	t := &takenDown{TakeDownReport: report}
	if err == nil && pages != nil && !f.dryRun {
		t.Pages, t.cached, err = pages.TakenDown(ctx, site, report.TakeDownReport)
	}
	t.setPurge(f.flags)
	p.found = t
	if !f.output.json {
		p.printTakenDown(t, err != nil)
	}
	if pages == nil && f.Changed("pages") && err == nil {
		p.say("note", fmt.Sprintf("the pages of other versions may still show parts of it: 'portolan rebuild --channel %s' makes them again", report.Channel))
	}
	return err
}

// checkTakedown refuses command lines before anything is read.
func (f *takedownFlags) checkTakedown() error {
	const example = "portolan takedown stable mychart 1.2.3 --reason 'has a password in it'"
	if f.NArg() != 3 {
		return hint(usagef("takedown needs a channel, a chart and one version"), "for example: %s", example)
	}
	if err := f.checkChannel(f.Arg(0)); err != nil {
		return wrongChannel(err, "the channel comes first, then the chart and its version")
	}
	if f.reason == "" {
		return hint(usagef("takedown needs --reason: it is public, and the log keeps it"), "for example: %s", example)
	}
	if err := action.CheckText(f.reason); err != nil {
		return wrongSetting(fmt.Errorf("%s: %v", f.given["reason"], err))
	}
	return f.apart()
}

// takenDown is what a takedown did.
type takenDown struct {
	*generator.TakeDownReport
	Pages *generator.PagesReport `json:"pages,omitempty"`

	// Purge are the addresses of all that caches may have of it, to be purged from them:
	// below the site's URL if that is known, and otherwise relative to its root. In a dry run,
	// the pages that would be made again are not among them.
	Purge []string `json:"purge"`

	cached []string // see [pages.Writer.TakenDown]
}

func (t *takenDown) setPurge(f *flags) {
	base := ""
	if f.config != nil && f.config.BaseURL != "" {
		base = strings.TrimSuffix(f.config.BaseURL, "/") + "/"
	}
	keys := slices.Concat(t.Keys, t.cached)
	slices.Sort(keys)
	t.Purge = []string{}
	for _, key := range slices.Compact(keys) {
		t.Purge = append(t.Purge, base+key)
	}
}

func (p *program) printTakenDown(t *takenDown, failed bool) {
	for _, key := range t.Removed {
		p.printf("%s  %s\n", removedText(t.DryRun), plain(key))
	}
	for _, key := range t.Rejected {
		p.printf("%s  %s in the drop area\n", removedText(t.DryRun), plain(key))
	}
	if failed {
		return
	}
	what := plain(t.Channel + " " + t.Chart + " " + t.Version)
	switch {
	case t.DryRun && !t.Before:
		p.printf("%s: would be taken down, with %s and %s\n", what, count(len(t.Contents), "content"), count(len(t.Removed), "file"))
	case t.Before:
		p.printf("%s: taken down before, by generation %d, with %s\n", what, t.Generation, count(len(t.Contents), "content"))
	default:
		p.printf("%s: taken down by generation %d, with %s\n", what, t.Generation, count(len(t.Contents), "content"))
	}
	for _, c := range t.Copies {
		how := "the same files, packed again"
		if c.Same {
			how = "the same archive"
		}
		p.printf("copy  %s: %s\n", plain(c.Key), how)
	}
	if len(t.Bundles) > 0 {
		p.printf("these charts may hold it in charts/:\n")
		for _, b := range t.Bundles {
			p.printf("  %s: %s\n", plain(b.Channel+" "+b.Chart+" "+b.Version), plain(b.File))
		}
	}
	if len(t.Purge) > 0 && !t.DryRun {
		p.printf("purge these from your CDN and other caches:\n")
		for _, url := range t.Purge {
			p.printf("  %s\n", plain(url))
		}
	}
	p.noteTakenDown(t)
}

func removedText(dry bool) string {
	if dry {
		return "would be removed"
	}
	return "removed"
}

// noteTakenDown says what is still to be done.
func (p *program) noteTakenDown(t *takenDown) {
	var others []string
	for _, c := range t.Copies {
		others = append(others, c.Channel)
	}
	slices.Sort(others)
	for _, name := range slices.Compact(others) {
		p.say("warning", fmt.Sprintf("channel %s has a copy: 'portolan takedown %s %s %s --reason TEXT' takes that down, too", name, name, t.Chart, t.Version))
	}
	if len(t.Bundles) > 0 {
		p.say("warning", "charts may hold it in charts/: take each of them down, too, with 'portolan takedown CHANNEL CHART VERSION --reason TEXT', and publish a new version without it")
	}
	if t.Unseen > 0 {
		p.say("warning", fmt.Sprintf("%s more may hold it in charts/: they depend on it, but their files were not looked at", count(t.Unseen, "chart")))
	}
	if t.Since {
		p.say("note", "it has been published since, with other content, which stays: with --again, that is taken down, too")
	}
	if t.DryRun {
		return
	}
	if t.Pages != nil {
		p.notes("note", t.Pages.Problems)
	}
	p.say("note", "those who have downloaded it still have it; the log and snapshots keep its line of the index, and nothing of its files")
	p.say("note", "a generator that ran meanwhile may have written some of it again: 'portolan verify' tells, and the same command removes it")
}
