package pages

import (
	"context"
	"html/template"
	"strings"

	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/generator/markdown"
	"github.com/portolan-charts/portolan/templates"
)

// describeReadme fills in the README and its contents.
func describeReadme(ctx context.Context, p *templates.ChartPage, c *check.Contents) {
	if len(c.README) == 0 {
		return
	}
	p.README, p.Contents = markdown.Parse(ctx, c.README).Render(ctx, markdown.Options{Chart: c.Metadata.Name})
	p.README.HTML = template.HTML(focusable.Replace(string(p.README.HTML)))
}

// focusable lets people without a mouse scroll tables that are wider than their
// screen. Rendered HTML has this text only as a tag.
var focusable = strings.NewReplacer("<table>", `<table tabindex="0">`)
