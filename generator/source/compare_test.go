package source

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/ci/testenv"
)

// numbered joins n lines, in each of which %d is its number.
func numbered(from, to int, format string) string {
	var b strings.Builder
	for i := from; i < to; i++ {
		fmt.Fprintf(&b, format+"\n", i)
	}
	return b.String()
}

func TestCompare(t *testing.T) {
	ten := numbered(0, 10, "line %d")
	for _, tt := range []struct{ name, before, after, want, note string }{
		{"equal", "a\n", "a\n", "", ""},
		{"a line", ten, strings.Replace(ten, "line 5", "<b>", 1),
			"<b>@@ -3,7 +3,7 @@</b>\n line 2\n line 3\n line 4\n<del>-line 5\n</del><ins>+&lt;b&gt;\n</ins> line 6\n line 7\n line 8\n", ""},
		{"lines", ten, "x\ny\n" + ten[14:], "<b>@@ -1,5 +1,5 @@</b>\n<del>-line 0\n-line 1\n</del><ins>+x\n+y\n</ins> line 2\n line 3\n line 4\n", ""},
		{"far apart", ten, "x\n" + ten + "y\n", "<b>@@ -1,3 +1,4 @@</b>\n<ins>+x\n</ins> line 0\n line 1\n line 2\n<b>@@ -8,3 +9,4 @@</b>\n line 7\n line 8\n line 9\n<ins>+y\n</ins>", ""},
		{"a new file", "", "a\n", "<b>@@ -0,0 +1,1 @@</b>\n<ins>+a\n</ins>", ""},
		{"a file that is gone", "a\n", "", "<b>@@ -1,1 +0,0 @@</b>\n<del>-a\n</del>", ""},
		{"no newline", "a", "a\n", "<b>@@ -1,1 +1,1 @@</b>\n<del>-a\n</del><em>\\ No newline at end of file</em>\n<ins>+a\n</ins>", ""},
		{"markup", "a\n", "</ins><script>&\n", "<b>@@ -1,1 +1,1 @@</b>\n<del>-a\n</del><ins>+&lt;/ins&gt;&lt;script&gt;&amp;\n</ins>", ""},
		{"hidden characters", "a\n", "\u202ea\r\n", "<b>@@ -1,1 +1,1 @@</b>\n<del>-a\n</del><ins>+⟨U+202E⟩a\n</ins>", ""},
		{"lines like those of a difference", "@@ -1 @@\n-a\n\\ b\n", "@@ -1 @@\n+a\n\\ b\n", "<b>@@ -1,3 +1,3 @@</b>\n @@ -1 @@\n<del>--a\n</del><ins>++a\n</ins> \\ b\n", ""},
		{"line ends", "a\r\nb\r\n", "a\nb\n", "", "Only the ends of lines differ."},
		{"binary", "a\x00", "b", "", "This is not text."},
		{"no UTF-8", "a", "\xff", "", "This is not text."},
		{"too long", "a", strings.Repeat("a", maxCompared+1), "", "This is too long to be compared here."},
		{"too many lines", strings.Repeat("\n", maxLines+1), "", "", "This is too long to be compared here."},
	} {
		d := Compare([]byte(tt.before), []byte(tt.after), 10_000)
		if string(d.HTML) != tt.want || d.Note != tt.note {
			t.Errorf("%s: got\n%s(%s)\nwant\n%s(%s)", tt.name, d.HTML, d.Note, tt.want, tt.note)
		}
	}
	d := Compare([]byte(ten), []byte("x\n"+ten[7:]+"y\n"), 50)
	if d.HTML != "" || d.Added != 2 || d.Removed != 1 || d.Note != "" {
		t.Errorf("got %+v", d)
	}
}

