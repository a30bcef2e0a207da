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
	page := c.listOf(name, "Versions of "+c.name, c.highest(versionsPerPage))
	page.Total, page.Pages = len(c.all), c.listLinks()
	return c.putPage(ctx, name, page)
}

// listOf returns a page of versions.
func (c *chartPages) listOf(name, title string, versions []templates.VersionEntry) templates.VersionsPage {
	about := fmt.Sprintf("Versions of the Helm chart %s in %s", c.name, c.channel.Name)
	return templates.VersionsPage{
		Frame: c.chartFrame(name, title, about), Channel: c.about(2), Name: c.name, ChartLink: indexPage, Tabs: chartTabs(versionsPage),
		Versions: versions,
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

// highest returns the rows of the first versions in the index's order, at most a number of
// them, and marks the newest one.
func (c *chartPages) highest(most int) []templates.VersionEntry {
	var positions []int
	for i := range min(len(c.all), most) {
		positions = append(positions, i)
	}
	rows := c.entries(positions)
	if c.newest < len(rows) && c.all[c.newest].yanked == nil {
		rows[c.newest].Newest = true
	}
	return rows
}

// entries returns the rows of versions, for pages in the chart's folder.
func (c *chartPages) entries(positions []int) []templates.VersionEntry {
	var rows []templates.VersionEntry
	for _, i := range positions {
		v := c.versions[i]
		rows = append(rows, templates.VersionEntry{
			Version: v.Version, AppVersion: v.AppVersion, Created: v.Created, Digest: v.Digest, Size: v.Size,
			Link: escapePath(v.Version) + "/" + indexPage, Older: v.Older, Yanked: v.Yanked != nil,
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
	State   string `json:"s,omitempty"` // p prerelease, s signed, d deprecated, o not listed by the index, y yanked
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
	newest := c.all[c.newest].Version
	if c.all[c.newest].yanked != nil {
		newest = ""
	}
	err := errors.Join(encode(`{"name":`, c.name), encode(`,"newest":`, newest))
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
	}{{v.Prerelease, 'p'}, {v.Signed, 's'}, {v.Deprecated, 'd'}, {v.Older, 'o'}, {v.Yanked != nil, 'y'}} {
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
