package values

import "testing"

// Texts are shown without the marks of Markdown, but for code.
func TestProse(t *testing.T) {
	for in, want := range map[string]string{
		"a [link](https://example.com/x?y#z) and [one](#b)": "a link and one",
		"[`a.b`](https://example.com) is **bold**, `**x**`": "`a.b` is bold, `**x**`",
		"list[0](x) [a] (b) [a](b c) 2 ** 3 ** 4":           "list[0](x) [a] (b) [a](b c) 2 ** 3 ** 4",
		"an `open **one**": "an `open **one**",
	} {
		if got := prose(in); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
	r := Describe(ctx, New([]byte("# See [the docs](https://example.com) about `a`.\na: 1\n")), nil, nil, room)
	if got, want := r.Groups[0].Rows[0].Text, "See the docs about `a`."; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// Sections of Bitnami's generator are headings above the keys that follow.
func TestSections(t *testing.T) {
	for name, tt := range map[string]struct{ in, want string }{
		"sections":            {"## @section Global `x`\n## @param a Text\na: 1\nb: 2\n## @section Common\nc:\n  d: 1\n", "= Global `x`\na L3|integer|1||Text\nb L4|integer|2||\n= Common\n[c L6] \nc.d L7|integer|1||\n"},
		"one without keys":    {"# @section None\n# @section Some\na: 1\n# @section Last\n", "= Some\na L3|integer|1||\n"},
		"marks of helm-docs":  {"# @section -- Other\n# -- Text\na: 1\n", "a L3|integer|1||Text\n"},
		"below a key, or odd": {"a:\n  # @section Inner\n  b: 1\n# @section\nc: 1\n# @sections x\nd: 1\n", "[a L1] \na.b L3|integer|1||\nc L5|integer|1||\nd L7|integer|1||\n"},
	} {
		if got := Describe(ctx, New([]byte(tt.in)), nil, nil, room).table(); got != tt.want {
			t.Errorf("%s: got\n%swant\n%s", name, got, tt.want)
		}
	}
}
