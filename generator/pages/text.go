package pages

import (
	"strings"
	"unicode"
)

// plainLine returns a text from an archive on one line, without invisible
// characters.
func plainLine(s string) string {
	return strings.Join(strings.Fields(printable(s)), " ")
}

// printable removes characters that move or hide other text.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
}

// shorten cuts a text after a number of characters, at the end of a word if
// possible.
func shorten(s string, n int) string {
	runes := []rune(s)
	if len(runes) <= n {
		return s
	}
	cut := string(runes[:n-1])
	if i := strings.LastIndexByte(cut, ' '); i > len(cut)/2 {
		cut = cut[:i]
	}
	return cut + "…"
}
