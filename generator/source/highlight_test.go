package source

import (
	"maps"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/portolan-charts/portolan/ci/testenv"
)

func TestHighlight(t *testing.T) {
	for _, tt := range []struct{ name, file, in, want string }{
		{"keys", "a.yaml", "apiVersion: v1\n  \"a/b\" : x\n- name: y\n- - 'k':\nno key\nhttp://x\nkey:value\n",
			"<b>apiVersion</b>: v1\n  <b>\"a/b\"</b> : x\n- <b>name</b>: y\n- - <b>'k'</b>:\nno key\nhttp://x\nkey:value\n"},
		{"actions", "a.yaml", "{{- if .x }}\nname: {{ include \"x\" . }}-y\n{{ $k }}: z\nk: {{ \"}}\" }}{{ `}}` }}{{ '}' }}\n{{- end -}}",
			"<i>{{- if .x }}</i>\n<b>name</b>: <i>{{ include \"x\" . }}</i>-y\n<i>{{ $k }}</i>: z\n<b>k</b>: <i>{{ \"}}\" }}{{ `}}` }}{{ '}' }}</i>\n<i>{{- end -}}</i>"},
		{"an action over lines", "a.yaml", "a: {{ dict\n  \"b\" 1 # c\n}}\nd: 1\n", "<b>a</b>: <i>{{ dict\n  \"b\" 1 # c\n}}</i>\n<b>d</b>: 1\n"},
		{"comments", "a.yaml", "# a {{ .x }} b\nk: v # c\nk: v#no\nk: \"a # b\" # c\nk: {{ .x }}#no\n{{/* d */}}\n{{- /* e }}\nf */ -}}\nk: it's # g\n",
			"<em># a </em><i>{{ .x }}</i><em> b</em>\n<b>k</b>: v <em># c</em>\n<b>k</b>: v#no\n<b>k</b>: \"a # b\" <em># c</em>\n<b>k</b>: <i>{{ .x }}</i>#no\n<em>{{/* d */}}</em>\n<em>{{- /* e }}\nf */ -}}</em>\n<b>k</b>: it's <em># g</em>\n"},
		{"blocks of text", "a.yaml", "data:\n  a: |-\n    b: # c\n{{ .x }}\n\n    d: \"\n  e: >2 # f\n     g: {{ .y }}\n- h: |\n   i: j\n  k: l\n- |\n m: n\no: >=1\n  p: q\n",
			"<b>data</b>:\n  <b>a</b>: |-\n    b: # c\n<i>{{ .x }}</i>\n\n    d: \"\n  <b>e</b>: &gt;2 <em># f</em>\n     g: <i>{{ .y }}</i>\n- <b>h</b>: |\n   i: j\n  <b>k</b>: l\n- |\n m: n\n<b>o</b>: &gt;=1\n  <b>p</b>: q\n"},
		{"other text", "NOTES.txt", "a: b # c\n{{ .x }} {{/* d */}}", "a: b # c\n<i>{{ .x }}</i> <em>{{/* d */}}</em>"},
		{"helpers", "_a.tpl", "{{- define \"a\" -}}\na: b\n", "<i>{{- define \"a\" -}}</i>\na: b\n"},
		{"JSON", "a.json", "{\n  \"a\": {\"b\": 1}\n}", "{\n  <b>\"a\"</b>: {\"b\": 1}\n}"},
		{"without an end", "a.yaml", "a: {{ \"b\nc: d", "<b>a</b>: <i>{{ \"b\nc: d</i>"},
		{"a comment without an end", "a.yaml", "{{/* a\nb: c", "<em>{{/* a\nb: c</em>"},
		{"a text without an end", "a.yaml", "{{ `a\nb: c", "<i>{{ `a\nb: c</i>"},
		{"markup", "a.yaml", "<b>: \"</i>\" # &amp;\n{{ \"<em>\" }}\n", "&lt;b&gt;: \"&lt;/i&gt;\" <em># &amp;amp;</em>\n<i>{{ \"&lt;em&gt;\" }}</i>\n"},
		{"hidden characters", "a.yaml", "a: \u202eb\x00\xff\r\nc: d\r\n", "<b>a</b>: ⟨U+202E⟩b␀⟨FF⟩\n<b>c</b>: d\n"},
		{"nothing", "a.yaml", "", ""},
	} {
		if got := string(Highlight(tt.file, []byte(tt.in), 10_000)); got != tt.want {
			t.Errorf("%s: got\n%s\nwant\n%s", tt.name, got, tt.want)
		}
	}
	if got := Highlight("a.yaml", []byte("a: b\n"), len("<b>a</b>: b\n")-1); got != "" {
		t.Errorf("too long: %q", got)
	}
	if got := Highlight("a.yaml", []byte("a: b\n"), len("<b>a</b>: b\n")); got == "" {
		t.Error("nothing, though it is short enough")
	}
}

