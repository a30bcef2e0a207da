package values

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/portolan-charts/portolan/templates"
)

// maxMerged bounds how many keys come from merge keys, each of which may bring in the
// same mapping again.
const maxMerged = 1000

// A Reference is a table of a chart's values: the keys of values.yaml in their order,
// with their defaults, what comments and values.schema.json say about them, and the
// keys that only the schema has.
type Reference struct {
	Groups []templates.ValueGroup
	Count  int    // of rows
	Note   string // why the table is missing or not complete; "" if it is complete

	anchors map[string]string
	texts   map[string]string // what the table says about each path
	lent    map[string]bool   // the paths with a text of a README
}

// Anchor returns the anchor of the row for a path, or of the row that is nearest to
// it: the first one below it, or the one that it is part of. It is "" if there is
// none, and for a nil Reference.
func (r *Reference) Anchor(path string) string {
	for r != nil && path != "" {
		if a := r.anchors[path]; a != "" {
			return a
		}
		path = path[:max(0, strings.LastIndexByte(path, '.'))]
	}
	return ""
}

// Describe makes the table of the values in a values.yaml and its schema, either of
// which may be nil. A value about which neither says anything has the text that a README
// has for its path. The HTML of the table takes about room bytes at most: texts are
// cut until it fits, and rows are left out only if that is not enough. Once ctx is
// done, the table ends.
//
// Comments that document a key are those of helm-docs (# -- text) and of Bitnami's
// generator (## @param path text), and otherwise the comment right above the key,
// at the end of its line, or, for an empty value, indented below it. What looks like
// values that are commented out, a heading or a licence is not taken for a text. A heading
// of Bitnami's generator (## @section title) stands above the groups after it.
func Describe(ctx context.Context, file *File, schema []byte, readme map[string]string, room int) *Reference {
	r := &reader{ctx: ctx, root: &field{}}
	if file != nil {
		r.readFile(file)
	}
	if schema != nil {
		r.readSchema(schema, file == nil)
	}
	ref := &Reference{lent: map[string]bool{}}
	ref.lend(r.root, readme)
	l := lister{ref: ref, taken: map[int]int{}}
	for _, f := range r.root.fields {
		l.group(f)
	}
	if r.src != nil {
		ref.headings(r.root.fields, r.src.sections)
	}
	if left := fit(ref, room); left > 0 {
		r.note(fmt.Sprintf("The page has no room for %s.", counted(left, "more value", "more values")))
	}
	ref.index(r.root)
	ref.noteTexts()
	ref.Note = strings.Join(r.notes, " ")
	return ref
}

// counted returns a number with the word for it.
func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// A field is a value that a chart can be given, or a mapping of them.
type field struct {
	key, path string
	line      int        // of the key in values.yaml, or 0
	value     *yaml.Node // nil if the file lacks it
	remark    remark     // what comments say
	said      described  // what the schema says
	readme    string     // what a README says, if nothing else does
	loose     bool       // its schema is not only for this key
	fields    []*field   // those below
	anchor    string     // of its row; "" if it has none
}

// open reports whether the file has keys below this one.
func (f *field) open() bool {
	return f.value != nil && f.value.Kind == yaml.MappingNode && len(f.fields) > 0 && f.fields[0].line > 0
}

// text returns what is known about a field.
func (f *field) text() string {
	for _, s := range []string{f.remark.text, f.remark.beside, f.said.text, f.remark.below, f.readme} {
		if s != "" {
			return s
		}
	}
	return ""
}

// A reader collects fields.
type reader struct {
	ctx     context.Context
	root    *field
	src     *source
	notes   []string
	seen    int // number of fields
	merged  int // number of those that merge keys bring in
	ignored int // number of those that comments mark as such
	late    bool
}

func (r *reader) note(s string) { r.notes = append(r.notes, s) }

// readFile reads the fields of values.yaml.
func (r *reader) readFile(file *File) {
	if text := unixText(file.text); len(text) < len(file.text) {
		file = New(text)
	}
	root, note := file.parse(r.ctx)
	if note != "" {
		r.note("values.yaml " + note + ", so the table lacks its keys.")
		return
	}
	r.src = newSource(string(file.text))
	r.mapping(root, r.root, 0)
	switch {
	case r.late:
		r.note("values.yaml was not read to its end, since the page took too long.")
	case r.ignored > 0:
		r.note(fmt.Sprintf("The chart's comments leave out %s.", counted(r.ignored, "value", "values")))
	}
	for _, p := range r.src.extra {
		r.extra(p)
	}
}

// unixText returns a text whose lines end with a newline only, as comments are looked
// for, without a byte order mark.
func unixText(text []byte) []byte {
	return bytes.TrimPrefix(bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")), []byte("\ufeff"))
}

// mapping reads the fields below a key.
func (r *reader) mapping(m *yaml.Node, parent *field, depth int) {
	last := map[string]int{}
	for i := 0; i+1 < len(m.Content); i += 2 {
		last[resolve(m.Content[i]).Value] = i // Helm takes the last of a key's values
	}
	for i := 0; i+1 < len(m.Content) && !r.late; i += 2 {
		key := resolve(m.Content[i])
		switch {
		case key.Kind != yaml.ScalarNode || last[key.Value] != i:
		case key.ShortTag() == "!!merge":
			r.merge(m.Content[i+1], m.Content[i].Line, parent, last, 0)
		default:
			r.field(m.Content[i], m.Content[i+1], parent, depth)
		}
	}
}

// field reads the field of a key, and those below it.
func (r *reader) field(key, value *yaml.Node, parent *field, depth int) {
	name := resolve(key).Value
	f := &field{key: name, path: join(parent.path, name), line: key.Line, value: value}
	if r.seen++; r.seen%256 == 0 && r.ctx.Err() != nil {
		r.late = true
		return
	}
	f.remark = r.src.remark(f, key.Column)
	if f.remark.ignored {
		r.ignored++
		return
	}
	parent.fields = append(parent.fields, f)
	if value.Kind == yaml.MappingNode && depth < maxDepth && len(f.path) <= maxPath {
		r.mapping(value, f, depth+1)
	}
}

// merge adds what a merge key brings in, without looking into it.
func (r *reader) merge(value *yaml.Node, line int, parent *field, own map[string]int, depth int) {
	switch value = resolve(value); {
	case depth > 3:
	case value.Kind == yaml.SequenceNode:
		for _, item := range value.Content {
			r.merge(item, line, parent, own, depth+1)
		}
	case value.Kind == yaml.MappingNode:
		for i := 0; i+1 < len(value.Content) && r.merged < maxMerged; i += 2 {
			key := resolve(value.Content[i])
			if key.ShortTag() == "!!merge" {
				r.merge(value.Content[i+1], line, parent, own, depth+1)
				continue
			}
			r.merged++
			if _, ok := own[key.Value]; key.Kind != yaml.ScalarNode || ok {
				continue
			}
			own[key.Value] = -1
			parent.fields = append(parent.fields, &field{
				key: key.Value, path: join(parent.path, key.Value), line: line, value: resolve(value.Content[i+1]),
			})
		}
	}
}

// extra adds a value that only a comment documents, below the key that it belongs to.
func (r *reader) extra(p param) {
	at := r.root
	for {
		i := -1
		for j, f := range at.fields {
			if f.path == p.path {
				return // the file has it after all
			}
			if strings.HasPrefix(p.path, f.path+".") {
				i = j
				break
			}
		}
		if i < 0 {
			break
		}
		at = at.fields[i]
	}
	at.fields = append(at.fields, &field{key: p.path, path: p.path, remark: p.remark})
}
