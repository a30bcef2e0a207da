package markdown

import (
	"io"
	"strings"

	"golang.org/x/net/html"
)

// maxOpen bounds how many elements are open at once, and so the depth of the
// tree. Elements beyond it are left out, but not their content.
const maxOpen = 100

// A node is an element, or text if it has no role.
type node struct {
	element
	text  string // if the node is text
	attrs map[string]string
	kids  []*node
	level int  // level of a heading in the README: 1 to 6
	head  bool // the node is in a table's head
	out   bool // the node is left out, since another page says the same
}

// A builder makes a tree from tags in any order. It does not follow HTML's own
// rules for that: they copy unclosed elements, which may cost the square of the
// text's length.
type builder struct {
	open []*node // from the root; includes elements that are not written, for their end tags
}

// parse reads what the policy has let through. In the resulting tree, every
// element stands where its role allows it.
func parse(r io.Reader) *node {
	root := &node{element: element{"", flow}}
	b := &builder{open: []*node{root}}
	z := html.NewTokenizer(r)
	for {
		switch z.Next() {
		case html.ErrorToken:
			return root
		case html.TextToken:
			b.text(visible(string(z.Text())))
		case html.StartTagToken, html.SelfClosingTagToken:
			b.start(z.Token())
		case html.EndTagToken:
			name, _ := z.TagName()
			b.end(elements()[string(name)])
		}
	}
}

// top returns the innermost element that is written.
func (b *builder) top() *node {
	for i := len(b.open) - 1; ; i-- {
		if b.open[i].role != gone {
			return b.open[i]
		}
	}
}

// text adds text, and first opens an item or cell if one is needed.
func (b *builder) text(s string) {
	if !b.within("pre") {
		s = collapse(s)
	}
	switch b.top().role {
	case list, table, section, row:
		if strings.TrimSpace(s) == "" {
			return
		}
		b.fill()
	}
	b.add(&node{text: s})
}

// fill opens the item or cell that a list or table needs around text.
func (b *builder) fill() {
	if b.top().role == list {
		b.push(&node{element: elements()["li"]})
		return
	}
	b.cell(&node{element: elements()["td"]})
}

func (b *builder) add(n *node) {
	top := b.top()
	top.kids = append(top.kids, n)
}

func (b *builder) push(n *node) {
	if n.role != gone {
		b.add(n)
	}
	b.open = append(b.open, n)
}

// within reports whether an element is open, in the current cell if there is one.
func (b *builder) within(name string) bool {
	for i := len(b.open) - 1; i > 0 && b.open[i].role != cell; i-- {
		if b.open[i].name == name && b.open[i].role != gone {
			return true
		}
	}
	return false
}

// start handles a start tag.
func (b *builder) start(t html.Token) {
	n := &node{element: elements()[t.Data], attrs: map[string]string{}}
	for _, a := range t.Attr {
		if v := visible(a.Val); len(v) <= maxURL {
			n.attrs[a.Key] = v
		}
	}
	if t.Data == "img" {
		b.image(n.attrs)
		return
	}
	if n.role == 0 || len(b.open) >= maxOpen && n.role != void && n.role != rule {
		return
	}
	if len(n.name) == 2 && n.name[0] == 'h' && n.role == leaf {
		n.level = int(n.name[1] - '0')
	}
	switch n.role {
	case inline, void:
		b.inline(n)
	case gone:
		b.push(n)
	case item:
		b.item(n)
	case section, row, cell:
		b.part(n)
	case summary:
		if top := b.top(); top.name != "details" || !blank(top.kids) {
			n.role = gone
		}
		b.push(n)
	default:
		b.block(n)
	}
}

// inline opens an inline element. Links hold no links.
func (b *builder) inline(n *node) {
	switch b.top().role {
	case list, table, section, row:
		b.fill()
	}
	if n.role == void {
		b.add(n)
		return
	}
	if n.name == "a" && b.within("a") {
		b.end(n.element)
	}
	b.push(n)
}

