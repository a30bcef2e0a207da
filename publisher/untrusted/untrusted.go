// Package untrusted makes text from strangers fit to be shown.
package untrusted

import (
	"unicode"
	"unicode/utf8"
)

// Hidden reports whether a character is invisible, or changes how other text is
// shown. Line ends and tabs are not hidden, nor are the characters that scripts
// and emoji need.
func Hidden(r rune) bool {
	switch {
	case r == '\n', r == '\t':
		return false
	case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r), r == '\u2028', r == '\u2029':
		return true
	case r == '\u00ad', r == '\u180e', r == '\u200b', r >= '\u2060' && r <= '\u206f', r == '\ufeff':
		return true
	case r >= '\ufff9' && r <= '\ufffb', r >= 0xe0000 && r <= 0xe0fff:
		return true
	}
	return r&0xfffe == 0xfffe || r >= '\ufdd0' && r <= '\ufdef'
}

// Head returns the beginning of a text: at most this many bytes, and only whole
// characters.
func Head(text string, most int) string {
	if len(text) <= most {
		return text
	}
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return text[:most]
}

// Cut returns the head of a text, with an ellipsis if that is not all of it.
func Cut(text string, most int) string {
	head := Head(text, most)
	if len(head) < len(text) {
		head += "…"
	}
	return head
}
