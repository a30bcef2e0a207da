package pages

import (
	"context"
	"fmt"
	"path"
	"slices"
	"time"

	"github.com/portolan-charts/portolan/templates"
)

// writeLists writes the lists of all of a chart's versions, if one page cannot hold
// them. It removes lists of earlier versions that there are no longer.
func (c *chartPages) writeLists(ctx context.Context) error {
	had, all := byDate(c.had), byDate(c.all)
	for n := 1; n <= lists(len(all)); n++ {
		if sameList(c.had, c.all, had, all, n) {
			continue
		}
		name := versionList(c.name, n)
		page := c.listOf(name, fmt.Sprintf("Versions of %s, page %d", c.name, n), c.entries(listed(all, n)))
		for m := min(n+1, lists(len(all))); m >= max(1, n-1); m-- { // not all, or each new list would change all of them
			page.Pages = append(page.Pages, templates.PageLink{Number: m, URL: path.Base(versionList(c.name, m)), Current: m == n})
		}
		if err := c.putPage(ctx, name, page); err != nil {
			return err
		}
	}
	for n := lists(len(all)) + 1; n <= lists(len(c.pass.before.Lines(c.name))); n++ {
		if err := c.remove(ctx, versionList(c.name, n)); err != nil {
			return err
		}
	}
	return nil
}

// byDate returns the positions of releases in the order of their publication, newest
// first, so that what is published next is always on the last list.
func byDate(all []*release) []int {
	positions := make([]int, len(all))
	for i := range positions {
		positions[i] = i
	}
	slices.SortStableFunc(positions, func(i, j int) int { return all[j].Created.Compare(all[i].Created) })
	return positions
}

// lists returns the number of lists for a number of versions: none for those that one
// page can hold.
func lists(total int) int {
	if total <= versionsPerPage {
		return 0
	}
	return (total + versionsPerPage - 1) / versionsPerPage
}

// listed returns the part of positions, newest first, that is on the n-th list. The first
// list has the oldest.
func listed(positions []int, n int) []int {
	to := max(0, len(positions)-(n-1)*versionsPerPage)
	return positions[max(0, to-versionsPerPage):to]
}

// sameList reports whether the n-th list of releases shows the same as before.
func sameList(had, all []*release, hadByDate, allByDate []int, n int) bool {
	before, now := lists(len(had)), lists(len(all))
	if before == 0 || (n < before) != (n < now) {
		return false // it has no link to a list after it, or one that it must not have
	}
	return slices.EqualFunc(listed(hadByDate, n), listed(allByDate, n), func(i, j int) bool {
		return had[i].line == all[j].line && had[i].older == all[j].older && (had[i].yanked == nil) == (all[j].yanked == nil)
	})
}

// listLinks returns links to all lists, newest first, with the dates of what they list.
func (c *chartPages) listLinks() []templates.PageLink {
	var links []templates.PageLink
	positions := byDate(c.all)
	day := func(i int) string { return c.all[i].Created.UTC().Format(time.DateOnly) }
	for n := lists(len(c.all)); n >= 1; n-- {
		some := listed(positions, n)
		label := day(some[len(some)-1])
		if newest := day(some[0]); newest != label {
			label += " … " + newest
		}
		links = append(links, templates.PageLink{Number: n, URL: path.Base(versionList(c.name, n)), Label: label})
	}
	return links
}
