package markdown

import (
	"slices"
	"strings"

	"github.com/dustin/go-humanize"
)

const (
	// minListed is how many rows a README's tables of values have in all if they are
	// left out. Shorter ones give an overview.
	minListed = 50

	// maxKey bounds what may be a value's key, in bytes.
	maxKey = 300
)

// A valueTable is a table about a chart's values.
type valueTable struct {
	table  *node
	around *node // the element that the table is in
	rows   []valueRow
}

// A valueRow is what a table says about a value.
type valueRow struct {
	row       *node
	key, text string
}

// valueTables finds tables about values, as helm-docs, Bitnami's generator and people
// write them: keys come first, and a later column has descriptions.
func valueTables(root *node) []*valueTable {
	var all []*valueTable
	var find func(n *node)
	find = func(n *node) {
		for _, k := range n.kids {
			if k.role != table {
				find(k)
			} else if t := readTable(k); t != nil {
				t.around = n
				all = append(all, t)
			}
		}
	}
	find(root)
	return all
}

// readTable reads a table about values. It is nil for any other.
func readTable(n *node) *valueTable {
	t, column := &valueTable{table: n}, 0
	for _, section := range n.kids {
		for _, row := range section.kids {
			switch {
			case row.role == 0:
			case column == 0:
				if column = described(row); column == 0 {
					return nil
				}
			default:
				t.add(row, column)
			}
		}
	}
	if len(t.rows) == 0 {
		return nil
	}
	return t
}

// cells returns the cells of a row.
func cells(row *node) []*node {
	var all []*node
	for _, k := range row.kids {
		if k.role == cell {
			all = append(all, k)
		}
	}
	return all
}

// described returns which column a table's head calls the description, or 0.
func described(head *node) int {
	for i, c := range cells(head) {
		if i > 0 && strings.EqualFold(plainText(c), "description") {
			return i
		}
	}
	return 0
}

// add adds a row with the text in a column.
func (t *valueTable) add(row *node, column int) {
	r := valueRow{row: row}
	for i, c := range cells(row) {
		switch i {
		case 0:
			r.key = plainText(c)
		case column:
			r.text = plainText(c)
		}
	}
	if len(r.key) > maxKey || strings.ContainsAny(r.key, " ") {
		r.key = ""
	}
	t.rows = append(t.rows, r)
}

// Values returns what a README's tables say about values, by key.
func (r *README) Values() map[string]string {
	all := map[string]string{}
	for _, t := range r.tables {
		for _, row := range t.rows {
			if row.key != "" && row.text != "" && all[row.key] == "" {
				all[row.key] = row.text
			}
		}
	}
	return all
}

// leaveOut leaves out what tables say about values, if another page says almost all of
// it, and puts a link to that page where the first of them was.
func leaveOut(tables []*valueTable, o Options) {
	var listed []*valueTable
	var rows []*node
	total := 0
	for _, t := range tables {
		said := t.listed(o.Listed)
		if 2*len(said) < len(t.rows) {
			continue // about something else
		}
		listed = append(listed, t)
		rows = append(rows, said...)
		total += len(t.rows)
	}
	if total <= minListed || 10*len(rows) < 9*total {
		return
	}
	for _, row := range rows {
		row.out = true
	}
	for _, t := range listed {
		t.table.out = t.empty()
	}
	link(listed, len(rows), total, o)
}

// listed returns the rows of which another page says as much.
func (t *valueTable) listed(says func(key, text string) bool) []*node {
	var all []*node
	for _, r := range t.rows {
		if r.key != "" && says(r.key, r.text) {
			all = append(all, r.row)
		}
	}
	return all
}

// empty reports whether all rows are left out.
func (t *valueTable) empty() bool {
	for _, r := range t.rows {
		if !r.row.out {
			return false
		}
	}
	return true
}

// link says where the rows are that are left out: before the first table, and before its
// heading if that is one of several below another.
func link(tables []*valueTable, rows, total int, o Options) {
	first := tables[0]
	before, after := "The chart's "+humanize.Comma(int64(rows))+" values are on the page ", "."
	if rows < total {
		before, after = humanize.Comma(int64(rows))+" of the "+humanize.Comma(int64(total))+" values are on the page ", ". The others are listed here."
	}
	to := &node{element: elements()["a"], attrs: map[string]string{"page": o.ListedURL}, kids: []*node{{text: o.ListedName}}}
	sentence := &node{element: elements()["p"], kids: []*node{{text: before}, to, {text: after}}}
	kids := first.around.kids
	at := 0
	for i, k := range kids {
		if k == first.table {
			at = i
		}
	}
	if len(tables) > 1 && first.table.out {
		at = aboveHeading(kids, at)
	}
	first.around.kids = append(append(append([]*node(nil), kids[:at]...), sentence), kids[at:]...)
}

// isHeading reports whether an element is a heading.
func (n *node) isHeading() bool { return n.level > 0 && n.role == leaf }

// shows reports whether an element shows anything.
func (n *node) shows() bool {
	return n.role == rule || n.role == 0 && strings.TrimSpace(n.text) != "" || slices.ContainsFunc(n.kids, (*node).shows)
}

// aboveHeading returns the place of the heading right above a place, if it is below
// another heading, and otherwise that place.
func aboveHeading(kids []*node, at int) int {
	heading := -1
	for i := at - 1; i >= 0; i-- {
		switch k := kids[i]; {
		case heading < 0 && k.isHeading():
			heading = i
		case heading < 0 && k.shows():
			return at
		case heading >= 0 && k.isHeading():
			if k.level < kids[heading].level {
				return heading
			}
			return at
		}
	}
	return at
}

// tidy removes what is left out, with the headings and other elements that had nothing
// else.
func tidy(n *node) {
	for _, k := range n.kids {
		if !k.out {
			tidy(k)
		}
	}
	dropHeadings(n.kids)
	kids, dropped, shown := n.kids[:0], false, false
	for _, k := range n.kids {
		if k.out {
			dropped = true
			continue
		}
		shown = shown || k.role != summary && k.shows()
		kids = append(kids, k)
	}
	n.kids = kids
	n.out = dropped && !shown && n.name != ""
}

// dropHeadings leaves out headings that had nothing below them but what is left out.
func dropHeadings(kids []*node) {
	dropped, shown := false, false // between a place and the next heading
	next := 0                      // level of that heading; 0 at the end
	for i := len(kids) - 1; i >= 0; i-- {
		switch k := kids[i]; {
		case k.out:
			dropped = true
		case !k.isHeading():
			shown = shown || k.shows()
		case dropped && !shown && next <= k.level:
			k.out = true
		default:
			next, dropped, shown = k.level, false, false
		}
	}
}
