package pages

import (
	"context"
	"html"
	"html/template"
	"strings"

	"github.com/portolan-charts/portolan/generator/markdown"
	"github.com/portolan-charts/portolan/generator/values"
	"github.com/portolan-charts/portolan/templates"
)

// describeReadme fills in the README and its contents. What the table of values says as
// well is left out of it.
func describeReadme(ctx context.Context, p *templates.ChartPage, s *shared, c *archive, readme *readme, table *values.Reference) {
	if len(c.README) == 0 {
		return
	}
	r := s.text(ctx, c.Metadata.Name, readme, table, func() (r renderedReadme) {
		r.text, r.contents = readme.Render(ctx, markdown.Options{
			Chart: c.Metadata.Name, Listed: table.Says, ListedName: "Values", ListedURL: valuesPage,
		})
		r.text.HTML = template.HTML(focusable.Replace(string(r.text.HTML)))
		return r
	})
	p.README, p.Contents = r.text, r.contents
}

// focusable lets people without a mouse scroll tables that are wider than their
// screen. Rendered HTML has this text only as a tag.
var focusable = strings.NewReplacer("<table>", `<table tabindex="0">`)

// withValues returns a README that links to the page of the version's values by its URL.
// Overviews that lie in other folders share all else.
func withValues(readme *templates.Text, url string) *templates.Text {
	if readme == nil {
		return nil
	}
	link := func(url string) string { return `<a href="` + html.EscapeString(url) + `">` }
	text := strings.Replace(string(readme.HTML), link(valuesPage), link(url), 1) // other links are absolute
	return &templates.Text{HTML: template.HTML(text), Note: readme.Note}
}
