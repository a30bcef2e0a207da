package config

import (
	"bytes"
	"encoding"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"
	"go.yaml.in/yaml/v3"
)

// Parse reads a configuration; name stands in its messages for the file.
// An empty one is the defaults. It is strict: whatever would have no effect, or
// another one than it seems, is a problem.
func Parse(b []byte, name string) (*Config, error) {
	d := &decoder{name: name}
	config := &Config{}
	if root := d.document(b); root != nil {
		d.value(root, reflect.ValueOf(config).Elem(), place{})
	}
	if len(d.problems) > 0 {
		return nil, errors.Join(d.problems...)
	}
	return config, nil
}

// decoder fills structs from YAML nodes and collects all that is wrong. The
// yaml package's own strict decoding stops at the first type's problems, knows
// no enumerations and suggests nothing.
type decoder struct {
	name     string
	problems []error
}

// place is where in the file a value stands, and what its field's tags say.
type place struct {
	path string
	tag  reflect.StructTag
}

// problem notes a problem at a node.
func (d *decoder) problem(n *yaml.Node, p place, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if p.path != "" {
		text = p.path + ": " + text
	}
	d.problems = append(d.problems, fmt.Errorf("%s:%d: %s", d.name, n.Line, text))
}

var yamlErrorRE = regexp.MustCompile(`^yaml: line (\d+): (?s)(.*)$`)

// document returns the root of the only document, or nil if there is none or
// it cannot be read.
func (d *decoder) document(b []byte) *yaml.Node {
	var first, second yaml.Node
	y := yaml.NewDecoder(bytes.NewReader(b))
	err := y.Decode(&first)
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err == nil {
		err = y.Decode(&second)
		if err == nil {
			d.problem(&second, place{}, "a second YAML document begins here; there may be only one")
			return nil
		}
	}
	if !errors.Is(err, io.EOF) {
		text := strings.TrimPrefix(err.Error(), "yaml: ")
		if m := yamlErrorRE.FindStringSubmatch(err.Error()); m != nil {
			d.problems = append(d.problems, fmt.Errorf("%s:%s: %s", d.name, m[1], m[2]))
			return nil
		}
		d.problems = append(d.problems, fmt.Errorf("%s: %s", d.name, text))
		return nil
	}
	root := first.Content[0]
	switch {
	case root.ShortTag() != "!!null":
		return root
	case root.Value != "" || root.Style != 0: // a null that somebody wrote
		d.problem(root, place{}, "must be a mapping of keys to values; an empty file means the defaults")
	}
	return nil
}

// value fills v from the node.
func (d *decoder) value(n *yaml.Node, v reflect.Value, p place) {
	if n.Kind == yaml.AliasNode {
		d.problem(n, p, "aliases are not supported; write the value out")
		return
	}
	if n.ShortTag() == "!!null" {
		d.problem(n, p, "has no value; give it one, or remove the key")
		return
	}
	if u, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		d.text(n, u, p)
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.value(n, v.Elem(), p)
	case reflect.Struct:
		d.mapping(n, v, p)
	case reflect.Slice:
		d.sequence(n, v, p)
	case reflect.String:
		d.string(n, v, p)
	case reflect.Int:
		d.int(n, v, p)
	case reflect.Bool:
		if err := n.Decode(v.Addr().Interface()); err != nil || n.ShortTag() != "!!bool" {
			d.problem(n, p, "must be true or false")
		}
	default:
		panic("config: the configuration's decoder does not know " + v.Type().String())
	}
}

