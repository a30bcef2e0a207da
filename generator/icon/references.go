package icon

import (
	"fmt"
	"strings"

	"github.com/portolan-charts/portolan/publisher/lazyregexp"
)

// maxCost bounds how many elements are drawn for a drawing. An element that refers to
// others draws them again: a short file could so draw billions.
const maxCost = 10_000

var (
	// plainValue matches values without characters that URLs, strings or escapes need.
	plainValue = lazyregexp.New(`^[-+#.,%()\w\s]*$`)

	reference = lazyregexp.New(`^\s*(?:#|url\(\s*['"]?#)([^'"()\s]+?)(?:['"]?\s*\))?\s*$`)
)

// isPlain reports whether a value refers to nothing.
func isPlain(value string) bool {
	return plainValue.MatchString(value) && !strings.Contains(strings.ToLower(value), "url")
}

// settle makes sure of all values and references, and gives elements that others refer
// to new ids, which are short and need no escaping.
func settle(root *node) error {
	var err error
	targets := map[string]*node{}
	root.walk(func(n *node) {
		if id := n.get("id"); id != "" && targets[id] == nil {
			targets[id] = n
		}
		for i, a := range n.attrs {
			switch a.name {
			case "id", "fill", "stroke", "clip-path", "mask", "href":
				continue // looked at below
			case "font-family":
				a.value = strings.NewReplacer(`'`, "", `"`, "").Replace(a.value)
				n.attrs[i] = a
			}
			if !isPlain(a.value) {
				err = errRefused
			}
		}
	})
	if err != nil {
		return err
	}
	g := &graph{targets: targets, ids: map[*node]string{}}
	if _, err := g.visit(root); err != nil {
		return err
	}
	root.walk(g.rename)
	return nil
}

// A graph is the elements of a drawing with what they refer to.
type graph struct {
	targets map[string]*node // by id
	ids     map[*node]string // new ones
}

// visit returns how many elements are drawn for an element. It fails if an element
// refers to itself, or to none.
func (g *graph) visit(n *node) (int, error) {
	const visiting = -1
	if n.cost == visiting {
		return 0, errRefused
	}
	if n.cost > 0 {
		return n.cost, nil
	}
	n.cost = visiting
	cost := 1
	add := func(other *node) error {
		c, err := g.visit(other)
		if cost += c; cost > maxCost {
			return errRefused
		}
		return err
	}
	for i, a := range n.attrs {
		target, err := g.resolve(a)
		if err != nil {
			return 0, err
		}
		if target == nil {
			continue
		}
		if err := add(target); err != nil {
			return 0, err
		}
		n.attrs[i].value = g.link(a.name, target)
	}
	for _, k := range n.kids {
		if err := add(k); err != nil {
			return 0, err
		}
	}
	n.cost = cost
	return cost, nil
}

// resolve returns the element that an attribute refers to, or nil if it refers to none.
func (g *graph) resolve(a attr) (*node, error) {
	switch a.name {
	case "fill", "stroke", "clip-path", "mask", "href":
	default:
		return nil, nil
	}
	m := reference.FindStringSubmatch(a.value)
	isURL := strings.HasPrefix(strings.TrimSpace(a.value), "url(")
	if m == nil || isURL == (a.name == "href") {
		if a.name == "href" || !isPlain(a.value) {
			return nil, errRefused
		}
		return nil, nil // a colour
	}
	target := g.targets[m[1]]
	if target == nil {
		return nil, errRefused
	}
	return target, nil
}

// link returns a reference to an element by its new id.
func (g *graph) link(name string, target *node) string {
	if g.ids[target] == "" {
		g.ids[target] = fmt.Sprintf("i%d", len(g.ids))
	}
	if name == "href" {
		return "#" + g.ids[target]
	}
	return "url(#" + g.ids[target] + ")"
}

// rename gives an element its new id, or none if nothing refers to it.
func (g *graph) rename(n *node) {
	kept := n.attrs[:0]
	for _, a := range n.attrs {
		if a.name == "id" {
			if a.value = g.ids[n]; a.value == "" {
				continue
			}
		}
		kept = append(kept, a)
	}
	n.attrs = kept
}
