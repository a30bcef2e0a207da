package pages

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/templates"
)

// maxDoc is the size of the largest document that is read back, in bytes. A larger
// one counts as missing.
const maxDoc = 256 << 20

// pass is one projection of a channel's pages.
type pass struct {
	*Writer
	site    bucket.Store
	channel *publisher.Channel
	look    string // see ChangesDoc
	remake  bool   // make all pages, whatever exists already
	again   string // make all pages of this chart, whatever exists already
	held    *generator.Archives

	// save gives a file the content body, and reports whether it had to write it.
	save func(ctx context.Context, site bucket.Store, key string, body []byte, last bool) (bool, error)

	// discard removes a file, if it exists.
	discard func(ctx context.Context, site bucket.Store, key string) error

	head      publisher.Header
	state     ChangesDoc              // as the last pass left it; zero if there was none
	before    *view                   // what the pages show
	after     *view                   // what they are to show
	rows      []ChartSummary          // the charts that the last pass listed, sorted by name
	had       map[string]ChartSummary // the same, by name
	summaries []ChartSummary          // of all charts, sorted by name
	registry  inRegistry
	keyring   keyring
	progress  *progress
	buried    map[[2]string]time.Time // see gone

	mu     sync.Mutex
	report *generator.PagesReport
}

func (w *Writer) pass(site bucket.Store, c *publisher.Channel) *pass {
	discard := func(ctx context.Context, site bucket.Store, key string) error { return site.Delete(ctx, key, "") }
	return &pass{
		Writer: w, site: site, channel: c, look: w.lookOf(c.Name), save: publisher.WriteFile, discard: discard, after: &view{c.Index(), c.State()},
		report: &generator.PagesReport{Written: []string{}},
	}
}

// project returns what is to be made of the pages.
func (p *pass) project(ctx context.Context) (*generator.Projection, error) {
	nothing := func(context.Context) error { return nil }
	all := &generator.Projection{Report: p.report, Finish: nothing, Pause: nothing}
	if p.channel.IndexGeneration() == 0 {
		return all, nil
	}
	var err error
	if p.head, err = p.after.Header(); err != nil {
		return nil, err
	}
	if err := p.open(ctx); err != nil {
		return nil, err
	}
	p.report.Generation = p.state.Generation
	switch {
	case p.state.Generation > p.head.Generation: // another generator has got further, and writes the rest
	case p.state.Generation == p.head.Generation && p.again == "":
		all.Finish = p.join
	default:
		all.Parts, all.Pause = p.charts(), p.pause
		all.Finish = func(ctx context.Context) error {
			if err := p.finish(ctx); err != nil {
				return err
			}
			return p.join(ctx)
		}
		err = p.begin(ctx)
	}
	return all, err
}

// join makes the channel part of the site's own pages.
func (p *pass) join(ctx context.Context) error {
	p.report.Mixed = p.state.Look != p.look
	return p.home(ctx)
}

// begin writes what the pages refer to.
func (p *pass) begin(ctx context.Context) error {
	if p.state.Look != p.look {
		if p.state.Look = ""; p.state.Generation == 0 { // otherwise only some pages are made with this look
			p.state.Look = p.look
		}
		return p.assets(ctx)
	}
	return nil
}

// finish writes what lists the charts, and the state last: if it is interrupted
// before, the next pass does what this one did not note as done.
func (p *pass) finish(ctx context.Context) error {
	if err := p.activity(ctx); err != nil {
		return err
	}
	if err := p.list(ctx, p.summaries); err != nil {
		return err
	}
	if err := p.saveState(ctx); err != nil {
		return err
	}
	p.report.Generation = p.head.Generation
	return nil
}

// open reads which generation the pages show, and what has changed since.
func (p *pass) open(ctx context.Context) error {
	if err := p.openState(ctx); err != nil {
		return err
	}
	return p.openRegistry(ctx)
}

func (p *pass) openState(ctx context.Context) error {
	p.before, p.had = &view{Index: &publisher.Index{}}, map[string]ChartSummary{}
	p.progress = newProgress(nil)
	if p.remake {
		return nil
	}
	var state ChangesDoc
	if err := p.read(ctx, changesDoc, &state); err != nil || state.Channel != p.channel.Name {
		return err
	}
	p.progress = newProgress(state.Progress)
	state.Progress = nil
	if p.progress.of = state; state.Generation < 1 {
		return nil
	}
	if state.Generation < p.head.Generation || p.again != "" {
		before, err := p.channel.At(ctx, state.Generation)
		if errors.Is(err, bucket.ErrNotFound) {
			return nil // its snapshot was pruned
		}
		if err != nil {
			return err
		}
		acted, err := p.channel.StateAt(ctx, state.Generation)
		if err != nil {
			return err
		}
		p.before = &view{before, acted}
		if p.rows, err = p.readCharts(ctx); err != nil {
			return err
		}
		for _, s := range p.rows {
			p.had[s.Name] = s
		}
	}
	p.state = state
	return nil
}

