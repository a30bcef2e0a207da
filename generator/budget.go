package generator

import (
	"cmp"
	"slices"

	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/publisher"
)

// indexBudget is from when on a run warns: so that there is time to act.
var indexBudget = check.Clients()[0].NearIndex() // a variable for tests

// maxFillers is how many charts are named that fill an index.
const maxFillers = 3

// Budget says that a channel's index nears what clients refuse, or exceeds it.
type Budget struct {
	Size    int64          `json:"size"`    // bytes of the index
	Limit   int64          `json:"limit"`   // bytes that the first of the clients takes
	Clients []check.Client `json:"clients"` // those that refuse it, or soon will
	Seen    string         `json:"seen"`    // a sentence that says so
	Fix     string         `json:"fix"`
	Charts  []Filler       `json:"charts"` // those that take most of it, at most three
}

// Filler is a chart that takes much of an index.
type Filler struct {
	Chart    string `json:"chart"`
	Versions int    `json:"versions"`
	Size     int64  `json:"size"` // bytes of its lines
}

// budgetOf returns nil if the index is smaller than the budget.
func budgetOf(x *publisher.Index, budget int64) *Budget {
	b := &Budget{Limit: check.Clients()[0].Index, Fix: fixIndex}
	for name := range x.Charts() {
		b.Size += fill(x, name).Size
	}
	if b.Size < budget {
		return nil
	}
	b.Seen, b.Clients = indexNote(b.Size)
	for name := range x.Charts() {
		b.Charts = append(b.Charts, fill(x, name))
	}
	slices.SortFunc(b.Charts, func(a, c Filler) int {
		return cmp.Or(cmp.Compare(c.Size, a.Size), cmp.Compare(a.Chart, c.Chart))
	})
	b.Charts = slices.Clone(b.Charts[:min(len(b.Charts), maxFillers)])
	return b
}

func fill(x *publisher.Index, chart string) Filler {
	f := Filler{Chart: chart}
	for _, line := range x.HeadLines(chart) {
		f.Versions++
		f.Size += int64(len(line) + len(",\n"))
	}
	return f
}
