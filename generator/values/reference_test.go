package values

import (
	"fmt"
	"strings"
	"testing"
)

const room = 190 << 10

// table returns the table in a short form: a line for each group, and one for each of
// its rows.
func (r *Reference) table() string {
	var b strings.Builder
	for _, g := range r.Groups {
		if g.Section != "" {
			fmt.Fprintf(&b, "= %s\n", g.Section)
		}
		if !g.Single() {
			fmt.Fprintf(&b, "[%s %s] %s\n", g.Path, g.Anchor, g.Text)
		}
		for _, row := range g.Rows {
			star := ""
			if row.Required {
				star = "*"
			}
			fmt.Fprintf(&b, "%s%s %s|%s|%s|%s|%s\n", row.Path, star, row.Anchor, row.Type, row.Default, row.Enum, row.Text)
		}
	}
	return b.String()
}

// TestDescribe checks the rows of files without comments.
func TestDescribe(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"scalars", "a: 1\nb: x y\nc: true\nd: ~\ne: \"\"\nf: 1.5\ng:\nh: |\n  x\n  y\n",
			"a L1|integer|1||\nb L2|string|\"x y\"||\nc L3|boolean|true||\nd L4||null||\ne L5|string|\"\"||\nf L6|number|1.5||\ng L7||null||\nh L8|string|\"x\\ny\\n\"||\n"},
		{"booleans of YAML 1.1", "a: yes\nb: 'no'\nc: OFF\nd: [y, 'n']\n", "a L1|boolean|true||\nb L2|string|\"no\"||\nc L3|boolean|false||\nd L4|array|[true, \"n\"]||\n"},
		{"groups", "a:\n  b: {}\n  c:\n    d: []\ne: {f: 1, g: {h: 2}}\n",
			"[a L1] \na.b L2|object|{}||\na.c.d L4|array|[]||\n[e L5] \ne.f L5-2|integer|1||\ne.g.h L5-3|integer|2||\n"},
		{"lists", "a:\n  - b: 1\n    c: 2\nd: [1, x]\n", "a L1|array|[{\"b\": 1, \"c\": 2}]||\nd L4|array|[1, \"x\"]||\n"},
		{"long values", "a: " + strings.Repeat("x", 300), "a L1|string|\"" + strings.Repeat("x", maxDefault-1) + "…||\n"},
		{"a key twice", "a: 1\nb: 2\na: 3\n", "b L2|integer|2||\na L3|integer|3||\n"},
		{"aliases", "a: &a\n  b: 1\nc: *a\nd: {<<: *a, e: 2}\n", "[a L1] \na.b L2|integer|1||\nc L3|object|{\"b\": 1}||\n[d L4] \nd.b L4-2|integer|1||\nd.e L4-3|integer|2||\n"},
		{"merged lists", "a: &a {b: 1, c: 2}\nd: {<<: [*a, {c: 3, e: 4}, 5], b: 0}\n",
			"[a L1] \na.b L1-2|integer|1||\na.c L1-3|integer|2||\n[d L2] \nd.c L2-2|integer|2||\nd.e L2-3|integer|4||\nd.b L2-4|integer|0||\n"},
		{"odd keys", "a.b: {\"c d\": 1}\n1: x\n? [y]\n: z\n\"<b>\": \"<i>\"\n", "[\"a.b\" L1] \n\"a.b\".\"c d\" L1-2|integer|1||\n1 L2|string|\"x\"||\n\"<b>\" L5|string|\"<i>\"||\n"},
		{"a mark and other line ends", "\ufeffa: 1 # x\r\n# y\r\nb: 2\r\n", "a L1|integer|1||x\nb L3|integer|2||y\n"},
		{"hidden characters", "\"a\u202e\": \"\u202e\" # \u202e b\n", "\"a\\u202e\" L1|string|\"⟨U+202E⟩\"||⟨U+202E⟩ b\n"},
		{"nothing", "", ""},
		{"only comments", "# a\n", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := Describe(ctx, New([]byte(tt.in)), nil, nil, room)
			if got := r.table(); got != tt.want || r.Note != "" {
				t.Errorf("got:\n%s(%q)\nwant:\n%s", got, r.Note, tt.want)
			}
			if want := strings.Count(tt.want, "\n") - strings.Count("\n"+tt.want, "\n["); r.Count != want {
				t.Errorf("counts %d rows of %d", r.Count, want)
			}
		})
	}
}

