// Package strictyaml reads the YAML files that people write for portolan into
// structs. It reports everything in a file that would have no effect, or an
// unexpected one: unknown keys, keys that occur twice, keys without a value, numbers
// where text is expected (YAML reads 1.10 as 1.1), aliases, and a second document.
// All problems in a file are reported together, in the order of their lines, each
// with its line, its place and the fix.
//
// The tags of a struct's fields say what the file may have:
//
//   - yaml names the key. Fields without it are not in the file.
//   - jsonschema takes the keywords required, enum=…, minimum=… and maximum=…, so
//     that a JSON schema for editors can be made from the same struct.
//   - min and max bound a [time.Duration], and max a [Size].
//   - check names one of the Checks of the [File], which a text must pass.
//
// The tags of a list apply to its items. Types check everything else by implementing
// [Validator].
package strictyaml

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/portolan-charts/portolan/publisher/lazyregexp"
)

// ErrEmpty is the error of a file without a value: it is empty, or has only
// comments.
var ErrEmpty = errors.New("is empty")

// File is a file to be read.
type File struct {
	Name string // begins each message

	// Secret keeps keys and values out of messages, for files in which a secret
	// may be in the wrong place. The messages of checks and validators must not
	// contain any of them either.
	Secret bool

	// Checks are the checks that check tags name. Each returns what is wrong
	// with a text, such as "must begin with https://".
	Checks map[string]func(text string) error

	// Warnings are the warnings of validators, in the same form as problems.
	Warnings []string

	problems []problem
}

type problem struct {
	line int
	text string
}

// Decode fills into, which must be a pointer to a struct. Its error is [ErrEmpty],
// or lists all problems in the file, each on its own line.
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

// document returns the root of the document. There must be only one.
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
	if root.ShortTag() == "!!null" && root.Value == "" && root.Style == 0 { // and not a null that is written out
		return nil, ErrEmpty
	}
	return root, nil
}

var malformedRE = lazyregexp.New(`^yaml: line (\d+): (?s)(.*)$`)

// malformed returns the error for a file that is not valid YAML.
func (f *File) malformed(err error) error {
	text := err.Error()
	if m := malformedRE.FindStringSubmatch(text); m != nil {
		return fmt.Errorf("%s:%s: %s", f.Name, m[1], m[2])
	}
	if strings.HasPrefix(text, "yaml: unknown anchor") { // followed by its name, which may be a secret
		return fmt.Errorf("%s: an alias has no anchor; aliases are not supported, so write the value out", f.Name)
	}
	return fmt.Errorf("%s: %s", f.Name, strings.TrimPrefix(text, "yaml: "))
}

// show formats a key or a value, or returns otherwise if it may be a secret.
func (f *File) show(format, text, otherwise string) string {
	if f.Secret {
		return otherwise
	}
	return fmt.Sprintf(format, text)
}
