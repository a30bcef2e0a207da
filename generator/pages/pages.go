package pages

import (
	"cmp"
	"context"
	"runtime"
	"strings"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/templates"
)

// Options say what the pages of a site look like. The zero value works.
type Options struct {
	Site        templates.Site // Title, Description, URL and Footer; the rest is the look's
	Look        templates.Options
	ArtifactHub func(channel string) []byte // artifacthub-repo.yml; nil for none
	Workers     int                         // charts whose pages are made at the same time; 0 means one a processor
}

// Writer writes the pages of a site's channels. It is safe for concurrent use.
type Writer struct {
	Options
	set *templates.Set
}

// New loads the look. Its error names the file and line of a template that does
// not fit its page.
func New(o Options) (*Writer, error) {
	set, err := templates.New(o.Look)
	if err != nil {
		return nil, err
	}
	o.Workers = cmp.Or(o.Workers, runtime.GOMAXPROCS(0))
	if o.ArtifactHub == nil {
		o.ArtifactHub = func(string) []byte { return nil }
	}
	o.Site.URL = strings.TrimSuffix(o.Site.URL, "/")
	return &Writer{o, set}, nil
}

// Project makes the pages show the channel's newest generation, and the site's
// index the channel. What they show already is not written again.
func (w *Writer) Project(ctx context.Context, site bucket.Store, c *publisher.Channel) (*generator.PagesReport, error) {
	p := w.pass(site, c)
	err := p.project(ctx)
	return p.report, err
}

// Rebuild makes every page of the channel what the log and the charts say.
func (w *Writer) Rebuild(ctx context.Context, site bucket.Store, c *publisher.Channel) (*generator.PagesReport, error) {
	p := w.pass(site, c)
	p.anew = true
	err := p.project(ctx)
	return p.report, err
}

// Pruned makes the channel's activity page lead to those snapshots only that are
// kept. It leaves pages of another look alone.
func (w *Writer) Pruned(ctx context.Context, site bucket.Store, channel string) error {
	c, err := publisher.OpenChannel(ctx, site, channel)
	if err != nil {
		return err
	}
	p := w.pass(site, c)
	if p.head, err = p.after.Head(); err != nil {
		return err
	}
	if err := p.open(ctx); err != nil || p.state.Look != p.look || p.state.Generation != p.head.Generation {
		return err
	}
	return p.activityPage(ctx)
}
