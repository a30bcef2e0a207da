package pages

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/templates"
)

// maxPageFiles bounds the templates that a page lists, and also the definitions.
const maxPageFiles = 500

// describeTemplates fills in the templates and the custom resource definitions of a
// version.
func describeTemplates(_ context.Context, p *templates.TemplatesPage, c *check.Contents) {
	sizes, kinds := map[string]int64{}, map[string][]string{}
	for _, f := range c.Files {
		sizes[f.Path] = f.Size
	}
	for _, t := range c.Kinds {
		kinds[t.Path] = t.Kinds
	}
	links := map[string][]templates.ValueLink{}
	for i, name := range c.Templates[:min(len(c.Templates), maxPageFiles)] {
		f := templates.SourceFile{
			Path: shortened(name, maxPageName), Anchor: fmt.Sprintf("f%d", i+1), Size: sizes[name], Kinds: strings.Join(known(kinds[name]), ", "),
		}
		p.Files = append(p.Files, f)
		of := kinds[name]
		if len(of) == 0 {
			of = []string{""}
		}
		for _, kind := range of {
			links[kind] = append(links[kind], templates.ValueLink{Path: strings.TrimPrefix(f.Path, "templates/"), Anchor: f.Anchor})
		}
	}
	for kind, files := range links {
		p.Kinds = append(p.Kinds, templates.TemplateKind{Kind: kind, Files: files})
	}
	slices.SortFunc(p.Kinds, func(a, b templates.TemplateKind) int {
		if (a.Kind == "") != (b.Kind == "") {
			return -cmp.Compare(a.Kind, b.Kind)
		}
		return cmp.Compare(a.Kind, b.Kind)
	})
	p.CRDs = definitionFiles(c.Definitions, sizes)
	p.More = max(0, len(c.Templates)-maxPageFiles)
}

// known returns the kinds that are known before a template is rendered.
func known(kinds []string) []string {
	return slices.DeleteFunc(slices.Clone(kinds), func(kind string) bool { return kind == "" })
}

// definitionFiles returns the files of custom resource definitions, with what they
// define.
func definitionFiles(all []check.Definition, sizes map[string]int64) []templates.SourceFile {
	var files []templates.SourceFile
	last := ""
	for _, d := range all {
		if len(files) == 0 || d.File != last {
			files = append(files, templates.SourceFile{Path: shortened(d.File, maxPageName), Anchor: fmt.Sprintf("d%d", len(files)+1), Size: sizes[d.File]})
		}
		last = d.File
		f := &files[len(files)-1]
		var versions []string
		for _, v := range d.Versions {
			versions = append(versions, shortened(v, 60))
		}
		about := strings.TrimSpace(oneLine(d.Group) + " " + strings.Join(versions, ", "))
		f.Kinds, f.About = joined(f.Kinds, oneLine(d.Kind), ", "), joined(f.About, about, "; ")
	}
	return files
}

// joined adds a text to a list, unless that would be long.
func joined(list, text, separator string) string {
	if list == "" || text == "" || len(list)+len(text) > maxPageText {
		return cmp.Or(list, text)
	}
	return list + separator + text
}
