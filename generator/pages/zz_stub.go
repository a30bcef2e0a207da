package pages

import (
	"html/template"
	"io"
	"strings"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/generator/markdown"
	"github.com/portolan-charts/portolan/generator/values"
	"github.com/portolan-charts/portolan/templates"
)

var anyChart = generator.Checks{Versions: "helm"}

const maxProvenance = 1 << 20

func signingKey(r io.Reader) string                          { return "" }
func compare(a, b *generator.Contents) *templates.Comparison { return &templates.Comparison{} }
func describe(p *templates.ChartPage, m *generator.Metadata) {}

// showContents puts on the page what stands in the archive.
func showContents(page *templates.ChartPage, c *generator.Contents) {
	if c.README != nil {
		page.README = markdown.Render(c.README)
		page.README.HTML = template.HTML(focusable.Replace(string(page.README.HTML)))
	}
	if c.Values == nil && c.Schema == nil {
		return
	}
	page.Values = &templates.Values{}
	var file *values.File
	if c.Values != nil {
		file = values.Render(c.Values)
		page.Values.File, page.Values.Keys = file.Text, file.Keys
	}
	if c.Schema != nil {
		page.Values.Table, page.Values.Note = values.Schema(c.Schema, file)
	}
}

// focusable lets people without a mouse scroll what is wider than their screen.
// No such text is in rendered HTML but as a tag.
var focusable = strings.NewReplacer("<pre>", `<pre tabindex="0">`, "<table>", `<table tabindex="0">`)