// read reads a document of the channel. The document stays empty if it is missing
// or damaged.
func (p *pass) read(ctx context.Context, name string, doc any) error {
	b, _, err := publisher.ReadFile(ctx, p.site, path.Join(p.channel.Name, name), maxDoc)
	if err != nil || b == nil {
		return err
	}
	if err := json.Unmarshal(b, doc); err != nil {
		p.problem("%s was damaged and is being rewritten: %v", path.Join(p.channel.Name, name), err)
	}
	return nil
}

// put gives a file of the channel the content body.
func (p *pass) put(ctx context.Context, name string, body []byte) error {
	return p.putKey(ctx, path.Join(p.channel.Name, name), body)
}

func (p *pass) putKey(ctx context.Context, key string, body []byte) error {
	return p.putAs(ctx, key, body, false)
}

// putAs gives a file of the site the content body. With last, it writes the file
// after all others.
func (p *pass) putAs(ctx context.Context, key string, body []byte, last bool) error {
	written, err := p.save(ctx, p.site, key, body, last)
	if written {
		p.mu.Lock()
		p.report.Written = append(p.report.Written, key)
		p.mu.Unlock()
	}
	return err
}

// problem reports something that is wrong but does not stop anything from being
// published.
func (p *pass) problem(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.report.Problems = append(p.report.Problems, fmt.Sprintf(format, args...))
}

// putDoc writes a document as JSON that people can read, too.
func (p *pass) putDoc(ctx context.Context, key string, doc any) error {
	b, err := encodeDoc(doc)
	if err != nil {
		return fmt.Errorf("encoding %s: %v", key, err)
	}
	return p.putKey(ctx, key, b)
}

// putPage renders and writes a page of the channel. If a user's template fails on
// it, that is reported and the page is left as it is, so that the others are still
// written.
func (p *pass) putPage(ctx context.Context, name string, page templates.Page) error {
	return p.putPageAs(ctx, name, page, false)
}

// putPageAs is putPage for a page that may be last; see putAs.
func (p *pass) putPageAs(ctx context.Context, name string, page templates.Page, last bool) error {
	b, err := p.set.Render(page)
	if err != nil {
		p.problem("%s was not updated, because it cannot be rendered: %v", path.Join(p.channel.Name, name), err)
		return nil
	}
	return p.putAs(ctx, path.Join(p.channel.Name, name), b, last)
}

// assets writes the files that pages and documents refer to.
func (p *pass) assets(ctx context.Context) error {
	for _, a := range p.set.Assets() {
		if err := p.putKey(ctx, a.Path, a.Content); err != nil {
			return err
		}
	}
	for kind := range schemaKinds {
		b, err := schemaFiles.ReadFile("schema/" + schemaFile(kind))
		if err != nil {
			return err
		}
		if err := p.putKey(ctx, path.Join(apiDir, schemaFile(kind)), b); err != nil {
			return err
		}
	}
	return nil
}

// up returns the path to the site's root from a folder that is levels below the
// channel's.
func (p *pass) up(levels int) string {
	return strings.Repeat("../", levels+1+strings.Count(p.channel.Name, "/"))
}

// frame fills in what all pages of the channel have in common. The name is the
// page's path within the channel.
func (p *pass) frame(name, title, description string, crumbs ...templates.Link) templates.Frame {
	levels := strings.Count(name, "/")
	f := templates.Frame{
		Site: p.set.Site(p.Site), Title: title, Description: description,
		Path: path.Join(p.channel.Name, name), Root: p.up(levels),
		Crumbs: slices.Concat([]templates.Link{{Text: p.homeTitle(), URL: p.up(levels) + indexPage}}, crumbs),
	}
	f.Canonical = p.absolute(f.Path)
	return f
}

// absolute returns the absolute URL of a file of the site, or "" if the site's URL
// is not known.
func (w *Writer) absolute(key string) string {
	if w.Site.URL == "" {
		return ""
	}
	return w.Site.URL + "/" + escapePath(key)
}

// about describes the channel for a page that is levels below its folder. It leaves
// out the generation, so that pages of charts stay the same when that changes.
func (p *pass) about(levels int) templates.Channel {
	return templates.Channel{
		Name: p.channel.Name, RepoName: p.repoName(p.channel.Name), Private: p.Private(p.channel.Name), URL: p.absolute(p.channel.Name), OCI: p.registry.url,
		Link: strings.Repeat("../", levels) + indexPage,
	}
}
