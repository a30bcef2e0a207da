package pages

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/templates"
)

// charts returns what makes the pages of the charts that changed, chart by chart.
func (p *pass) charts() []generator.Part {
	var parts []generator.Part
	for name := range p.after.Charts() {
		i := len(p.summaries)
		p.summaries = append(p.summaries, ChartSummary{})
		if s, ok := p.had[name]; ok && p.unchanged(name) && s.describes(p.after.Lines(name)) {
			p.summaries[i] = s
			continue
		}
		parts = append(parts, p.part(name, i))
	}
	for name := range p.before.Charts() {
		if p.after.Lines(name) == nil {
			parts = append(parts, func(ctx context.Context) (bool, error) { return true, p.removeChart(ctx, name) })
		}
	}
	return parts
}

// part makes the pages of the i-th chart.
func (p *pass) part(name string, i int) generator.Part {
	var c *chartPages
	return func(ctx context.Context) (done bool, err error) {
		if c == nil {
			if c, err = p.chart(ctx, name); err != nil {
				return false, err
			}
			p.summaries[i] = c.all[c.newest].chartSummary(c.versions, c.newest)
		}
		return c.write(ctx)
	}
}

// unchanged reports whether the pages of a chart are as they should be: it is the
// same as when they were made, and no pass was cut off that made others.
func (p *pass) unchanged(chart string) bool { return p.same(chart) && p.progress.earlier[chart] == "" }

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

// chart reads what a chart's pages are made from, and finds out which of them are
// to be made.
func (p *pass) chart(ctx context.Context, name string) (*chartPages, error) {
	c := &chartPages{pass: p, name: name, read: map[int]*reading{}}
	var err error
	if c.all, err = parseReleases(p.after.Lines(name), p.after.Shown(name)); err != nil {
		return nil, fmt.Errorf("chart %s: %w", name, err)
	}
	if c.had, err = parseReleases(p.before.Lines(name), p.before.Shown(name)); err != nil {
		return nil, fmt.Errorf("chart %s: %w", name, err)
	}
	var doc ChartDoc
	if !p.remake {
		if err := p.read(ctx, chartDoc(name), &doc); err != nil {
			return nil, err
		}
	}
	if c.versions, err = p.summarize(ctx, name, c.all, doc.Versions); err != nil {
		return nil, err
	}
	c.newest = newest(c.all)
	c.made = p.unchanged(name) // and only its summary was missing
	c.resume(p.progress.earlier[name])
	return c, nil
}

// chartPages makes the pages of one chart.
type chartPages struct {
	*pass
	name     string
	all      []*release // in the index's order: newest first
	had      []*release // when pages were made last
	versions []VersionSummary
	newest   int    // position of the newest release
	mark     string // see pass.mark
	next     int    // position of the release whose page is the next one
	made     bool   // all pages are made
	unknown  bool   // which pages are there

	read map[int]*reading // archives that are needed again, by position
}

// resume goes on from where a pass was cut off. If that made other pages, nobody
// knows which of them are there, so all are made, by the next pass too if this one is
// cut off in turn.
func (c *chartPages) resume(earlier string) {
	c.mark = c.pass.mark(c.name)
	if earlier == "" {
		return
	}
	versions, all, same := versionsOf(earlier, c.mark)
	switch {
	case !same:
		c.unknown = true
	case earlier == c.mark:
		c.made = true
	default:
		c.next, c.unknown = min(versions, len(c.all)), all
	}
	if c.unknown {
		c.had = nil
	}
}

// partly is the mark of the chart as far as it is.
func (c *chartPages) partly() string { return partly(c.mark, c.next, c.unknown) }

// write writes those of a chart's pages that change. It returns false if it has
// used up its turn.
func (c *chartPages) write(ctx context.Context) (done bool, err error) {
	if c.made {
		return true, nil
	}
	switch done, err := c.writeVersions(ctx); {
	case err != nil:
		c.progress.set(c.name, c.partly())
		return false, err
	case !done:
		return false, c.note(ctx, c.name, c.partly())
	}
	if err := c.writeOlder(ctx, c.had); err != nil {
		return false, err
	}
	if err := c.put(ctx, path.Join(chartDir(c.name), badgeFile), badge("helm", c.all[c.newest].Version)); err != nil {
		return false, err
	}
	if err := c.feed(ctx); err != nil {
		return false, err
	}
	err = c.putDoc(ctx, path.Join(c.channel.Name, chartDoc(c.name)), ChartDoc{
		Schema: c.schema(1, "chart"), Channel: c.channel.Name, Repository: c.absolute(c.channel.Name), Name: c.name,
		Version: c.all[c.newest].Version, Page: "../../" + escapePath(chartDir(c.name)) + "/" + indexPage, Versions: c.versions,
	})
	if err != nil {
		return false, err
	}
	return true, c.note(ctx, c.name, c.mark)
}

// inputs are what a version's page is made from. The page is made again if they
// change.
type inputs struct {
	line, predecessor string
	newest, older     bool
}

func inputsOf(all []*release) map[string]inputs {
	of, newest := map[string]inputs{}, newest(all)
	for i, r := range all {
		in := inputs{line: r.line, newest: i == newest, older: r.older}
		if j := predecessor(all, i); j >= 0 {
			in.predecessor = all[j].line
		}
		of[r.Version] = in
	}
	return of
}

// writeVersions writes the pages of the versions whose inputs have changed, and
// the chart's own page, until its turn is over. It removes the pages of versions
// that are gone.
func (c *chartPages) writeVersions(ctx context.Context) (done bool, err error) {
	before, after := inputsOf(c.had), inputsOf(c.all)
	began, first := time.Now(), c.next
	for ; c.next < len(c.all); c.next++ {
		if c.next > first && time.Since(began) > c.Turn {
			return false, nil
		}
		i, version := c.next, c.all[c.next].Version
		delete(c.read, i-1)
		if before[version] != after[version] {
			if err := c.writeVersion(ctx, i, versionPage(c.name, version)); err != nil {
				return false, err
			}
		}
		if i == c.newest {
			if err := c.writeVersion(ctx, i, path.Join(chartDir(c.name), indexPage)); err != nil {
				return false, err
			}
		}
	}
	for version := range before {
		if _, there := after[version]; !there {
			if err := c.remove(ctx, versionPage(c.name, version)); err != nil {
				return false, err
			}
		}
	}
	return true, nil
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
