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
// Tables about a chart's values are special: what they say can be used elsewhere, and
// is left out where another page says the same.
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

// A README is a README that was read.
type README struct {
	src    []byte
	clean  []byte // its HTML
	root   *node  // of that; nil if it cannot be rendered, or was
	note   string // why it cannot
	tables []*valueTable
}

// Parse reads a README, as long as ctx is not done.
func Parse(ctx context.Context, src []byte) *README {
	r := &README{src: src}
	if len(src) > maxInput {
		r.note = "The README is too long to be rendered, so it is shown as plain text."
		return r
	}
	r.note = guard(func() {
		unsafe := convert(ctx, lines(src))
		inTime(ctx)
		r.clean = policy().SanitizeReader(bytes.NewReader(unsafe)).Bytes()
		inTime(ctx)
		r.grow()
	})
	return r
}

// grow makes the tree of a README.
func (r *README) grow() {
	root := parse(bytes.NewReader(r.clean))
	prune(root)
	r.root, r.tables = root, valueTables(root)
}

// Size is how many bytes of text the README holds: a short one can have a lot of HTML.
func (r *README) Size() int { return len(r.src) + len(r.clean) }

// Options say what a page shows of a README. The zero value shows all of it.
type Options struct {
	Chart string // its name; a first heading that repeats it is not in the contents

	// Listed reports whether another page says at least this about a value. If it is
	// nil, there is no such page.
	Listed     func(key, text string) bool
	ListedName string // of that page
	ListedURL  string // of that page, relative to the one that shows the README
}

// Render returns the HTML of a README, and its headings for a table of contents. The
// HTML is plain text once ctx is done.
//
// If tables say about many values what the page of the options says too, their rows are
// left out, and a link leads to that page. All other rows stay.
func (r *README) Render(ctx context.Context, o Options) (text *templates.Text, contents []templates.Heading) {
	if r.note != "" {
		return plain(r.src, r.note), nil
	}
	out := &limited{ctx: ctx}
	note := guard(func() {
		if r.root == nil { // it was rendered before
			r.grow()
		}
		if o.Listed != nil {
			leaveOut(r.tables, o)
			tidy(r.root)
		}
		inTime(ctx)
		contents = outline(settle(r.root), o.Chart)
		write(out, r.root)
	})
	r.root, r.tables = nil, nil // they are no longer what was read
	if note != "" {
		return plain(r.src, note), nil
	}
	return &templates.Text{HTML: template.HTML(out.String())}, contents
}

// guard does a part of the work. If a bound is exceeded, the note says which.
func guard(do func()) (note string) {
	defer func() {
		over := "cannot be parsed" // a parser that panics on a README would panic on it again
		switch v := recover().(type) {
		case nil:
			return
		case exceeded:
			over = string(v)
		}
		note = "The README " + over + ", so it is shown as plain text."
	}()
	do()
	return ""
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
