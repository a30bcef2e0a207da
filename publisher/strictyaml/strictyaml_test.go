package strictyaml

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
)

// shelf has a field of each type that can be filled.
type shelf struct {
	Name   string            `yaml:"name" jsonschema:"required" check:"lower"`
	Kind   string            `yaml:"kind" jsonschema:"enum=wood,enum=steel"`
	Open   *bool             `yaml:"open"`
	Boards int               `yaml:"boards" jsonschema:"minimum=1,maximum=9"`
	Load   Size              `yaml:"load" max:"1MiB"`
	Wait   time.Duration     `yaml:"wait" min:"1s" max:"1h"`
	Until  time.Time         `yaml:"until"`
	Labels map[string]string `yaml:"labels"`
	Books  books             `yaml:"books"`
	Inner  *shelf            `yaml:"inner"`
	Own    func()            // not in the file
}

type books []struct {
	Title string `yaml:"title" jsonschema:"required"`
}

func (b books) Validate(at Place) {
	if len(b) > 1 {
		at.Item(1).Key("title").Problem("is one too many; the first is in line %d", at.Item(0).Line())
		at.Warn("has many")
	}
}

func read(text string, secret bool) (*shelf, *File, error) {
	s, f := &shelf{}, &File{Name: "f.yaml", Secret: secret, Checks: map[string]func(string) error{"lower": func(text string) error {
		if text != strings.ToLower(text) {
			return errors.New("must be in lower case")
		}
		return nil
	}}}
	return s, f, f.Decode([]byte(text), s)
}

