// Package strictyaml reads the YAML files that people write for portolan into
// structs. Whatever in a file would have no effect, or another one than it
// seems to, is a problem: unknown keys, keys that occur twice, keys without a
// value, numbers where text is meant (YAML reads 1.10 as 1.1), aliases, and a
// second document. All problems of a file are reported together, in the file's
// order, each with its line and place and with what to do about it.
//
// The tags of a struct's fields say what the file may hold:
//
//   - yaml names the key. Fields without it are not in the file.
//   - jsonschema takes the keywords required, enum=…, minimum=… and maximum=…, so
//     that a JSON schema for editors can be made of the same struct.
//   - min and max bound a [time.Duration], and max a [Size].
//   - check names one of the [File]'s Checks, which a text must pass.
//
// Tags of a list apply to its items. What no tag can say is checked by types
// that implement [Validator].
package strictyaml

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// ErrEmpty is the error of a file without a value: an empty one, or one that
// holds nothing but comments.
var ErrEmpty = errors.New("is empty")

// File is a file to be read.
type File struct {
	Name string // begins each message

	// Secret keeps keys and values out of messages, for files in which a secret
	// may have been put into the wrong place. What checks and validators say must
	// then hold none of them either.
	Secret bool

	// Checks say what is wrong with a text, such as "must begin with https://",
	// by the name that fields have for them in their check tags.
	Checks map[string]func(text string) error

	// Warnings are what validators warned of, in the form of problems.
	Warnings []string

	problems []problem
}

type problem struct {
	line int
	text string
}

// Decode fills into, which is a pointer to a struct. Its error is [ErrEmpty],
// or holds all problems of the file, each on its own line.
func (f *File) Decode(b []byte, into any) error {
	root, err := f.document(b)
	if err != nil {
		return err
	}
	Place{file: f, node: root}.value(reflect.ValueOf(into).Elem())
	slices.SortStableFunc(f.problems, func(a, b problem) int { return cmp.Compare(a.line, b.line) })
	var all []error
	for _, p := range f.problems {
		all = append(all, errors.New(p.text))
	}
	return errors.Join(all...)
}

// document returns the root of the only document.
func (f *File) document(b []byte) (*yaml.Node, error) {
	var first, second yaml.Node
	d := yaml.NewDecoder(bytes.NewReader(b))
	switch err := d.Decode(&first); {
	case errors.Is(err, io.EOF):
		return nil, ErrEmpty
	case err != nil:
		return nil, f.malformed(err)
	}
	switch err := d.Decode(&second); {
	case err == nil:
		return nil, fmt.Errorf("%s:%d: a second YAML document begins here; there may be only one", f.Name, second.Line)
	case !errors.Is(err, io.EOF):
		return nil, f.malformed(err)
	}
	root := first.Content[0]
	if root.ShortTag() == "!!null" && root.Value == "" && root.Style == 0 { // not a null that somebody wrote
		return nil, ErrEmpty
	}
	return root, nil
}

var malformedRE = regexp.MustCompile(`^yaml: line (\d+): (?s)(.*)$`)

// malformed is the error of a file that is not YAML.
func (f *File) malformed(err error) error {
	text := err.Error()
	if m := malformedRE.FindStringSubmatch(text); m != nil {
		return fmt.Errorf("%s:%s: %s", f.Name, m[1], m[2])
	}
	if strings.HasPrefix(text, "yaml: unknown anchor") { // and its name, which may be a secret
		return fmt.Errorf("%s: an alias has no anchor; aliases are not supported, so write the value out", f.Name)
	}
	return fmt.Errorf("%s: %s", f.Name, strings.TrimPrefix(text, "yaml: "))
}

// show formats a key or a value, unless that may be a secret.
func (f *File) show(format, text, otherwise string) string {
	if f.Secret {
		return otherwise
	}
	return fmt.Sprintf(format, text)
}
