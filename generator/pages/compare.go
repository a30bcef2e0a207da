package pages

import (
	"context"
	"slices"
	"strings"

	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/generator/values"
	"github.com/portolan-charts/portolan/templates"
)

// compare returns the differences between two versions of a chart, which matter
// before every upgrade. The caller adds the link to the earlier version's page.
func compare(ctx context.Context, before, after *archive) *templates.Difference {
	a, b := before.Metadata, after.Metadata
	v := values.Compare(ctx, before.file, after.file)
	c := &templates.Comparison{
		Version:    a.Version,
		AppVersion: pair(a.AppVersion, b.AppVersion), KubeVersion: pair(a.KubeVersion, b.KubeVersion),
		Type:        pair(chartType(a), chartType(b)),
		ValuesAdded: v.Added, ValuesRemoved: v.Removed, ValuesChanged: v.Changed,
		ValuesMore: v.More, ValuesNote: v.Note,
	}
	compareDefinitions(c, before.Definitions, after.Definitions)
	compareDependencies(c, a.Dependencies, b.Dependencies)
	d := &templates.Difference{Comparison: *c, ValuesRetyped: v.Retyped}
	d.ValuesChanged = slices.DeleteFunc(d.ValuesChanged, func(v templates.ValueChange) bool { return slices.Contains(d.ValuesRetyped, v) })
	compareImages(ctx, d, before, after)
	compareFiles(ctx, d, before, after)
	d.Same = before.Fingerprint == after.Fingerprint
	return d
}

// pair returns two values if they differ.
func pair(before, after string) *templates.Pair {
	if before == after {
		return nil
	}
	return &templates.Pair{Before: oneLine(before), After: oneLine(after)}
}

// chartType returns a chart's type, which is application by default.
func chartType(md *check.Metadata) string {
	if md.Type == "" {
		return "application"
	}
	return md.Type
}

// compareDefinitions compares definitions by name. A definition has changed if
// its text differs.
func compareDefinitions(c *templates.Comparison, before, after []check.Definition) {
	old, now := definitionSums(before), definitionSums(after)
	for _, name := range sortedKeys(old, now) {
		a, was := old[name]
		b, is := now[name]
		switch {
		case !was:
			c.CRDsAdded = append(c.CRDsAdded, name)
		case !is:
			c.CRDsRemoved = append(c.CRDsRemoved, name)
		case a != b:
			c.CRDsChanged = append(c.CRDsChanged, name)
		}
	}
}

// definitionSums returns the hashes of definitions, by name.
func definitionSums(all []check.Definition) map[string]string {
	m := map[string]string{}
	for _, d := range all {
		m[definitionName(&d)] += string(d.Sum[:]) // several may have the same name
	}
	return m
}

// definitionName returns the name of a definition: Kind (group), or its file.
func definitionName(d *check.Definition) string {
	switch {
	case d.Kind == "":
		return shortened(d.File, maxPageName)
	case d.Group == "":
		return oneLine(d.Kind)
	}
	return oneLine(d.Kind) + " (" + oneLine(d.Group) + ")"
}

// compareDependencies compares dependencies by name and alias: their versions
// and repositories.
func compareDependencies(c *templates.Comparison, before, after []*check.Dependency) {
	old, now := dependencyMap(before), dependencyMap(after)
	for _, name := range sortedKeys(old, now) {
		a, was := old[name]
		b, is := now[name]
		switch {
		case was && is && a.Version == b.Version && a.Repository == b.Repository:
		case !was:
			c.DependenciesAdded = append(c.DependenciesAdded, templates.DependencyChange{Name: name, After: oneLine(b.Version)})
		case !is:
			c.DependenciesRemoved = append(c.DependenciesRemoved, templates.DependencyChange{Name: name, Before: oneLine(a.Version)})
		case a.Repository == b.Repository:
			c.DependenciesChanged = append(c.DependenciesChanged, templates.DependencyChange{Name: name, Before: oneLine(a.Version), After: oneLine(b.Version)})
		default:
			c.DependenciesChanged = append(c.DependenciesChanged, templates.DependencyChange{
				Name: name, Before: oneLine(a.Version + " " + a.Repository), After: oneLine(b.Version + " " + b.Repository),
			})
		}
	}
}

// dependencyMap returns dependencies by the names that pages show.
func dependencyMap(all []*check.Dependency) map[string]*check.Dependency {
	m := map[string]*check.Dependency{}
	for _, d := range all[:min(len(all), maxPageList)] {
		if d == nil {
			continue
		}
		name := oneLine(d.Name)
		if d.Alias != "" {
			name += " (" + oneLine(d.Alias) + ")"
		}
		m[name] = d
	}
	return m
}

// sortedKeys returns the keys of two maps, sorted and without duplicates.
func sortedKeys[V any](a, b map[string]V) []string {
	var keys []string
	for key := range a {
		keys = append(keys, key)
	}
	for key := range b {
		if _, ok := a[key]; !ok {
			keys = append(keys, key)
		}
	}
	slices.SortFunc(keys, strings.Compare)
	return keys
}
