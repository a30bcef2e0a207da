package pages

import (
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/portolan-charts/portolan/templates"
)

const (
	maxGenerations = 100 // generations that are listed
	maxEvents      = 100 // events that are listed for one generation
	maxFeed        = 50  // entries of a feed
)

// activity brings the list of generations up to date, and writes the page and
// the feed that show it.
func (p *pass) activity(ctx context.Context) error {
	var since []GenerationDoc
	for r, err := range p.channel.Changes(ctx, p.state.Generation) {
		if err != nil {
			return err
		}
		g, err := changesOf(r)
		if err != nil {
			return err
		}
		if since = append(since, g); len(since) == maxGenerations {
			break
		}
	}
	all := append(since, p.state.Generations...)
	p.state.Generations = all[:min(len(all), maxGenerations)]
	if err := p.activityPage(ctx, false); err != nil {
		return err
	}
	return p.feed(ctx)
}

// activityPage writes the page; with last, after all other files.
func (p *pass) activityPage(ctx context.Context, last bool) error {
	page := templates.ActivityPage{Channel: p.shown(0)}
	for _, g := range p.state.Generations {
		page.Generations = append(page.Generations, p.generation(g))
	}
	if n := len(p.state.Generations); n == maxGenerations {
		page.Older = p.state.Generations[n-1].Generation - 1
	}
	page.Frame = p.frame(changesPage, "Activity of "+p.channel.Name, "What changed in the Helm repository "+p.channel.Name,
		templates.Link{Text: p.channel.Name, URL: indexPage})
	page.Feed = feedFile
	return p.putPageAs(ctx, changesPage, page, last)
}

func (p *pass) generation(g GenerationDoc) templates.Generation {
	t := templates.Generation{Number: g.Generation, Time: g.Time, More: g.More, RolledBack: g.RolledBack}
	if dir := snapshotDir(g.Generation); g.Generation >= p.channel.Floor() {
		t.Snapshot = dir + "/index.yaml"
		t.URL = p.absolute(path.Join(p.channel.Name, dir))
	}
	for _, e := range g.Events {
		event := templates.Event{Chart: e.Chart, Version: e.Version, What: e.What, Action: e.Action, Reason: e.Reason, From: e.From}
		event.Link = escapePath(p.eventPage(g, e))
		t.Events = append(t.Events, event)
	}
	return t
}

// feed writes the channel's feed of what was published most recently, and what actions did.
// It leaves out the publication of what is yanked.
func (p *pass) feed(ctx context.Context) error {
	f := p.newFeed(feedFile, indexPage, "Helm charts in "+p.channel.Name)
	for _, g := range p.state.Generations {
		for _, e := range g.Events {
			_, hidden := p.after.state.FindYanked(e.Chart, e.Version)
			page := p.eventPage(g, e)
			if page == "" || hidden && (e.What == added || e.What == replaced) || len(f.Entries) == maxFeed {
				continue
			}
			f.Entries = append(f.Entries, p.feedEntry(g, e, page))
		}
	}
	return p.putFeed(ctx, feedFile, f)
}

func (p *pass) feedEntry(g GenerationDoc, e EventDoc, page string) atomEntry {
	title := strings.TrimSpace(e.Chart + " " + e.Version)
	entry := atomEntry{
		ID: p.feedID(fmt.Sprintf("%s#generation-%d", page, g.Generation)), Title: title, Updated: atomTime(g.Time),
		Link: atomLink{Href: p.feedURL(feedFile, page)}, Summary: fmt.Sprintf("%s was %s in generation %d.", title, e.What, g.Generation),
	}
	if e.What != added && e.What != replaced {
		entry.Title += " " + e.What
	}
	if e.From != "" {
		entry.Summary += " It was promoted from " + e.From + "."
	}
	if e.Reason != "" {
		entry.Summary += " " + e.Reason
	}
	return entry
}

// saveState records which generation the pages show, and makes all files that were
// written before durable. If another generator was faster, some pages may be this
// one's and some the other's, until their chart's next change.
func (p *pass) saveState(ctx context.Context) error {
	p.state.Schema, p.state.Channel, p.state.Generation = p.schema(0, "changes"), p.channel.Name, p.head.Generation
	key := path.Join(p.channel.Name, changesDoc)
	b, err := encodeDoc(p.state)
	if err != nil {
		return fmt.Errorf("encoding %s: %v", key, err)
	}
	return p.putAs(ctx, key, b, true)
}
