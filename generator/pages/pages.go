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

// Options configure the pages of a site. The zero value works.
type Options struct {
	Site        templates.Site // Title, Description, URL and Footer; the look sets the rest
	Look        templates.Options
	ArtifactHub func(channel string) []byte // artifacthub-repo.yml; nil if the channel has none
	Workers     int                         // charts whose pages are made at the same time; 0 means one per processor
}

// Writer writes the pages of a site's channels. It is safe for concurrent use.
type Writer struct {
	Options
	set *templates.Set
}

// New loads the look. If a template does not fit its page, the error names its file
// and line.
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

// Project updates the pages to the channel's newest generation, and adds the
// channel to the site's index. Pages that are up to date are not written again.
func (w *Writer) Project(ctx context.Context, site bucket.Store, c *publisher.Channel) (*generator.PagesReport, error) {
	p := w.pass(site, c)
	err := p.project(ctx)
	return p.report, err
}

// Rebuild makes every page of the channel from the log and the charts.
func (w *Writer) Rebuild(ctx context.Context, site bucket.Store, c *publisher.Channel) (*generator.PagesReport, error) {
	p := w.pass(site, c)
	p.remake = true
	err := p.project(ctx)
	return p.report, err
}

// Pruned removes links to pruned snapshots from the channel's activity page. It
// leaves pages of another look alone.
func (w *Writer) Pruned(ctx context.Context, site bucket.Store, channel string) error {
	c, err := publisher.OpenChannel(ctx, site, channel)
	if err != nil {
		return err
	}
	p := w.pass(site, c)
	if p.head, err = p.after.Header(); err != nil {
		return err
	}
	if err := p.open(ctx); err != nil || p.state.Look != p.look || p.state.Generation != p.head.Generation {
		return err
	}
	return p.activityPage(ctx)
}
