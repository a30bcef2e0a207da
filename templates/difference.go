package templates

// Differing is something that differs between two versions.
type Differing struct {
	What   string // added, removed, changed or retyped
	Name   string
	Anchor string // of a value, on the page of values; "" if that lacks it
	Before string // "" if the earlier version lacks it
	After  string
}

// ValueChanges returns the values that differ: those first that may break an upgrade.
func (d Difference) ValueChanges() []Differing {
	var all []Differing
	for _, of := range []struct {
		what   string
		values []ValueChange
	}{{"removed", d.ValuesRemoved}, {"retyped", d.ValuesRetyped}, {"changed", d.ValuesChanged}, {"added", d.ValuesAdded}} {
		for _, v := range of.values {
			all = append(all, Differing{of.what, v.Path, v.Anchor, v.Before, v.After})
		}
	}
	return all
}

// ImageChanges returns the images that differ.
func (d Difference) ImageChanges() []Differing {
	all := named("removed", d.ImagesRemoved)
	all = append(all, between("changed", d.ImagesChanged)...)
	return append(all, named("added", d.ImagesAdded)...)
}

// DependencyChanges returns the dependencies that differ.
func (d Difference) DependencyChanges() []Differing {
	all := between("removed", d.DependenciesRemoved)
	all = append(all, between("changed", d.DependenciesChanged)...)
	return append(all, between("added", d.DependenciesAdded)...)
}

// DefinitionChanges returns the custom resource definitions that differ.
func (d Difference) DefinitionChanges() []Differing {
	all := named("removed", d.CRDsRemoved)
	all = append(all, named("changed", d.CRDsChanged)...)
	return append(all, named("added", d.CRDsAdded)...)
}

func named(what string, names []string) []Differing {
	var all []Differing
	for _, name := range names {
		all = append(all, Differing{What: what, Name: name})
	}
	return all
}

func between(what string, changes []DependencyChange) []Differing {
	var all []Differing
	for _, c := range changes {
		all = append(all, Differing{What: what, Name: c.Name, Before: c.Before, After: c.After})
	}
	return all
}

// Counts returns how much differs, with links to where the page shows it.
func (d Difference) Counts() []Link {
	var all []Link
	for _, of := range []struct {
		n                 int
		one, many, anchor string
	}{
		{len(d.ValueChanges()) + d.ValuesMore, "value", "values", "#values"},
		{len(d.ImageChanges()), "image", "images", "#images"},
		{len(d.DependencyChanges()), "dependency", "dependencies", "#dependencies"},
		{len(d.DefinitionChanges()), "definition", "definitions", "#definitions"},
		{len(d.Files) + d.More, "template or definition", "templates and definitions", "#files"},
		{len(d.Other), "other file", "other files", "#other"},
	} {
		if of.n > 0 {
			all = append(all, Link{plural(of.n, of.one, of.many), of.anchor})
		}
	}
	return all
}
