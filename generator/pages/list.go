package pages

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"path"
	"reflect"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/portolan-charts/portolan/templates"
)

const (
	chartsPerPage = 200
	maxFilters    = 24 // keywords that a channel's page offers as filters
)

// list writes the files that list the channel's charts. With many charts each of
// them takes long, so they are made in parallel.
func (p *pass) list(ctx context.Context, all []ChartSummary) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(p.Workers)
	for _, write := range []func(context.Context, []ChartSummary) error{p.channelDoc, p.listPages, p.search, p.sitemap} {
		group.Go(func() error { return write(ctx, all) })
	}
	if hub := p.ArtifactHub(p.channel.Name); hub != nil {
		group.Go(func() error { return p.put(ctx, hubFile, hub) })
	}
	return group.Wait()
}

// listPages writes the channel's pages: the first one, which names the generation,
// and those whose charts have changed.
func (p *pass) listPages(ctx context.Context, all []ChartSummary) error {
	before := p.rows
	links, had := pageLinks(all), pageLinks(before)
	for n := range max(1, len(links)) {
		some := part(all, n)
		if n > 0 && reflect.DeepEqual(some, part(before, n)) && reflect.DeepEqual(links, had) {
			continue
		}
		if err := p.listPage(ctx, n, some, links, all); err != nil {
			return err
		}
	}
	for n := max(1, len(links)); n < len(had); n++ {
		if err := p.remove(ctx, listPage(n+1)); err != nil {
			return err
		}
	}
	return nil
}

// part returns the charts on the n-th page, counted from 0.
func part(all []ChartSummary, n int) []ChartSummary {
	from := min(n*chartsPerPage, len(all))
	return all[from:min(from+chartsPerPage, len(all))]
}

// pageLinks returns links to the pages of a list, or nil if there is only one.
func pageLinks(all []ChartSummary) []templates.PageLink {
	if len(all) <= chartsPerPage {
		return nil
	}
	var links []templates.PageLink
	for n := 0; n*chartsPerPage < len(all); n++ {
		some := part(all, n)
		label := some[0].Name
		if len(some) > 1 {
			label += " … " + some[len(some)-1].Name
		}
		links = append(links, templates.PageLink{Number: n + 1, URL: listPage(n + 1), Label: label})
	}
	return links
}

// listPage writes the n-th page of the channel's charts, counted from 0.
func (p *pass) listPage(ctx context.Context, n int, some []ChartSummary, links []templates.PageLink, all []ChartSummary) error {
	page := templates.ChannelPage{Channel: p.about(0), Search: searchFile, Changes: changesPage}
	if n == 0 {
		page.Channel = p.shown(0)
		page.Keywords = frequent(all)
	}
	for _, s := range some {
		page.Charts = append(page.Charts, s.entry())
	}
	page.Pages = slices.Clone(links)
	if len(links) > 0 {
		page.Pages[n].Current = true
	}
	title := p.channel.Name
	var crumbs []templates.Link
	if n > 0 {
		title = fmt.Sprintf("%s, page %d", title, n+1)
		crumbs = append(crumbs, templates.Link{Text: p.channel.Name, URL: indexPage})
	}
	page.Frame = p.frame(listPage(n+1), title, "Helm charts in "+p.channel.Name, crumbs...)
	page.Feed = feedFile
	return p.putPage(ctx, listPage(n+1), page)
}

// shown describes the channel with its generation, for pages that are made again
// for every generation.
func (p *pass) shown(levels int) templates.Channel {
	c := p.about(levels)
	c.Generation, c.Changed = p.head.Generation, p.head.Generated
	var older, yanked int
	c.Charts, c.Versions, older, yanked = p.after.counts()
	c.Snapshot = strings.Repeat("../", levels) + snapshotDir(p.head.Generation)
	if older+yanked > 0 {
		folder := snapshotDir(p.head.Generation) + "/older"
		if p.head.All {
			folder = "all"
		}
		c.Older = &templates.OlderVersions{Versions: older, Yanked: yanked, All: p.head.All, Repository: p.repository(levels, folder)}
	}
	return c
}

// repository describes one in a folder of the channel.
func (p *pass) repository(levels int, folder string) templates.Repository {
	return templates.Repository{URL: p.absolute(path.Join(p.channel.Name, folder)), Link: strings.Repeat("../", levels) + folder + "/index.yaml"}
}

// snapshotDir returns the folder of a generation's snapshot.
func snapshotDir(generation int) string { return fmt.Sprintf("snapshots/%08d", generation) }

