package pages

import (
	"cmp"
	"context"
	"html/template"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/generator/markdown"
	"github.com/portolan-charts/portolan/generator/values"
	"github.com/portolan-charts/portolan/publisher/untrusted"
	"github.com/portolan-charts/portolan/templates"
)

// Limits of what pages show of a chart: texts in bytes, lists in entries.
const (
	maxPageName  = 200
	maxPageText  = 2000
	maxPageList  = 100
	maxPageFiles = 500
)

// describe fills in what a page shows from Chart.yaml.
func describe(p *templates.ChartPage, md *check.Metadata) {
	p.Badges = badges(md)
	p.AppVersion, p.APIVersion, p.KubeVersion = oneLine(md.AppVersion), oneLine(md.APIVersion), oneLine(md.KubeVersion)
	p.Description = shortened(md.Description, maxPageText)
	p.Home, p.Icon = webURL(md.Home), webURL(md.Icon)
	p.License = oneLine(md.Annotations["artifacthub.io/license"])
	p.Keywords = keywords(md)
	p.Sources = sources(md)
	p.Maintainers = maintainers(md)
	p.Links = annotatedLinks(md)
	p.Images = annotatedImages(md)
	p.Changes = annotatedChanges(md)
	p.Dependencies = dependencies(md)
}

// show fills in what a page shows from the other files in the archive, and how
// these differ from those of the version before, if there is one.
func show(ctx context.Context, p *templates.ChartPage, before, c *check.Contents) {
	p.Resources = resources(c.Kinds)
	p.CRDs = crds(c.Definitions)
	for _, w := range c.Warnings {
		if check.PreventsInstall(w.Rule) {
			p.Faults = append(p.Faults, w.Message)
		}
	}
	if len(c.README) > 0 {
		p.README = markdown.Render(ctx, c.README)
		p.README.HTML = template.HTML(focusable.Replace(string(p.README.HTML)))
	}
	var file *values.File
	if c.Values != nil || c.Schema != nil {
		p.Values, file = valuesOf(ctx, c)
	}
	if before != nil {
		p.Against = compare(ctx, before, c, file)
	}
}

// focusable lets people without a mouse scroll tables that are wider than their
// screen. Rendered HTML has this text only as a tag.
var focusable = strings.NewReplacer("<table>", `<table tabindex="0">`)

// valuesOf returns what pages show of values.yaml and its schema.
func valuesOf(ctx context.Context, c *check.Contents) (v *templates.Values, file *values.File) {
	v = &templates.Values{}
	if c.Values != nil {
		file = values.Render(ctx, c.Values)
		v.File, v.Keys = file.Text, file.Keys
	}
	if c.Schema != nil {
		v.Table, v.Note = values.Schema(ctx, c.Schema, file)
	}
	return v, file
}

// badges returns what Chart.yaml says about a version's state.
func badges(md *check.Metadata) templates.Badges {
	v, err := semver.NewVersion(md.Version)
	return templates.Badges{
		Deprecated: md.Deprecated,
		Library:    md.Type == "library",
		Prerelease: err == nil && v.Prerelease() != "" || strings.TrimSpace(md.Annotations["artifacthub.io/prerelease"]) == "true",
	}
}

// keywords returns the keywords without duplicates.
func keywords(md *check.Metadata) []string {
	var all []string
	for _, k := range md.Keywords {
		if k = shortened(k, 60); k != "" && !slices.Contains(all, k) && len(all) < maxPageList {
			all = append(all, k)
		}
	}
	return all
}

// sources returns the sources, as links where the URL is safe and otherwise as
// text.
func sources(md *check.Metadata) []templates.Link {
	var all []templates.Link
	for _, s := range md.Sources[:min(len(md.Sources), maxPageList)] {
		if text := oneLine(s); text != "" {
			all = append(all, templates.Link{Text: text, URL: webURL(s)})
		}
	}
	return all
}

// maintainers returns the maintainers that have a name or address.
func maintainers(md *check.Metadata) []templates.Maintainer {
	var all []templates.Maintainer
	for _, m := range md.Maintainers[:min(len(md.Maintainers), maxPageList)] {
		if m == nil {
			continue
		}
		one := templates.Maintainer{Name: cmp.Or(oneLine(m.Name), oneLine(m.Email), oneLine(m.URL)), URL: webURL(m.URL)}
		if m.Email != "" {
			one.Email = mailURL(m.Email)
		}
		if one.Name != "" {
			all = append(all, one)
		}
	}
	return all
}

// dependencies returns the chart's dependencies. The caller adds links to charts
// of the same channel.
func dependencies(md *check.Metadata) []templates.Dependency {
	var all []templates.Dependency
	for _, d := range md.Dependencies {
		if d == nil || len(all) == maxPageList {
			continue
		}
		all = append(all, templates.Dependency{
			Name: oneLine(d.Name), Alias: oneLine(d.Alias), Version: oneLine(d.Version),
			Repository: oneLine(d.Repository), URL: webURL(d.Repository), Condition: oneLine(d.Condition),
		})
	}
	return all
}

// resources returns the templates by the kinds of objects that they make. Those
// with an unknown kind come last.
func resources(kinds []check.TemplateKinds) []templates.Resource {
	files := map[string][]string{}
	for _, t := range kinds[:min(len(kinds), maxPageFiles)] {
		of := t.Kinds
		if len(of) == 0 {
			of = []string{""}
		}
		for _, kind := range of {
			files[kind] = append(files[kind], shortened(strings.TrimPrefix(t.Path, "templates/"), maxPageName))
		}
	}
	var all []templates.Resource
	for kind := range files {
		all = append(all, templates.Resource{Kind: kind, Files: files[kind]})
	}
	slices.SortFunc(all, func(a, b templates.Resource) int {
		if (a.Kind == "") != (b.Kind == "") {
			return -cmp.Compare(a.Kind, b.Kind)
		}
		return cmp.Compare(a.Kind, b.Kind)
	})
	return all
}

// crds returns the custom resource definitions in the folder crds.
func crds(all []check.Definition) []templates.CRD {
	var shown []templates.CRD
	for _, d := range all {
		crd := templates.CRD{Kind: oneLine(d.Kind), Group: oneLine(d.Group), File: shortened(d.File, maxPageName)}
		for _, v := range d.Versions {
			crd.Versions = append(crd.Versions, shortened(v, 60))
		}
		shown = append(shown, crd)
	}
	return shown
}

// oneLine returns a name as pages show it.
func oneLine(s string) string { return shortened(s, maxPageName) }

// shortened returns a text on one line, cut at limit bytes.
func shortened(s string, limit int) string {
	cut := s[:min(len(s), 2*limit)] // tidying up never makes it longer
	text := strings.Join(strings.Fields(printable(cut)), " ")
	if len(cut) == len(s) {
		return untrusted.Cut(text, limit)
	}
	return untrusted.Head(text, limit) + "…"
}

// webURL returns text as an http or https URL that is safe in a link, or "".
func webURL(s string) string {
	u := markdown.SafeURL(s)
	if strings.HasPrefix(u, "mailto:") {
		return ""
	}
	return u
}

// mailURL returns the mailto URL of an address, or "" if the address is not plain.
func mailURL(address string) string {
	address = strings.TrimSpace(address)
	if strings.ContainsAny(address, "?&#%/:;,<>\"\\ \t\n") || strings.Count(address, "@") != 1 {
		return ""
	}
	return markdown.SafeURL("mailto:" + address)
}
