package action

import (
	"cmp"
	"maps"
	"slices"
)

// Change edits a copy of a state. All edits that a record makes share one.
type Change struct {
	yanked     map[[2]string]Yanked
	deprecated map[string]Deprecation
	own        map[string]map[string]bool // versions by deprecated chart, see [Deprecation]
	gone       map[[3]string]Tombstone    // by chart, version and digest
}

// Begin begins a change of the state.
func (s *State) Begin() *Change {
	c := &Change{map[[2]string]Yanked{}, map[string]Deprecation{}, map[string]map[string]bool{}, map[[3]string]Tombstone{}}
	if s == nil {
		return c
	}
	for _, y := range s.Yanked {
		c.yanked[[2]string{y.Chart, y.Version}] = y
	}
	for _, d := range s.Deprecated {
		c.Deprecate(d)
	}
	for _, t := range s.Gone {
		c.gone[[3]string{t.Chart, t.Version, t.Digest}] = t
	}
	return c
}

// Yank hides a version; one that is hidden keeps its first reason.
func (c *Change) Yank(y Yanked) {
	key := [2]string{y.Chart, y.Version}
	if _, is := c.yanked[key]; !is {
		c.yanked[key] = y
	}
}

// Restore shows a version.
func (c *Change) Restore(chart, version string) { delete(c.yanked, [2]string{chart, version}) }

// Deprecate marks a chart; a later action takes the place of an earlier one, but versions
// that were marked themselves stay so.
func (c *Change) Deprecate(d Deprecation) {
	own := c.own[d.Chart]
	if own == nil {
		own = map[string]bool{}
		c.own[d.Chart] = own
	}
	for _, version := range d.Own {
		own[version] = true
	}
	c.deprecated[d.Chart] = d
}

// Owns notes whether a version of a deprecated chart, published since, is marked by itself.
func (c *Change) Owns(chart, version string, own bool) {
	switch all, deprecated := c.own[chart]; {
	case !deprecated:
	case own:
		all[version] = true
	default:
		delete(all, version)
	}
}

// Undeprecate takes the mark from a chart.
func (c *Change) Undeprecate(chart string) {
	delete(c.deprecated, chart)
	delete(c.own, chart)
}

// Bury notes that content is gone. A version that is gone is not yanked any more, nor is it
// one that its chart's deprecation knows.
func (c *Change) Bury(t Tombstone) {
	c.Restore(t.Chart, t.Version)
	c.Owns(t.Chart, t.Version, false)
	key := [3]string{t.Chart, t.Version, t.Digest}
	if before, is := c.gone[key]; !is || before.Kind == Free && t.Kind == TakeDown {
		c.gone[key] = t
	}
}

// State is the result.
func (c *Change) State() *State {
	s := &State{}
	for _, y := range c.yanked {
		s.Yanked = append(s.Yanked, y)
	}
	for _, d := range c.deprecated {
		d.Own = slices.Sorted(maps.Keys(c.own[d.Chart]))
		s.Deprecated = append(s.Deprecated, d)
	}
	for _, t := range c.gone {
		s.Gone = append(s.Gone, t)
	}
	slices.SortFunc(s.Yanked, Yanked.compare)
	slices.SortFunc(s.Deprecated, func(a, b Deprecation) int { return cmp.Compare(a.Chart, b.Chart) })
	slices.SortFunc(s.Gone, Tombstone.compare)
	return s
}
