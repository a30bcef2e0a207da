package values

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/portolan-charts/portolan/publisher/untrusted"
)

// kind describes the values that the schemas allow in a few words.
func (t *table) kind(all []*object) string {
	var words []string
	for _, o := range all {
		for _, w := range t.words(o, 0) {
			if !slices.Contains(words, w) {
				words = append(words, w)
			}
		}
	}
	return strings.Join(words, ", ")
}

// words describes the values that one schema allows.
func (t *table) words(o *object, depth int) []string {
	var words []string
	if !t.spend(1) {
		return nil
	}
	if name := typeName(o.values["type"]); name == "array" {
		words = append(words, t.array(o, depth))
	} else if name != "" {
		words = append(words, name)
	}
	if enum := o.list("enum"); len(enum) > 0 && depth > 0 {
		words = append(words, "one of "+alternatives(enum))
	}
	if v, ok := o.values["const"]; ok {
		words = append(words, compact(v, 40))
	}
	for _, key := range []string{"oneOf", "anyOf"} {
		if s := t.choices(o.list(key), depth); s != "" {
			words = append(words, s)
		}
	}
	if format := o.text("format"); format != "" {
		words = append(words, untrusted.Cut(format, 40))
	}
	if pattern := o.text("pattern"); pattern != "" {
		words = append(words, "like "+untrusted.Cut(pattern, 60))
	}
	return words
}

// typeName returns the name of a type, or the names of several.
func typeName(v any) string {
	switch v := v.(type) {
	case string:
		return untrusted.Cut(v, 40)
	case []any:
		var names []string
		for _, name := range v[:min(len(v), 10)] {
			if s, ok := name.(string); ok {
				names = append(names, untrusted.Cut(s, 40))
			}
		}
		return strings.Join(names, " or ")
	}
	return ""
}

// array describes a list and its items.
func (t *table) array(o *object, depth int) string {
	items := o.object("items")
	if items == nil || depth > 2 {
		return "array"
	}
	for _, part := range t.closure(items) {
		if name := typeName(part.values["type"]); name != "" {
			return "array of " + name
		}
	}
	return "array"
}

// choices describes the alternatives of a oneOf or anyOf.
func (t *table) choices(list []any, depth int) string {
	var names []string
	for _, v := range list[:min(len(list), 10)] {
		o, ok := v.(*object)
		if !ok || depth > 2 {
			continue
		}
		var words []string
		for _, part := range t.closure(o) {
			words = append(words, t.words(part, depth+1)...)
		}
		if s := strings.Join(words, ", "); s != "" && !slices.Contains(names, s) {
			names = append(names, s)
		}
	}
	return strings.Join(names, " or ")
}

// alternatives lists values.
func alternatives(list []any) string {
	var all []string
	for _, v := range list[:min(len(list), 12)] {
		all = append(all, compact(v, 40))
	}
	if len(list) > len(all) {
		all = append(all, "…")
	}
	return strings.Join(all, " ")
}

// compact returns a value as JSON on one line, cut at a number of bytes.
func compact(v any, limit int) string {
	w := &jsonWriter{limit: limit}
	w.value(v)
	return untrusted.Cut(visible(w.b.String()), limit)
}

// A jsonWriter writes JSON until it has written limit bytes or a few more.
type jsonWriter struct {
	b     strings.Builder
	limit int
}

func (w *jsonWriter) value(v any) {
	switch v := v.(type) {
	case *object:
		w.b.WriteByte('{')
		for i, key := range v.keys {
			if !w.next(i) {
				break
			}
			w.b.WriteString(text(untrusted.Cut(key, w.limit)) + ": ")
			w.value(v.values[key])
		}
		w.b.WriteByte('}')
	case []any:
		w.b.WriteByte('[')
		for i, item := range v {
			if !w.next(i) {
				break
			}
			w.value(item)
		}
		w.b.WriteByte(']')
	case string:
		w.b.WriteString(text(untrusted.Cut(v, w.limit)))
	case json.Number: // as it is written, which may be long
		w.b.WriteString(untrusted.Cut(string(v), w.limit))
	case nil:
		w.b.WriteString("null")
	default: // a boolean
		fmt.Fprint(&w.b, v)
	}
}

// next begins the i-th member or item. It returns false if enough is written.
func (w *jsonWriter) next(i int) bool {
	if w.b.Len() > w.limit {
		return false
	}
	if i > 0 {
		w.b.WriteString(", ")
	}
	return true
}

// An object is a JSON object that keeps the order of its keys.
type object struct {
	keys   []string
	values map[string]any
}

func (o *object) names() []string {
	if o == nil {
		return nil
	}
	return o.keys
}

// get returns a member, or nil.
func (o *object) get(key string) any {
	if o == nil {
		return nil
	}
	return o.values[key]
}

func (o *object) object(key string) *object {
	v, _ := o.values[key].(*object)
	return v
}

func (o *object) list(key string) []any {
	v, _ := o.values[key].([]any)
	return v
}

func (o *object) text(key string) string {
	v, _ := o.values[key].(string)
	return v
}

// decode reads a JSON object.
func decode(data []byte) (*object, bool) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	v, err := value(d, 0)
	o, ok := v.(*object)
	return o, ok && err == nil && !d.More()
}

var errDeep = errors.New("nested too deeply")

// value reads the next value.
func value(d *json.Decoder, depth int) (any, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch {
	case depth > 100:
		return nil, errDeep
	case token == json.Delim('{'):
		o := &object{values: map[string]any{}}
		for d.More() {
			key, err := d.Token()
			if err != nil {
				return nil, err
			}
			v, err := value(d, depth+1)
			if err != nil {
				return nil, err
			}
			name, _ := key.(string)
			if _, twice := o.values[name]; !twice {
				o.keys = append(o.keys, name)
			}
			o.values[name] = v
		}
		_, err = d.Token()
		return o, err
	case token == json.Delim('['):
		list := []any{}
		for d.More() {
			v, err := value(d, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err = d.Token()
		return list, err
	}
	return token, nil
}