func TestDecode(t *testing.T) {
	const text = `
name: a
kind: wood
open: false
boards: 3
load: 2KiB
wait: 90s
until: 2027-01-01T00:00:00Z
labels: {a: "1", b: ""}
books: [{title: T}]
inner: {name: b, labels: {}, books: [], load: 5}
`
	got, f, err := read(text, true)
	if err != nil || f.Warnings != nil {
		t.Fatal(err, f.Warnings)
	}
	open := false
	want := &shelf{
		Name: "a", Kind: "wood", Open: &open, Boards: 3, Load: 2048, Wait: 90 * time.Second, Until: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC),
		Labels: map[string]string{"a": "1", "b": ""}, Books: books{{"T"}}, Inner: &shelf{Name: "b", Labels: map[string]string{}, Books: books{}, Load: 5},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// Each text has all the messages that it causes, in order, for an ordinary file and
// for a secret one.
func TestProblems(t *testing.T) {
	for name, c := range map[string]struct{ text, want, secret string }{
		"empty":            {"# nothing\n", "is empty", "is empty"},
		"written null":     {"~", "f.yaml:1: must be a mapping of keys to values", "f.yaml:1: must be a mapping of keys to values"},
		"no mapping":       {"[]", "f.yaml:1: must be a mapping of keys to values", "f.yaml:1: must be a mapping of keys to values"},
		"not YAML":         {"name: a\n]", "f.yaml:1: did not find expected key", "f.yaml:1: did not find expected key"},
		"no anchor":        {"name: *abc", "f.yaml: an alias has no anchor; aliases are not supported, so write the value out", "f.yaml: an alias has no anchor; aliases are not supported, so write the value out"},
		"second document":  {"name: a\n---\n", "f.yaml:2: a second YAML document begins here; there may be only one", "f.yaml:2: a second YAML document begins here; there may be only one"},
		"alias":            {"name: &a b\nkind: *a", "f.yaml:2: kind: aliases are not supported; write the value out", "f.yaml:2: kind: aliases are not supported; write the value out"},
		"near key":         {"name: a\nbords: 1", `f.yaml:2: unknown key "bords"; did you mean "boards"?`, `f.yaml:2: unknown key; did you mean "boards"?`},
		"far key":          {"name: a\nbooks: [{title: a, zzzzzz: 1}]", `f.yaml:2: books[0]: unknown key "zzzzzz"; the keys are title`, `f.yaml:2: books[0]: unknown key; the keys are title`},
		"key twice":        {"name: a\nname: b", `f.yaml:2: key "name" occurs twice, first in line 1`, `f.yaml:2: key "name" occurs twice, first in line 1`},
		"key missing":      {"kind: wood", `f.yaml:1: the key "name" is missing`, `f.yaml:1: the key "name" is missing`},
		"no value":         {"name:", "f.yaml:1: name: has no value; give it one, or remove the key", "f.yaml:1: name: has no value; give it one, or remove the key"},
		"enumeration":      {"name: a\nkind: steal", `f.yaml:2: kind: "steal" is not one of: wood, steel; did you mean "steel"?`, `f.yaml:2: kind: is not one of: wood, steel; did you mean "steel"?`},
		"number for text":  {"name: 1.10", "f.yaml:1: name: must be text; put 1.10 in quotes", "f.yaml:1: name: must be text; put it in quotes"},
		"check":            {"name: Abc", `f.yaml:1: name: "Abc" must be in lower case`, `f.yaml:1: name: must be in lower case`},
		"number too large": {"name: a\nboards: 10", `f.yaml:2: boards: "10" is not between 1 and 9`, `f.yaml:2: boards: is not between 1 and 9`},
		"size too large":   {"name: a\nload: 2MiB", `f.yaml:2: load: "2MiB" is more than 1MiB, the most that can be allowed`, `f.yaml:2: load: is more than 1MiB, the most that can be allowed`},
		"no duration":      {"name: a\nwait: 2h", `f.yaml:2: wait: "2h" must be a time from 1s to 1h, such as 90m`, `f.yaml:2: wait: must be a time from 1s to 1h, such as 90m`},
		"no time":          {"name: a\nuntil: 2027-01-01", `f.yaml:2: until: "2027-01-01" must be a time such as 2027-01-01T00:00:00Z`, `f.yaml:2: until: must be a time such as 2027-01-01T00:00:00Z`},
		"map of numbers":   {"name: a\nlabels: {abc: 1}", "f.yaml:2: labels.abc: must be text; put 1 in quotes", "f.yaml:2: labels.*: must be text; put it in quotes"},
		"map with a list":  {"name: a\nlabels: {abc: []}", "f.yaml:2: labels.abc: must be a single value", "f.yaml:2: labels.*: must be a single value"},
		"map key twice":    {"name: a\nlabels:\n  abc: a\n  abc: b", "f.yaml:4: labels.abc: the key occurs twice", "f.yaml:4: labels.*: the key occurs twice"},
		"map with number":  {"name: a\nlabels: {1: a}", "f.yaml:2: labels.1: must be text; put 1 in quotes", "f.yaml:2: labels.*: must be text; put it in quotes"},
		"validator":        {"name: a\nbooks:\n- title: a\n- title: b", "f.yaml:4: books[1].title: is one too many; the first is in line 3", "f.yaml:4: books[1].title: is one too many; the first is in line 3"},
		"in order": {"books: {}\ninner: []\nopen: maybe\nboards: many\nload: []",
			"f.yaml:1: books: must be a list\nf.yaml:1: the key \"name\" is missing\nf.yaml:2: inner: must be a mapping of keys to values\n" +
				"f.yaml:3: open: \"maybe\" must be true or false\nf.yaml:4: boards: \"many\" must be a whole number\nf.yaml:5: load: must be a single value",
			"f.yaml:1: books: must be a list\nf.yaml:1: the key \"name\" is missing\nf.yaml:2: inner: must be a mapping of keys to values\n" +
				"f.yaml:3: open: must be true or false\nf.yaml:4: boards: must be a whole number\nf.yaml:5: load: must be a single value"},
	} {
		t.Run(name, func(t *testing.T) {
			for secret, want := range map[bool]string{false: c.want, true: c.secret} {
				if _, _, err := read(c.text, secret); err == nil || err.Error() != want {
					t.Errorf("secret %v: got:\n%v\nwant:\n%s", secret, err, want)
				}
			}
		})
	}
}

func TestWarnings(t *testing.T) {
	_, f, _ := read("name: a\nbooks: [{title: a}, {title: b}]", false)
	if len(f.Warnings) != 1 || f.Warnings[0] != "f.yaml:2: books: has many" {
		t.Errorf("got %q", f.Warnings)
	}
}

// FuzzSecret checks that no message about a secret file contains a value from it.
func FuzzSecret(f *testing.F) {
	f.Add("name: %\n%: 1\nkind: %\nwait: %")
	f.Add("labels: {%: %, %: [%]}\nbooks: [%]\nload: *%")
	f.Add("!<%> a\n---\n%")
	f.Fuzz(func(t *testing.T, text string) {
		const secret = "canary4711"
		_, _, err := read(strings.ReplaceAll(text, "%", secret), true)
		if err != nil && strings.Contains(err.Error(), secret) {
			t.Error(err)
		}
	})
}
