package generator

import (
	"cmp"
	"slices"
	"time"

	"github.com/portolan-charts/portolan/generator/check"
)

// newLine is the line of a new release, on its way into the index.
type newLine struct {
	published
	slot *slot
}

// place puts the releases of slots, all of one chart, among those that are
// published. These stay in their order, whatever it is. A release of a version that
// is published already takes its place, whether its content is new or not. Another
// one comes where its version does and, at equal precedence, before those that are
// there; of several, the latest first.
func place(all []published, slots []*slot, now time.Time) ([]published, error) {
	at := make(map[string]int, len(all))
	for i, p := range all {
		at[p.line] = i
	}
	kept := slices.Clone(all)
	var fresh []newLine
	for _, s := range slots {
		if err := s.current.render(now); err != nil {
			return nil, err
		}
		mine := s.current.published()
		if s.base != nil {
			kept[at[s.base.line]] = mine
		} else {
			fresh = append(fresh, newLine{mine, s})
		}
	}
	slices.SortFunc(fresh, func(a, b newLine) int {
		return cmp.Or(b.version.Compare(a.version), b.slot.current.compareAge(a.slot.current))
	})
	placed := make([]published, 0, len(kept)+len(fresh))
	for _, p := range kept {
		for len(fresh) > 0 && fresh[0].version.Compare(p.version) >= 0 {
			placed, fresh = append(placed, fresh[0].published), fresh[1:]
		}
		placed = append(placed, p)
	}
	for _, l := range fresh {
		placed = append(placed, l.published)
	}
	noteEqual(placed, slots)
	return placed, nil
}

// compareAge compares when two new releases came: when their charts arrived or,
// of what is imported, the dates that they have. What has the same date, as often
// in an old index, is as old as the order of its versions says.
func (r *release) compareAge(o *release) int {
	date, imported := r.date()
	other, too := o.date()
	switch c := date.Compare(other); {
	case c != 0:
		return c
	case imported && too:
		return check.CompareNatural(r.ref.version, o.ref.version)
	case imported:
		return -1
	case too:
		return 1
	}
	return r.owner().arrival().compare(o.owner().arrival())
}

// date is when the release's chart came.
func (r *release) date() (date time.Time, imported bool) {
	c := r.owner()
	if r.chart != nil {
		c = r.chart
	}
	if date, ok := c.created(); ok && !date.IsZero() {
		return date, true
	}
	return c.upload.Arrival, false
}

// noteEqual notes which versions come after a new one and have its precedence:
// clients that ask for the newest have to choose.
func noteEqual(all []published, slots []*slot) {
	at := make(map[string]int, len(all))
	for i, p := range all {
		at[p.line] = i
	}
	ends := make([]int, len(all)) // of the versions of equal precedence
	for i := len(all) - 1; i >= 0; i-- {
		ends[i] = i + 1
		if i+1 < len(all) && all[i].version.Compare(all[i+1].version) == 0 {
			ends[i] = ends[i+1]
		}
	}
	for _, s := range slots {
		i := at[s.current.line]
		for _, o := range s.group {
			o.equal = nil
			for _, p := range all[i+1 : min(ends[i], i+1+maxNamed)] {
				o.equal = append(o.equal, p.Version)
			}
			o.more = ends[i] - i - 1 - len(o.equal)
		}
	}
}
