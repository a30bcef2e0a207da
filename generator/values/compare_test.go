package values

import (
	"fmt"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/templates"
)

// list returns changes in a short form.
func (c Changes) list() string {
	var b strings.Builder
	for _, v := range c.Added {
		fmt.Fprintf(&b, "+ %s %s\n", v.Path, v.After)
	}
	for _, v := range c.Removed {
		fmt.Fprintf(&b, "- %s %s\n", v.Path, v.Before)
	}
	for _, v := range c.Changed {
		fmt.Fprintf(&b, "* %s %s -> %s\n", v.Path, v.Before, v.After)
	}
	return b.String()
}

// paths returns the texts of changes.
func paths(changes []templates.ValueChange) []string {
	var all []string
	for _, v := range changes {
		all = append(all, v.Path+v.Before+v.After)
	}
	return all
}

func TestCompare(t *testing.T) {
	for _, tt := range []struct{ name, before, after, want string }{
		{"nothing", "a: 1\nb: [x, {c: d}]\n", "b:\n- \"x\"\n- c: 'd'\na: 1 # now last\n", ""},
		{"all kinds", "a: 1\nb: 2\nc: {d: 3}\n", "z: 0\na: 1\nc: {d: 4, e: 5}\n", "+ z 0\n+ c.e 5\n- b 2\n* c.d 3 -> 4\n"},
		{"a tree that is new", "{}\n", "a: {b: {c: 1, d: [1, 2]}}\n", "+ a {\"b\": {\"c\": 1, \"d\": [1, 2]}}\n"},
		{"a tree that is gone", "z: 1\nb: 1\na: {b: 1}\n", "", "- a {\"b\": 1}\n- b 1\n- z 1\n"},
		{"types", "a: 80\nb: yes\nc: null\nd: {}\n", "a: \"80\"\nb: true\nc: ~\nd: []\n", "* a 80 -> \"80\"\n* d {} -> []\n"},
		{"booleans of YAML 1.1", "a: yes\nb: \"yes\"\nc: Off\nd: !!str on\n", "a: true\nb: yes\nc: n\nd: on\n", "* b \"yes\" -> true\n* d \"on\" -> true\n"},
		{"lists", "a: [1, 2]\n", "a: [1, 3]\n", "* a [1, 2] -> [1, 3]\n"},
		{"items", "a: [{n: x, v: 1}]\n", "a: [{n: x, v: 2}]\n", "* a.0.v 1 -> 2\n"},
		{"more items", "a: [{n: x}]\n", "a: [{n: x}, {n: z}]\n", "* a [{\"n\": \"x\"}] -> [{\"n\": \"x\"}, {\"n\": \"z\"}]\n"},
		{"aliases", "x: &x {a: 1}\ny: *x\n", "x: {a: 1}\ny: {a: 2}\n", "* y.a 1 -> 2\n"},
		{"a key twice", "a: 1\na: 2\n", "a: 3\na: 2\n", ""},
		{"long values", "a: 1\n", "a: " + strings.Repeat("x", 1000) + "\n", "* a 1 -> \"" + strings.Repeat("x", maxShort-1) + "…\n"},
		{"hidden characters", "a: 1\n", "a: \"\\u202e\\x07<b>\"\n", "* a 1 -> \"⟨U+202E⟩\\u0007<b>\"\n"},
		{"odd keys", "{}\n", "\"a.b\": {c: 1}\n", "+ \"a.b\" {\"c\": 1}\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := Compare(ctx, New([]byte(tt.before)), New([]byte(tt.after)))
			if got := c.list(); got != tt.want || c.Note != "" || c.More != 0 {
				t.Errorf("got:\n%s(%q, %d)\nwant:\n%s", got, c.Note, c.More, tt.want)
			}
		})
	}
}

// TestRetyped checks which changes are those of a type.
func TestRetyped(t *testing.T) {
	for values, want := range map[string]bool{
		"1 | x": true, "1 | \"1\"": true, "true | \"true\"": true, "yes | \"yes\"": true, "yes | false": false, "x | {a: 1}": true, "[a] | {a: 1}": true, "[{a: 1}] | x": true, "&x [a] | 1": true,
		"1 | 2": false, "1 | 1.5": false, "x | z": false, "{a: 1} | {b: 2}": false, "2020-01-01 | x": false,
		"~ | x": false, "\"\" | 1": false, "{} | x": false, "[] | {a: 1}": false, "{a: 1} | ~": false, "[a] | \"\"": false, "1 | 1": false,
	} {
		before, after, _ := strings.Cut(values, " | ")
		c := Compare(ctx, New([]byte("k: "+before+"\n")), New([]byte("k: "+after+"\n")))
		if got := len(c.Retyped) == 1; got != want || got && c.Retyped[0] != c.Changed[0] {
			t.Errorf("%s: got %+v", values, c.Retyped)
		}
	}
}

// TestCompareBounds compares files that are costly or impossible to compare.
func TestCompareBounds(t *testing.T) {
	many := &strings.Builder{}
	for i := range maxChanges + 7 {
		fmt.Fprintf(many, "k%d: 1\n", i)
	}
	c := Compare(ctx, nil, New([]byte(many.String())))
	if len(c.Added) != maxChanges || c.More != 7 {
		t.Errorf("got %d changes and %d more", len(c.Added), c.More)
	}
	bomb := "a: &a {x: 1}\n"
	for c := 'b'; c < 'z'; c++ {
		bomb += fmt.Sprintf("%c: &%c {x: *%c, y: *%c}\n", c, c, c-1, c-1)
	}
	for name, pair := range map[string][2]string{
		"aliases":  {bomb, bomb + "z: 1\n"},
		"earlier":  {"a: [", "a: 1"},
		"later":    {"a: 1", "- a"},
		"large":    {"a: 1", strings.Repeat("# x\n", maxInput/4+1)},
		"texts":    {texts(), texts()},
		"mappings": {mappings(1), mappings(2)},
	} {
		if c := Compare(ctx, New([]byte(pair[0])), New([]byte(pair[1]))); c.Note == "" || c.list() != "" {
			t.Errorf("%s: got %q with note %q", name, c.list(), c.Note)
		}
	}
}

// texts are many aliases of one long text.
func texts() string {
	return "a: &a [" + strings.Repeat("x", 200_000) + "]\n" + "b: [" + strings.Repeat("*a,", 20_000) + "]\n"
}

// mappings are many aliases of one large mapping, beside small ones.
func mappings(n int) string {
	var b strings.Builder
	b.WriteString("a: &a {")
	for i := range 5000 {
		fmt.Fprintf(&b, "k%d: %d,", i, n)
	}
	b.WriteString("}\n")
	for i := range 5000 {
		fmt.Fprintf(&b, "b%d: *a\n", i)
	}
	return b.String()
}
