package pages

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/portolan-charts/portolan/templates"
)

// versionsPerPage is the number of versions on a list. 200 rows take about 40 KB.
const versionsPerPage = 200

// versionsPage writes the page of the chart's newest versions.
func (c *chartPages) versionsPage(ctx context.Context) error {
	name := path.Join(chartDir(c.name), versionsPage)
	page := c.listOf(name, "Versions of "+c.name, 0, min(len(c.all), versionsPerPage))
	page.Total, page.Pages = len(c.all), c.listLinks(0)
	return c.putPage(ctx, name, page)
}

// listOf returns a page of the versions in a range of positions.
func (c *chartPages) listOf(name, title string, from, to int) templates.VersionsPage {
	about := fmt.Sprintf("Versions of the Helm chart %s in %s", c.name, c.channel.Name)
	return templates.VersionsPage{
		Frame: c.chartFrame(name, title, about), Channel: c.about(2), Name: c.name, ChartLink: indexPage, Tabs: chartTabs(versionsPage),
		Versions: c.entries(from, to),
	}
}

// chartFrame is the frame of a page about all versions of the chart.
func (c *chartPages) chartFrame(name, title, about string) templates.Frame {
	f := c.frame(name, title, about, c.crumbs(2, true)...)
	f.Feed = feedFile
	return f
}

// chartTabs returns the bar of the pages about all versions of a chart.
func chartTabs(current string) []templates.Tab {
	tabs := []templates.Tab{
		{Name: "Overview", URL: indexPage}, {Name: "Versions", URL: versionsPage},
		{Name: "Changelog", URL: changelogPage}, {Name: "Compare", URL: comparePage},
	}
	for i := range tabs {
		tabs[i].Current = tabs[i].URL == current
	}
	return tabs
}

// writeLists writes the lists of all of a chart's versions, if one page cannot hold
// them: 200 each, beginning with the oldest, so that a new version changes only the
// last list. It removes lists of earlier versions that there are no longer.
func (c *chartPages) writeLists(ctx context.Context) error {
	total := len(c.all)
	for n := 1; n <= lists(total); n++ {
		from, to := c.list(n)
		if c.sameList(c.had, total-from, total-to) {
			continue
		}
		name := versionList(c.name, n)
		page := c.listOf(name, fmt.Sprintf("Versions of %s, page %d", c.name, n), from, to)
		page.Pages = c.listLinks(n)
		if err := c.putPage(ctx, name, page); err != nil {
			return err
		}
	}
	for n := lists(total) + 1; n <= lists(len(c.pass.before.Lines(c.name))); n++ {
		if err := c.remove(ctx, versionList(c.name, n)); err != nil {
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

// lists returns the number of lists for a number of versions: none for those that one
// page can hold.
func lists(total int) int {
	if total <= versionsPerPage {
		return 0
	}
	return (total + versionsPerPage - 1) / versionsPerPage
}

// list returns the range of positions on the n-th list.
func (c *chartPages) list(n int) (from, to int) {
	to = len(c.all) - (n-1)*versionsPerPage
	return max(0, to-versionsPerPage), to
}

// listLinks returns links to the lists, newest first. The list current shows
// them, or another page if it is 0.
func (c *chartPages) listLinks(current int) []templates.PageLink {
	var links []templates.PageLink
	for n := lists(len(c.all)); n >= 1; n-- {
		links = append(links, templates.PageLink{Number: n, URL: path.Base(versionList(c.name, n)), Current: n == current})
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

// versionLine is a version in versions.json, which is short since every page of a
// version may load it.
type versionLine struct {
	Version string `json:"v"`
	Date    string `json:"d"`           // 2026-03-01
	Upload  string `json:"u"`           // folder of the archive
	State   string `json:"s,omitempty"` // p prerelease, s signed, d deprecated, o not listed by the index
}

// versionsDoc writes versions.json: what the pages of a version say about others, and
// where the archives are. It has a line for each version, so that it is easy to read.
func (c *chartPages) versionsDoc(ctx context.Context) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	encode := func(before string, v any) (err error) {
		b.WriteString(before)
		err = e.Encode(v)
		b.Truncate(b.Len() - len("\n"))
		return err
	}
	err := errors.Join(encode(`{"name":`, c.name), encode(`,"newest":`, c.all[c.newest].Version))
	b.WriteString(`,"versions":[`)
	for i, v := range c.versions {
		separator := ",\n"
		if i == 0 {
			separator = "\n"
		}
		err = errors.Join(err, encode(separator, versionLine{v.Version, v.Created.UTC().Format(time.DateOnly), path.Base(path.Dir(c.all[i].URLs[0])), v.state()}))
	}
	b.WriteString("]}\n")
	if err != nil {
		return fmt.Errorf("encoding the versions of %s: %v", c.name, err)
	}
	return c.put(ctx, path.Join(chartDir(c.name), versionsFile), b.Bytes())
}

// state returns the letters that versions.json has for the version.
func (v VersionSummary) state() string {
	var letters []byte
	for _, s := range []struct {
		is     bool
		letter byte
	}{{v.Prerelease, 'p'}, {v.Signed, 's'}, {v.Deprecated, 'd'}, {v.Older, 'o'}} {
		if s.is {
			letters = append(letters, s.letter)
		}
	}
	return string(letters)
}

// comparison writes the page that compares any two versions. It is the same whatever
// versions there are, so it is written for a new chart only, or a new look.
func (c *chartPages) comparison(ctx context.Context) error {
	if len(c.had) > 0 && c.state.Look == c.look {
		return nil
	}
	name := path.Join(chartDir(c.name), comparePage)
	return c.putPage(ctx, name, templates.ComparePage{
		Frame:   c.chartFrame(name, "Compare versions of "+c.name, fmt.Sprintf("Differences between versions of the Helm chart %s in %s", c.name, c.channel.Name)),
		Channel: c.about(2), Name: c.name, ChartLink: indexPage, Tabs: chartTabs(comparePage), Versions: versionsFile, List: versionsPage,
	})
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
