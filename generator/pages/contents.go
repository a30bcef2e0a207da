package pages

import (
	"cmp"
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/generator/markdown"
	"github.com/portolan-charts/portolan/publisher/untrusted"
	"github.com/portolan-charts/portolan/templates"
)

// Limits of what pages show of a chart: texts in bytes, lists in entries.
const (
	maxPageName = 200
	maxPageText = 2000
	maxPageList = 100
)

// describeRelease fills in what all pages of a version show from Chart.yaml.
func describeRelease(r *templates.Release, md *check.Metadata) {
	r.Badges = badges(md)
	r.AppVersion, r.KubeVersion = oneLine(md.AppVersion), oneLine(md.KubeVersion)
	r.Description = shortened(md.Description, maxPageText)
	r.Home, r.Icon = webURL(md.Home), iconOf(md.Icon, nil)
	r.License = oneLine(md.Annotations["artifacthub.io/license"])
	for _, source := range sources(md) {
		r.Source = cmp.Or(r.Source, source.URL)
	}
}

// describe fills in what an overview shows from Chart.yaml.
func describe(p *templates.ChartPage, md *check.Metadata) {
	p.APIVersion = oneLine(md.APIVersion)
	p.IconLink = webURL(md.Icon)
	p.Keywords = keywords(md)
	p.Sources = sources(md)
	p.Maintainers = maintainers(md)
	p.Links = annotatedLinks(md)
	if p.Images = annotatedImages(md); len(p.Images) > 0 {
		p.ImagesFrom = fromAnnotation
	}
	p.Dependencies = dependencies(md)
}

// licenseOf returns the licence that a chart's file LICENSE is, or the file's name.
func licenseOf(c *check.Contents) string {
	if c.License.Name == "" && c.License.File != "" {
		return "see " + oneLine(c.License.File)
	}
	return c.License.Name
}

// faults returns why no Helm can install a chart.
func faults(c *check.Contents) (all []string) {
	for _, w := range c.Warnings {
		if check.PreventsInstall(w.Rule) {
			all = append(all, w.Message)
		}
	}
	return all
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
