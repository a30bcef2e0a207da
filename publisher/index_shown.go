package publisher

import (
	"fmt"
	"slices"
)

// Shown says which versions of a chart are in head, if not all are.
type Shown struct {
	Chart string `json:"chart"`
	First int    `json:"first"`          // how many, from the newest on
	Also  int    `json:"also,omitempty"` // also the one at this place among all of them; 0 for none

	// Hidden are the places that are not in head, if First and Also cannot say it: in
	// order, and apart from each other.
	Hidden []Span `json:"hidden,omitempty"`
}

// Span is a row of places among all lines of a chart.
type Span struct {
	At    int `json:"at"`
	Count int `json:"count"`
}

func (s Span) end() int { return s.At + s.Count }

// ShownBut says that head shows a chart's versions but those at the places that are hidden.
func ShownBut(chart string, hidden []bool) Shown {
	var spans []Span
	for at, is := range hidden {
		switch last := len(spans) - 1; {
		case !is:
		case last >= 0 && spans[last].end() == at:
			spans[last].Count++
		default:
			spans = append(spans, Span{at, 1})
		}
	}
	return shownBut(chart, len(hidden), spans)
}

// shownBut prefers the form that older formats of records have.
func shownBut(chart string, n int, hidden []Span) Shown {
	h := Shown{Chart: chart, First: n}
	if len(hidden) == 0 {
		return h
	}
	h.First = hidden[0].At
	switch last := hidden[len(hidden)-1]; {
	case len(hidden) == 1 && h.First > 0 && last.end() == n:
		return h
	case len(hidden) == 1 && last.end() == n-1:
		h.Also = n - 1
		return h
	case len(hidden) == 2 && hidden[0].end()+1 == last.At && last.end() == n:
		h.Also = last.At - 1
		return h
	}
	return Shown{Chart: chart, Hidden: hidden}
}

// hidden are the places among n that are not in head.
func (h Shown) hidden(n int) []Span {
	if h.Hidden != nil {
		return h.Hidden
	}
	rows := []Span{{h.First, n - h.First}}
	if h.Also > 0 {
		rows = []Span{{h.First, h.Also - h.First}, {h.Also + 1, n - h.Also - 1}}
	}
	return slices.DeleteFunc(rows, func(s Span) bool { return s.Count == 0 })
}

// check returns an error if it does not fit a chart with n versions.
func (h Shown) check(n int) error {
	fits := h.First >= 0 && h.First <= n && h.First+h.Also > 0 && (h.Also == 0 || h.Also > h.First && h.Also < n)
	if h.Hidden != nil {
		fits = h.First == 0 && h.Also == 0
		end := -1
		for _, s := range h.Hidden {
			fits = fits && s.At > end && s.Count > 0 && s.end() <= n
			end = s.end()
		}
	}
	if !fits {
		return fmt.Errorf("the index cannot show %d of %d versions, the one at %d, and not those at %v", h.First, n, h.Also, h.Hidden)
	}
	return nil
}

// Has reports whether the version at a place among all of the chart's is in head.
func (h Shown) Has(at int) bool {
	if h.Hidden == nil {
		return at < h.First || h.Also > 0 && at == h.Also
	}
	i, _ := slices.BinarySearchFunc(h.Hidden, at, func(s Span, at int) int { return s.end() - 1 - at })
	return i == len(h.Hidden) || at < h.Hidden[i].At
}

// Equal reports whether both say the same.
func (h Shown) Equal(o Shown) bool {
	return h.Chart == o.Chart && h.First == o.First && h.Also == o.Also && slices.Equal(h.Hidden, o.Hidden)
}

// inHead returns the lines that are in head.
func (s section) inHead() []string {
	if len(s.hidden) == 0 {
		return s.lines
	}
	lines, from := slices.Clip(s.lines[:s.hidden[0].At]), s.hidden[0].end()
	for _, h := range append(s.hidden[1:len(s.hidden):len(s.hidden)], Span{At: len(s.lines)}) {
		lines = append(lines, s.lines[from:h.At]...)
		from = h.end()
	}
	return lines
}

// show sets which of the lines are in head.
func (s *section) show(h Shown) error {
	if err := h.check(len(s.lines)); err != nil {
		return err
	}
	s.hidden, s.size = h.hidden(len(s.lines)), 0
	return nil
}

// show sets which lines of the charts are in head.
func (x *Index) show(all []Shown) error {
	for _, h := range all {
		i, ok := x.find(h.Chart)
		if !ok {
			return fmt.Errorf("chart %s: the record says how many versions the index shows, but the index does not have it", h.Chart)
		}
		if err := x.charts[i].show(h); err != nil {
			return fmt.Errorf("chart %s: %v", h.Chart, err)
		}
	}
	return nil
}

// Shown returns which of a chart's versions are in head.
func (x *Index) Shown(chart string) Shown {
	if i, ok := x.find(chart); ok {
		return shownBut(chart, len(x.charts[i].lines), x.charts[i].hidden)
	}
	return Shown{Chart: chart}
}

// HeadLines returns those of a chart's lines that are in head. The caller must
// not change the slice.
func (x *Index) HeadLines(chart string) []string {
	i, ok := x.find(chart)
	if !ok {
		return nil
	}
	return x.charts[i].inHead()
}
