package strictyaml

import (
	"iter"
	"reflect"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/portolan-charts/portolan/publisher/spelling"
)

// value fills v.
func (p Place) value(v reflect.Value) {
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	fill, kind, must := p.scalar, yaml.ScalarNode, "a single value"
	switch _, single := v.Interface().(time.Time); {
	case v.Kind() == reflect.Struct && !single:
		fill, kind, must = p.mapping, yaml.MappingNode, "a mapping of keys to values"
	case v.Kind() == reflect.Map:
		fill, kind, must = p.texts, yaml.MappingNode, "a mapping of keys to values"
	case v.Kind() == reflect.Slice:
		fill, kind, must = p.list, yaml.SequenceNode, "a list"
	}
	switch {
	case p.node.Kind == yaml.AliasNode:
		p.Problem("aliases are not supported; write the value out")
	case p.node.ShortTag() == "!!null" && p.path != "":
		p.Problem("has no value; give it one, or remove the key")
	case p.node.Kind != kind:
		p.Problem("must be %s", must)
	default:
		fill(v)
		if validator, ok := v.Addr().Interface().(Validator); ok {
			validator.Validate(p)
		}
	}
}

// pairs returns the keys of a mapping with their values.
func pairs(n *yaml.Node) iter.Seq2[*yaml.Node, *yaml.Node] {
	return func(yield func(key, value *yaml.Node) bool) {
		for pair := range slices.Chunk(n.Content, 2) {
			if !yield(pair[0], pair[1]) {
				return
			}
		}
	}
}

// mapping fills a struct.
func (p Place) mapping(v reflect.Value) {
	fields, names := map[string]reflect.StructField{}, []string{}
	for _, field := range reflect.VisibleFields(v.Type()) {
		if name := field.Tag.Get("yaml"); name != "" {
			fields[name] = field
			names = append(names, name)
		}
	}
	seen := map[string]int{}
	for key, value := range pairs(p.node) {
		at, name := p, key.Value
		at.node = key
		field, known := fields[name]
		switch first, twice := seen[name]; {
		case !known || key.Kind != yaml.ScalarNode:
			meant := spelling.DidYouMean(name, names)
			if meant == "" {
				meant = "; the keys are " + strings.Join(names, ", ")
			}
			at.Problem("unknown key%s%s", p.file.show(" %q", name, ""), meant)
		case twice:
			at.Problem("key %q occurs twice, first in line %d", name, first)
		default:
			Place{p.file, value, child(p.path, name), field.Tag}.value(v.FieldByIndex(field.Index))
		}
		seen[name] = key.Line
	}
	for _, name := range names {
		if seen[name] == 0 && slices.Contains(keyword(fields[name].Tag, "required"), "") {
			p.Problem("the key %q is missing", name)
		}
	}
}

// texts fills a map of texts, which may have any keys.
func (p Place) texts(v reflect.Value) {
	all := map[string]string{}
	for node, value := range pairs(p.node) {
		var key, text string
		at := Place{p.file, node, child(p.path, p.file.show("%s", node.Value, "*")), ""}
		at.value(reflect.ValueOf(&key).Elem())
		if _, twice := all[key]; twice {
			at.Problem("the key occurs twice")
		}
		at.node = value
		at.value(reflect.ValueOf(&text).Elem())
		all[key] = text
	}
	v.Set(reflect.ValueOf(all).Convert(v.Type()))
}

// list fills a slice. For an empty list it is empty, but not nil.
func (p Place) list(v reflect.Value) {
	v.Set(reflect.MakeSlice(v.Type(), len(p.node.Content), len(p.node.Content)))
	for i := range p.node.Content {
		p.Item(i).value(v.Index(i))
	}
}
