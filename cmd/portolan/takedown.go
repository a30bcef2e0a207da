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
)

func (p *program) takedown(ctx context.Context, args []string) error {
	f := newFlags("takedown")
	f.withDrop()
	f.withSite()
	f.withConfig()
	f.withWorkers()
	f.withPages()
	reason := f.String("reason", "", "")
	again := f.Bool("again", false, "")
	dryRun := f.Bool("dry-run", false, "")
	if err := p.parse(f, args); err != nil {
		return err
	}
	if err := f.checkTakedown(*reason); err != nil {
		return err
	}
	pages, err := f.writer()
	if err != nil {
		return err
	}
	site, err := p.openExisting(ctx, f, "site")
	if err != nil {
		return err
	}
	drop, _, err := f.openBucket(ctx, "drop") // one that is not there yet is empty
	if err != nil {
		return err
	}
	o := publisher.TakeDownOptions{
		Channel: f.Arg(0), Chart: f.Arg(1), Version: f.Arg(2), Reason: *reason, Again: *again,
		Drop: drop, DryRun: *dryRun, Workers: f.workers,
	}
	if len(f.config.Receivers(o.Channel)) > 0 {
		o.BeforeHead = publisher.Announce(drop, o.Channel)
	}
	report, err := generator.TakeDown(ctx, site, o)
	if never := (*publisher.NoVersionError)(nil); errors.As(err, &never) {
		return hint(err, "'portolan list %s %s --versions --yanked' shows what there is; takedown takes one version, written as it is there, and no range", f.Arg(0), f.Arg(1))
	}
	t := &takenDown{TakeDownReport: report}
	if err == nil && pages != nil && !*dryRun {
		t.Pages, t.cached, err = pages.TakenDown(ctx, site, report.TakeDownReport)
	}
	t.setPurge(f)
	p.found = t
	if !f.output.json {
		p.printTakenDown(t, err != nil)
	}
	if pages == nil && f.Changed("pages") && err == nil {
		p.say("note", fmt.Sprintf("the pages of other versions may still show parts of it: 'portolan rebuild --channel %s' makes them again", report.Channel))
	}
	return err
}

func (f *flags) checkTakedown(reason string) error {
	const example = "portolan takedown stable mychart 1.2.3 --reason 'has a password in it'"
	if f.NArg() != 3 {
		return hint(usagef("takedown needs a channel, a chart and one version"), "for example: %s", example)
	}
	if err := f.checkChannel(f.Arg(0)); err != nil {
		return wrongChannel(err, "the channel comes first, then the chart and its version")
	}
	if reason == "" {
		return hint(usagef("takedown needs --reason: it is public, and the log keeps it"), "for example: %s", example)
	}
	if err := action.CheckText(reason); err != nil {
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
