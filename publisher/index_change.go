package publisher

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Apply returns the index that results from the change. It fails if the change was not
// made for this index; it does not check the sum.
func (x *Index) Apply(c *Change) (*Index, error) {
	if _, err := parseHeader(c.Header); err != nil {
		return nil, fmt.Errorf("header of the change: %v", err)
	}
	next := &Index{header: c.Header, charts: slices.Clone(x.charts), text: x.text}
	var more []section
	for chart, edit := range groupByChart(c) {
		lines, err := edit.apply(x.Lines(chart))
		if err != nil {
			return nil, fmt.Errorf("chart %s: %v", chart, err)
		}
		if i, ok := x.find(chart); ok {
			next.charts[i] = section{name: chart, lines: lines}
		} else {
			more = append(more, section{name: chart, lines: lines})
		}
	}
	next.charts = slices.DeleteFunc(append(next.charts, more...), func(s section) bool { return len(s.lines) == 0 })
	if len(more) > 0 {
		slices.SortFunc(next.charts, func(a, b section) int { return strings.Compare(a.name, b.name) })
	}
	return next, next.show(c.Shown)
}

// edit is what a change does to one chart.
type edit struct{ removed, added []Line }

func groupByChart(c *Change) map[string]*edit {
	edits := map[string]*edit{}
	of := func(chart string) *edit {
		if edits[chart] == nil {
			edits[chart] = &edit{}
		}
		return edits[chart]
	}
	for _, l := range c.Removed {
		of(l.Chart).removed = append(of(l.Chart).removed, l)
	}
	for _, l := range c.Added {
		of(l.Chart).added = append(of(l.Chart).added, l)
	}
	return edits
}

func (e *edit) apply(lines []string) ([]string, error) {
	gone := map[int]bool{}
	for _, l := range e.removed {
		if l.At < 0 || l.At >= len(lines) || lines[l.At] != l.Text || gone[l.At] {
			return nil, fmt.Errorf("line %d is not the one to be removed", l.At)
		}
		gone[l.At] = true
	}
	next := make([]string, 0, len(lines)+len(e.added))
	for i, line := range lines {
		if !gone[i] {
			next = append(next, line)
		}
	}
	added := slices.SortedFunc(slices.Values(e.added), func(a, b Line) int { return a.At - b.At })
	for _, l := range added {
		if l.At < 0 || l.At > len(next) {
			return nil, fmt.Errorf("no place for a line at %d", l.At)
		}
		if strings.ContainsRune(l.Text, '\n') {
			return nil, fmt.Errorf("line to be added at %d is more than one", l.At)
		}
		next = slices.Insert(next, l.At, l.Text)
	}
	return next, nil
}

// Diff returns the change that gives each of the charts its new lines. Other charts stay
// as they are; a chart without lines is removed.
func (x *Index) Diff(charts map[string][]string) (removed, added []Line) {
	for _, chart := range slices.Sorted(maps.Keys(charts)) {
		before, after := x.Lines(chart), charts[chart]
		removed = append(removed, missing(chart, before, after)...)
		added = append(added, missing(chart, after, before)...)
	}
	return removed, added
}

// missing returns the lines of a that b does not have.
func missing(chart string, a, b []string) []Line {
	have := make(map[string]bool, len(b))
	for _, line := range b {
		have[line] = true
	}
	var lines []Line
	for i, line := range a {
		if !have[line] {
			lines = append(lines, Line{chart, i, line})
		}
	}
	return lines
}
