package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/generator/pages"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
)

const helpRebuild = `Usage:
    portolan rebuild [--site URL] --channel NAME... [--replace-root]

Restore all indexes and the snapshots of a channel from its log, byte for byte,
where they are missing or damaged. Correct files are left alone. If the log is
damaged, the damaged record is named and nothing is written, because nothing
else can take its place. Charts and log records cannot be rebuilt. If the site's
root shows the channel (rootChannel in portolan.yaml), that index.yaml is
restored as well.

The channel's pages are rendered again, too. So run rebuild after you change
page settings or templates, or to give all pages the look of a new version of
portolan.

Options:
    --channel NAME      The channel; may be repeated.          PORTOLAN_CHANNEL
    --site URL          Site (default ./site).                 PORTOLAN_SITE
    --replace-root
                        PORTOLAN_REPLACE_ROOT
                        Let the root channel take the place of another
                        index.yaml in the site's root.
` + optionsPages + `
    --pages (=false)    Leave the pages alone.                 PORTOLAN_PAGES
` + optionsConfig + `

Exit codes:
    0 done, 1 failed, 2 wrong settings, 130 interrupted

Example:
    $ portolan verify --site s3://my-charts
    $ portolan rebuild --site s3://my-charts --channel stable
`

func (p *program) rebuild(ctx context.Context, args []string) error {
	f := newFlags("rebuild")
	f.withSite()
	f.withConfig()
	f.withChannels()
	f.withPages()
	replaceRoot := false
	f.withRoot(&replaceRoot)
	if err := p.parse(f, args); err != nil {
		return err
	}
	if err := f.noOperands(); err != nil {
		return err
	}
	if len(f.channels) == 0 {
		return hint(usagef("rebuild needs the name of a channel"), "give it with --channel; 'portolan verify' says which channel needs it")
	}
	if err := f.checkRoot(replaceRoot); err != nil {
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
	reports := []rebuilt{}
	var failures []error
	for _, name := range f.channels {
		r, err := p.rebuildChannel(ctx, f, site, name, replaceRoot, pages)
		reports = append(reports, r)
		failures = append(failures, err)
		if !f.output.json {
			p.printRebuilt(r, err != nil)
		}
	}
	p.found = map[string]any{"channels": reports}
	return errors.Join(failures...)
}

// rebuilt is what was done for a channel.
type rebuilt struct {
	*publisher.RebuildReport
	Pages     *generator.PagesReport `json:"pages,omitempty"`
	Completed int                    `json:"completed,omitempty"` // versions that got a manifest in the registry

	// RegistryLeft is why the channel is not in the registry as the configuration says.
	RegistryLeft string `json:"registryLeft,omitempty"`
}

// rebuildChannel restores what is derived from a channel's log: indexes and snapshots, what
// is missing in the registry, and pages, if there are to be any.
func (p *program) rebuildChannel(ctx context.Context, f *flags, site bucket.Store, name string, replaceRoot bool, w *pages.Writer) (r rebuilt, err error) {
	progress := p.newProgress("records")
	r.RebuildReport, err = publisher.Rebuild(ctx, site, name, publisher.RebuildOptions{
		AtRoot:      name == f.rootChannel(),
		ReplaceRoot: replaceRoot,
		Progress:    func(done, total int) { progress.update(name, done, total) },
	})
	progress.finish()
	if err == nil {
		err = r.complete(ctx, site, f)
	}
	if err == nil && w != nil {
		r.Pages, err = rebuildPages(ctx, site, name, w)
	}
	return r, err
}

// complete puts the channel's versions into the registry, which makes new generations.
func (r *rebuilt) complete(ctx context.Context, site bucket.Store, f *flags) error {
	done, err := generator.CompleteRegistry(ctx, generator.Options{Site: site, Config: f.config}, r.Channel)
	if made := done.Generation - r.Generation; made > 0 { // each with a snapshot
		r.Generation, r.Snapshots = done.Generation, r.Snapshots+made
	}
	r.Completed, r.RegistryLeft = done.Versions, done.RegistryLeft
	return err
}

// rebuildPages renders the channel's pages again.
func rebuildPages(ctx context.Context, site bucket.Store, name string, w *pages.Writer) (*generator.PagesReport, error) {
	c, err := publisher.OpenChannel(ctx, site, name)
	if err != nil {
		return nil, fmt.Errorf("channel %s: %w", name, err)
	}
	report, err := w.Rebuild(ctx, site, c)
	if err != nil {
		return report, fmt.Errorf("channel %s: pages: %w", name, err)
	}
	return report, nil
}

func (p *program) printRebuilt(r rebuilt, failed bool) {
	for _, key := range r.Written {
		p.printf("written  %s\n", plain(key))
	}
	if failed {
		return
	}
	if r.RootLeft != "" {
		p.say("note", r.RootLeft)
	}
	if r.RegistryLeft != "" {
		p.say("note", r.RegistryLeft)
	}
	if r.Completed > 0 {
		p.printf("%s: %s\n", r.Channel, completedText(r.Completed))
	}
	files := count(len(r.Written), "file")
	if r.Pages != nil {
		p.notes("note", r.Pages.Problems)
		if n := len(r.Pages.Written); n > 0 {
			files += fmt.Sprintf(" and %s of its pages", count(n, "file"))
		}
	}
	p.printf("%s: generation %d, %s, %s written\n", r.Channel, r.Generation, count(r.Snapshots, "snapshot"), files)
}