// TestDescribeSchema checks what a schema adds.
func TestDescribeSchema(t *testing.T) {
	for _, tt := range []struct{ name, file, schema, want, note string }{
		{"types", "a: 1\nb:\nc: x\n", `{"properties":{"a":{"type":"number","description":" A\nB "},"b":{"type":["string","null"],"default":"x"},"c":{"enum":["x","y"]}},"required":["c"]}`,
			"a L1|number|1||A B\nb L2|string or null|null||\nc* L3|string|\"x\"|\"x\" \"y\"|\n", ""},
		{"comments first", "# -- (int) A\na: # Z\nb: 1 # Z\n", `{"properties":{"a":{"type":"string","description":"X"},"b":{"description":"Y"}}}`, "a L2|string|null||A\nb L3|integer|1||Z\n", ""},
		{"keys that only it has", "a: {b: 1}\nc: {}\nd: x\n", `{"properties":{"a":{"required":["e"],"properties":{"e":{"type":"string","default":"z"}}},"c":{"properties":{"f":{"properties":{"g":{}}}}},"d":{"properties":{"h":{}}},"i":{"type":"object"}}}`,
			"[a L1] \na.b L1-2|integer|1||\na.e* s1|string|\"z\"||\n[c L2-2] \nc L2|object|{}||\nc.f s2||||\nd L3|string|\"x\"||\ni s3|object|||\n", ""},
		{"Kubernetes' types", "a: {}\n", `{"properties":{"a":{"properties":{` + numbered(30, `"m%d":{},`) + `}}}}`, "a L1|object|{}||\n", ""},
		{"no file", "", `{"properties":{"a":{"properties":{` + numbered(2, `"m%d":{"properties":{"b":{"properties":{"c":{}}}}},`) + `}}}}`,
			"[a s1] \na.m0.b.c s2||||\na.m1.b.c s3||||\n", ""},
		{"members without names", "a: {b: {c: 1}}\n", `{"properties":{"a":{"additionalProperties":{"properties":{"c":{"type":"number"},"d":{}}}}}}`, "[a L1] \na.b.c L1-2|number|1||\n", ""},
		{"types used twice", "a: {x: 1}\nb: {x: 1}\nc: {x: 1}\n", `{"properties":{"a":{"$ref":"#/$defs/n"},"b":{"$ref":"#/$defs/n"},"c":{"$ref":"#/$defs/o"}},"$defs":{"n":{"properties":{"x":{"type":"number"},"y":{}}},"o":{"properties":{"z":{}}}}}`,
			"[a L1] \na.x L1-2|number|1||\n[b L2] \nb.x L2-2|number|1||\n[c L3] \nc.x L3-2|integer|1||\nc.z s1||||\n", ""},
		{"cycles", "a: {b: 1}\n", `{"$ref":"#/$defs/n","$defs":{"n":{"properties":{"a":{"$ref":"#/$defs/n"}}}}}`, "[a L1] \na.b L1-2|integer|1||\n", ""},
		{"elsewhere", "a: 1\n", `{"properties":{"a":{"$ref":"x.json"}}}`, "a L1|integer|1||\n", "Parts of the schema are in other documents and are not shown."},
		{"no JSON", "a: 1\n", `{`, "a L1|integer|1||\n", "values.schema.json is not a JSON object, or is nested too deeply."},
		{"no YAML", "a: [\n", `{"properties":{"a":{}}}`, "a s1||||\n", "values.yaml is not valid YAML, so the table lacks its keys."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			file := []byte(tt.file)
			if tt.file == "" {
				file = nil
			}
			r := Describe(ctx, New(file), []byte(tt.schema), nil, room)
			if got := r.table(); got != tt.want || r.Note != tt.note {
				t.Errorf("got:\n%s(%q)\nwant:\n%s(%q)", got, r.Note, tt.want, tt.note)
			}
		})
	}
}