// patched applies a unified difference to a text.
func patched(before, unified string) string {
	old := strings.SplitAfter(before, "\n")
	var out strings.Builder
	done, last := 0, byte(0)
	for line := range strings.Lines(unified) {
		switch {
		case strings.HasPrefix(line, "@@"):
			var at, n, to, m int
			if _, err := fmt.Sscanf(line, "@@ -%d,%d +%d,%d @@", &at, &n, &to, &m); err != nil {
				return "no hunk: " + line
			}
			if n > 0 {
				at--
			}
			out.WriteString(strings.Join(old[done:at], ""))
			done = at
		case line[0] == '\\' && last != '-':
			text := strings.TrimSuffix(out.String(), "\n")
			out.Reset()
			out.WriteString(text)
		case line[0] == '+':
			out.WriteString(line[1:])
		case line[0] == '-', line[0] == ' ':
			if strings.TrimSuffix(old[done], "\n") != strings.TrimSuffix(line[1:], "\n") {
				return fmt.Sprintf("%q instead of %q", line, old[done])
			}
			if done++; line[0] == ' ' {
				out.WriteString(line[1:])
			}
		}
		last = line[0]
	}
	return out.String() + strings.Join(old[min(done, len(old)):], "")
}

func TestCompareCost(t *testing.T) {
	lines := func(format string) string { return numbered(0, 40_000, format) }
	equal := strings.Repeat("a\n", maxLines)
	for name, texts := range map[string][2]string{
		"equal lines":     {equal[2:], "b\n" + equal[4:] + "b\n"},
		"different lines": {lines("a%d"), lines("b%d")},
		"reversed lines":  {lines("a%d"), reversed(lines("a%d"))},
		"every other":     {lines("a%d"), strings.ReplaceAll(lines("a%d"), "0\n", "x\n")},
		"twice":           {lines("a%d"), strings.Repeat(numbered(0, 20_000, "a%d"), 2)},
		"one line":        {strings.Repeat("a", maxCompared), strings.Repeat("a", maxCompared-1)},
		"no lines":        {"", strings.Repeat("\n", maxLines)},
	} {
		testenv.Cheap(t, name, func() {
			if d := Compare([]byte(texts[0]), []byte(texts[1]), 4<<20); d.Added == 0 || d.Note != "" {
				t.Errorf("%s: %d lines added, %d removed, %s", name, d.Added, d.Removed, d.Note)
			}
		})
		if d := Compare([]byte(texts[0]), []byte(texts[1]), 48<<10); len(d.HTML) > 48<<10 {
			t.Errorf("%s: %d bytes", name, len(d.HTML))
		}
	}
}

func reversed(text string) string {
	lines := strings.SplitAfter(strings.TrimSuffix(text, "\n"), "\n")
	slices.Reverse(lines)
	return strings.Join(lines, "") + "\n"
}

func TestLines(t *testing.T) {
	for text, want := range map[string]int{"": 0, "a": 1, "a\n": 1, "a\nb": 2, "\n\n": 2} {
		if got := Lines([]byte(text)); got != want {
			t.Errorf("%q has %d lines", text, got)
		}
	}
}

// FuzzCompare checks that a difference turns the one text into the other.
func FuzzCompare(f *testing.F) {
	f.Add("a\nb\nc\n", "a\nc\nd")
	f.Add("a", "")
	f.Add(numbered(0, 30, "a%d"), numbered(5, 35, "a%d"))
	f.Fuzz(func(t *testing.T, before, after string) {
		d := Compare([]byte(before), []byte(after), 1<<30)
		if d.Note != "" || d.HTML == "" {
			if d.Note == "" && before != after {
				t.Errorf("%q and %q are called equal", before, after)
			}
			return
		}
		shown := checkHTML(t, "difference", string(d.HTML), "b", "ins", "del", "em")
		if strings.ContainsAny(before+after, "\r") || strings.ContainsAny(shown, "⟨␀␛") {
			return // not a patch
		}
		if got := patched(before, shown); got != after {
			t.Errorf("%q becomes %q, want %q: %q", before, got, after, shown)
		}
	})
}
