package markdown

import (
	"slices"
	"strings"
	"unicode"

	"github.com/portolan-charts/portolan/publisher/untrusted"
	"github.com/portolan-charts/portolan/templates"
)

const (
	// maxHeadings bounds the headings in a README's contents, and maxHeading their
	// texts, in bytes.
	maxHeadings = 60
	maxHeading  = 80
)

// outline returns a README's contents. If there are too many headings, those of the
// lowest levels are left out. A single heading makes no contents.
func outline(headings []*node, chart string) []templates.Heading {
	if len(headings) > 0 && repeats(plainText(headings[0]), chart) {
		headings = headings[1:]
	}
	lowest, highest := 0, 0
	for _, h := range headings {
		if lowest = max(lowest, h.level); highest == 0 || h.level < highest {
			highest = h.level
		}
	}
	for ; len(headings) > maxHeadings && lowest > highest; lowest-- {
		headings = slices.DeleteFunc(slices.Clone(headings), func(h *node) bool { return h.level >= lowest })
	}
	if len(headings) < 2 {
		return nil
	}
	var all []templates.Heading
	for _, h := range headings[:min(len(headings), maxHeadings)] {
		all = append(all, templates.Heading{
			Text: untrusted.Cut(plainText(h), maxHeading), Anchor: prefix + h.attrs["anchor"], Level: h.level - highest + 1,
		})
	}
	return all
}

// repeats reports whether a heading says nothing but a chart's name.
func repeats(heading, chart string) bool {
	plain := func(s string) string {
		return strings.Map(func(r rune) rune {
			if unicode.IsLetter(r) || unicode.IsDigit(r) {
				return unicode.ToLower(r)
			}
			return -1
		}, s)
	}
	var words []string
	for _, w := range strings.Fields(heading) {
		switch strings.ToLower(w) {
		case "helm", "chart", "charts", "the", "a", "for", "official":
		default:
			words = append(words, w)
		}
	}
	return chart != "" && (plain(strings.Join(words, "")) == plain(chart) || plain(heading) == plain(chart))
}

// plainText returns the text of an element on one line.
func plainText(n *node) string {
	var b strings.Builder
	var add func(n *node)
	add = func(n *node) {
		apart := n.role != inline && n.role != gone && n.role != 0
		if apart {
			b.WriteByte(' ')
		}
		b.WriteString(n.text)
		for _, k := range n.kids {
			add(k)
		}
		if apart {
			b.WriteByte(' ')
		}
	}
	add(n)
	return strings.Join(strings.Fields(b.String()), " ")
}