// entry returns the chart's row on the channel's page.
func (s ChartSummary) entry() templates.ChartEntry {
	return templates.ChartEntry{
		Name: s.Name, Version: s.Version, AppVersion: s.AppVersion, Description: s.Description, Created: s.Created,
		Keywords: s.Keywords, Link: escapePath(chartDir(s.Name)) + "/" + indexPage, Badges: s.badges(),
	}
}

func (s ChartSummary) badges() templates.Badges {
	return templates.Badges{Deprecated: s.Deprecated, Library: s.Type == "library", Signed: s.Signed, Prerelease: s.Prerelease}
}

// frequent returns the most frequent keywords, sorted by name: of those that several
// charts have, but not all of them.
func frequent(all []ChartSummary) []templates.Keyword {
	count := map[string]int{}
	for _, s := range all {
		for _, k := range s.Keywords {
			count[k]++
		}
	}
	var words []templates.Keyword
	for word, n := range count {
		if n > 1 && n < len(all) {
			words = append(words, templates.Keyword{Word: word, Count: n})
		}
	}
	slices.SortFunc(words, func(a, b templates.Keyword) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Word, b.Word))
	})
	words = words[:min(len(words), maxFilters)]
	slices.SortFunc(words, func(a, b templates.Keyword) int { return cmp.Compare(a.Word, b.Word) })
	return words
}

const (
	// maxEntry is how many bytes a chart may take in the search index. Once the index
	// would have more than maxSearch bytes, each chart may take fewer, down to minEntry.
	// The index is loaded when somebody types into a search box: 800 KB for 4,000 charts,
	// 2 MB for 10,000, and a quarter of that from servers that compress.
	maxEntry  = 400
	minEntry  = 200
	maxSearch = 800_000
)

// entryRoom returns how many bytes of the search index are for each chart.
func entryRoom(charts int) int { return max(minEntry, min(maxEntry, maxSearch/max(1, charts))) }

// search writes the search index.
func (p *pass) search(ctx context.Context, all []ChartSummary) error {
	index := templates.SearchIndex{Charts: make([]templates.SearchEntry, 0, len(all))}
	for _, s := range all {
		index.Charts = append(index.Charts, s.searchEntry(entryRoom(len(all))))
	}
	b, err := json.Marshal(index)
	if err != nil {
		return fmt.Errorf("encoding the search index: %v", err)
	}
	return p.put(ctx, searchFile, append(b, '\n'))
}

// searchEntry returns the chart's entry in the search index: its name, and as much
// of the rest as fits. Of the room that is left each time, keywords take at most half,
// since pages link to them, the description two thirds, maintainers half, and keys of
// values the rest.
func (s ChartSummary) searchEntry(room int) templates.SearchEntry {
	e := templates.SearchEntry{
		Name: s.Name, Version: shorten(s.Version, 40), State: s.badges().State(), AppVersion: fitting(s.AppVersion, 40),
	}
	room -= size(e) + len(`,"d":"","k":[],"m":"","y":""},`)
	keywords := room / 2
	for _, k := range s.Keywords {
		if n := size(k) + 1; n <= keywords {
			e.Keywords = append(e.Keywords, k)
			keywords, room = keywords-n, room-n
		}
	}
	for _, part := range []struct {
		to   *string
		text string
		most int // in sixths of the room
	}{
		{&e.Description, s.Description, 4},
		{&e.Maintainers, strings.Join(s.Maintainers, ", "), 3},
	} {
		*part.to = fitting(part.text, room*part.most/6)
		room -= size(*part.to) - len(`""`)
	}
	for _, key := range s.Values {
		if len(key) < room {
			e.Values = strings.TrimPrefix(e.Values+" "+key, " ")
			room -= len(key) + 1
		}
	}
	return e
}

// fitting returns a text, or as much of its beginning as takes at most room bytes in
// JSON, without the quotes.
func fitting(text string, room int) string {
	for n := min(len(text), room); n > 0; {
		cut := shorten(text, n)
		over := size(cut) - len(`""`) - room
		if over <= 0 {
			return cut
		}
		n = min(n, len([]rune(cut))) - max(1, over/6) // each character takes at most six bytes
	}
	return ""
}

// size returns the length of a value as JSON, in bytes.
func size(v any) int {
	if s, ok := v.(string); ok && strings.IndexFunc(s, escapedInJSON) < 0 {
		return len(s) + len(`""`)
	}
	b, err := json.Marshal(v)
	if err != nil {
		return 0
	}
	return len(b)
}

// escapedInJSON reports whether JSON may have another form for a character.
func escapedInJSON(c rune) bool {
	return c < ' ' || c > '~' || strings.ContainsRune(`"\\<>&`, c)
}
