package values

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/portolan-charts/portolan/publisher/untrusted"
	"github.com/portolan-charts/portolan/templates"
)

const (
	// maxVisits bounds how many nodes a comparison looks at. Nodes behind aliases
	// count each time, and long keys and values for several.
	maxVisits = 200_000

	// maxChanges bounds the changes that are listed.
	maxChanges = 300

	// maxShort bounds a value in a list, in bytes.
	maxShort = 120

	// smallList is the length up to which lists of mappings are compared item by
	// item, if they have the same length.
	smallList = 20
)

// Changes are the differences between two values.yaml: keys that only one of them
// has, and keys whose values differ. A key that was added or removed with
// everything below it is one change.
type Changes struct {
	Added, Removed, Changed []templates.ValueChange // in the order of the later file; Removed by path
	Retyped                 []templates.ValueChange // of those that changed
	More                    int                     // number of changes that are not listed
	Note                    string                  // why there is no comparison; "" if there is one
}

// Compare compares two versions of a values.yaml. Once ctx is done, there is no
// comparison.
func Compare(ctx context.Context, before, after *File) Changes {
	a, note := before.parse(ctx)
	if note != "" {
		return Changes{Note: "The earlier values.yaml " + note + ", so there is no comparison."}
	}
	b, note := after.parse(ctx)
	if note != "" {
		return Changes{Note: "values.yaml " + note + ", so there is no comparison."}
	}
	c := &comparer{ctx: ctx}
	c.mappings("", a, b, 0)
	slices.SortStableFunc(c.changes.Removed, func(a, b templates.ValueChange) int { return strings.Compare(a.Path, b.Path) })
	switch {
	case ctx.Err() != nil:
		return Changes{Note: "The values were not compared, since the page took too long."}
	case c.visits > maxVisits:
		return Changes{Note: "There are too many values to compare."}
	}
	for _, list := range []*[]templates.ValueChange{&c.changes.Added, &c.changes.Removed, &c.changes.Changed} {
		if len(*list) > maxChanges {
			c.changes.More += len(*list) - maxChanges
			*list = (*list)[:maxChanges:maxChanges]
		}
	}
	return c.changes
}

type comparer struct {
	ctx     context.Context
	visits  int
	changes Changes
}

// visit counts a node. It returns false if the limit is exceeded.
func (c *comparer) visit() bool {
	c.spend(1)
	return c.visits <= maxVisits
}

// spend counts visits. Once there is no more time, none are left.
func (c *comparer) spend(visits int) {
	if c.visits/1024 != (c.visits+visits)/1024 && c.ctx.Err() != nil {
		c.visits = maxVisits
	}
	c.visits += visits
}

// key returns the text of a mapping's key. Looking it up takes as long as it is.
func (c *comparer) key(n *yaml.Node) string {
	key := resolve(n).Value
	c.spend(len(key) / 100)
	return key
}

// nodes compares the nodes at a path of both files.
func (c *comparer) nodes(path string, a, b *yaml.Node, depth int) {
	a, b = resolve(a), resolve(b)
	switch {
	case !c.visit():
	case a.Kind == yaml.MappingNode && b.Kind == yaml.MappingNode && depth < maxDepth:
		c.mappings(path, a, b, depth)
	case small(a, b) && depth < maxDepth:
		for i := range a.Content {
			c.nodes(join(path, strconv.Itoa(i)), a.Content[i], b.Content[i], depth+1)
		}
	case !c.equal(a, b, depth):
		v := change(path, a, b)
		c.changes.Changed = append(c.changes.Changed, v)
		if retyped(a, b) && len(c.changes.Retyped) < maxChanges {
			c.changes.Retyped = append(c.changes.Retyped, v)
		}
	}
}

// retyped reports whether a value has become one of another type, which files that set
// it may have to follow. A value that is empty says nothing about the type.
func retyped(a, b *yaml.Node) bool {
	return !empty(a) && !empty(b) && jsonKind(a) != jsonKind(b)
}

// jsonKind returns the type of a value in JSON, in which all numbers have one.
func jsonKind(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "object"
	case n.Kind == yaml.SequenceNode:
		return "array"
	case scalarKinds[tagOf(n)] == "integer":
		return "number"
	}
	return scalarKinds[tagOf(n)]
}

// small reports whether two nodes are lists to be compared item by item: short
// ones of the same length, with mappings among their items.
func small(a, b *yaml.Node) bool {
	return a.Kind == yaml.SequenceNode && b.Kind == yaml.SequenceNode &&
		len(a.Content) == len(b.Content) && len(a.Content) <= smallList &&
		slices.ContainsFunc(a.Content, func(n *yaml.Node) bool { return resolve(n).Kind == yaml.MappingNode })
}

