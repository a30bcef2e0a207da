package pages

import (
	"cmp"
	"context"
	"fmt"
	"html/template"
	"maps"
	"path"
	"reflect"
	"slices"
	"strings"

	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/generator/source"
	"github.com/portolan-charts/portolan/templates"
)

const (
	// maxDifferences bounds the HTML of the differences of files on one page, in
	// bytes. A file may take more than half of it only if there is room at the end.
	maxDifferences = 48 << 10

	// maxChangedFiles bounds the files that are listed, and maxOther the other ones.
	maxChangedFiles = 200
	maxOther        = 50
)

// compareFiles fills in which files differ: templates and definitions of the chart
// itself line by line, and the others by name.
func compareFiles(ctx context.Context, d *templates.Difference, old, now *archive) {
	var files []*changedFile
	var others []string
	for _, name := range sortedKeys(old.sums, now.sums) {
		switch {
		case old.has(name) && now.has(name) && old.sums[name] == now.sums[name]:
		case old.sources[name] || now.sources[name]:
			files = append(files, &changedFile{path: name, rank: min(old.rank(name), now.rank(name))})
		default:
			others = append(others, name)
		}
	}
	if len(files) == 0 && old.Fingerprint != now.Fingerprint && onlyVersion(others, old.Metadata, now.Metadata) {
		d.OnlyVersion = true
		return
	}
	files = renamed(files, old, now)
	slices.SortFunc(files, func(a, b *changedFile) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), strings.Compare(a.path, b.path))
	})
	if len(files) > maxChangedFiles {
		d.More, files = len(files)-maxChangedFiles, files[:maxChangedFiles]
	}
	for _, f := range files {
		f.compare(ctx, old, now)
	}
	fit(files)
	slices.SortFunc(files, func(a, b *changedFile) int { return strings.Compare(a.path, b.path) })
	for _, f := range files {
		d.Files = append(d.Files, f.FileDifference)
	}
	others = slices.DeleteFunc(others, func(name string) bool { return shownElsewhere(name, d, old.Metadata, now.Metadata) })
	nameOthers(d, others)
	if changed(d) == 0 && old.Fingerprint != now.Fingerprint {
		d.Other = []string{"Chart.yaml"} // in what pages do not show, such as the condition of a dependency
	}
}

// A changedFile is a template or definition that differs.
type changedFile struct {
	templates.FileDifference
	path, from string
	rank       int
	html       template.HTML // of the differences, whether or not the page has room for it
}

// renamed puts files together that have the same content under another name.
func renamed(files []*changedFile, old, now *archive) []*changedFile {
	gone := map[sum]*changedFile{}
	for _, f := range files {
		if !now.has(f.path) {
			gone[old.sums[f.path]] = f
		}
	}
	moved := map[*changedFile]bool{}
	for _, f := range files {
		if old.has(f.path) {
			continue
		}
		if was := gone[now.sums[f.path]]; was != nil {
			f.from, moved[was] = was.path, true
			delete(gone, now.sums[f.path])
		}
	}
	return slices.DeleteFunc(files, func(f *changedFile) bool { return moved[f] })
}

// compare fills in what differs.
func (f *changedFile) compare(ctx context.Context, old, now *archive) {
	f.Path, f.Anchor, f.What = shortened(f.path, maxPageName), sourceAnchor(f.path), "changed"
	switch {
	case f.from != "":
		f.What, f.From = "renamed", shortened(f.from, maxPageName)
		return
	case !old.has(f.path):
		f.What = "added"
	case !now.has(f.path):
		f.What = "removed"
	}
	a, was := old.texts[f.path]
	b, is := now.texts[f.path]
	switch {
	case was != old.has(f.path), is != now.has(f.path):
		f.Note, f.Left = "This file is too long to be compared here.", true
		return
	case ctx.Err() != nil:
		f.Note, f.Left = "This file was not compared, since the page took too long.", true
		return
	}
	diff := source.Compare(a, b, maxDifferences)
	f.Added, f.Removed, f.Note, f.html = diff.Added, diff.Removed, diff.Note, diff.HTML
	f.Left = diff.Note == source.TooLong
}

// fit gives the differences that matter most to the page, as far as it has room for
// them. What is shown of files that are only there in one version comes after those
// that changed.
func fit(files []*changedFile) {
	room := maxDifferences
	for _, most := range []int{maxDifferences / 2, maxDifferences} {
		for _, what := range []string{"changed", "added", "removed"} {
			for _, f := range files {
				if n := len(f.html); f.What == what && f.HTML == "" && n <= min(room, most) {
					f.HTML = f.html
					room -= n
				}
			}
		}
	}
	for _, f := range files {
		if f.HTML == "" && f.Note == "" && f.Added+f.Removed > 0 {
			f.Note, f.Left = "This page has no room for the differences.", true
		}
	}
}

// shownElsewhere reports whether a page shows otherwise how a file differs: values.yaml
// by its values, and Chart.yaml by its fields.
func shownElsewhere(name string, d *templates.Difference, a, b *check.Metadata) bool {
	switch name {
	case "values.yaml":
		return len(d.ValuesAdded)+len(d.ValuesRemoved)+len(d.ValuesChanged)+len(d.ValuesRetyped) > 0 || d.ValuesNote != ""
	case "Chart.yaml":
		return reflect.DeepEqual(otherFields(a), otherFields(b))
	}
	return false
}

// onlyVersion reports whether files differ only in versions and dates. A lock that
// differs while no subchart does has another date.
func onlyVersion(names []string, a, b *check.Metadata) bool {
	for _, name := range names {
		if name != "Chart.yaml" && name != "Chart.lock" && name != "requirements.lock" {
			return false
		}
	}
	return reflect.DeepEqual(withoutVersions(a), withoutVersions(b))
}

// withoutVersions are the fields of a Chart.yaml without its versions, and without what
// it says about its changes.
func withoutVersions(md *check.Metadata) check.Metadata {
	other := *md
	other.Version, other.AppVersion = "", ""
	other.Annotations = maps.Clone(md.Annotations)
	if delete(other.Annotations, "artifacthub.io/changes"); len(other.Annotations) == 0 {
		other.Annotations = nil
	}
	return other
}

// otherFields are the fields of a Chart.yaml without those whose changes a page shows.
func otherFields(md *check.Metadata) check.Metadata {
	other := withoutVersions(md)
	other.KubeVersion, other.Type, other.Dependencies = "", "", nil
	delete(other.Annotations, "artifacthub.io/images")
	return other
}

// nameOthers names the other files that differ. The files of a subchart are counted.
func nameOthers(d *templates.Difference, names []string) {
	inside, more := map[string]int{}, 0
	for _, name := range names {
		inside[subchart(name)]++
	}
	for _, name := range names {
		in := subchart(name)
		switch n := inside[in]; {
		case in == "" || n == 1:
			name = shortened(name, maxPageName)
		case n > 1:
			name = fmt.Sprintf("%s (%d files)", shortened(in, maxPageName), n)
			inside[in] = 0
		default:
			continue
		}
		if len(d.Other) == maxOther {
			more++
			continue
		}
		d.Other = append(d.Other, name)
	}
	if more > 0 {
		d.Other = append(d.Other, counted(more, "more file", "more files"))
	}
}

// subchart returns the folder of the subchart that a file belongs to; "" if it is of
// the chart itself.
func subchart(name string) string {
	if rest, ok := strings.CutPrefix(name, "charts/"); ok {
		if in, _, ok := strings.Cut(rest, "/"); ok {
			return path.Join("charts", in)
		}
	}
	return ""
}
