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

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/templates"
)

// maxDoc is the largest document that is read back, in bytes; what is larger
// counts as missing.
const maxDoc = 256 << 20

// pass is one projection of a channel's pages.
type pass struct {
	*Writer
	site    bucket.Store
	channel *publisher.Channel
	look    string // see ChangesDoc
	anew    bool   // take nothing from what is there

	// save makes a file what body is, and reports whether it had to.
	save func(ctx context.Context, site bucket.Store, key string, body []byte, last bool) (bool, error)

	head   publisher.Header
	state  ChangesDoc              // as the last pass left it; zero if there was none
	before *publisher.Index        // that the pages show
	after  *publisher.Index        // that they are to show
	rows   []ChartSummary          // what the last pass listed, by name
	had    map[string]ChartSummary // the same

	mu     sync.Mutex
	report *generator.PagesReport
}

func (w *Writer) pass(site bucket.Store, c *publisher.Channel) *pass {
	return &pass{Writer: w, site: site, channel: c, look: w.lookOf(c.Name), save: publisher.WriteFile, after: c.Index(), report: &generator.PagesReport{Written: []string{}}}
}

func (p *pass) project(ctx context.Context) error {
	if p.channel.IndexGeneration() == 0 {
		return nil
	}
	var err error
	if p.head, err = p.after.Head(); err != nil {
		return err
	}
	if err := p.open(ctx); err != nil {
		return err
	}
	p.report.Generation = p.state.Generation
	if p.state.Generation > p.head.Generation {
		return nil // another generator has come further, and sees to the rest
	}
	if p.state.Generation < p.head.Generation {
		if err := p.write(ctx); err != nil {
			return err
		}
		p.report.Generation = p.head.Generation
	}
	p.report.Mixed = p.state.Look != p.look
	return p.home(ctx)
}

// write writes what the generations since the last pass changed. The state comes
// last: until then, the next pass does all of it again.
func (p *pass) write(ctx context.Context) error {
	if p.state.Look != p.look {
		if p.state.Look = ""; p.state.Generation == 0 { // otherwise only some pages are made with this one
			p.state.Look = p.look
		}
		if err := p.assets(ctx); err != nil {
			return err
		}
	}
	summaries, err := p.charts(ctx)
	if err != nil {
		return err
	}
	if err := p.activity(ctx); err != nil {
		return err
	}
	if err := p.list(ctx, summaries); err != nil {
		return err
	}
	return p.saveState(ctx)
}

// open finds out what the pages show.
func (p *pass) open(ctx context.Context) error {
	p.before, p.had = &publisher.Index{}, map[string]ChartSummary{}
	if p.anew {
		return nil
	}
	var state ChangesDoc
	if err := p.read(ctx, changesDoc, &state); err != nil || state.Channel != p.channel.Name || state.Generation < 1 {
		return err
	}
	if state.Generation < p.head.Generation {
		before, err := p.channel.At(ctx, state.Generation)
		if errors.Is(err, bucket.ErrNotFound) {
			return nil // its snapshot was pruned
		}
		if err != nil {
			return err
		}
		p.before = before
		var doc ChannelDoc
		if err := p.read(ctx, channelDoc, &doc); err != nil {
			return err
		}
		p.rows = doc.Charts
		for _, s := range doc.Charts {
			p.had[s.Name] = s
		}
	}
	p.state = state
	return nil
}

// read reads a document of the channel's; it stays empty if there is none that
// can be read.
func (p *pass) read(ctx context.Context, name string, doc any) error {
	b, _, err := publisher.ReadFile(ctx, p.site, path.Join(p.channel.Name, name), maxDoc)
	if err != nil || b == nil {
		return err
	}
	if err := json.Unmarshal(b, doc); err != nil {
		p.problem("%s was damaged, and is made anew: %v", path.Join(p.channel.Name, name), err)
	}
	return nil
}

// put makes a file of the channel what body is.
func (p *pass) put(ctx context.Context, name string, body []byte) error {
	return p.putKey(ctx, path.Join(p.channel.Name, name), body)
}

func (p *pass) putKey(ctx context.Context, key string, body []byte) error {
	return p.putAs(ctx, key, body, false)
}

// putAs makes a file of the site what body is, after all others if it is the last.
func (p *pass) putAs(ctx context.Context, key string, body []byte, last bool) error {
	written, err := p.save(ctx, p.site, key, body, last)
	if written {
		p.mu.Lock()
		p.report.Written = append(p.report.Written, key)
		p.mu.Unlock()
	}
	return err
}

// problem tells of something that is not as it should be, but keeps nothing from
// being published.
func (p *pass) problem(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.report.Problems = append(p.report.Problems, fmt.Sprintf(format, args...))
}

// putDoc writes a document: JSON that people can read as well.
func (p *pass) putDoc(ctx context.Context, key string, doc any) error {
	b, err := encodeDoc(doc)
	if err != nil {
		return fmt.Errorf("encoding %s: %v", key, err)
	}
	return p.putKey(ctx, key, b)
}

// putPage renders a page of the channel. One that cannot be rendered, since a
// template of the user's fails on it, is told and left out: it must not keep the
// others from being written.
func (p *pass) putPage(ctx context.Context, name string, page templates.Page) error {
	b, err := p.set.Render(page)
	if err != nil {
		p.problem("%s stays as it is, since it cannot be rendered: %v", path.Join(p.channel.Name, name), err)
		return nil
	}
	return p.put(ctx, name, b)
}

// assets writes what pages refer to.
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

// up leads from a folder so many levels below the channel's to the site's root.
func (p *pass) up(levels int) string {
	return strings.Repeat("../", levels+1+strings.Count(p.channel.Name, "/"))
}

// frame fills in what all pages of the channel have in common. The page's path is
// relative to the channel's.
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

// absolute is the URL of a file of the site; "" if the site's is not known.
func (w *Writer) absolute(key string) string {
	if w.Site.URL == "" {
		return ""
	}
	return w.Site.URL + "/" + escapePath(key)
}

// about describes the channel on a page so many levels below its folder. Only
// its own pages tell the generation: the others stay when it changes.
func (p *pass) about(levels int) templates.Channel {
	return templates.Channel{
		Name: p.channel.Name, RepoName: repoName(p.channel.Name), URL: p.absolute(p.channel.Name),
		Link: strings.Repeat("../", levels) + indexPage,
	}
}

// repoName is what to call the channel's repository in Helm, which takes no slashes.
func repoName(channel string) string { return strings.ReplaceAll(channel, "/", "-") }
