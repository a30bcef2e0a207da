package strictyaml

import (
	"fmt"
	"reflect"

	"go.yaml.in/yaml/v3"
)

// Validator checks a struct, list or map as a whole, once it is filled. It is called
// even if something inside had a problem and may be missing.
type Validator interface{ Validate(at Place) }

// Place is a value in a file.
type Place struct {
	file *File
	node *yaml.Node
	path string            // such as channels[0].match
	tag  reflect.StructTag // of the value's field
}

// Line returns the line where the value begins.
func (p Place) Line() int { return p.node.Line }

// Key returns the place of the value that a mapping has for a key. If the key is
// missing, the place has the mapping's own line.
func (p Place) Key(name string) Place {
	at := Place{file: p.file, node: p.node, path: child(p.path, name)}
	for key, value := range pairs(p.node) {
		if key.Value == name {
			at.node = value
			break // a key that occurs twice is a problem already; its first value is the one decoded
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

// Item returns the place of a list's item.
func (p Place) Item(i int) Place {
	return Place{file: p.file, node: p.node.Content[i], path: fmt.Sprintf("%s[%d]", p.path, i), tag: p.tag}
}

// Problem reports what is wrong with the value, and what to do about it.
func (p Place) Problem(format string, args ...any) {
	p.file.problems = append(p.file.problems, problem{p.node.Line, p.text(format, args)})
}

// Warn reports something that is allowed, but perhaps a mistake.
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
