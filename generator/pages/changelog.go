package pages

import (
	"context"
	"fmt"
	"path"

	"github.com/portolan-charts/portolan/templates"
)

// Limits of a changelog: versions, changes of one version, and the texts and links of
// all of them, in bytes.
const (
	maxChangelog        = 200
	maxChangelogChanges = 40
	maxChangelogText    = 100 << 10
)

// changelog writes the page that lists what the newest versions changed, as their index
// lines say. No archive is read for it.
func (c *chartPages) changelog(ctx context.Context) error {
	name := path.Join(chartDir(c.name), changelogPage)
	page := templates.ChangelogPage{
		Frame:   c.chartFrame(name, "Changelog of "+c.name, fmt.Sprintf("What changed in the versions of the Helm chart %s in %s", c.name, c.channel.Name)),
		Channel: c.about(2), Name: c.name, ChartLink: indexPage, Tabs: chartTabs(changelogPage),
	}
	room := maxChangelogText
	for i, v := range c.highest(maxChangelog) {
		e := templates.ChangelogEntry{VersionEntry: v, Changes: escapePath(v.Version) + "/" + changesPage}
		e.Said, e.More = someChanges(annotatedChanges(c.all[i].Metadata), &room)
		page.Versions = append(page.Versions, e)
	}
	if len(c.all) > maxChangelog {
		page.Older = versionsPage
	}
	return c.putPage(ctx, name, page)
}

// someChanges returns the first changes, as many as there is room for, and the number of
// the others.
func someChanges(all []templates.ChangeGroup, room *int) (some []templates.ChangeGroup, more int) {
	n := 0
	for _, group := range all {
		kept := 0
		for _, change := range group.Changes {
			size := len(change.Description)
			for _, l := range change.Links {
				size += len(l.Text) + len(l.URL)
			}
			if n == maxChangelogChanges || size > *room {
				break
			}
			n, kept, *room = n+1, kept+1, *room-size
		}
		if more += len(group.Changes) - kept; kept > 0 {
			some = append(some, templates.ChangeGroup{Kind: group.Kind, Changes: group.Changes[:kept]})
		}
	}
	return some, more
}
