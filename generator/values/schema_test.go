package values

import (
	"fmt"
	"strings"
	"testing"
)

// TestSchema describes values that only a schema has.
func TestSchema(t *testing.T) {
	for _, tt := range []struct{ name, schema, want, note string }{
		{"nested", `{"properties":{"image":{"type":"object","required":["tag"],"properties":{"tag":{"type":"string","default":1e3}}}}}`,
			"[image s1] \nimage.tag* s2|string|1e3||\n", ""},
		{"kinds", `{"properties":{"a":{"enum":["x",1,null]},"b":{"const":{"k":[true]}},"c":{"type":"string","format":"uri","pattern":"^a"},"d":{"oneOf":[{"type":"string"},{"type":"integer"}]},"e":{"anyOf":[{"type":"null"},{"$ref":"#/$defs/e"}]}},"$defs":{"e":{"type":"boolean"}}}`,
			"a s1|||\"x\" 1 null|\nb s2|{\"k\": [true]}|||\nc s3|string, uri, like ^a|||\nd s4|string or integer|||\ne s5|null or boolean|||\n", ""},
		{"lists", `{"properties":{"a":{"type":"array","items":{"type":"object","properties":{"n":{"type":"string"}}}},"b":{"type":"array","items":{"type":"string"}}}}`,
			"a s1|array of object|||\nb s2|array of string|||\n", ""},
		{"references", `{"$ref":"#/definitions/root","definitions":{"root":{"properties":{"a":{"$ref":"#/definitions/x~1y"}}},"x/y":{"type":"object","description":"D","properties":{"b":{"type":"string"}}}}}`,
			"[a s1] D\na.b s2|string|||\n", ""},
		{"cycles", `{"properties":{"a":{"$ref":"#/definitions/n"}},"definitions":{"n":{"type":"object","properties":{"next":{"$ref":"#/definitions/n"}}},"l":{"$ref":"#/definitions/l"}},"$ref":"#/definitions/l"}`,
			"a s1|object|||\n", ""},
		{"allOf", `{"allOf":[{"properties":{"a":{"allOf":[{"type":"string"},{"default":"d"}]}}},{"properties":{"b":{}}}]}`,
			"a s1|string|\"d\"||\nb s2||||\n", ""},
		{"elsewhere", `{"properties":{"a":{"$ref":"https://x.y/z.json"}}}`, "a s1||||\n", "Parts of the schema are in other documents and are not shown."},
		{"wrong shapes", `{"properties":{"a":1,"b":{"type":7,"items":[1],"required":"x","enum":{},"properties":[],"allOf":{},"description":[]}},"required":[1],"$ref":5}`,
			"b s1||||\n", ""},
		{"broken references", `{"properties":{"a":{"$ref":"#/properties/none/x"},"b":{"$ref":"#"},"c":{"$ref":"#/properties/c"},"d":{"$ref":"#/allOf/9"}},"allOf":[]}`,
			"a s1||||\nb s2||||\nc s3||||\nd s4||||\n", ""},
		{"hidden characters", "{\"properties\":{\"a\\u202e\":{\"description\":\"\\u202e<b>\",\"type\":\"\\u2066\"}}}", "\"a\\u202e\" s1|⟨U+2066⟩|||⟨U+202E⟩<b>\n", ""},
		{"no JSON", `{"properties":`, "", "values.schema.json is not a JSON object, or is nested too deeply."},
		{"more than JSON", `{} {}`, "", "values.schema.json is not a JSON object, or is nested too deeply."},
		{"no object", `[]`, "", "values.schema.json is not a JSON object, or is nested too deeply."},
		{"nothing", `{}`, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := Describe(ctx, nil, []byte(tt.schema), nil, room)
			if got := r.table(); got != tt.want || r.Note != tt.note {
				t.Errorf("got:\n%s(%q)\nwant:\n%s(%q)", got, r.Note, tt.want, tt.note)
			}
		})
	}
}

// TestSchemaBounds reads short schemas that describe very many values.
func TestSchemaBounds(t *testing.T) {
	wide := &strings.Builder{}
	for i := range maxOnly + 3 {
		fmt.Fprintf(wide, `"k%d":{},`, i)
	}
	r := Describe(ctx, nil, []byte(`{"properties":{`+strings.TrimSuffix(wide.String(), ",")+`}}`), nil, room)
	if r.Count != maxOnly || r.Note != "values.schema.json describes more values." {
		t.Errorf("got %d rows, %q", r.Count, r.Note)
	}
	ref := func(i int) string { return fmt.Sprintf(`{"$ref":"#/definitions/d%d"}`, i) }
	defs, choices := &strings.Builder{}, &strings.Builder{}
	for i := range 30 {
		fmt.Fprintf(defs, `"d%d":{"properties":{"a":%[2]s,"b":%[2]s,"c":%[2]s,"d":%[2]s,"e":%[2]s,"f":%[2]s}},`, i, ref(i+1))
		fmt.Fprintf(choices, `"d%d":{"oneOf":[%s]},`, i, strings.Repeat(ref(i+1)+",", 15)+ref(i+2))
	}
	huge := strings.Repeat("x", 100_000)
	texts := &strings.Builder{}
	for i := range 2000 {
		fmt.Fprintf(texts, `"k%d":%s,`, i, ref(0))
	}
	for name, schema := range map[string]string{
		"properties": `{"$ref":"#/definitions/d0","definitions":{` + defs.String() + `"d30":{}}}`,
		"choices":    `{"properties":{"x":` + ref(0) + `},"definitions":{` + choices.String() + `"d30":{}}}`,
		"texts":      `{"properties":{` + texts.String() + `"z":{}},"definitions":{"d0":{"description":"` + huge + `","default":["` + huge + `"],"pattern":"` + huge + `","enum":["` + huge + `"]}}}`,
		"names":      `{"properties":{"` + huge + `":` + ref(0) + `},"definitions":{` + defs.String() + `"d30":{}}}`,
		"deep":       strings.Repeat(`{"properties":{"a":`, 40) + "{}" + strings.Repeat("}}", 40),
		"deep lists": `{"properties":{"a":` + strings.Repeat(`{"type":"array","items":`, 80) + "{}" + strings.Repeat("}", 80) + `}}`,
		"too deep":   strings.Repeat(`{"properties":{"a":`, 400) + "{}" + strings.Repeat("}}", 400),
		"too long":   `{"a":"` + strings.Repeat("x", maxSchema) + `"}`,
	} {
		r := Describe(ctx, nil, []byte(schema), nil, room)
		if len(r.table()) > room {
			t.Errorf("%s: %d rows, %d bytes", name, r.Count, len(r.table()))
		}
		if strings.HasPrefix(name, "too") && (r.Count > 0 || r.Note == "") {
			t.Errorf("%s: %d rows, %q", name, r.Count, r.Note)
		}
		t.Logf("%s: %d rows, %q", name, r.Count, r.Note)
	}
}