// mapping fills a struct.
func (d *decoder) mapping(n *yaml.Node, v reflect.Value, p place) {
	if n.Kind != yaml.MappingNode {
		d.problem(n, p, "must be a mapping of keys to values")
		return
	}
	fields := map[string]int{}
	names := make([]string, v.NumField())
	for i := range v.NumField() {
		names[i] = v.Type().Field(i).Tag.Get("yaml")
		fields[names[i]] = i
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		name := key.Value
		field, known := fields[name]
		switch line, twice := seen[name]; {
		case twice:
			d.problem(key, p, "key %q occurs twice, first in line %d", name, line)
		case !known || key.Kind != yaml.ScalarNode:
			d.problem(key, p, "unknown key %q%s", name, didYouMean(name, names))
		default:
			f := v.Type().Field(field)
			d.value(value, v.Field(field), place{p.child(name), f.Tag})
		}
		seen[name] = key.Line
	}
	for i, name := range names {
		if _, ok := seen[name]; !ok && slices.Contains(keyword(v.Type().Field(i).Tag, "required"), "") {
			d.problem(n, p, "the key %q is missing", name)
		}
	}
}

func (p place) child(name string) string {
	if p.path == "" {
		return name
	}
	return p.path + "." + name
}

// sequence fills a slice. An empty one is not nil: it was set.
func (d *decoder) sequence(n *yaml.Node, v reflect.Value, p place) {
	if n.Kind != yaml.SequenceNode {
		d.problem(n, p, "must be a list")
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content)))
	for i, item := range n.Content {
		d.value(item, v.Index(i), place{fmt.Sprintf("%s[%d]", p.path, i), p.tag})
	}
}

// string fills a string. Numbers and the like are refused, since YAML reads
// 1.10 as 1.1 and no as false.
func (d *decoder) string(n *yaml.Node, v reflect.Value, p place) {
	allowed := keyword(p.tag, "enum")
	switch {
	case n.Kind != yaml.ScalarNode:
		d.problem(n, p, "must be text")
		return
	case n.ShortTag() != "!!str":
		d.problem(n, p, "must be text; put %s in quotes", n.Value)
		return
	case len(allowed) > 0 && !slices.Contains(allowed, n.Value):
		d.problem(n, p, "%q is not one of: %s%s", n.Value, strings.Join(allowed, ", "), didYouMean(n.Value, allowed))
		return
	}
	if err := checkValue(p.tag.Get("check"), n.Value); err != nil {
		d.problem(n, p, "%q %v", n.Value, err)
		return
	}
	v.SetString(n.Value)
}

func (d *decoder) int(n *yaml.Node, v reflect.Value, p place) {
	var i int
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!int" || n.Decode(&i) != nil {
		d.problem(n, p, "must be a whole number")
		return
	}
	least, most := bound(p.tag, "minimum"), bound(p.tag, "maximum")
	if i < least || i > most {
		d.problem(n, p, "%d is not between %d and %d", i, least, most)
		return
	}
	v.SetInt(int64(i))
}

// bound returns the number that a jsonschema tag gives. Every number in the
// configuration has both bounds, so that none needs a default here.
func bound(tag reflect.StructTag, name string) int {
	for _, text := range keyword(tag, name) {
		if i, err := strconv.Atoi(text); err == nil {
			return i
		}
	}
	panic("config: a number in the configuration has no " + name)
}

// text fills a type that reads itself from text. A number will do for a size.
func (d *decoder) text(n *yaml.Node, u encoding.TextUnmarshaler, p place) {
	if n.Kind != yaml.ScalarNode {
		d.problem(n, p, "must be a single value")
		return
	}
	if err := u.UnmarshalText([]byte(n.Value)); err != nil {
		d.problem(n, p, "%q %v", n.Value, err)
		return
	}
	size, ok := u.(*Size)
	if !ok {
		return
	}
	most, err := humanize.ParseBytes(p.tag.Get("max"))
	if err != nil {
		panic("config: a size in the configuration has no maximum")
	}
	if uint64(*size) > most {
		d.problem(n, p, "%s is more than %s, the most that can be allowed", n.Value, p.tag.Get("max"))
	}
}

// keyword returns the values of a keyword in a jsonschema tag; of a keyword
// without a value, such as required, the empty string.
func keyword(tag reflect.StructTag, name string) []string {
	var values []string
	for option := range strings.SplitSeq(tag.Get("jsonschema"), ",") {
		if key, value, _ := strings.Cut(option, "="); key == name {
			values = append(values, value)
		}
	}
	return values
}
