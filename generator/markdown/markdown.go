// Package markdown renders README files as HTML that is safe to put into a page.
// It reads CommonMark with GitHub's tables, strikethrough, autolinks and task
// lists. READMEs are treated as untrusted input.
//
// The HTML:
//   - holds only elements and attributes of a short list, properly nested, and is
//     valid where a <section> or <div> may stand. It has no scripts, styles,
//     forms, frames, embedded images, comments or classes, except language-… on
//     code;
//   - links only to http, https and mailto URLs, with rel set, and to places in
//     the README itself. All other links become plain text;
//   - loads nothing: an image becomes a link to it, or its alternative text;
//   - begins its headings at <h3> and skips no level, so that it fits below a
//     page's own headings;
//   - has the ids that GitHub gives, with the prefix readme-, so that links within
//     the README work and no id clashes with one of the page;
//   - has no control characters, no characters that change the direction of text,
//     and no invisible ones.
//
// Rendering never fails, and its result depends only on the bytes of the README.
// Some short texts would cost a Markdown parser minutes and gigabytes, so the
// work is bounded: in bytes, in levels of nesting, in table cells, and in what
// the parser's slower algorithms have to look at. The bounds count; they do not
// measure time. A README that exceeds one is shown as plain text, with a note, and
// so is one that is not rendered when the time for its page is over.
package markdown

import (
	"bytes"
	"context"
	"html"
	"html/template"
	"strings"

	"github.com/portolan-charts/portolan/publisher/untrusted"
	"github.com/portolan-charts/portolan/templates"
)

const (
	// maxInput bounds a README that is read as Markdown, in bytes. The largest of
	// 246 real charts has 81 KiB.
	maxInput = 256 << 10

	// maxOutput bounds the HTML, in bytes, here and between the steps: a
	// definition of a link may be used, and so repeated, any number of times.
	maxOutput = 2 << 20

	// maxPlain bounds what is shown as plain text, in bytes.
	maxPlain = 512 << 10
)

// Render returns the HTML of a README; plain text once ctx is done.
func Render(ctx context.Context, src []byte) *templates.Text {
	if len(src) > maxInput {
		return plain(src, "The README is too long to be rendered, so it is shown as plain text.")
	}
	html, over := render(ctx, lines(src))
	if over != "" {
		return plain(src, "The README "+over+", so it is shown as plain text.")
	}
	return &templates.Text{HTML: template.HTML(html)}
}

// render does the work. If a bound is exceeded, over says which, as the rest of
// a sentence about the README.
func render(ctx context.Context, src []byte) (html, over string) {
	defer func() {
		switch v := recover().(type) {
		case nil:
		case exceeded:
			over = string(v)
		default:
			// A parser that panics on a README would panic on it again.
			over = "cannot be parsed"
		}
	}()
	unsafe := convert(ctx, src)
	inTime(ctx)
	clean := policy.SanitizeReader(bytes.NewReader(unsafe))
	inTime(ctx)
	tree := parse(clean)
	settle(tree)
	out := &limited{ctx: ctx}
	write(out, tree)
	return out.String(), ""
}

// lines makes all lines of src end with a newline only.
func lines(src []byte) []byte {
	if !bytes.ContainsRune(src, '\r') {
		return src
	}
	src = bytes.ReplaceAll(src, []byte("\r\n"), []byte("\n"))
	return bytes.ReplaceAll(src, []byte("\r"), []byte("\n"))
}

// plain returns src, or the beginning of it, as plain text.
func plain(src []byte, note string) *templates.Text {
	head := untrusted.Head(string(src[:min(len(src), maxPlain+1)]), maxPlain)
	if len(head) < len(src) {
		note += " The rest is left out."
	}
	text := visible(strings.ToValidUTF8(string(lines([]byte(head))), "\uFFFD"))
	return &templates.Text{HTML: template.HTML("<pre tabindex=\"0\">\n" + html.EscapeString(text) + "</pre>"), Note: note}
}