// repeated repeats a text up to about n bytes.
func repeated(s string, n int) string { return strings.Repeat(s, n/len(s)+1) }

// hostile are texts that take long if something is looked at again and again.
func hostile(n int) map[string]string {
	all := map[string]string{
		"quotes without an end": repeated(`'"\"\"`, n), "quotes and actions": `"` + repeated(`{{}}\"`, n), "quotes before an action": repeated(`\"\"`, n) + "{{",
		"quotes in an action": "{{" + repeated(`\"'`, n), "lines of quotes": "{{" + repeated("\"\n", n), "open actions": repeated("{{ ", n), "open comments": repeated("{{/* ", n),
		"raw texts": "{{" + repeated("`a", n), "blanks": repeated("    ", n), "blank actions": repeated("{{      ", n), "dashes": repeated("- ", n), "dash lines": repeated("- -\n", n),
		"keys": repeated("a: b\n", n), "a long key": repeated("a", n) + ":", "keys and blanks": repeated("a          \n", n), "comments": repeated("# a\n", n), "one comment": repeated("#", n),
		"marks": repeated(" #{{}}", n), "hidden": repeated("\u202e", n), "no text": repeated("\xff", n), "nested": repeated("a: |\n ", n), "braces": repeated("{", n), "ends": repeated("}}", n),
		"a block": "a: |\n" + repeated(" \"'#{\n", n), "colons": repeated(":", n), "spaces before colons": repeated("a   :   ", n), "line ends": repeated("\r\n", n), "markup": repeated("<&>", n),
	}
	for name, text := range maps.Clone(all) {
		if strings.Contains(text, "\n") {
			all["one line of "+name] = strings.ReplaceAll(text, "\n", " ")
		}
	}
	return all
}

// A text costs what it takes to go through it once.
func TestHighlightCost(t *testing.T) {
	const size, most = 256 << 10, 8 << 20
	for name, text := range hostile(size) {
		testenv.Cheap(t, name, func() {
			if got := Highlight("a.yaml", []byte(text), most); got == "" {
				t.Errorf("%s: nothing", name)
			}
		})
		if got := Highlight("a.yaml", []byte(text), size); len(got) > size {
			t.Errorf("%s: %d bytes", name, len(got))
		}
	}
}

var marked = regexp.MustCompile(`</?(b|i|em|ins|del)>`)

// checkHTML checks that HTML says no other text, and has no other elements than it may.
func checkHTML(t *testing.T, name, got string, elements ...string) string {
	t.Helper()
	root, err := html.Parse(strings.NewReader("<pre>\n" + got + "</pre>"))
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for n := range root.Descendants() {
		switch n.Type {
		case html.TextNode:
			text.WriteString(n.Data)
		case html.ElementNode:
			if !strings.Contains(" html head body pre "+strings.Join(elements, " ")+" ", " "+n.Data+" ") || len(n.Attr) > 0 {
				t.Errorf("%s: an element %s", name, n.Data)
			}
		}
	}
	return text.String()
}

func FuzzHighlight(f *testing.F) {
	for _, text := range hostile(30) {
		f.Add(text)
	}
	f.Add("a: \"b\" # c\n- d: |\n  {{ .x }}\n")
	f.Fuzz(func(t *testing.T, text string) {
		for _, name := range []string{"a.yaml", "a.tpl"} {
			got := string(Highlight(name, []byte(text), 1<<30))
			want := html.UnescapeString(marked.ReplaceAllString(string(Highlight("a.md", []byte(text), 1<<30)), ""))
			if shown := checkHTML(t, name, got, "b", "i", "em"); shown != want {
				t.Errorf("%q is shown as %q", want, shown)
			}
		}
	})
}
