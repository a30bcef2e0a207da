package values

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/portolan-charts/portolan/publisher/untrusted"
	"github.com/portolan-charts/portolan/templates"
)

const (
	// maxSchema bounds a schema that is read, in bytes. Real ones have up to
	// 558 KiB, because they include all of Kubernetes' types.
	maxSchema = 1 << 20

	// maxRows bounds the rows of the table.
	maxRows = 500

	// maxSteps bounds how many schemas are looked at. Schemas behind references
	// count each time, and so do long lists of names.
	maxSteps = 20_000

	// maxRef bounds a reference, in bytes. A longer one is not followed.
	maxRef = 1000

	// maxLevels bounds how many levels of properties are listed, and maxOpen how
	// many schemas may be around one, those that refer to it included.
	maxLevels = 8
	maxOpen   = 100

	// maxDescription bounds a description, in bytes.
	maxDescription = 600

	// maxType bounds a type and a default, in bytes.
	maxType = 160
)

// Schema returns a table of the values that a values.schema.json describes, in its
// order. If the table is not complete, note says why. The anchors are those of
// file, which may be nil. Only references within the schema are followed; nothing
// is fetched. Once ctx is done, the table ends.
func Schema(ctx context.Context, schema []byte, file *File) (rows []templates.ValueRow, note string) {
	switch {
	case len(schema) > maxSchema:
		return nil, "values.schema.json is too long to be read."
	case ctx.Err() != nil:
		return nil, "values.schema.json was not read, since the page took too long."
	}
	root, ok := decode(schema)
	if !ok {
		return nil, "values.schema.json is not a JSON object, or is nested too deeply."
	}
	t := &table{ctx: ctx, root: root, file: file, refs: map[string]*object{}}
	t.properties(root, "", 0, nil)
	switch {
	case t.late:
		note = fmt.Sprintf("The schema takes too long to be read; these are the first %d values.", len(t.rows))
	case t.steps > maxSteps:
		note = fmt.Sprintf("The schema describes more values; these are the first %d.", len(t.rows))
	case t.more > 0:
		note = fmt.Sprintf("The schema describes %d more values.", t.more)
	case t.remote:
		note = "Parts of the schema are in other documents and are not shown."
	}
	return t.rows, note
}

// A table collects rows while walking a schema.
type table struct {
	ctx    context.Context
	root   *object
	file   *File
	rows   []templates.ValueRow
	refs   map[string]*object // what references lead to; nil for nowhere
	steps  int
	more   int  // number of rows that are left out
	remote bool // a reference leads out of the schema
	late   bool // there was no more time
}

// spend counts steps, and reports whether there may be more.
func (t *table) spend(steps int) bool {
	if t.steps/256 != (t.steps+steps)/256 && t.ctx.Err() != nil {
		t.late, t.steps = true, maxSteps
	}
	t.steps += steps
	return t.steps <= maxSteps
}

// properties adds the rows for the values that a schema describes below a path.
// The parameter open holds the schemas around it, to which references may lead
// back.
func (t *table) properties(s *object, path string, depth int, open []*object) {
	props := s.object("properties")
	// Names are cheap, but a reference can lead to many of them again and again.
	if !t.spend(1+len(props.names())/20) || depth > maxLevels || len(open) > maxOpen || slices.Contains(open, s) {
		return
	}
	open = append(open[:len(open):len(open)], s)
	for _, name := range props.names() {
		if p, ok := props.values[name].(*object); ok && t.steps <= maxSteps {
			t.property(p, join(path, name), t.requires(s, name), depth, open)
		}
	}
	for _, p := range t.parts(s) {
		t.properties(p, path, depth, open)
	}
}

// line returns a text on one line, cut at a number of bytes.
func line(s string, limit int) string {
	s = s[:min(len(s), 2*limit)]
	return visible(untrusted.Cut(strings.Join(strings.Fields(strings.ToValidUTF8(s, "")), " "), limit))
}

// requires reports whether a schema lists a property as required.
func (t *table) requires(s *object, name string) bool {
	list := s.list("required")
	t.spend(len(list) / 100)
	return slices.Contains(list, any(name))
}

// property adds the row for a value, and the rows for the values in it.
func (t *table) property(s *object, path string, required bool, depth int, open []*object) {
	t.spend(1)
	all := t.closure(s)
	row := templates.ValueRow{
		Path: visible(untrusted.Cut(path, maxPath)), Required: required, Anchor: t.file.Anchor(path),
		Type: visible(untrusted.Cut(t.kind(all), maxType)),
	}
	if enum := enumeration(all); enum != "" {
		row.Type = strings.TrimPrefix(row.Type+", one of "+visible(enum), ", ")
	}
	for _, o := range all {
		if row.Description == "" {
			row.Description = line(o.text("description"), maxDescription)
		}
		if v, ok := o.values["default"]; ok && row.Default == "" {
			row.Default = compact(v, maxType)
		}
	}
	if len(t.rows) >= maxRows {
		t.more++
	} else {
		t.rows = append(t.rows, row)
	}
	t.properties(s, path, depth+1, open)
	for _, o := range all {
		if items := o.object("items"); items != nil {
			t.items(items, path+"[]", depth+1, open)
		}
	}
}

// items adds the rows for the properties of a list's items. Items without
// properties get no rows: the list's own row says their type.
func (t *table) items(s *object, path string, depth int, open []*object) {
	t.properties(s, path, depth, open)
	for _, o := range t.closure(s) {
		if items := o.object("items"); items != nil && depth < maxLevels {
			t.items(items, path+"[]", depth+1, open)
		}
	}
}

// parts returns the schemas to which s refers for the same value.
func (t *table) parts(s *object) []*object {
	var all []*object
	if ref := s.text("$ref"); ref != "" {
		if o := t.lookup(ref); o != nil {
			all = append(all, o)
		}
	}
	list := s.list("allOf")
	for _, v := range list[:min(len(list), 20)] {
		if o, ok := v.(*object); ok {
			all = append(all, o)
		}
	}
	return all
}

// closure returns s and all schemas that apply to the same value, at most about
// 20.
func (t *table) closure(s *object) []*object {
	all := []*object{s}
	for i := 0; i < len(all) && len(all) < 20 && t.spend(1); i++ {
		for _, p := range t.parts(all[i]) {
			if len(all) < 20 && !slices.Contains(all, p) {
				all = append(all, p)
			}
		}
	}
	return all
}

// lookup follows a reference within the schema; once, however many use it.
func (t *table) lookup(ref string) *object {
	fragment, local := strings.CutPrefix(ref, "#")
	switch {
	case !local:
		t.remote = true
		return nil
	case len(ref) > maxRef:
		return nil
	}
	o, known := t.refs[ref]
	if !known {
		o = t.follow(fragment)
		t.refs[ref] = o
	}
	return o
}

// follow returns the schema at a place in the document.
func (t *table) follow(fragment string) *object {
	if decoded, err := url.PathUnescape(fragment); err == nil {
		fragment = decoded
	}
	o := t.root
	for _, key := range strings.Split(fragment, "/")[1:] {
		key = strings.ReplaceAll(strings.ReplaceAll(key, "~1", "/"), "~0", "~")
		switch next := o.values[key].(type) {
		case *object:
			o = next
		case []any:
			i, err := strconv.Atoi(key)
			if err != nil || i < 0 || i >= len(next) {
				return nil
			}
			item, ok := next[i].(*object)
			if !ok {
				return nil
			}
			o = item
		default:
			return nil
		}
	}
	return o
}
