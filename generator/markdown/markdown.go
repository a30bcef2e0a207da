// Package markdown renders README files, which are hostile, as HTML that is safe
// to put into a page: CommonMark with GitHub's tables, strikethrough, autolinks
// and task lists.
//
// What comes out:
//   - holds only elements and attributes of a short list, properly nested, and is
//     valid where a <section> or <div> may stand: no scripts, styles, forms,
//     frames, embedded images, comments or classes (but language-… of code);
//   - links to http, https and mailto URLs, with rel set, and to places in the
//     README itself. All other links are plain text;
//   - loads nothing: images are links to them, or their text;
//   - has its first heading as <h3> and skips no level, so that it fits below a
//     page's own;
//   - has the prefix readme- on all ids, which are GitHub's otherwise, so that
//     links within the README work and meet nothing of the page;
//   - has no control characters, none that change the direction of text, and none
//     that cannot be seen.
//
// Rendering never fails, and is a function of the bytes. Some short texts would
// take a parser of Markdown minutes and gigabytes, so its work is bounded: in
// bytes, in levels of nesting, in table cells, and in what its slower algorithms
// have to look at. The bounds count, and do not measure time. A README that
// exceeds one is shown as the plain text that it is, with a note.
package markdown

import (
	"bytes"
	"html"
	"html/template"
	"strings"
	"unicode/utf8"

	"github.com/portolan-charts/portolan/templates"
)

const (
	// maxInput bounds what is read as Markdown, in bytes. The largest README of
	// 246 real charts has 81 KiB.
	maxInput = 256 << 10

	// maxOutput bounds the HTML, in bytes, here and between the steps: a
	// definition of a link may be used, and so repeated, any number of times.
	maxOutput = 2 << 20

	// maxPlain bounds what is shown as plain text, in bytes.
	maxPlain = 512 << 10
)

// Render returns the HTML of a README.
func Render(src []byte) *templates.Text {
	if len(src) > maxInput {
		return plain(src, "The README is too long to be rendered, so it is shown as plain text.")
	}
	html, over := render(lines(src))
	if over != "" {
		return plain(src, "The README has "+over+" to be rendered, so it is shown as plain text.")
	}
	return &templates.Text{HTML: template.HTML(html)}
}

// render does the work. It returns which bound was exceeded, as words that go
// before "to be rendered", if one was.
func render(src []byte) (html, over string) {
	defer func() {
		switch v := recover().(type) {
		case nil:
		case exceeded:
			over = string(v)
		default:
			// Whatever a parser fails at, it would fail at again.
			over = "something in it that cannot be read, and is not fit"
		}
	}()
	unsafe := convert(src)
	tree := parse(policy.SanitizeReader(bytes.NewReader(unsafe)))
	settle(tree)
	out := &limited{}
	write(out, tree)
	return out.String(), ""
}

// lines ends all lines in the same way.
func lines(src []byte) []byte {
	if !bytes.ContainsRune(src, '\r') {
		return src
	}
	src = bytes.ReplaceAll(src, []byte("\r\n"), []byte("\n"))
	return bytes.ReplaceAll(src, []byte("\r"), []byte("\n"))
}

// plain returns src as it stands, or the beginning of it.
func plain(src []byte, note string) *templates.Text {
	if len(src) > maxPlain {
		end := maxPlain
		for end > maxPlain-utf8.UTFMax && !utf8.RuneStart(src[end]) {
			end--
		}
		src = src[:end]
		note += " The end of it is left out."
	}
	text := visible(strings.ToValidUTF8(string(lines(src)), "\uFFFD"))
	return &templates.Text{HTML: template.HTML("<pre tabindex=\"0\">\n" + html.EscapeString(text) + "</pre>"), Note: note}
}
