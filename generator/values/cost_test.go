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
		testenv.Cheap(t, name, func() { Describe(ctx, nil, []byte(schema), nil, room) })
	}
}

// TestSchemaManyNames: a name without a schema costs less than a property, so 50,000 of
// them do not keep the property after them from being shown.
func TestSchemaManyNames(t *testing.T) {
	r := Describe(ctx, nil, []byte(`{"properties":{`+numbered(50_000, `"m%d":1,`)+`,"a":{"type":"string"}}}`), nil, room)
	if r.Count != 1 || r.Note != "" {
		t.Errorf("got %d rows, %q", r.Count, r.Note)
	}
}

// A line of a file is looked at a bounded number of times.
func TestDescribeCost(t *testing.T) {
	for name, src := range map[string]string{
		"empty blocks":       "r:\n" + numbered(20_000, "  k%d: |\n"),
		"empty folded":       "r:\n" + numbered(20_000, "  - >+\n\n"),
		"blocks in a list":   "r:\n" + strings.Repeat("- |\n", 20_000),
		"anchors and blanks": "a: [" + strings.Repeat("&a     , ", 10_000) + "]\n",
		"empty values":       "a: {" + numbered(10_000, "k%d: , ") + "}\n",
		"comments":           strings.Repeat("# a: b\n", 20_000) + "a: b\n",
		"comments below":     numbered(5000, "k%d: {}\n  # a b\n  # c: d\n"),
		"comments beside":    "a: {" + numbered(8000, "k%d: 1, ") + "} # " + strings.Repeat("a ", 50_000) + "\n",
		"extra values":       numbered(5000, "## @extra k%d.a b\n") + numbered(5000, "k%d:\n"),
		"merged mappings":    "a: &a {" + numbered(2000, "k%d: 1, ") + "}\n" + numbered(2000, "b%d: {<<: *a}\n"),
		"one line":           "a: [" + strings.Repeat("{? x}, ", 8_000) + "]\n",
	} {
		testenv.Cheap(t, name, func() { Describe(ctx, New([]byte(src)), nil, nil, room) })
		testenv.Cheap(t, name+" compared", func() { Compare(ctx, New([]byte(src)), New([]byte(src+"z: 1\n"))) })
	}
}

// Comparing long keys costs as much as they are long.
func TestCompareCost(t *testing.T) {
	src := "k: &k " + strings.Repeat("x", 200_000) + "\nm: &m {? *k : 1}\nl:\n" + strings.Repeat("- *m\n", 8000)
	testenv.Cheap(t, "long keys", func() {
		if c := Compare(ctx, New([]byte(src)), New([]byte(src))); c.Note == "" {
			t.Errorf("200 KB are compared 8,000 times: %s", c.list())
		}
	})
}

// Once there is no more time, a table ends, and there is no comparison; each says so.
func TestNoTime(t *testing.T) {
	late, cancel := context.WithCancel(ctx)
	cancel()
	if r := Describe(late, New([]byte("a: 1\n")), []byte(`{"properties":{"a":{}}}`), nil, room); r.Count > 0 || strings.Count(r.Note, "took too long") != 2 {
		t.Errorf("got %d rows, note %q", r.Count, r.Note)
	}
	if c := Compare(late, nil, New([]byte("a: 1\n"))); c.list() != "" || c.Note == "" {
		t.Errorf("got %s, note %q", c.list(), c.Note)
	}
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

// A table for which the time ends has the rows that were read.
func TestNoTimeToDescribe(t *testing.T) {
	r := Describe(&ending{Context: ctx}, New([]byte(numbered(1000, "k%d: 1\n"))), nil, nil, room)
	if want := "values.yaml was not read to its end, since the page took too long."; r.Count == 0 || r.Count > 500 || r.Note != want {
		t.Errorf("got %d rows, %q", r.Count, r.Note)
	}
}
