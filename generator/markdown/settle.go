package markdown

import (
	"net/url"
	"strconv"
	"strings"
)

// prefix is the prefix of all ids.
const prefix = "readme-"

// settle makes the decisions that need the whole README, and returns its headings.
func settle(root *node) []*node {
	ids := &anchors{taken: map[string]bool{}, next: map[string]int{}}
	ids.headings(root)
	ids.others(root)
	ids.links(root)
	return ids.all
}

// prune removes elements that show nothing, and adds what others need. It reports
// whether n shows anything.
func prune(n *node) bool {
	if n.role == 0 {
		return strings.TrimSpace(n.text) != ""
	}
	shows := n.role == rule || n.role == cell || n.role == item
	kids := n.kids[:0]
	for _, k := range n.kids {
		s := prune(k)
		shows = shows || s
		if s || !structural(k.role) {
			kids = append(kids, k)
		}
	}
	n.kids = kids
	switch {
	case n.name == "details" && shows:
		n.summarize()
	case n.role == table:
		n.sections()
	case !shows && n.role != void:
		n.hide()
	}
	return shows
}

// structural reports whether an empty element of the role is left out with
// everything in it.
func structural(r role) bool {
	switch r {
	case list, table, section, row:
		return true
	}
	return false
}

// hide makes n, which is blank, be written as its content only. If n has an
// anchor, a <span> keeps it.
func (n *node) hide() {
	if n.anchor() != "" && n.role != gone {
		n.kids = []*node{{element: element{"span", inline}, attrs: map[string]string{"id": n.anchor()}}}
	}
	n.role, n.attrs, n.level = gone, nil, 0
}

// summarize adds a summary where one is missing.
func (n *node) summarize() {
	for i, k := range n.kids {
		if k.name == "summary" && k.role == summary {
			n.kids = n.kids[i:]
			return
		}
		if k.role != 0 || strings.TrimSpace(k.text) != "" {
			break
		}
	}
	s := &node{element: elements()["summary"], kids: []*node{{text: "Details"}}}
	n.kids = append([]*node{s}, n.kids...)
}

// sections makes sure that a table has at most one head, and that it comes first.
func (n *node) sections() {
	for i, k := range n.kids {
		if k.name == "thead" && i > 0 {
			k.name = "tbody"
		}
	}
}

// anchor returns the id that the README gives an element.
func (n *node) anchor() string {
	id := n.attrs["id"]
	if id == "" && n.name == "a" {
		id = n.attrs["name"]
	}
	if !anchorable(id) {
		return ""
	}
	return id
}

// anchors are the ids of a README, without their prefix.
type anchors struct {
	taken map[string]bool
	next  map[string]int // last number used for headings with the same text
	open  []int          // levels of the headings around the current place
	all   []*node        // headings, in their order
}

// headings gives headings their levels, beginning at 3, and their ids.
func (a *anchors) headings(n *node) {
	if n.level > 0 && n.role == leaf {
		for len(a.open) > 0 && a.open[len(a.open)-1] >= n.level {
			a.open = a.open[:len(a.open)-1]
		}
		a.open = append(a.open, n.level)
		a.all = append(a.all, n)
		n.level = len(a.open)
		n.name = "h" + strconv.Itoa(min(2+len(a.open), 6))
		if own := n.anchor(); own != "" {
			span := &node{element: element{"span", inline}, attrs: map[string]string{"id": own}}
			n.kids = append([]*node{span}, n.kids...)
		}
		n.attrs = map[string]string{"anchor": a.number(slug(n.words()))}
		return
	}
	for _, k := range n.kids {
		a.headings(k)
	}
}

// number makes an id unique, as GitHub does.
func (a *anchors) number(id string) string {
	unique := id
	for a.taken[unique] {
		a.next[id]++
		unique = id + "-" + strconv.Itoa(a.next[id])
	}
	a.taken[unique] = true
	return unique
}

// words returns the text of an element.
func (n *node) words() string {
	if n.role == 0 {
		return n.text
	}
	var b strings.Builder
	for _, k := range n.kids {
		b.WriteString(k.words())
	}
	return b.String()
}

// others gives elements the ids that they have in the README, if these are free.
func (a *anchors) others(n *node) {
	if id := n.anchor(); id != "" && !a.taken[id] && n.role != gone {
		a.taken[id] = true
		n.attrs["anchor"] = id
	}
	for _, k := range n.kids {
		a.others(k)
	}
}

// links resolves the URLs of links, and drops those that lead nowhere.
func (a *anchors) links(n *node) {
	if n.name == "a" && n.role != gone && n.attrs["page"] == "" {
		n.attrs["href"] = a.resolve(n.attrs["href"])
	}
	for _, k := range n.kids {
		a.links(k)
	}
}

// resolve returns the URL that a link gets, or "" if the link is dropped.
func (a *anchors) resolve(href string) string {
	fragment, local := strings.CutPrefix(href, "#")
	if !local {
		return SafeURL(href)
	}
	if decoded, err := url.PathUnescape(fragment); err == nil {
		fragment = decoded
	}
	fragment = strings.TrimPrefix(fragment, "user-content-")
	for _, id := range []string{fragment, strings.ToLower(fragment)} {
		if a.taken[id] {
			return "#" + prefix + id
		}
	}
	return ""
}
