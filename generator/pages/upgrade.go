package pages

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/templates"
)

const (
	// maxNamed bounds the things that one note names, maxNoted a name in it, in bytes,
	// and maxNotes the notes about things of one sort.
	maxNamed = 8
	maxNoted = 100
	maxNotes = 10
)

// upgradeNotes says what may break an upgrade, most important first. Links lead to
// where the page shows it.
func upgradeNotes(d *templates.Difference, before, after *archive, groups []templates.ValueGroup) []templates.UpgradeNote {
	var n upgrade
	if d.Type != nil && after.Metadata.Type == "library" {
		n.add("type", "#requirements", "This version is a library chart, which cannot be installed.")
	}
	n.kubernetes(before.Metadata.KubeVersion, after.Metadata.KubeVersion)
	if names := newlyRequired(before.Schema, after.Schema, groups); len(names) > 0 {
		n.add("required", "", "The schema requires %s that values.yaml has no default for: %s.", counted(len(names), "more value", "more values"), some(names))
	}
	if names := valuePaths(d.ValuesRemoved); len(names) > 0 {
		n.add("removed", "#values", "%s no longer in values.yaml: %s.", counted(len(names), "value is", "values are"), some(names))
	}
	if names := valuePaths(d.ValuesRetyped); len(names) > 0 {
		n.add("retyped", "#values", "%s another type: %s.", counted(len(names), "value has", "values have"), some(names))
	}
	n.definitions(d, before.Definitions, after.Definitions)
	n.dependencies(d)
	n.images(d)
	n.versions(before.Metadata, after.Metadata)
	return n
}

// upgrade is what may break an upgrade.
type upgrade []templates.UpgradeNote

func (n *upgrade) add(kind, link, format string, args ...any) {
	*n = append(*n, templates.UpgradeNote{Kind: kind, Link: link, Text: fmt.Sprintf(format, args...)})
}

// kubernetes says how the oldest version of Kubernetes that the chart takes has changed.
func (n *upgrade) kubernetes(before, after string) {
	if before == after {
		return
	}
	add := func(format string, args ...any) { n.add("kubernetes", "#requirements", format, args...) }
	switch old, now := lowest(before), lowest(after); {
	case after == "":
		add("The chart no longer says which Kubernetes it needs. Before, it asked for %s.", oneLine(before))
	case now != nil && before == "":
		add("Kubernetes %s or newer is needed. Before, the chart did not say which.", minor(now))
	case now != nil && old != nil && now.GreaterThan(old):
		add("Kubernetes %s or newer is needed. Before, %s was enough.", minor(now), minor(old))
	case now != nil && old != nil && now.LessThan(old):
		add("Kubernetes %s is enough. Before, %s or newer was needed.", minor(now), minor(old))
	default:
		add("The chart asks for Kubernetes %s. Before, it asked for %s.", oneLine(after), cmp.Or(oneLine(before), "any"))
	}
}

// definitions says which definitions and versions of them are gone, and what Helm does
// not do about those that are there.
func (n *upgrade) definitions(d *templates.Difference, before, after []check.Definition) {
	if gone := d.CRDsRemoved; len(gone) > 0 {
		n.add("crd", "#definitions", "%s no longer in the folder crds: %s.", counted(len(gone), "definition is", "definitions are"), some(gone))
	}
	old, now := definitionVersions(before), definitionVersions(after)
	var gone []string
	for _, name := range sortedKeys(old, nil) {
		for _, version := range old[name] {
			if now[name] != nil && !slices.Contains(now[name], version) {
				gone = append(gone, name+" "+shortened(version, maxNoted))
			}
		}
	}
	if len(gone) > 0 {
		n.add("crd", "#definitions", "%s removed: %s.", counted(len(gone), "version of a definition is", "versions of definitions are"), some(gone))
	}
	if changed := slices.Concat(d.CRDsAdded, d.CRDsChanged); len(changed) > 0 {
		n.add("crd", "#definitions", "%s new or changed: %s. Helm leaves definitions as they are when it upgrades a release, so apply them yourself.",
			counted(len(changed), "definition is", "definitions are"), some(changed))
	}
}

// definitionVersions returns the versions of definitions, by name. Those that cannot be
// read are left out.
func definitionVersions(all []check.Definition) map[string][]string {
	m := map[string][]string{}
	for _, d := range all {
		if name := definitionName(&d); len(d.Versions) > 0 {
			m[name] = append(m[name], d.Versions...)
		}
	}
	return m
}

func (n *upgrade) dependencies(d *templates.Difference) {
	var gone []string
	for _, c := range d.DependenciesRemoved {
		gone = append(gone, c.Name)
	}
	if len(gone) > 0 {
		n.add("dependency", "#dependencies", "The chart no longer depends on %s.", some(gone))
	}
	n.majors("dependency", "#dependencies", d.DependenciesChanged)
}

// images says which images have another major version: only those with one tag before
// and after, both of which look like versions.
func (n *upgrade) images(d *templates.Difference) {
	var sure []templates.DependencyChange
	for _, c := range d.ImagesChanged {
		if isVersion(c.Before) && isVersion(c.After) {
			sure = append(sure, c)
		}
	}
	n.majors("image", "#images", sure)
}

// isVersion tells tags that are versions from dates, names and hashes.
func isVersion(tag string) bool {
	v, err := semver.NewVersion(tag)
	return err == nil && strings.Count(tag, ".") >= 1 && v.Major() < 1000
}

// majors says what has another major version.
func (n *upgrade) majors(kind, link string, changes []templates.DependencyChange) {
	left := maxNotes
	for _, c := range changes {
		before, _, _ := strings.Cut(c.Before, " http")
		after, _, _ := strings.Cut(c.After, " http")
		if !otherMajor(before, after) {
			continue
		}
		if left--; left < 0 {
			return
		}
		n.add(kind, link, "%s goes from %s to %s, another major version.", shortened(c.Name, maxNoted), shortened(before, maxNoted), shortened(after, maxNoted))
	}
}

// versions says whether the chart or the app has another major version.
func (n *upgrade) versions(before, after *check.Metadata) {
	for _, c := range []struct{ what, link, before, after string }{
		{"chart", "", before.Version, after.Version}, {"app", "#requirements", before.AppVersion, after.AppVersion},
	} {
		if isVersion(c.before) && isVersion(c.after) && otherMajor(c.before, c.after) {
			n.add(c.what, c.link, "The %s goes from %s to %s, another major version.", c.what, oneLine(c.before), oneLine(c.after))
		}
	}
}

// valuePaths returns the paths of values.
func valuePaths(changes []templates.ValueChange) []string {
	var all []string
	for _, v := range changes {
		all = append(all, v.Path)
	}
	return all
}

// some names a few things, and says how many more there are.
func some(names []string) string {
	var all []string
	for _, name := range names[:min(len(names), maxNamed)] {
		all = append(all, shortened(name, maxNoted))
	}
	text := strings.Join(all, ", ")
	if more := len(names) - len(all); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// counted returns a number with the words for what it counts.
func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
