package generator

import (
	"slices"

	"github.com/portolan-charts/portolan/publisher"
)

// limit says which of a chart's releases, which are in the index's order, the
// index shows: the newest ones, as many as keep says, or all if that is 0. If
// these are all prereleases, the last of them makes room for the newest version
// that is not one: clients that want no prereleases would not find the chart.
func limit(chart string, all []published, keep int) publisher.Shown {
	h := publisher.Shown{Chart: chart, First: len(all)}
	if keep == 0 || len(all) <= keep {
		return h
	}
	h.First = keep
	if at := slices.IndexFunc(all, published.stable); at >= keep {
		h.First, h.Also = keep-1, at
	}
	return h
}

// stable reports whether the version is not a prerelease.
func (p published) stable() bool { return !p.version.Prerelease() }

// shown works out which versions the index will show otherwise than before: of
// the charts that change, and of all charts once keep is another than the one
// that head was made with.
func shown(c *catalog, keep int, changed map[string][]published) ([]publisher.Shown, error) {
	var differ []publisher.Shown
	for _, name := range toLimit(c, keep, changed) {
		all, ok := changed[name]
		if !ok {
			var err error
			if all, err = c.releases(name); err != nil {
				return nil, err
			}
		}
		is, was := limit(name, all, keep), c.index.Shown(name)
		if ok {
			was = publisher.Shown{Chart: name, First: len(all)} // what it is if nothing is said
		}
		if !is.Equal(was) {
			differ = append(differ, is)
		}
	}
	return differ, nil
}

// toLimit lists the charts of which it must be said, or may have to be, which
// versions the index shows.
func toLimit(c *catalog, keep int, changed map[string][]published) []string {
	var names []string
	for name := range changed {
		names = append(names, name)
	}
	head, err := c.index.Header()
	if err == nil && head.Keep != keep { // a new channel has no head
		for name := range c.index.Charts() {
			total := len(c.index.Lines(name))
			if _, ok := changed[name]; !ok && (total > keep && keep > 0 || c.index.Shown(name).First < total) {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return names
}
