package markdown

import (
	"net/url"
	"path"
	"strings"
	"unicode"

	"github.com/portolan-charts/portolan/publisher/untrusted"
)

// maxURL bounds an attribute, in bytes; browsers accept URLs of about that length.
const maxURL = 2000

// rel is the rel attribute of links to other sites. It says that the owner of this
// site does not vouch for them, and keeps from them where the reader came from.
const rel = "nofollow noopener noreferrer ugc"

// SafeURL returns the URL if a link may have it: http or https, with a host and
// without a user or password, or mailto. It returns "" for all others.
func SafeURL(s string) string {
	u, err := url.Parse(strings.TrimSpace(s))
	if err != nil || len(s) > maxURL || u.User != nil {
		return ""
	}
	switch strings.ToLower(u.Scheme) {
	case "http", "https":
		if u.Host == "" || u.Opaque != "" {
			return ""
		}
	case "mailto":
		if !strings.Contains(u.Opaque, "@") {
			return ""
		}
	default:
		return ""
	}
	return u.String()
}

// image writes an image as a link to it or, if it cannot be one, as its text.
func (b *builder) image(attrs map[string]string) {
	text := strings.TrimSpace(collapse(attrs["alt"]))
	src := SafeURL(attrs["src"])
	if b.within("a") {
		src = ""
		if text == "" {
			text = "image"
		}
	}
	if text == "" && src != "" {
		u, _ := url.Parse(src)
		if text = path.Base(u.Path); text == "." || text == "/" {
			text = "image"
		}
	}
	if text == "" {
		return
	}
	if src == "" {
		b.text(text)
		return
	}
	b.inline(&node{element: elements()["a"], attrs: map[string]string{"href": src}})
	b.text(visible(text))
	b.end(elements()["a"])
}

// visible drops control characters except line ends and tabs, characters that
// change the direction of text, and invisible characters. Those that scripts and
// emoji need stay.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\u2028' || r == '\u2029':
			return ' '
		case untrusted.Hidden(r):
			return -1
		}
		return r
	}, s)
}

// slug returns the id that GitHub gives a heading.
func slug(text string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(strings.TrimSpace(text)) {
		switch {
		case unicode.IsLetter(r), unicode.IsMark(r), unicode.IsNumber(r), unicode.Is(unicode.Pc, r), r == '-':
			b.WriteRune(r)
		case r == ' ', r == '\n':
			b.WriteByte('-')
		}
		if b.Len() > 200 {
			break
		}
	}
	if b.Len() == 0 {
		return "section"
	}
	return b.String()
}

// anchorable reports whether an id in raw HTML can be kept.
func anchorable(id string) bool {
	return id != "" && len(id) <= 200 && !strings.ContainsFunc(id, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsNumber(r) && !strings.ContainsRune("-_.:", r)
	})
}