func (c *comparer) mappings(path string, a, b *yaml.Node, depth int) {
	old, now := c.pairs(a), c.pairs(b)
	for i := 0; i+1 < len(b.Content) && c.visit(); i += 2 {
		key := c.key(b.Content[i])
		if now[key] != b.Content[i+1] {
			continue // overridden by the same key further down
		}
		at := join(path, key)
		if was, ok := old[key]; ok {
			c.nodes(at, was, now[key], depth+1)
		} else {
			c.changes.Added = append(c.changes.Added, change(at, nil, now[key]))
		}
	}
	for i := 0; i+1 < len(a.Content) && c.visit(); i += 2 {
		key := c.key(a.Content[i])
		if _, ok := now[key]; !ok && old[key] == a.Content[i+1] {
			c.changes.Removed = append(c.changes.Removed, change(join(path, key), old[key], nil))
		}
	}
}

// pairs returns a mapping's values by key, the last value of each key. It returns
// nil if the limit is exceeded.
func (c *comparer) pairs(n *yaml.Node) map[string]*yaml.Node {
	if c.spend(len(n.Content) / 2); c.visits > maxVisits {
		return nil
	}
	m := make(map[string]*yaml.Node, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content) && c.visits <= maxVisits; i += 2 {
		m[c.key(n.Content[i])] = n.Content[i+1]
	}
	return m
}

// change describes a change. It takes nil for a if the key was added, and for b if
// it was removed.
func change(path string, a, b *yaml.Node) templates.ValueChange {
	return templates.ValueChange{Path: shownPath(path), Before: short(a), After: short(b)}
}

// equal reports whether two nodes have the same meaning.
func (c *comparer) equal(a, b *yaml.Node, depth int) bool {
	a, b = resolve(a), resolve(b)
	if !c.visit() || a.Kind != b.Kind || len(a.Content) != len(b.Content) {
		return false
	}
	switch {
	case a.Kind == yaml.ScalarNode:
		c.spend((len(a.Value) + len(b.Value)) / 100)
		return scalar(a) == scalar(b)
	case depth > 2*maxDepth:
		return false
	case a.Kind == yaml.SequenceNode:
		for i := range a.Content {
			if !c.equal(a.Content[i], b.Content[i], depth+1) {
				return false
			}
		}
		return true
	}
	old, now := c.pairs(a), c.pairs(b)
	for key, was := range old {
		if is, ok := now[key]; !ok || !c.equal(was, is, depth+1) {
			return false
		}
	}
	return len(old) == len(now)
}

// resolve follows an alias.
func resolve(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode && n.Alias != nil {
		return n.Alias
	}
	return n
}

// scalar returns a scalar roughly as JSON: numbers stay as they are written.
func scalar(n *yaml.Node) string {
	switch tagOf(n) {
	case "!!null":
		return "null"
	case "!!bool":
		return cmp.Or(booleans[n.Value], strings.ToLower(n.Value))
	case "!!int", "!!float":
		return n.Value
	}
	return text(n.Value)
}

// text returns a text as JSON, with invisible characters spelled out.
func text(s string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(s) != nil {
		return `""`
	}
	return visible(strings.TrimSuffix(b.String(), "\n"))
}

// short returns a value on one line, cut at maxShort bytes.
func short(n *yaml.Node) string {
	if n == nil {
		return ""
	}
	s := &shortener{}
	s.node(n, 0)
	return untrusted.Cut(visible(s.b.String()), maxShort)
}

// A shortener writes JSON until it has written maxShort bytes or a few more.
type shortener struct{ b strings.Builder }

func (s *shortener) enough() bool { return s.b.Len() > maxShort }

func (s *shortener) node(n *yaml.Node, depth int) {
	n = resolve(n)
	switch {
	case s.enough():
	case depth > maxDepth:
		s.b.WriteString("…")
	case n.Kind == yaml.MappingNode:
		s.b.WriteByte('{')
		for i := 0; i+1 < len(n.Content) && !s.enough(); i += 2 {
			if i > 0 {
				s.b.WriteString(", ")
			}
			s.b.WriteString(text(untrusted.Cut(resolve(n.Content[i]).Value, maxShort)) + ": ")
			s.node(n.Content[i+1], depth+1)
		}
		s.b.WriteByte('}')
	case n.Kind == yaml.SequenceNode:
		s.b.WriteByte('[')
		for i := 0; i < len(n.Content) && !s.enough(); i++ {
			if i > 0 {
				s.b.WriteString(", ")
			}
			s.node(n.Content[i], depth+1)
		}
		s.b.WriteByte(']')
	case len(n.Value) > 2*maxShort:
		s.b.WriteString(text(untrusted.Cut(n.Value, 2*maxShort)))
	default:
		s.b.WriteString(scalar(n))
	}
}
