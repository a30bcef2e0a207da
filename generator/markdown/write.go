package markdown

import (
	"html"
	"strings"
)

// write writes the HTML of a tree.
func write(out *limited, n *node) {
	name := n.name
	switch {
	case n.role == 0:
		out.WriteString(html.EscapeString(n.text))
		return
	case n.attrs["page"] != "": // a link of ours
		out.WriteString(`<a href="` + html.EscapeString(n.attrs["page"]) + `">`)
		writeAll(out, n.kids)
		out.WriteString("</a>")
		return
	case name == "a" && n.attrs["href"] == "" && n.attrs["anchor"] != "":
		name = "span" // only the target of links
	case n.role == gone, name == "", name == "span" && n.attrs["anchor"] == "", name == "a" && n.attrs["href"] == "":
		writeAll(out, n.kids)
		return
	case name == "th" && blank(n.kids):
		name = "td" // an empty header cell would describe nothing
	}
	out.WriteString("<" + name)
	writeAttrs(out, n, name)
	out.WriteString(">")
	if n.role == void || n.role == rule {
		return
	}
	if name == "thead" || name == "tr" && n.head {
		for _, k := range n.kids {
			k.head = true
		}
	}
	writeAll(out, n.kids)
	out.WriteString("</" + name + ">")
}

func writeAll(out *limited, kids []*node) {
	for _, k := range kids {
		write(out, k)
	}
}

// writeAttrs writes the attributes that an element may have, in a fixed order.
func writeAttrs(out *limited, n *node, name string) {
	attr := func(name, value string) {
		out.WriteString(" " + name + `="` + html.EscapeString(value) + `"`)
	}
	if id := n.attrs["anchor"]; id != "" {
		attr("id", prefix+id)
	}
	copied := func(names ...string) {
		for _, name := range names {
			if v := n.attrs[name]; v != "" {
				attr(name, v)
			}
		}
	}
	switch name {
	case "a":
		attr("href", n.attrs["href"])
		if !strings.HasPrefix(n.attrs["href"], "#") {
			attr("rel", rel)
		}
	case "pre":
		attr("tabindex", "0") // it may scroll, which must work without a mouse
	case "code":
		copied("class")
	case "ol":
		copied("start")
	case "details":
		if _, ok := n.attrs["open"]; ok {
			out.WriteString(" open")
		}
	case "th":
		attr("scope", map[bool]string{true: "col", false: "row"}[n.head])
		copied("colspan", "rowspan")
	case "td":
		copied("colspan", "rowspan")
	}
}
