package pages

import (
	"strings"
	"unicode"
)

// plainLine makes a text of an archive one line without what is not seen.
func plainLine(s string) string {
	return strings.Join(strings.Fields(printable(s)), " ")
}

// printable takes out of a text what moves or hides other text.
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

// shorten cuts a text after so many characters, at a word's end if there is one.
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
