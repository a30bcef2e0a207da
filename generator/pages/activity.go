package pages

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"slices"

	"github.com/portolan-charts/portolan/publisher"
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

// changesOf returns what a record did to the index.
func changesOf(r *publisher.Record) (GenerationDoc, error) {
	what := map[[2]string]string{}
	for _, l := range r.Change.Removed {
		version, err := versionOf(l)
		if err != nil {
			return GenerationDoc{}, err
		}
		what[version] = removed
	}
	for _, l := range r.Change.Added {
		version, err := versionOf(l)
		if err != nil {
			return GenerationDoc{}, err
		}
		if what[version] == removed {
			what[version] = replaced
		} else {
			what[version] = added
		}
	}
	g := GenerationDoc{Generation: r.Generation, Time: r.Time, Events: []EventDoc{}}
	for version, w := range what {
		g.Events = append(g.Events, EventDoc{version[0], version[1], w})
	}
	slices.SortFunc(g.Events, func(a, b EventDoc) int {
		return cmp.Or(cmp.Compare(a.Chart, b.Chart), cmp.Compare(a.Version, b.Version))
	})
	g.More = max(0, len(g.Events)-maxEvents)
	g.Events = g.Events[:len(g.Events)-g.More]
	return g, nil
}

// versionOf returns the chart and the version of an index line.
func versionOf(l publisher.Line) ([2]string, error) {
	r, err := parseRelease(l.Text)
	if err != nil {
		return [2]string{}, err
	}
	return [2]string{l.Chart, r.Version}, nil
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
	t := templates.Generation{Number: g.Generation, Time: g.Time, More: g.More}
	if dir := snapshotDir(g.Generation); g.Generation >= p.channel.Floor() {
		t.Snapshot = dir + "/index.yaml"
		t.URL = p.absolute(path.Join(p.channel.Name, dir))
	}
	for _, e := range g.Events {
		event := templates.Event{Chart: e.Chart, Version: e.Version, What: e.What}
		if e.What != removed {
			event.Link = escapePath(versionPage(e.Chart, e.Version))
		}
		t.Events = append(t.Events, event)
	}
	return t
}

// feed writes the channel's feed of the most recently published versions.
func (p *pass) feed(ctx context.Context) error {
	f := p.newFeed(feedFile, indexPage, "Helm charts in "+p.channel.Name)
	for _, g := range p.state.Generations {
		for _, e := range g.Events {
			if e.What == removed || len(f.Entries) == maxFeed {
				continue
			}
			page := versionPage(e.Chart, e.Version)
			f.Entries = append(f.Entries, atomEntry{
				ID: p.feedID(fmt.Sprintf("%s#generation-%d", page, g.Generation)), Title: e.Chart + " " + e.Version, Updated: atomTime(g.Time),
				Link: atomLink{Href: p.feedURL(feedFile, page)}, Summary: fmt.Sprintf("%s %s was %s in generation %d.", e.Chart, e.Version, e.What, g.Generation),
			})
		}
	}
	return p.putFeed(ctx, feedFile, f)
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
