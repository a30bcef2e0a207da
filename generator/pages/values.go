package pages

import (
	"context"

	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/generator/values"
	"github.com/portolan-charts/portolan/templates"
)

// maxTable bounds the HTML of the table of values, in bytes. With what is around it,
// the page takes no more than 200 KB.
const maxTable = 184 << 10

// describeValues fills in the values of a version, and links those that it changes to
// their rows. Values that have no text of their own have that of the README.
func describeValues(ctx context.Context, p *templates.ValuesPage, against *templates.Difference, c *check.Contents, readme map[string]string) *values.Reference {
	ref := values.Describe(ctx, c.Values, c.Schema, readme, maxTable)
	p.Groups, p.Count, p.Note = ref.Groups, ref.Count, ref.Note
	if against == nil {
		return ref
	}
	for _, list := range [][]templates.ValueChange{against.ValuesAdded, against.ValuesChanged, against.ValuesRetyped} {
		for i := range list {
			list[i].Anchor = ref.Anchor(list[i].Path)
		}
	}
	return ref
}
