package pages

import (
	"bytes"
	"fmt"
	"html"
)

// badge draws a badge: a label, and the version beside it. The widths are
// estimates for common sans-serif fonts; textLength makes the text fit.
func badge(label, version string) []byte {
	version = shorten(plainLine(version), 40)
	l, v := textWidth(label)+12, textWidth(version)+12
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="20" role="img" aria-label="%s: %s"><title>%[2]s: %[3]s</title>`,
		l+v, html.EscapeString(label), html.EscapeString(version))
	fmt.Fprintf(&b, `<clipPath id="r"><rect width="%d" height="20" rx="3"/></clipPath><g clip-path="url(#r)"><rect width="%d" height="20" fill="#3f4a57"/><rect x="%[2]d" width="%d" height="20" fill="#1f6f8b"/></g>`,
		l+v, l, v)
	fmt.Fprintf(&b, `<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11"><text x="6" y="14" textLength="%d">%s</text><text x="%d" y="14" textLength="%d">%s</text></g></svg>`+"\n",
		l-12, html.EscapeString(label), l+6, v-12, html.EscapeString(version))
	return b.Bytes()
}

// textWidth estimates the width of a text, in pixels at a font size of 11 pixels.
func textWidth(s string) int {
	w := 0
	for _, r := range s {
		switch {
		case r == '.' || r == '-' || r == 'i' || r == 'l' || r == 'j' || r == '1':
			w += 5
		case r == 'm' || r == 'w' || r >= 'A' && r <= 'Z':
			w += 9
		case r > 0x2E80: // wide scripts
			w += 12
		default:
			w += 7
		}
	}
	return w
}
