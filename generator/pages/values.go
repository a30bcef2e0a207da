package pages

import (
	"github.com/portolan-charts/portolan/generator/values"
	"github.com/portolan-charts/portolan/templates"
)

// maxTable bounds the HTML of the table of values, in bytes. With what is around it,
// the page takes no more than 200 KB.
const maxTable = 190 << 10

// describeValues fills in the values of a version, and links those that it changes to
// their rows.
func describeValues(p *templates.ValuesPage, against *templates.Difference, ref *values.Reference) {
	p.Groups, p.Count, p.Note = ref.Groups, ref.Count, ref.Note
	if against == nil {
		return
	}
	for _, list := range [][]templates.ValueChange{against.ValuesAdded, against.ValuesChanged, against.ValuesRetyped} {
		for i := range list {
			list[i].Anchor = ref.Anchor(list[i].Path)
		}
	}
}
