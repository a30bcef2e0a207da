package publisher

import (
	"maps"
	"slices"
	"time"
)

// Show says which of a chart's lines head lists, if it lists at most keep of them; 0 stands
// for all. Of some of the versions it is known that they are yanked.
type Show func(chart string, lines []string, keep int, yanked map[string]bool) (Shown, error)

// showAll is a Show: it lists all but what is yanked.
func showAll(chart string, lines []string, _ int, yanked map[string]bool) (Shown, error) {
	hidden := make([]bool, len(lines))
	for i, line := range lines {
		hidden[i] = yanked[lineVersion(line)]
	}
	return ShownBut(chart, hidden), nil
}

// draftAt is the draft of a record that is made at the time now, or at that of the newest
// record if that is later.
func (c *Channel) draftAt(now time.Time, nonce string) Draft {
	d := Draft{Time: now.UTC().Truncate(time.Millisecond), Nonce: nonce}
	if d.Time.Before(c.Time()) {
		d.Time = c.Time()
	}
	return d
}

// withoutVersions makes the draft take versions out of the index, as far as it has them. Nil
// stands for showAll.
func (c *Channel) withoutVersions(d *Draft, gone map[version]bool, show Show) error {
	head, err := c.index.Header()
	if err != nil {
		return err
	}
	d.Keep, d.ContextPath = head.Keep, head.ContextPath
	rest := map[string][]string{}
	for v := range gone {
		if _, done := rest[v.chart]; !done {
			rest[v.chart] = slices.DeleteFunc(slices.Clone(c.index.Lines(v.chart)), func(line string) bool {
				return gone[version{v.chart, lineVersion(line)}]
			})
		}
	}
	if d.Removed, d.Added = c.index.Diff(rest); len(d.Removed) == 0 {
		return nil
	}
	if show == nil {
		show = showAll
	}
	for _, chart := range slices.Sorted(maps.Keys(rest)) {
		lines := rest[chart]
		if len(lines) == 0 {
			continue
		}
		shown, err := show(chart, lines, head.Keep, c.state.YankedOf(chart))
		if err != nil {
			return err
		}
		if !shown.Equal(Shown{Chart: chart, First: len(lines)}) {
			d.Shown = append(d.Shown, shown)
		}
	}
	return nil
}
