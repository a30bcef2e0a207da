package strictyaml

import (
	"fmt"
	"reflect"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// Validator checks a struct, list or map as a whole, once it is filled. What
// could not be read, which is a problem already, then has its zero value.
type Validator interface{ Validate(at Place) }

// Place is a value in a file.
type Place struct {
	file *File
	node *yaml.Node
	path string            // such as channels[0].match
	tag  reflect.StructTag // of the value's field
}

// Line is where the value begins.
func (p Place) Line() int { return p.node.Line }

// Key is the place of the value that a mapping has for a key; the mapping's own
// line stands for one that is not there.
func (p Place) Key(name string) Place {
	at := Place{file: p.file, node: p.node, path: child(p.path, name)}
	for i := 0; i+1 < len(p.node.Content); i += 2 {
		if p.node.Content[i].Value == name {
			at.node = p.node.Content[i+1]
		}
	}
	return at
}

func child(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// Item is the place of a list's item.
func (p Place) Item(i int) Place {
	return Place{file: p.file, node: p.node.Content[i], path: fmt.Sprintf("%s[%d]", p.path, i), tag: p.tag}
}

// Problem notes what is wrong with the value, and what to do about it.
func (p Place) Problem(format string, args ...any) {
	p.file.problems = append(p.file.problems, problem{p.node.Line, p.text(format, args)})
}

// Warn notes what is allowed, but perhaps not meant.
func (p Place) Warn(format string, args ...any) {
	p.file.Warnings = append(p.file.Warnings, p.text(format, args))
}

func (p Place) text(format string, args []any) string {
	text := fmt.Sprintf(format, args...)
	if p.path != "" {
		text = p.path + ": " + text
	}
	return fmt.Sprintf("%s:%d: %s", p.file.Name, p.node.Line, text)
}

// wrong notes what is wrong with a single value, which is quoted before it.
func (p Place) wrong(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if !p.file.Secret {
		text = strconv.Quote(p.node.Value) + " " + text
	}
	p.Problem("%s", text)
}
