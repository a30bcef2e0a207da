package values

import (
	"slices"

	"github.com/portolan-charts/portolan/publisher/untrusted"
)

const (
	// maxOnly bounds the rows of values that only the schema has.
	maxOnly = 500

	// maxBeyond bounds how many levels of them are listed below what values.yaml has,
	// and maxMembers how many one of these may have: more is usually one of
	// Kubernetes' own types.
	maxBeyond  = 2
	maxMembers = 10
)

// described is what a schema says about a value.
type described struct {
	kind, enum, text string
	value            string // the default as JSON; "" if the schema has none
	required         bool
}

// readSchema adds what a schema says to the fields, and the fields that only it has.
// If it is alone, it describes the values all by itself.
func (r *reader) readSchema(schema []byte, alone bool) {
	switch {
	case len(schema) > maxSchema:
		r.note("values.schema.json is too long to be read.")
		return
	case r.ctx.Err() != nil:
		r.note("values.schema.json was not read, since the page took too long.")
		return
	}
	root, ok := decode(schema)
	if !ok {
		r.note("values.schema.json is not a JSON object, or is nested too deeply.")
		return
	}
	t := &table{ctx: r.ctx, root: root, refs: map[string]*object{}}
	d := &describer{table: t, beyond: maxBeyond, members: maxMembers, uses: map[string]int{}, open: map[*object]bool{}}
	d.count(root)
	if alone {
		d.beyond, d.members = maxLevels, maxSteps
	}
	d.below(r.root, t.closure(root), 0)
	switch {
	case t.late:
		r.note("values.schema.json was not read to its end, since the page took too long.")
	case t.steps > maxSteps, t.more > 0:
		r.note("values.schema.json describes more values.")
	case t.remote:
		r.note("Parts of the schema are in other documents and are not shown.")
	}
}

// A describer adds what a schema says to fields.
type describer struct {
	*table
	beyond, members int              // see maxBeyond, maxMembers
	only            int              // number of fields that only the schema has
	uses            map[string]int   // of references
	open            map[*object]bool // schemas whose properties are being added
}

// count counts how often references are used in a part of the schema.
func (d *describer) count(v any) {
	switch v := v.(type) {
	case *object:
		if ref := v.text("$ref"); ref != "" {
			d.uses[ref]++
		}
		for _, member := range v.values {
			d.count(member)
		}
	case []any:
		for _, item := range v {
			d.count(item)
		}
	}
}

// field adds what schemas say about a field, which is that many levels below those of
// values.yaml.
func (d *describer) field(f *field, all []*object, level int) {
	f.said.kind = visible(untrusted.Cut(d.kind(all), maxType))
	f.said.enum = visible(untrusted.Cut(enumeration(all), maxType))
	for _, o := range all {
		if f.said.text == "" {
			f.said.text = tidy(o.text("description"))
		}
		if v, ok := o.values["default"]; ok && f.said.value == "" {
			f.said.value = compact(v, maxDefault)
		}
	}
	d.below(f, all, level)
}

// below adds what schemas say about the fields below a key, and the fields that only
// they have.
func (d *describer) below(f *field, all []*object, level int) {
	known := map[string]bool{}
	for _, child := range f.fields {
		known[child.key] = true
		if s, loose := d.member(all, child.key); len(s) > 0 {
			child.loose = loose || f.loose
			child.said.required = d.requiredBy(all, child.key)
			d.field(child, s, 0)
		}
	}
	if f.value != nil && !f.open() {
		level++
	}
	if level >= d.beyond || f.value != nil && !empty(f.value) && !f.open() {
		return
	}
	if f.loose {
		return // too many others could have them
	}
	for _, o := range all {
		props := o.object("properties")
		names := props.names()
		if d.open[o] {
			continue
		}
		d.open[o] = true
		defer delete(d.open, o)
		if level > 0 && len(names) > d.members || !d.spend(len(names)/20) {
			continue
		}
		for _, name := range names {
			if _, ok := props.values[name].(*object); ok && !known[name] {
				known[name] = true
				d.add(f, name, all, level)
			}
		}
	}
}

// add adds a field that only the schema has.
func (d *describer) add(parent *field, name string, all []*object, level int) {
	s, loose := d.member(all, name)
	switch {
	case len(s) == 0 || d.steps > maxSteps:
		return
	case d.only >= maxOnly:
		d.more++
		return
	}
	d.only++
	f := &field{key: name, path: join(parent.path, name), loose: loose}
	f.said.required = d.requiredBy(all, name)
	parent.fields = append(parent.fields, f)
	d.field(f, s, level+1)
}

// member returns the schemas of a property: its own, or else those of properties of
// any name. These are loose, and so are those that are used for several properties.
func (d *describer) member(all []*object, name string) (found []*object, loose bool) {
	var others []*object
	for _, o := range all {
		if !d.spend(1) {
			return nil, false
		}
		if p, ok := o.object("properties").get(name).(*object); ok {
			found = append(found, d.closure(p)...)
			loose = loose || d.uses[p.text("$ref")] > 1
		}
		if p := o.object("additionalProperties"); p != nil {
			others = append(others, p)
		}
	}
	if len(found) == 0 {
		loose = true
		for _, o := range others {
			found = append(found, d.closure(o)...)
		}
	}
	return found[:min(len(found), 20)], loose
}

// requiredBy reports whether one of the schemas requires a property.
func (d *describer) requiredBy(all []*object, name string) bool {
	return slices.ContainsFunc(all, func(o *object) bool { return d.requires(o, name) })
}

// enumeration returns the values that schemas allow, or "" if they allow any.
func enumeration(all []*object) string {
	for _, o := range all {
		if enum := o.list("enum"); len(enum) > 0 {
			return alternatives(enum)
		}
	}
	return ""
}
