package generator

import (
	"maps"
	"slices"

	"github.com/portolan-charts/portolan/publisher"
)

// limit says which of a chart's releases, which are in the index's order, the
// index shows: those that are not yanked, and of these the newest ones, as many as
// keep says, or all if that is 0. If these are all prereleases, the last of them
// makes room for the newest version that is not one: clients that want no
// prereleases would not find the chart.
func limit(chart string, all []published, keep int, yanked map[string]bool) publisher.Shown {
	hidden := make([]bool, len(all))
	var listed []int
	for i, p := range all {
		if hidden[i] = yanked[p.Version]; !hidden[i] {
			listed = append(listed, i)
		}
	}
	if keep == 0 || len(listed) <= keep {
		return publisher.ShownBut(chart, hidden)
	}
	for _, i := range listed[keep:] {
		hidden[i] = true
	}
	if at := slices.IndexFunc(listed, func(i int) bool { return all[i].stable() }); at >= keep {
		hidden[listed[keep-1]], hidden[listed[at]] = true, false
	}
	return publisher.ShownBut(chart, hidden)
}

// showNewest is limit for lines, of whose releases nothing else need be known.
func showNewest(chart string, lines []string, keep int, yanked map[string]bool) (publisher.Shown, error) {
	all := make([]published, len(lines))
	for i, line := range lines {
		var err error
		if all[i], err = parseLine(line); err != nil {
			return publisher.Shown{}, err
		}
	}
	return limit(chart, all, keep, yanked), nil
}

// stable reports whether the version is not a prerelease.
func (p published) stable() bool { return !p.version.Prerelease() }

// showAll works out which versions the index will show otherwise than before: of
// the charts that change, and of all charts once keep is another than the one
// that head was made with.
func (p *plan) showAll(c *catalog, keep int, changed map[string][]published) ([]publisher.Shown, error) {
	var differ []publisher.Shown
	for _, name := range p.toLimit(c, keep, changed) {
		all, ok := changed[name]
		if !ok {
			var err error
			if all, err = c.releases(name); err != nil {
				return nil, err
			}
		}
		is, was := limit(name, all, keep, p.yanked(c, name)), c.index.Shown(name)
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
func (p *plan) toLimit(c *catalog, keep int, changed map[string][]published) []string {
	names := slices.AppendSeq(slices.Collect(maps.Keys(changed)), maps.Keys(p.hides))
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
	return slices.Compact(names)
}

// noteOlder notes which versions that the plan publishes or lists again the index does not
// show, since it shows newer ones.
func (p *plan) noteOlder(c *catalog, keep int, changed map[string][]published) error {
	if keep == 0 {
		return nil
	}
	older := map[string]map[string]bool{} // versions by chart
	note := func(o *outcome, r ref) (err error) {
		if older[r.name] == nil {
			older[r.name], err = p.older(c, keep, changed, r.name)
		}
		if older[r.name][r.version] {
			o.keep, o.older = keep, append(o.older, r)
		}
		return err
	}
	for _, s := range p.slots {
		for _, o := range s.group {
			if err := note(o, s.current.ref); err != nil {
				return err
			}
		}
	}
	for _, o := range p.outcomes {
		for _, r := range o.lists() {
			if err := note(o, r); err != nil {
				return err
			}
		}
	}
	return nil
}

// older are the versions of a chart that are neither shown nor yanked.
func (p *plan) older(c *catalog, keep int, changed map[string][]published, name string) (map[string]bool, error) {
	all, ok := changed[name]
	if !ok {
		var err error
		if all, err = c.releases(name); err != nil {
			return nil, err
		}
	}
	older, yanked := map[string]bool{}, p.yanked(c, name)
	shown := limit(name, all, keep, yanked)
	for i, r := range all {
		if !shown.Has(i) && !yanked[r.Version] {
			older[r.Version] = true
		}
	}
	return older, nil
}
