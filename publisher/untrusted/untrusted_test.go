package untrusted

import (
	"strings"
	"testing"
)

func TestCut(t *testing.T) {
	for _, c := range []struct {
		text string
		most int
		want string
	}{
		{"", 0, ""}, {"abc", 3, "abc"}, {"abc", 2, "ab…"}, {"aé", 2, "a…"}, {"aé", 3, "aé"}, {"é", 1, "…"}, {"日本", 5, "日…"}, {"\x80\x80\x80", 2, "…"},
	} {
		if got := Cut(c.text, c.most); got != c.want {
			t.Errorf("Cut(%q, %d) = %q, want %q", c.text, c.most, got, c.want)
		}
	}
}

func TestHidden(t *testing.T) {
	const shown = "a\n\t é日👩\u200d💻\u200c"
	if strings.ContainsFunc(shown, Hidden) {
		t.Errorf("one of %q is hidden", shown)
	}
	for _, r := range "\x00\x1b\x7f\u0085\u00ad\u061c\u180e\u200b\u200e\u2028\u202e\u2066\ufeff\ufff9\ufffe\U000e0041\U0001ffff" {
		if !Hidden(r) {
			t.Errorf("%U is shown", r)
		}
	}
}

func TestVisible(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "a\n\té": "a\n\té", "a\u202eb": "a⟨U+202E⟩b", "\x00\x1b": "␀␛", "\xff\uFFFD": "⟨FF⟩\uFFFD", "\x7f": "⟨U+007F⟩", "a\r\nb\rc": "a\nb␍c",
	} {
		if got := Visible(in); got != want {
			t.Errorf("Visible(%q) = %q, want %q", in, got, want)
		}
	}
}