// TestUnreadable: of a file that cannot be read, a note says so.
func TestUnreadable(t *testing.T) {
	for name, in := range map[string]string{
		"no YAML":    "a: [<b>\n",
		"a list":     "- <b>\n",
		"a text":     "<b>",
		"directive":  "%TAG ! tag:x,2000:\n---\na: <b>\n",
		"not UTF-8":  "a: \xff<b>\n",
		"many nodes": strings.Repeat("- a\n", maxMarks+1),
		"long":       "a: <b>\n" + strings.Repeat("# long\n", maxInput/7),
		"deep":       strings.Repeat("[", 20_000),
	} {
		if r := Describe(ctx, New([]byte(in)), nil, nil, room); r.Count > 0 || !strings.HasPrefix(r.Note, "values.yaml ") {
			t.Errorf("%s: %d rows, %q", name, r.Count, r.Note)
		}
	}
	if r := Describe(ctx, New([]byte("a: 1\n---\n- <b>\n...\n]")), nil, nil, room); r.Count != 1 {
		t.Errorf("two files: %d rows, %q", r.Count, r.Note)
	}
}

// TestReferenceAnchor looks up rows, and those that are nearest.
func TestReferenceAnchor(t *testing.T) {
	r := Describe(ctx, New([]byte("a:\n  b:\n    c: 1\n  d: [{e: 1}]\n\"x.y\": 2\n")), []byte(`{"properties":{"z":{}}}`), nil, room)
	for path, want := range map[string]string{
		"a": "L1", "a.b": "L3", "a.b.c": "L3", "a.d": "L4", "a.d.0.e": "L4", "a.b.x": "L3", `"x.y"`: "L5", "z": "s1", "q": "", "": "",
	} {
		if got := r.Anchor(path); got != want {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
	if got := (*Reference)(nil).Anchor("a"); got != "" {
		t.Errorf("no table has the anchor %q", got)
	}
}

// TestFit: texts are cut before rows are left out, and rows of the file go last.
func TestFit(t *testing.T) {
	file := numbered(100, "# "+strings.Repeat("word ", 60)+"\nk%d: 1\n")
	schema := []byte(`{"properties":{"only":{"description":"a & b"}}}`)
	for _, tt := range []struct {
		room, rows, text int
		note             string
	}{
		{room, 101, 299, ""},
		{35_000, 101, 247, ""},
		{14_600, 101, minText, ""},
		{13_000, 91, minText, "The page has no room for 3 more values."},
		{2000, 14, minText, "The page has no room for 92 more values."},
		{0, 0, 0, "The page has no room for 101 more values."},
	} {
		r := Describe(ctx, New([]byte(file)), schema, nil, tt.room)
		rows, longest := 0, 0
		for _, g := range r.Groups {
			rows += len(g.Rows)
			for _, row := range g.Rows {
				longest = max(longest, len(row.Text))
				if r.Anchor(row.Path) != row.Anchor {
					t.Errorf("%s has the anchor %q", row.Path, r.Anchor(row.Path))
				}
			}
		}
		if n := size(r, maxText); n > tt.room || rows != r.Count || abs(rows-tt.rows) > 12 || longest > tt.text+30 || longest < tt.text-30 {
			t.Errorf("room %d: %d rows (%d), texts of %d, %d bytes, %q", tt.room, rows, r.Count, longest, n, r.Note)
		}
		if (r.Note == "") != (tt.note == "") {
			t.Errorf("room %d: note %q", tt.room, r.Note)
		}
		if rows < 100 && r.Anchor("only") != "" {
			t.Error("a row that only the schema has stays")
		}
	}
}

func abs(n int) int { return max(n, -n) }
