package markdown

import "sync"

// A role says what an element may hold, and where it may stand.
type role int

const (
	inline role = iota + 1 // marked text: holds text and inline elements, and stands among them
	void                   // an inline element without content
	flow                   // a block that holds blocks and text
	leaf                   // a block that holds text only
	rule                   // a block without content
	list
	item
	table
	section // of a table
	row
	cell
	summary // the first thing in <details>; holds text only
	gone    // not written; only its content is
)

// An element says how an HTML element is written.
type element struct {
	name string // the name that it is written with
	role role
}

// elements are the elements that READMEs may hold, by name. All others are left
// out, and so is their content if it is not meant to be read.
var elements = sync.OnceValue(func() map[string]element {
	all := map[string]element{
		"strike": {"s", inline}, "tt": {"code", inline},
		"center": {"div", flow}, "dl": {"div", flow}, "dt": {"div", flow}, "dd": {"div", flow},
		"figure": {"div", flow}, "figcaption": {"div", flow}, "header": {"div", flow}, "footer": {"div", flow},
		"section": {"div", flow}, "article": {"div", flow}, "main": {"div", flow}, "aside": {"div", flow},
	}
	for role, names := range map[role][]string{
		inline:  {"a", "em", "strong", "b", "i", "u", "del", "s", "ins", "code", "kbd", "samp", "var", "sub", "sup", "small", "mark", "q"},
		void:    {"br"},
		flow:    {"div", "blockquote", "details"},
		leaf:    {"p", "pre", "h1", "h2", "h3", "h4", "h5", "h6"},
		rule:    {"hr"},
		list:    {"ul", "ol"},
		item:    {"li"},
		table:   {"table"},
		section: {"thead", "tbody", "tfoot"},
		row:     {"tr"},
		cell:    {"th", "td"},
		summary: {"summary"},
		gone:    {"span", "font", "picture"},
	} {
		for _, name := range names {
			all[name] = element{name, role}
		}
	}
	all["tfoot"] = element{"tbody", section}
	return all
})
