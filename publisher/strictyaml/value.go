package strictyaml

import (
	"reflect"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/portolan-charts/portolan/publisher/spelling"
)

// value fills v.
func (p Place) value(v reflect.Value) {
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	switch {
	case p.node.Kind == yaml.AliasNode:
		p.Problem("aliases are not supported; write the value out")
		return
	case p.node.ShortTag() == "!!null" && p.path == "":
		p.Problem("must be a mapping of keys to values")
		return
	case p.node.ShortTag() == "!!null":
		p.Problem("has no value; give it one, or remove the key")
		return
	}
	if parse := parsers[v.Type()]; parse != nil {
		p.parsed(v, parse)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		p.mapping(v)
	case reflect.Map:
		p.texts(v)
	case reflect.Slice:
		p.list(v)
	case reflect.String:
		p.string(v)
	case reflect.Int:
		p.int(v)
	case reflect.Bool:
		p.bool(v)
	default:
		panic("strictyaml: cannot fill a " + v.Type().String())
	}
}

// must reports whether the value is of this kind.
func (p Place) must(kind yaml.Kind, be string) bool {
	if p.node.Kind != kind {
		p.Problem("must be %s", be)
	}
	return p.node.Kind == kind
}

func (p Place) validate(v reflect.Value) {
	if validator, ok := v.Addr().Interface().(Validator); ok {
		validator.Validate(p)
	}
}

// mapping fills a struct.
func (p Place) mapping(v reflect.Value) {
	if !p.must(yaml.MappingNode, "a mapping of keys to values") {
		return
	}
	fields, names := map[string]reflect.StructField{}, []string{}
	for _, field := range reflect.VisibleFields(v.Type()) {
		if name := field.Tag.Get("yaml"); name != "" {
			fields[name] = field
			names = append(names, name)
		}
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(p.node.Content); i += 2 {
		key, at := p.node.Content[i], p
		at.node = key
		field, known := fields[key.Value]
		switch first, twice := seen[key.Value]; {
		case !known || key.Kind != yaml.ScalarNode:
			at.unknown(names)
		case twice:
			at.Problem("key %q occurs twice, first in line %d", key.Value, first)
		default:
			Place{p.file, p.node.Content[i+1], child(p.path, key.Value), field.Tag}.value(v.FieldByIndex(field.Index))
		}
		seen[key.Value] = key.Line
	}
	for _, name := range names {
		if _, ok := seen[name]; !ok && slices.Contains(keyword(fields[name].Tag, "required"), "") {
			p.Problem("the key %q is missing", name)
		}
	}
	p.validate(v)
}

// unknown notes a key that is not among the known ones.
func (p Place) unknown(known []string) {
	name := ""
	if !p.file.Secret {
		name = " " + strconv.Quote(p.node.Value)
	}
	meant := spelling.DidYouMean(p.node.Value, known)
	if meant == "" {
		meant = "; the keys are " + strings.Join(known, ", ")
	}
	p.Problem("unknown key%s%s", name, meant)
}

// texts fills a map of texts, which may have any keys.
func (p Place) texts(v reflect.Value) {
	if !p.must(yaml.MappingNode, "a mapping of keys to values") {
		return
	}
	v.Set(reflect.MakeMap(v.Type()))
	for i := 0; i+1 < len(p.node.Content); i += 2 {
		at := Place{p.file, p.node.Content[i], child(p.path, "*"), ""}
		if !p.file.Secret {
			at.path = child(p.path, p.node.Content[i].Value)
		}
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		at.value(key)
		if v.MapIndex(key).IsValid() {
			at.Problem("the key occurs twice")
		}
		at.node, at.tag = p.node.Content[i+1], p.tag
		at.value(value)
		v.SetMapIndex(key, value)
	}
	p.validate(v)
}

// list fills a slice. An empty one is not nil: it was set.
func (p Place) list(v reflect.Value) {
	if !p.must(yaml.SequenceNode, "a list") {
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(p.node.Content), len(p.node.Content)))
	for i := range p.node.Content {
		p.Item(i).value(v.Index(i))
	}
	p.validate(v)
}
