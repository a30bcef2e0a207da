package markdown

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// rows returns rows of a table, numbered from one.
func rows(format string, from, to int) string {
	var b strings.Builder
	for i := from; i <= to; i++ {
		b.WriteString(fmt.Sprintf(strings.ReplaceAll(format, "N", "%[1]d"), i) + "\n")
	}
	return b.String()
}

const (
	helmDocs = "| Key | Type | Default | Description |\n|-----|------|---------|-------------|\n"
	bitnami  = "| Name | Description | Value |\n| ---- | ---- | ---- |\n"
	byHand   = "Parameter | Description | Default\n--- | --- | ---\n"
)

// withLink renders a README beside a page that says of each value aN that it is "Text N".
func withLink(src string) string {
	text, _ := Parse(ctx, []byte(src)).Render(ctx, Options{ListedName: "Values", ListedURL: "values.html", Listed: func(key, text string) bool {
		n, ok := strings.CutPrefix(key, "a")
		return ok && (text == "Text "+n || text == "")
	}})
	return fields(string(text.HTML))
}

func TestValueTables(t *testing.T) {
	sentence := func(n int) string {
		return fmt.Sprintf(`<p>The chart&#39;s %d values are on the page <a href="values.html">Values</a>.</p>`, n)
	}
	some := func(n, of int) string {
		return fmt.Sprintf(`<p>%d of the %d values are on the page <a href="values.html">Values</a>. The others are listed here.</p>`, n, of)
	}
	h := func(level int, text string) string {
		return fmt.Sprintf(`<h%d id="readme-%s">%s</h%d>`, level, strings.ToLower(text), text, level)
	}
	head := `<table><thead><tr><th scope="col">Key</th><th scope="col">Type</th><th scope="col">Default</th><th scope="col">Description</th></tr></thead><tbody>`
	for _, tt := range []struct{ name, in, want string }{
		{"helm-docs", "# Values\n\n" + helmDocs + rows("| aN | int | `1` | Text N |", 1, 60) + "\n# End\n", h(3, "Values") + sentence(60) + h(3, "End")},
		{"helm-docs in HTML", "<table><thead><th>Key</th><th>Type</th><th>Default</th><th>Description</th></thead><tbody>" +
			rows(`<tr><td id="aN"><a href="./values.yaml#LN">aN</a></td><td>int</td><td><div><pre lang="json">1</pre></div></td><td>Text N</td></tr>`, 1, 60) + "</tbody></table>", sentence(60)},
		{"by hand", byHand + rows("`aN` | Text N | 1", 1, 60), sentence(60)},
		{"short", byHand + rows("aN | Text N | 1", 1, 50), ""},
		{"in parts", "# Values\n\n## One\n\n" + bitnami + rows("| `aN` | Text N | `1` |", 1, 30) + "\n## Two\n\n" + bitnami + rows("| `aN` | Text N | `1` |", 31, 60) + "\nSee [one](#one).\n\n## Three\n\n" + bitnami + rows("| `aN` | | `1` |", 61, 1100) + "\n# End\n",
			h(3, "Values") + strings.Replace(sentence(1100), "1100", "1,100", 1) + h(4, "Two") + "<p>See one.</p>" + h(3, "End")},
		{"in parts of the first level", "# A\n\n# One\n\n" + bitnami + rows("| `aN` | Text N | `1` |", 1, 30) + "\n# Two\n\n" + bitnami + rows("| `aN` | Text N | `1` |", 31, 60), h(3, "A") + h(3, "One") + sentence(60)},
		{"after a text", "# Values\n\nThere are groups.\n\n## One\n\n" + bitnami + rows("| aN | Text N | |", 1, 60) + "\n## Two\n\n" + bitnami + rows("| aN | Text N | |", 1, 9), h(3, "Values") + "<p>There are groups.</p>" + sentence(69)},
		{"with a text above", "# Values\n\n## One\n\nThese:\n\n" + bitnami + rows("| aN | Text N | |", 1, 60) + "\n## Two\n\n" + bitnami + rows("| aN | Text N | |", 1, 9), h(3, "Values") + h(4, "One") + "<p>These:</p>" + sentence(69)},
		{"folded", "<details><summary>A</summary>\n\n" + bitnami + rows("| aN | Text N | |", 1, 60) + "\n</details><details><summary>B</summary>\n\n" + bitnami + rows("| aN | Text N | |", 1, 9) + "\n</details>\n", "<details><summary>A</summary>" + sentence(69) + "</details>"},
		{"some not there", helmDocs + rows("| aN | int | `1` | Text N |", 1, 57) + rows("| bN | int | `1` | Text N |", 1, 3),
			some(57, 60) + head + rows("<tr><td>bN</td><td>int</td><td><code>1</code></td><td>Text N</td></tr>", 1, 3) + "</tbody></table>"},
		{"another text", helmDocs + rows("| aN | int | `1` | Text N |", 1, 59) + "| a60 | int | `1` | More |\n", some(59, 60) + head + "<tr><td>a60</td><td>int</td><td><code>1</code></td><td>More</td></tr></tbody></table>"},
		{"too many not there", helmDocs + rows("| aN | int | `1` | Text N |", 1, 60) + rows("| bN | int | `1` | Text N |", 1, 7), ""},
		{"other tables", byHand + rows("flagN | Text N | 1", 1, 60) + "\n" + byHand + rows("aN | Text N | 1", 1, 60) + "\n| a | b |\n|-|-|\n|a1|c|\n", "-"},
		{"no descriptions", "| Key | Value |\n|-|-|\n" + rows("| aN | Text N |", 1, 60), ""},
	} {
		got := withLink(tt.in)
		switch want := fields(tt.want); {
		case tt.want == "" && got != fields(string(rendered(ctx, []byte(tt.in)).HTML)):
			t.Errorf("%s: rows are left out: %.600s", tt.name, got)
		case tt.want == "-" && (strings.Count(got, "<tr>") != 1+60+2 || !strings.Contains(got, "The chart&#39;s 60 values")):
			t.Errorf("%s: got %.600s", tt.name, got)
		case len(tt.want) > 1 && got != want:
			t.Errorf("%s:\ngot  %.900s\nwant %s", tt.name, got, want)
		}
		checkSafe(t, strings.ReplaceAll(got, `<a href="values.html">`, "<a>"))
	}
}

// TestValues finds what a README's tables say about values.
func TestValues(t *testing.T) {
	readme := helmDocs + "| a.b | int | `1` | One<br>`two` *three* |\n| a.\"x/y\" | int | | [Four](http://a) |\n| empty | int | 1 | |\n| two words | int | 1 | no |\n| a.b | int | | again |\n\n" +
		bitnami + "| `c` | Five | `1` |\n\n| Key | Value |\n|-|-|\n| no | No |\n"
	got := Parse(ctx, []byte(readme)).Values()
	want := map[string]string{"a.b": "One two three", `a."x/y"`: "Four", "c": "Five"}
	if !maps.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := Parse(ctx, []byte(strings.Repeat(">", maxDepth+2)+readme)).Values(); len(got) > 0 {
		t.Errorf("a README that is not rendered says %q", slices.Collect(maps.Keys(got)))
	}
}
