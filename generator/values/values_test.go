package values

import (
	"fmt"
	"html"
	"regexp"
	"strings"
	"testing"
)

var tags = regexp.MustCompile(`<[^>]*>`)

// shown returns the text that a browser shows for HTML.
func shown(h string) string { return html.UnescapeString(tags.ReplaceAllString(h, "")) }

// marked returns HTML with its spans in a short form: k(id|text).
func marked(h string) string {
	h = regexp.MustCompile(`<span class="(.)" id="([^"]*)">([^<]*)</span>`).ReplaceAllString(h, "$1($2|$3)")
	h = regexp.MustCompile(`<span class="p">([^<]*)</span>`).ReplaceAllString(h, "$1")
	return html.UnescapeString(regexp.MustCompile(`<span class="(.)">([^<]*)</span>`).ReplaceAllString(h, "$1($2)"))
}

// TestRender checks what is marked in a file.
func TestRender(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"scalars", "a: 1\nb: x y\nc: true\nd: ~\ne: \"1\"\nf: 'it''s'\ng:\n", "k(values-a|a): n(1)\nk(values-b|b): s(x y)\nk(values-c|c): n(true)\nk(values-d|d): n(~)\nk(values-e|e): s(\"1\")\nk(values-f|f): s('it''s')\nk(values-g|g):\n"},
		{"comments", "# a: b\na: b # c\n#d: e\nf: 'x # y' #z\ng: a#b\n", "<span id=\"values-a\">c(# a: b)\nk(a)</span>: s(b) c(# c)\n<span id=\"values-f\">c(#d: e)\nk(f)</span>: s('x # y') c(#z)\nk(values-g|g): s(a#b)\n"},
		{"comments above", "# of the file\n\n# of a\n# and more\na:\n  # of b\n  b: 1\nc: 1 # of c\nd: 1\n",
			"c(# of the file)\n\n<span id=\"values-a\">c(# of a)\nc(# and more)\nk(a)</span>:\n<span id=\"values-a.b\">  c(# of b)\n  k(b)</span>: n(1)\nk(values-c|c): n(1) c(# of c)\nk(values-d|d): n(1)\n"},
		{"paths", "a:\n  b:\n    - c: 1\n    - d\n", "k(values-a|a):\n  k(values-a.b|b):\n    - k(values-a.b.0.c|c): n(1)\n    - s(values-a.b.1|d)\n"},
		{"flow", "a: {b: [1, x], \"c\": y}\n", "k(values-a|a): {k(values-a.b|b): [n(values-a.b.0|1), s(values-a.b.1|x)], k(values-a.c|\"c\"): s(y)}\n"},
		{"odd keys", "a.b: 1\n\"c d\": 2\n\"\": 3\nä: 4\n\"<b>\": 5\n", "k(values-~22a.b~22|a.b): n(1)\nk(values-~22c~20d~22|\"c d\"): n(2)\nk(values-~22~22|\"\"): n(3)\nk(values-~22~c3~a4~22|ä): n(4)\nk(values-~22~3cb~3e~22|\"<b>\"): n(5)\n"},
		{"blocks", "a: |-\n  x: 1\n\n   # y\nb: >\n  z\n\n# c\n", "k(values-a|a): s(|-\n  x: 1\n\n   # y)\nk(values-b|b): s(>\n  z)\n\nc(# c)\n"},
		{"aliases", "a: &x\n  b: 1\nc: *x\nd: !!str 5\ne: &y 6\n", "k(values-a|a): &x\n  k(values-a.b|b): n(1)\nk(values-c|c): *x\nk(values-d|d): !!str s(5)\nk(values-e|e): &y n(6)\n"},
		{"documents", "---\na: 1\n", "---\nk(values-a|a): n(1)\n"},
		{"a mark and other line ends", "\ufeffa: 1\r\nb: 漢 # c\r\nd: 2\r\n", "⟨U+FEFF⟩k(values-a|a): n(1)\nk(values-b|b): s(漢) c(# c)\nk(values-d|d): n(2)\n"},
		{"several lines", "a: x\n  y\nb: \"x\n  y\"\n", "k(values-a|a): x\n  y\nk(values-b|b): s(\"x\n  y\")\n"},
		{"hidden characters", "a: \"\u202ex\" # \u2066\u200b\n", "k(values-a|a): s(\"⟨U+202E⟩x\") c(# ⟨U+2066⟩⟨U+200B⟩)\n"},
		{"only comments", "# a\n\n", "c(# a)\n\n"},
		{"nothing", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := Render(ctx, []byte(tt.in))
			if got := marked(string(f.Text.HTML)); got != tt.want || f.Text.Note != "" {
				t.Errorf("got:  %q (note %q)\nwant: %q", got, f.Text.Note, tt.want)
			}
			if got := shown(string(f.Text.HTML)); got != visible(tt.in) {
				t.Errorf("shows %q of %q", got, tt.in)
			}
		})
	}
}

// TestPlain shows files that cannot be marked.
func TestPlain(t *testing.T) {
	for name, in := range map[string]string{
		"no YAML":     "a: [<b>\n",
		"a list":      "- <b>\n",
		"a text":      "<b>",
		"directive":   "%TAG ! tag:x,2000:\n---\na: <b>\n",
		"not UTF-8":   "a: \xff<b>\n",
		"many nodes":  strings.Repeat("- a\n", maxMarks+1),
		"long":        "a: <b>\n" + strings.Repeat("# long\n", maxInput/7),
		"deep":        strings.Repeat("[", 20_000),
		"two files":   "a: 1\n---\n- <b>\n...\n]",
		"long output": "a: |\n " + strings.Repeat("<", maxInput-10) + "\n",
	} {
		f := Render(ctx, []byte(in))
		if name == "two files" || name == "long output" {
			if shown(string(f.Text.HTML)) != visible(in) {
				t.Errorf("%s: not all is shown", name)
			}
			continue
		}
		if f.Text.Note == "" || strings.Contains(string(f.Text.HTML), "<") || len(f.Keys) > 0 || f.Anchor("a") != "" {
			t.Errorf("%s: got note %q, %d keys", name, f.Text.Note, len(f.Keys))
		}
	}
}

func TestKeys(t *testing.T) {
	f := Render(ctx, []byte("b: 1\na:\n  c: 2\nb: 3\n\"x y\": 4\n"))
	want := `[{b values-b} {a values-a} {"x y" values-~22x~20y~22}]`
	if got := fmt.Sprint(f.Keys); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if f.Anchor("a.c") != "values-a.c" || f.Anchor("c") != "" || (*File)(nil).Anchor("a") != "" {
		t.Errorf("got %q, %q", f.Anchor("a.c"), f.Anchor("c"))
	}
}

// TestAnchorsDiffer checks that no two paths have the same anchor.
func TestAnchorsDiffer(t *testing.T) {
	seen := map[string]string{}
	for _, path := range []string{join("a", "b"), join("", "a.b"), join("a.b", "c"), join("", `a"b`), join("", `"a"."b"`), join("", "~2e"), join("", "."), join("", ""), join("", "ä"), join("", "\u00e4\u0308")} {
		id := anchor(path)
		if other, ok := seen[id]; ok {
			t.Errorf("%s and %s have the anchor %s", other, path, id)
		}
		seen[id] = path
	}
}
