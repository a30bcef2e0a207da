package untrusted

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Visible spells out hidden characters and bytes that are not characters. A carriage
// return before a newline is dropped.
func Visible(s string) string {
	if !strings.ContainsFunc(s, Hidden) && utf8.ValidString(s) {
		return s
	}
	s = strings.ReplaceAll(s, "\r\n", "\n")
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD"):
			fmt.Fprintf(&b, "⟨%02X⟩", s[i])
		case r < ' ' && Hidden(r):
			b.WriteRune('\u2400' + r)
		case Hidden(r):
			fmt.Fprintf(&b, "⟨U+%04X⟩", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
