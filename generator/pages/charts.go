package pages

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/portolan-charts/portolan/templates"
)

// charts writes the pages of the charts that changed, and returns the summaries
// of all charts, sorted by name.
func (p *pass) charts(ctx context.Context) ([]ChartSummary, error) {
	var names []string
	for name := range p.after.Charts() {
		names = append(names, name)
	}
	summaries := make([]ChartSummary, len(names))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(p.Workers)
	for i, name := range names {
		after := p.after.Lines(name)
		if s, ok := p.had[name]; ok && p.same(name) && s.describes(after) {
			summaries[i] = s
			continue
		}
		group.Go(func() (err error) {
			summaries[i], err = p.chart(ctx, name)
			return err
		})
	}
	for name := range p.before.Charts() {
		if p.after.Lines(name) == nil {
			group.Go(func() error { return p.removeChart(ctx, name) })
		}
	}
	return summaries, group.Wait()
}

// same reports whether a chart has the same versions as when its pages were made,
// and the index shows the same ones.
func (p *pass) same(chart string) bool {
	return p.before.Shown(chart) == p.after.Shown(chart) && slices.Equal(p.before.Lines(chart), p.after.Lines(chart))
}

// describes reports whether the summary belongs to one of the lines and counts
// them right: it may come from another generator, which showed another generation.
func (s ChartSummary) describes(lines []string) bool {
	return s.Versions == len(lines) && s.Digest != "" &&
		slices.ContainsFunc(lines, func(line string) bool { return strings.Contains(line, s.Digest) })
}

// chart writes those of a chart's pages that change.
func (p *pass) chart(ctx context.Context, name string) (ChartSummary, error) {
	all, err := parseReleases(p.after.Lines(name), p.after.Shown(name))
	if err != nil {
		return ChartSummary{}, fmt.Errorf("chart %s: %w", name, err)
	}
	had, err := parseReleases(p.before.Lines(name), p.before.Shown(name))
	if err != nil {
		return ChartSummary{}, fmt.Errorf("chart %s: %w", name, err)
	}
	var doc ChartDoc
	if !p.remake {
		if err := p.read(ctx, chartDoc(name), &doc); err != nil {
			return ChartSummary{}, err
		}
	}
	versions, err := p.summarize(ctx, name, all, doc.Versions)
	if err != nil {
		return ChartSummary{}, err
	}
	c := &chartPages{pass: p, name: name, all: all, versions: versions, newest: newest(all), read: map[int]*reading{}}
	summary := all[c.newest].chartSummary(versions, c.newest)
	if p.same(name) {
		return summary, nil // only its summary was missing
	}
	if err := c.writeVersions(ctx, had); err != nil {
		return summary, err
	}
	if err := c.writeOlder(ctx, had); err != nil {
		return summary, err
	}
	if err := p.put(ctx, path.Join(chartDir(name), badgeFile), badge("helm", all[c.newest].Version)); err != nil {
		return summary, err
	}
	if err := c.feed(ctx); err != nil {
		return summary, err
	}
	return summary, p.putDoc(ctx, path.Join(p.channel.Name, chartDoc(name)), ChartDoc{
		Schema: p.schema(1, "chart"), Channel: p.channel.Name, Repository: p.absolute(p.channel.Name), Name: name,
		Version: all[c.newest].Version, Page: "../../" + escapePath(chartDir(name)) + "/" + indexPage, Versions: versions,
	})
}

// chartPages makes the pages of one chart.
type chartPages struct {
	*pass
	name     string
	all      []*release // in the index's order: newest first
	versions []VersionSummary
	newest   int // position of the newest release

	read map[int]*reading // archives that are needed again, by position
}

// inputs are what a version's page is made from. The page is made again if they
// change.
type inputs struct {
	line, predecessor string
	newest, older     bool
}

func inputsOf(all []*release) map[string]inputs {
	of := map[string]inputs{}
	for i, r := range all {
		in := inputs{line: r.line, newest: i == newest(all), older: r.older}
		if j := predecessor(all, i); j >= 0 {
			in.predecessor = all[j].line
		}
		of[r.Version] = in
	}
	return of
}

// writeVersions writes the pages of the versions whose inputs differ from had, and
// the chart's own page. It removes the pages of versions that are gone.
func (c *chartPages) writeVersions(ctx context.Context, had []*release) error {
	before, after := inputsOf(had), inputsOf(c.all)
	for i, r := range c.all {
		delete(c.read, i-1)
		if before[r.Version] != after[r.Version] {
			if err := c.writeVersion(ctx, i, versionPage(c.name, r.Version)); err != nil {
				return err
			}
		}
		if i == c.newest {
			if err := c.writeVersion(ctx, i, path.Join(chartDir(c.name), indexPage)); err != nil {
				return err
			}
		}
		delete(before, r.Version)
	}
	for version := range before {
		if err := c.remove(ctx, versionPage(c.name, version)); err != nil {
			return err
		}
	}
	return nil
}