// block opens a block. It ends the paragraph around it, with the inline elements
// there. In a heading and the like, only the block's content is kept.
func (b *builder) block(n *node) {
	if n.level > 0 {
		b.endHeading()
	}
	for {
		top := b.open[len(b.open)-1]
		if top.role != inline && top.role != gone && top.name != "p" {
			break
		}
		if top.role == gone && b.solid() {
			break
		}
		b.open = b.open[:len(b.open)-1]
	}
	switch b.top().role {
	case leaf, summary:
		n.role = gone
	case list, table, section, row:
		b.fill()
	}
	if n.role == rule {
		b.add(n)
		return
	}
	b.push(n)
}

// endHeading ends an open heading, because another begins.
func (b *builder) endHeading() {
	for i := len(b.open) - 1; i > 0; i-- {
		switch n := b.open[i]; {
		case n.level > 0 && n.role == leaf:
			b.open = b.open[:i]
			return
		case n.role != inline && n.role != gone:
			return
		}
	}
}

// solid reports whether the innermost block can hold no blocks and is not ended
// by one.
func (b *builder) solid() bool {
	for i := len(b.open) - 1; i > 0; i-- {
		switch n := b.open[i]; n.role {
		case inline, gone:
		case leaf, summary:
			return n.name != "p"
		default:
			return false
		}
	}
	return false
}

// item opens an item of the innermost list, if there is one in the same block.
func (b *builder) item(n *node) {
	for i := len(b.open) - 1; i > 0; i-- {
		switch b.open[i].role {
		case list:
			b.open = b.open[:i+1]
			b.push(n)
			return
		case flow, cell:
			i = 1
		}
	}
	n.element = elements()["div"]
	b.block(n)
}

// part opens a part of the innermost table.
func (b *builder) part(n *node) {
	for i := len(b.open) - 1; i > 0; i-- {
		if b.open[i].role != table {
			continue
		}
		// What is open within the table ends, except what holds the part.
		keep := i + 1
		for keep < len(b.open) && (b.open[keep].role == section && n.role != section || b.open[keep].role == row && n.role == cell) {
			keep++
		}
		b.open = b.open[:keep]
		if n.role == cell {
			b.cell(n)
			return
		}
		if n.role == row {
			b.rows()
		}
		b.push(n)
		return
	}
	n.role = gone
	b.push(n)
}

// rows opens a section of a table if none is open.
func (b *builder) rows() {
	if b.top().role == table {
		b.push(&node{element: elements()["tbody"]})
	}
}

// cell opens a cell where a table, a section or a row is open.
func (b *builder) cell(n *node) {
	b.rows()
	if b.top().role == section {
		b.push(&node{element: elements()["tr"]})
	}
	b.push(n)
}

// end handles an end tag. It ends the innermost element with the name, unless
// that is an inline element around a block, or is outside the current cell or
// table.
func (b *builder) end(e element) {
	for i := len(b.open) - 1; i > 0; i-- {
		n := b.open[i]
		if n.name == e.name {
			b.open = b.open[:i]
			return
		}
		inner := n.role != inline && n.role != gone
		switch e.role {
		case inline, gone:
			if inner {
				return
			}
		case table, section, row, cell:
			if n.role == table {
				return
			}
		default:
			if n.role == cell {
				return
			}
		}
	}
}

// blank reports whether nodes show nothing.
func blank(kids []*node) bool {
	for _, k := range kids {
		if k.role != 0 || strings.TrimSpace(k.text) != "" {
			return false
		}
	}
	return true
}

// collapse replaces runs of white space with one space or newline, as browsers do.
func collapse(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		j := i
		for j < len(s) && strings.IndexByte(" \t\n\f\r", s[j]) >= 0 {
			j++
		}
		switch {
		case j == i:
			b.WriteByte(s[i])
			i++
			continue
		case strings.Contains(s[i:j], "\n"):
			b.WriteByte('\n')
		default:
			b.WriteByte(' ')
		}
		i = j
	}
	return b.String()
}
