package pages

import (
	"cmp"
	"context"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

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
	Private     func(channel string) bool   // whether users need a password to read the channel; nil if none does
	RepoPrefix  *string                     // what repositories' names begin with in commands; nil to derive it from the site's URL
	Workers     int                         // charts whose pages are made at the same time by Rebuild; 0 means one per processor

	// Turn is for how long the pages of one chart are made before other channels
	// have their turn; 0 means 5 seconds. PageTime is for how long the pages of one
	// version may be made until what is left of them is plain text; 0 means 10 seconds.
	Turn, PageTime time.Duration

	// GiveWay returns how many others wait for this machine. After each version, the making
	// of pages rests as long as that took, for each of up to three of them. It is nil if
	// nobody ever does.
	GiveWay func() int
}

// Writer writes the pages of a site's channels. It is safe for concurrent use.
type Writer struct {
	Options
	set    *templates.Set
	prefix string // of repositories' names
}

// New loads the look. If a template does not fit its page, the error names its file
// and line.
func New(o Options) (*Writer, error) {
	set, err := templates.New(o.Look)
	if err != nil {
		return nil, err
	}
	o.Workers = cmp.Or(o.Workers, runtime.GOMAXPROCS(0))
	o.Turn, o.PageTime = cmp.Or(o.Turn, 5*time.Second), cmp.Or(o.PageTime, 10*time.Second)
	if o.ArtifactHub == nil {
		o.ArtifactHub = func(string) []byte { return nil }
	}
	if o.Private == nil {
		o.Private = func(string) bool { return false }
	}
	o.Site.URL = strings.TrimSuffix(o.Site.URL, "/")
	w := &Writer{Options: o, set: set, prefix: repoPrefix(o.Site.URL)}
	if o.RepoPrefix != nil {
		w.prefix = *o.RepoPrefix
	}
	return w, nil
}

// Project returns what updates the pages to the channel's newest generation, and
// adds the channel to the site's index. Pages that are up to date are not written
// again.
func (w *Writer) Project(ctx context.Context, site bucket.Store, c *publisher.Channel, held *generator.Archives) (*generator.Projection, error) {
	p := w.pass(site, c)
	p.held = held
	return p.project(ctx)
}

// Rebuild makes every page of the channel from the log and the charts.
func (w *Writer) Rebuild(ctx context.Context, site bucket.Store, c *publisher.Channel) (*generator.PagesReport, error) {
	p := w.pass(site, c)
	p.remake = true
	all, err := p.project(ctx)
	if err != nil {
		return p.report, err
	}
	return p.report, p.make(ctx, all)
}

// make makes all of a projection.
func (p *pass) make(ctx context.Context, all *generator.Projection) error {
	group, parts := errgroup.WithContext(ctx)
	group.SetLimit(p.Workers)
	for _, part := range all.Parts {
		group.Go(func() error {
			for done := false; !done; {
				var err error
				if done, err = part(parts); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return all.Finish(ctx)
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
	return p.activityPage(ctx, true)
}
