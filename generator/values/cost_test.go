package values

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/ci/testenv"
)

var ctx = context.Background()

// numbered joins n texts, in each of which %d is its number.
func numbered(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return strings.TrimSuffix(b.String(), ",")
}

// Whatever many members of a schema refer to is looked at a bounded number of times.
func TestSchemaCost(t *testing.T) {
	long := "#" + strings.Repeat("/a", 200_000)
	for name, schema := range map[string]string{
		"a long reference":       `{"properties":{` + numbered(15_000, `"k%d":{"$ref":"#/r"},`) + `},"r":{"$ref":"` + long + `"}}`,
		"members, no objects":    `{"properties":{` + numbered(15_000, `"k%d":{"$ref":"#/r"},`) + `},"r":{"properties":{` + numbered(50_000, `"m%d":1,`) + `}}}`,
		"required names":         `{"properties":{` + numbered(15_000, `"k%d":{"$ref":"#/r"},`) + `},"r":{"properties":{"a":{}},"required":[` + numbered(50_000, `"m%d",`) + `]}}`,
		"a long number":          `{"properties":{` + numbered(15_000, `"k%d":{"$ref":"#/r"},`) + `},"r":{"default":` + strings.Repeat("1", 500_000) + `}}`,
		"a chain of references":  `{"$ref":"#/r0",` + numbered(19_000, `"r%d":{"$ref":"#/s"},`) + `,"s":{"$ref":"#/r1"}}`,
		"a chain without an end": `{"$ref":"#/allOf/0","allOf":[` + strings.Repeat(`{"allOf":[`, 45) + strings.Repeat("]}", 45) + `]}`,
		"many long references":   `{"properties":{` + numbered(1000, `"k%d":{"$ref":"#/`+strings.Repeat("a/", 480)+`%[1]d"},`) + `}}`,
	} {
		if len(schema) > maxSchema {
			t.Fatalf("%s: %d bytes are refused for their length", name, len(schema))
		}
		testenv.Cheap(t, name, func() { Schema(ctx, []byte(schema), nil) })
	}
}

// TestSchemaManyNames: a name without a schema costs less than a property, so 50,000 of
// them do not keep the property after them from being shown.
func TestSchemaManyNames(t *testing.T) {
	rows, note := Schema(ctx, []byte(`{"properties":{`+numbered(50_000, `"m%d":1,`)+`,"a":{"type":"string"}}}`), nil)
	if len(rows) != 1 || note != "" {
		t.Errorf("got %d rows, %q", len(rows), note)
	}
}

// A key or value of a file is looked for once, and a text without lines does not
// reach into what follows it.
func TestRenderCost(t *testing.T) {
	for name, src := range map[string]string{
		"empty blocks":       "r:\n" + numbered(20_000, "  k%d: |\n"),
		"empty folded":       "r:\n" + numbered(20_000, "  - >+\n\n"),
		"blocks in a list":   "r:\n" + strings.Repeat("- |\n", 20_000),
		"anchors and blanks": "a: [" + strings.Repeat("&a     , ", 10_000) + "]\n",
		"empty values":       "a: {" + numbered(10_000, "k%d: , ") + "}\n",
		"one line":           "a: [" + strings.Repeat("{? x}, ", 8_000) + "]\n",
	} {
		testenv.Cheap(t, name, func() { Render(ctx, []byte(src)) })
		testenv.Cheap(t, name+" compared", func() { Compare(ctx, []byte(src), []byte(src+"z: 1\n"), nil) })
	}
	f := Render(ctx, []byte("r:\n  a: |\n  b: |\n    x\n  c: |+\n\n  d: 1\n"))
	if got, want := marked(string(f.Text.HTML)), "k(values-r|r):\n  k(values-r.a|a): s(|)\n  k(values-r.b|b): s(|\n    x)\n  k(values-r.c|c): s(|+)\n\n  k(values-r.d|d): n(1)\n"; got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// Comparing long keys costs as much as they are long.
func TestCompareCost(t *testing.T) {
	src := "k: &k " + strings.Repeat("x", 200_000) + "\nm: &m {? *k : 1}\nl:\n" + strings.Repeat("- *m\n", 8000)
	testenv.Cheap(t, "long keys", func() {
		if c := Compare(ctx, []byte(src), []byte(src), nil); c.Note == "" {
			t.Errorf("200 KB are compared 8,000 times: %s", c.list())
		}
	})
}

// ending is a context that is done once it was asked.
type ending struct {
	context.Context
	asked bool
}

func (e *ending) Err() error {
	if !e.asked {
		e.asked = true
		return nil
	}
	return context.DeadlineExceeded
}

// A file for which the time ends while it is marked is not called too long.
func TestNoTimeToMark(t *testing.T) {
	src := "a: {" + numbered(200, "k%d: "+strings.Repeat("x", 1000)+", ") + "}\n"
	if f := Render(ctx, []byte(src)); f.Text.Note != "" {
		t.Fatalf("in time: %s", f.Text.Note)
	}
	f := Render(&ending{Context: ctx}, []byte(src))
	if want := "values.yaml was not highlighted, since the page took too long, so it is shown as plain text."; f.Text.Note != want {
		t.Errorf("got %q, want %q", f.Text.Note, want)
	}
}

// Once there is no more time, a file is plain text, a table ends, and there is no
// comparison; each says so.
func TestNoTime(t *testing.T) {
	late, cancel := context.WithCancel(ctx)
	cancel()
	f := Render(late, []byte("a: <b>\n"))
	if f.Text.Note == "" || string(f.Text.HTML) != "a: &lt;b&gt;\n" || len(f.Keys) > 0 {
		t.Errorf("got %q, note %q", f.Text.HTML, f.Text.Note)
	}
	if rows, note := Schema(late, []byte(`{"properties":{"a":{}}}`), nil); len(rows) > 0 || note == "" {
		t.Errorf("got %d rows, note %q", len(rows), note)
	}
	if c := Compare(late, nil, []byte("a: 1\n"), nil); c.list() != "" || c.Note == "" {
		t.Errorf("got %s, note %q", c.list(), c.Note)
	}
}
