package check

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"
)

// maxRanges and maxRange bound how many dependencies are held against the versions in
// charts/, and how long their ranges may be. Real charts have a few dozen short ones.
const (
	maxRanges = 1000
	maxRange  = 100
)

// sorted returns the subcharts by their names in charts/.
func (n *node) sorted() []*node {
	var all []*node
	for _, name := range slices.Sorted(maps.Keys(n.subcharts)) {
		all = append(all, n.subcharts[name])
	}
	return all
}

// kept returns the subcharts that Helm keeps whatever the values are: what the others
// hold may never be looked at. It follows Helm's processDependencyEnabled: a dependency
// makes a copy of its chart, under its alias if it has one, and a condition or tag drops
// all copies of that name. Helm picks one of several charts of the same name by chance.
func (n *node) kept() map[*node]bool {
	kept := map[*node]bool{}
	deps := n.metadata.Dependencies
	if len(deps) > maxRanges {
		return kept
	}
	optional, entries, charts := map[string]bool{}, map[string][]*Dependency{}, map[string]int{}
	for _, d := range deps {
		entries[d.Name] = append(entries[d.Name], d)
		if switched(d) {
			optional[nameOf(d)] = true
		}
	}
	for _, sub := range n.subcharts {
		charts[sub.metadata.Name]++
	}
	for _, sub := range n.subcharts {
		name := sub.metadata.Name
		always := func(d *Dependency) bool { return inRange(d, sub.metadata.Version) && !optional[nameOf(d)] }
		taken := slices.ContainsFunc(entries[name], func(d *Dependency) bool { return inRange(d, sub.metadata.Version) })
		kept[sub] = charts[name] == 1 && (slices.ContainsFunc(entries[name], always) || !taken && !optional[name])
	}
	return kept
}

// nameOf is the name by which a dependency is a subchart.
func nameOf(d *Dependency) string { return cmp.Or(d.Alias, d.Name) }

// switched reports whether values can switch a dependency off.
func switched(d *Dependency) bool {
	return len(d.Tags) > 0 || strings.Trim(strings.TrimSpace(d.Condition), ",") != ""
}

// inRange reports whether Helm takes a version for a dependency.
func inRange(d *Dependency, version string) bool {
	if len(d.Version) > maxRange {
		return false
	}
	allowed, err := semver.NewConstraint(d.Version)
	if err != nil {
		return false
	}
	v, err := semver.NewVersion(version)
	return err == nil && allowed.Check(v)
}
