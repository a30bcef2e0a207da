package pages

import (
	"context"
	"strings"

	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/generator/values"
	"github.com/portolan-charts/portolan/templates"
)

// describeValues fills in the values of a version.
func describeValues(ctx context.Context, p *templates.ValuesPage, c *check.Contents) {
	var file *values.File
	if c.Values != nil {
		file = values.Render(ctx, c.Values)
		p.Note = file.Text.Note
	}
	var rows []templates.ValueRow
	if c.Schema != nil {
		var note string
		rows, note = values.Schema(ctx, c.Schema, file)
		p.Note = strings.TrimSpace(p.Note + " " + note)
	}
	described := map[string]bool{}
	for _, r := range rows {
		key, _, _ := strings.Cut(r.Path, ".")
		if described[key] = true; len(p.Groups) == 0 || p.Groups[len(p.Groups)-1].Path != key {
			p.Groups = append(p.Groups, templates.ValueGroup{Path: key})
		}
		g := &p.Groups[len(p.Groups)-1]
		g.Rows = append(g.Rows, templates.ValueReference{
			Path: r.Path, Anchor: r.Anchor, Type: r.Type, Default: r.Default, Required: r.Required, Text: r.Description,
		})
	}
	if file != nil {
		for _, key := range file.Keys {
			if !described[key.Path] {
				p.Groups = append(p.Groups, templates.ValueGroup{Path: key.Path, Rows: []templates.ValueReference{{Path: key.Path, Anchor: key.Anchor}}})
			}
		}
	}
	for _, g := range p.Groups {
		p.Count += len(g.Rows)
	}
}
