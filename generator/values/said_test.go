package values

import (
	"strings"
	"testing"
)

// TestReadme gives values the texts of a README if nothing else is said about them.
func TestReadme(t *testing.T) {
	file := "a: 1\n# B\nb: 2\nc:\n  d: 3\n  \"x/y\": 4\ne: 5\n"
	readme := map[string]string{"a": "A of the README", "b": "no", "c": "C", `c."x/y"`: "XY \u202e", "e": "no", "f": "no", "c.d.g": "no"}
	r := Describe(ctx, New([]byte(file)), []byte(`{"properties":{"e":{"description":"E"}}}`), readme, room)
	want := "a L1|integer|1||A of the README\nb L3|integer|2||B\n[c L4] C\nc.d L5|integer|3||\nc.\"x/y\" L6|integer|4||XY ⟨U+202E⟩\ne L7|integer|5||E\n"
	if got := r.table(); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

// TestSays compares texts with those of the table.
func TestSays(t *testing.T) {
	long := strings.Repeat("word ", 200)
	file := "# -- The `port`, as a number.\na: 1\nb: 2\nc:\n  # D\n  d: 3\n# -- Long " + long + "\ne: 4\nf: 5\n# G\ng:\n  h: 6\n"
	r := Describe(ctx, New([]byte(file)), nil, map[string]string{"f": "Long " + long}, room)
	for _, tt := range []struct {
		path, text string
		want       bool
	}{
		{"a", "The port as a *number*", true},
		{"a", "The port", true},
		{"a", "", true},
		{"a", "The port of the service", false},
		{"b", "", true},
		{"b", "B", false},
		{"c", "", true},
		{"c.d", "d", true},
		{"d", "D", false},
		{"", "", false},
		{"e", "Long " + long, true}, // values.yaml has it all
		{"e", "Short", false},
		{"f", "Long " + long, false}, // only the README has it all
		{"f", "Long word", true},
		{"g", "G", true},
	} {
		if got := r.Says(tt.path, tt.text); got != tt.want {
			t.Errorf("%s: %.40q: got %v", tt.path, tt.text, got)
		}
	}
}