// versionsPerPage is the number of versions on a list. 200 rows take about 40 KB.
const versionsPerPage = 200

// writeOlder writes the lists of a chart's versions, if one page cannot hold them:
// 200 each, beginning with the oldest, so that a new version changes only the last
// list.
func (c *chartPages) writeOlder(ctx context.Context, had []*release) error {
	total := len(c.all)
	if total <= versionsPerPage {
		return nil
	}
	for n := 1; n <= lists(total); n++ {
		if from, to := c.list(n); c.sameList(had, total-from, total-to) {
			continue
		}
		page := templates.VersionsPage{
			Channel: c.about(2), Name: c.name, ChartLink: indexPage, Versions: c.entries(c.list(n)), Pages: c.olderPages(n),
		}
		name := versionsPage(c.name, n)
		about := fmt.Sprintf("Versions of the Helm chart %s in %s", c.name, c.channel.Name)
		page.Frame = c.frame(name, fmt.Sprintf("Versions of %s, page %d", c.name, n), about, c.crumbs(2, true)...)
		if err := c.putPage(ctx, name, page); err != nil {
			return err
		}
	}
	return nil
}

// sameList reports whether a list was the same before, and no list was added or
// removed. Its range is counted from the oldest version.
func (c *chartPages) sameList(had []*release, upTo, from int) bool {
	if lists(len(had)) != lists(len(c.all)) || len(had) < upTo {
		return false
	}
	was, is := newest(had), c.newest
	for k := from; k < upTo; k++ {
		i, j := len(had)-1-k, len(c.all)-1-k
		if had[i].line != c.all[j].line || had[i].older != c.all[j].older || (i == was) != (j == is) {
			return false
		}
	}
	return true
}

// lists returns the number of lists for a number of versions.
func lists(total int) int { return (total + versionsPerPage - 1) / versionsPerPage }

// list returns the range of positions on the n-th list.
func (c *chartPages) list(n int) (from, to int) {
	to = len(c.all) - (n-1)*versionsPerPage
	return max(0, to-versionsPerPage), to
}

// olderPages returns links to the lists, newest first. The list current shows
// them, or another page if it is 0.
func (c *chartPages) olderPages(current int) []templates.PageLink {
	var links []templates.PageLink
	for n := lists(len(c.all)); n >= 1; n-- {
		links = append(links, templates.PageLink{Number: n, URL: path.Base(versionsPage(c.name, n)), Current: n == current})
	}
	return links
}

// entries returns the rows of a list of versions, for pages in the chart's folder.
func (c *chartPages) entries(from, to int) []templates.VersionEntry {
	var rows []templates.VersionEntry
	for i := from; i < to; i++ {
		v := c.versions[i]
		rows = append(rows, templates.VersionEntry{
			Version: v.Version, AppVersion: v.AppVersion, Created: v.Created, Digest: v.Digest, Size: v.Size,
			Link: escapePath(v.Version) + "/" + indexPage, Newest: i == c.newest, Older: v.Older,
			Badges: templates.Badges{Deprecated: v.Deprecated, Signed: v.Signed, Prerelease: v.Prerelease},
		})
	}
	return rows
}

// crumbs returns the breadcrumbs of a page that is levels below the channel's
// folder. With chart, they include the chart's own page.
func (c *chartPages) crumbs(levels int, chart bool) []templates.Link {
	crumbs := []templates.Link{{Text: c.channel.Name, URL: c.about(levels).Link}}
	if chart {
		crumbs = append(crumbs, templates.Link{Text: c.name, URL: strings.Repeat("../", levels-2) + indexPage})
	}
	return crumbs
}

// removeChart removes the pages of a chart that the channel no longer has.
func (p *pass) removeChart(ctx context.Context, name string) error {
	all, err := parseReleases(p.before.Lines(name), p.before.Shown(name))
	if err != nil {
		return err
	}
	gone := []string{chartDoc(name)}
	for _, file := range []string{indexPage, feedFile, badgeFile} {
		gone = append(gone, path.Join(chartDir(name), file))
	}
	for n := 1; len(all) > versionsPerPage && n <= lists(len(all)); n++ {
		gone = append(gone, versionsPage(name, n))
	}
	for _, r := range all {
		gone = append(gone, versionPage(name, r.Version))
	}
	for _, file := range gone {
		if err := p.remove(ctx, file); err != nil {
			return err
		}
	}
	return nil
}

// remove removes a file of the channel.
func (p *pass) remove(ctx context.Context, name string) error {
	return p.site.Delete(ctx, path.Join(p.channel.Name, name), "")
}
