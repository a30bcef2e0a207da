package values

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/portolan-charts/portolan/publisher/untrusted"
	"github.com/portolan-charts/portolan/templates"
)

// FuzzValues compares any bytes as files.
func FuzzValues(f *testing.F) {
	f.Add([]byte("a: 1\n# c\nb:\n  - x: \"y\\\"z\" # d\n    \"k.l\": |\n      foo\n\n      bar\n  - t\nc: &x {a: b, c: [1, true, ~]}\nd: *x\ne: multi\n  line\n"), []byte("a: [{b: 1}]\n"))
	f.Add([]byte("a: [{b: 2}]\n? [x]\n: y\n"), []byte("<<: &x {a: 1}\nb: 'it''s'\n"))
	f.Add([]byte("\ufeffa: \u2028b\u0085c: d\n"), []byte("? a\n? b\n"))
	f.Fuzz(func(t *testing.T, before, after []byte) {
		c := Compare(ctx, New(before), New(after))
		for _, list := range [][]string{paths(c.Added), paths(c.Removed), paths(c.Changed), paths(c.Retyped)} {
			if len(list) > maxChanges || strings.ContainsFunc(strings.Join(list, ""), untrusted.Hidden) {
				t.Errorf("got %q", list)
			}
		}
		if same := Compare(ctx, New(after), New(after)); same.list() != "" {
			t.Errorf("a file differs from itself: %s", same.list())
		}
		back := Compare(ctx, New(after), New(before))
		if c.Note+back.Note == "" && (len(c.Added) != len(back.Removed) || len(c.Changed) != len(back.Changed)) {
			t.Errorf("comparing the other way gives other changes:\n%s\n%s", c.list(), back.list())
		}
	})
}

// FuzzDescribe describes any bytes as a file and its schema.
func FuzzDescribe(f *testing.F) {
	f.Add([]byte("# -- (int) A\n# @default -- 1\na: 1 # b\n## @param c.d [array] D\n## @extra e.f F\nc:\n  # x: y\n  # Text:\n  #  - z\n  d: []\n    # e\nx: &x {<<: {k: 1}}\ny: *x\n"), []byte(`{"properties":{"a":{"type":"string"},"c":{"properties":{"g":{"enum":[1]}}}}}`), 1000)
	f.Add([]byte("a: [{b: 2}]\n? [x]\n: y\n\"k.l\": 'it''s' # x\n"), []byte(`{"$ref":"#","required":["a"],"properties":{"a":{"enum":[1,"x"],"default":{"b":[]},"pattern":"^a","anyOf":[{"$ref":"#/properties/a"}]}}}`), 0)
	f.Add([]byte("\ufeffa: \u2028b\u0085# c\nc: d\n"), []byte(`{"properties":{"a":{"$ref":"#/definitions/n"}},"definitions":{"n":{"allOf":[{"type":["string","null"]}],"items":{"oneOf":[{"const":1}]}}}}`), 300)
	f.Add([]byte("\ufeff####\n# Copyright\n? a\n: b\n<<: [{c: d}]\n"), []byte(`{"$ref":"#"}`), 100)
	f.Fuzz(func(t *testing.T, file, schema []byte, room int) {
		r := Describe(ctx, New(file), schema, nil, room)
		if n := size(r, maxText); n > room && r.Count > 0 {
			t.Errorf("%d bytes do not fit %d", n, room)
		}
		ids, rows := map[string]bool{}, 0
		for _, g := range r.Groups {
			rows += len(g.Rows)
			if len(g.Rows) == 0 || g.Single() && g.Anchor != g.Rows[0].Anchor || strings.ContainsFunc(g.Path+g.Text, untrusted.Hidden) {
				t.Errorf("got %+v", g)
			}
			if !g.Single() {
				g.Rows = append(g.Rows, templates.ValueReference{Anchor: g.Anchor})
			}
			for _, row := range g.Rows {
				if row.Anchor == "" || ids[row.Anchor] {
					t.Errorf("id %q occurs twice", row.Anchor)
				}
				ids[row.Anchor] = true
				text := row.Path + row.Type + row.Default + row.Enum + row.Text
				if strings.ContainsFunc(text, untrusted.Hidden) || !utf8.ValidString(text) || strings.Contains(text, "\n") {
					t.Errorf("got %+v", row)
				}
			}
		}
		if rows != r.Count {
			t.Errorf("counts %d rows of %d", r.Count, rows)
		}
		for path, a := range r.anchors {
			if !ids[a] {
				t.Errorf("%s: there is no anchor %q", path, a)
			}
		}
		images, _ := Images(ctx, New(file), "1")
		for _, i := range images {
			if strings.ContainsFunc(i.Path+i.Ref, untrusted.Hidden) || strings.ContainsAny(i.Ref, " <>\"'&") {
				t.Errorf("got %+v", i)
			}
		}
	})
}
