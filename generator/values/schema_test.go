package values

import (
	"fmt"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/templates"
)

func rowsText(rows []templates.ValueRow) string {
	var b strings.Builder
	for _, r := range rows {
		fmt.Fprintf(&b, "%s|%s|%s|%v|%s|%s\n", r.Path, r.Type, r.Default, r.Required, r.Description, r.Anchor)
	}
	return b.String()
}

func TestSchema(t *testing.T) {
	for _, tt := range []struct{ name, schema, want, note string }{
		{"simple", `{"properties":{"b":{"type":"string","description":" B ","default":"x"},"a":{"type":["integer","null"],"default":1e3}},"required":["a"]}`,
			"b|string|\"x\"|false|B|values-b\na|integer or null|1e3|true||\n", ""},
		{"nested", `{"properties":{"image":{"type":"object","required":["tag"],"properties":{"tag":{"type":"string"}}}}}`,
			"image|object||false||values-image\nimage.tag|string||true||values-image.tag\n", ""},
		{"kinds", `{"properties":{"a":{"enum":["x",1,null]},"b":{"const":{"k":[true]}},"c":{"type":"string","format":"uri","pattern":"^a"},"d":{"oneOf":[{"type":"string"},{"type":"integer"}]},"e":{"anyOf":[{"type":"null"},{"$ref":"#/$defs/e"}]}},"$defs":{"e":{"type":"boolean"}}}`,
			"a|one of \"x\" 1 null||false||\nb|{\"k\": [true]}||false||values-b\nc|string, uri, like ^a||false||\nd|string or integer||false||\ne|null or boolean||false||\n", ""},
		{"lists", `{"properties":{"a":{"type":"array","items":{"type":"object","properties":{"n":{"type":"string"}}}},"b":{"type":"array","items":{"type":"string"}}}}`,
			"a|array of object||false||\na[].n|string||false||\nb|array of string||false||values-b\n", ""},
		{"references", `{"$ref":"#/definitions/root","definitions":{"root":{"properties":{"a":{"$ref":"#/definitions/x~1y"}}},"x/y":{"type":"object","description":"D","properties":{"b":{"type":"string"}}}}}`,
			"a|object||false|D|\na.b|string||false||\n", ""},
		{"cycles", `{"properties":{"a":{"$ref":"#/definitions/n"}},"definitions":{"n":{"type":"object","properties":{"next":{"$ref":"#/definitions/n"}}},"l":{"$ref":"#/definitions/l"}},"$ref":"#/definitions/l"}`,
			"a|object||false||\na.next|object||false||\n", ""},
		{"allOf", `{"allOf":[{"properties":{"a":{"allOf":[{"type":"string"},{"default":"d"}]}}},{"properties":{"b":{}}}]}`,
			"a|string|\"d\"|false||\nb|||false||values-b\n", ""},
		{"elsewhere", `{"properties":{"a":{"$ref":"https://x.y/z.json"}}}`, "a|||false||\n", "Parts of the schema are in other documents and are not shown."},
		{"wrong shapes", `{"properties":{"a":1,"b":{"type":7,"items":[1],"required":"x","enum":{},"properties":[],"allOf":{},"description":[]}},"required":[1],"$ref":5}`,
			"b|||false||values-b\n", ""},
		{"broken references", `{"properties":{"a":{"$ref":"#/properties/none/x"},"b":{"$ref":"#"},"c":{"$ref":"#/properties/c"},"d":{"$ref":"#/allOf/9"}},"allOf":[]}`,
			"a|||false||\nb|||false||values-b\nc|||false||\nd|||false||\n", ""},
		{"hidden characters", "{\"properties\":{\"a\\u202e\":{\"description\":\"\\u202e<b>\",\"type\":\"\\u2066\"}}}", "\"a\\u202e\"|⟨U+2066⟩||false|⟨U+202E⟩<b>|\n", ""},
		{"no JSON", `{"properties":`, "", "values.schema.json is not a JSON object, or is nested too deeply."},
		{"more than JSON", `{} {}`, "", "values.schema.json is not a JSON object, or is nested too deeply."},
		{"no object", `[]`, "", "values.schema.json is not a JSON object, or is nested too deeply."},
		{"nothing", `{}`, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rows, note := Schema(ctx, []byte(tt.schema), Render(ctx, []byte("b: 1\nimage:\n  tag: x\n")))
			if got := rowsText(rows); got != tt.want || note != tt.note {
				t.Errorf("got:\n%s(%q)\nwant:\n%s(%q)", got, note, tt.want, tt.note)
			}
		})
	}
}

// TestSchemaBounds reads short schemas that describe very many values.
func TestSchemaBounds(t *testing.T) {
	wide := &strings.Builder{}
	for i := range maxRows + 3 {
		fmt.Fprintf(wide, `"k%d":{},`, i)
	}
	rows, note := Schema(ctx, []byte(`{"properties":{`+strings.TrimSuffix(wide.String(), ",")+`}}`), nil)
	if len(rows) != maxRows || note != "The schema describes 3 more values." {
		t.Errorf("got %d rows, %q", len(rows), note)
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
		rows, note := Schema(ctx, []byte(schema), nil)
		size := len(rowsText(rows))
		if len(rows) > maxRows || size > maxRows*4*(maxDescription+3*maxType+maxPath) {
			t.Errorf("%s: %d rows, %d bytes", name, len(rows), size)
		}
		if strings.HasPrefix(name, "too") && (len(rows) > 0 || note == "") {
			t.Errorf("%s: %d rows, %q", name, len(rows), note)
		}
		t.Logf("%s: %d rows, %d bytes, %q", name, len(rows), size, note)
	}
}
