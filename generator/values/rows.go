package values

import (
	"strconv"

	"go.yaml.in/yaml/v3"

	"github.com/portolan-charts/portolan/publisher/untrusted"
	"github.com/portolan-charts/portolan/templates"
)

// maxDefault bounds a default, in bytes, and maxSaid one that a comment puts in
// words.
const (
	maxDefault = 80
	maxSaid    = 200
)

// A lister makes rows of fields.
type lister struct {
	ref   *Reference
	taken map[int]int // how many anchors lines have
	only  int         // number of rows that only the schema has
}

// anchor returns the next anchor for a line. Several keys may stand on one.
func (l *lister) anchor(line int) string {
	if line == 0 {
		l.only++
		return "s" + strconv.Itoa(l.only)
	}
	l.taken[line]++
	if n := l.taken[line]; n > 1 {
		return "L" + strconv.Itoa(line) + "-" + strconv.Itoa(n)
	}
	return "L" + strconv.Itoa(line)
}

// group adds the group of a key of the top level.
func (l *lister) group(f *field) {
	g := templates.ValueGroup{Path: shownPath(f.path)}
	if len(f.fields) > 0 && (f.value == nil || f.open()) {
		g.Anchor, g.Text = l.anchor(f.line), f.text()
		f.anchor = g.Anchor
		for _, child := range f.fields {
			l.rows(&g, child)
		}
	} else {
		l.rows(&g, f)
		if g.Anchor = f.anchor; len(g.Rows) > 1 {
			g.Anchor = l.anchor(f.line) // its first row has the other one
		}
	}
	l.ref.Count += len(g.Rows)
	l.ref.Groups = append(l.ref.Groups, g)
}

// rows adds the row of a field, if it is one value or something is said about it, and
// the rows below it.
func (l *lister) rows(g *templates.ValueGroup, f *field) {
	parent := len(f.fields) > 0 && (f.value == nil || f.open())
	if text := f.text(); !parent || text != "" {
		f.anchor = l.anchor(f.line)
		row := templates.ValueReference{
			Path: shownPath(f.path), Anchor: f.anchor, Line: f.line, Text: text,
			Type: f.kind(), Enum: f.said.enum, Required: f.said.required,
		}
		if !parent || f.remark.value != "" {
			row.Default = f.preset()
		}
		g.Rows = append(g.Rows, row)
	}
	for _, child := range f.fields {
		l.rows(g, child)
	}
}

// shownPath returns a path as pages show it.
func shownPath(path string) string { return visible(untrusted.Cut(path, maxPath)) }

// preset returns the default: in the words of a comment, or as JSON. Helm does not
// take the one of the schema, so that counts only if the file lacks the key.
func (f *field) preset() string {
	switch {
	case f.remark.value != "":
		return f.remark.value
	case f.value != nil:
		return untrusted.Cut(short(f.value), maxDefault)
	}
	return f.said.value
}

// kind returns the type: as the schema has it, a comment, or that of the default.
func (f *field) kind() string {
	switch {
	case f.said.kind != "":
		return f.said.kind
	case f.remark.kind != "":
		return f.remark.kind
	case f.value == nil:
		return ""
	}
	switch v := resolve(f.value); v.Kind {
	case yaml.MappingNode:
		return "object"
	case yaml.SequenceNode:
		return "array"
	default:
		return scalarKinds[tagOf(v)]
	}
}

// scalarKinds are the types of scalars by YAML's tags. That of null is not known.
var scalarKinds = map[string]string{"!!str": "string", "!!int": "integer", "!!float": "number", "!!bool": "boolean", "!!timestamp": "string", "!!binary": "string"}

// index notes the anchors of the rows that the table has.
func (r *Reference) index(root *field) {
	shown := map[string]bool{}
	for _, g := range r.Groups {
		shown[g.Anchor] = true
		for _, row := range g.Rows {
			shown[row.Anchor] = true
		}
	}
	r.anchors = map[string]string{}
	for _, f := range root.fields {
		r.note(f, shown)
	}
}

// note notes the anchor of a field and of those below it, and returns the first one.
func (r *Reference) note(f *field, shown map[string]bool) string {
	first := ""
	if shown[f.anchor] {
		first = f.anchor
	}
	for _, child := range f.fields {
		if a := r.note(child, shown); first == "" {
			first = a
		}
	}
	if first != "" {
		r.anchors[shownPath(f.path)] = first
	}
	return first
}
