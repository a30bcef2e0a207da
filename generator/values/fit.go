package values

import (
	"html/template"
	"slices"
	"sort"
	"strings"
	"unicode"

	"github.com/portolan-charts/portolan/publisher/untrusted"
	"github.com/portolan-charts/portolan/templates"
)

const (
	// maxText bounds a text in the table, in bytes, and minText what it is cut to
	// before rows are left out.
	maxText = 600
	minText = 40

	// linkMarkup is how many bytes of HTML a link to a key takes besides its text and
	// its anchor, and rowMarkup and groupMarkup what a row and a group of several take.
	// What only some rows have takes no more than markMarkup.
	linkMarkup    = 21
	rowMarkup     = 42
	markMarkup    = 24
	codeMarkup    = 11 // instead of two backticks
	groupMarkup   = 105
	sectionMarkup = 34
)

// fit cuts the texts of a table to the same length, the greatest with which its HTML
// takes no more than room bytes. If even the shortest is too long, it removes rows
// from the end, first those that only the schema has, and returns how many.
func fit(r *Reference, room int) (left int) {
	// Search finds the first length that does not fit.
	limit := minText + sort.Search(maxText-minText, func(n int) bool { return size(r, minText+n+1) > room })
	for i := range r.Groups {
		g := &r.Groups[i]
		g.Text = shorten(g.Text, limit)
		for j := range g.Rows {
			row := &g.Rows[j]
			row.Text, row.Default = shorten(row.Text, limit), shortenDefault(row.Default, limit)
		}
	}
	if over := size(r, maxText) - room; over > 0 {
		left = remove(r, over, func(row templates.ValueReference) bool { return row.Line == 0 })
		if over = size(r, maxText) - room; over > 0 {
			left += remove(r, over, func(templates.ValueReference) bool { return true })
		}
	}
	r.Count -= left
	return left
}

// size returns about how many bytes of HTML a table takes if texts are cut at limit.
func size(r *Reference, limit int) int {
	n := 0
	for _, g := range r.Groups {
		n += groupSize(g, limit)
		for _, row := range g.Rows {
			n += rowSize(row, limit)
		}
	}
	return n
}

// groupSize returns about how many bytes of HTML a group takes without its rows.
func groupSize(g templates.ValueGroup, limit int) int {
	n := linkMarkup + len(g.Anchor) + quotes(g.Path)
	if g.Section != "" {
		n += sectionMarkup + 2*quotes(g.Section)
	}
	if !g.Single() {
		n += groupMarkup + len(g.Anchor) + quotes(g.Path) + marked(shorten(g.Text, limit))
	}
	return n
}

// rowSize returns about how many bytes of HTML a row takes.
func rowSize(row templates.ValueReference, limit int) int {
	n := rowMarkup + 2*len(row.Anchor) + escaped(row.Path) + escaped(row.Type) + escaped(row.Enum) +
		marked(shorten(row.Text, limit)) + escaped(shortenDefault(row.Default, limit))
	if row.Required {
		n += markMarkup
	}
	if row.Enum != "" {
		n += markMarkup
	}
	return n
}

// escaped returns how many bytes of HTML a text takes whose quotes are left as they are.
func escaped(s string) int {
	n := len(s)
	for i := range len(s) {
		switch s[i] {
		case '<', '>':
			n += len("&lt;") - 1
		case '&':
			n += len("&amp;") - 1
		}
	}
	return n
}

// quotes returns how many bytes of HTML a text takes whose quotes are escaped, too.
func quotes(s string) int { return len(template.HTMLEscapeString(s)) }

// marked returns how many bytes of HTML a text takes whose code is marked.
func marked(s string) int { return escaped(s) + strings.Count(s, "`")/2*codeMarkup }

// shorten cuts a text at a word.
func shorten(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	head := untrusted.Head(s, limit)
	if i := strings.LastIndexByte(head, ' '); i > limit/2 {
		head = head[:i]
	}
	return strings.TrimRightFunc(head, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(",;:-–(", r) }) + "…"
}

// shortenDefault cuts a default where texts are cut a lot.
func shortenDefault(s string, limit int) string {
	if limit = max(minText, limit/3); len(s) <= limit {
		return s
	}
	return untrusted.Cut(s, limit)
}

// remove removes rows from the end of a table, those that may go, until about over
// bytes are saved.
func remove(r *Reference, over int, may func(templates.ValueReference) bool) (removed int) {
	for i := len(r.Groups) - 1; i >= 0 && over > 0; i-- {
		g, before := &r.Groups[i], removed
		for j := len(g.Rows) - 1; j >= 0 && over > 0; j-- {
			if row := &g.Rows[j]; may(*row) {
				over -= rowSize(*row, maxText)
				row.Anchor = "" // which every row has
				removed++
			}
		}
		if removed == before {
			continue
		}
		g.Rows = slices.DeleteFunc(g.Rows, func(row templates.ValueReference) bool { return row.Anchor == "" })
		if len(g.Rows) == 0 {
			over -= linkMarkup + quotes(g.Path)
			r.Groups = slices.Delete(r.Groups, i, i+1)
		} else if g.Single() {
			g.Anchor = g.Rows[0].Anchor
		}
	}
	return removed
}
