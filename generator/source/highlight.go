package source

import (
	"html/template"
	"path"
	"strings"

	"github.com/portolan-charts/portolan/publisher/untrusted"
)

// Highlight returns a file's text as HTML. It returns "" if that is longer than most
// bytes.
func Highlight(name string, text []byte, most int) template.HTML {
	if len(text) > most {
		return ""
	}
	h := &highlighter{w: writer{most: most}, yaml: isYAML(name), open: map[quote]int{}, src: strings.ReplaceAll(string(text), "\r\n", "\n")}
	for h.at < len(h.src) && !h.w.full {
		h.line()
	}
	return h.w.html()
}

// isYAML tells YAML, and JSON as a kind of it, from templates that make other text.
func isYAML(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".yaml", ".yml", ".json":
		return true
	}
	return false
}

// A highlighter goes through a text once, line by line. It knows no more of YAML than
// what tells keys and comments from other text in nearly all files, and writes all of
// the text whatever it takes it for.
type highlighter struct {
	w    writer
	yaml bool
	src  string
	at   int // what is before it has been written

	block int           // if the line is in a block of text, one more than that block's key is indented; else 0
	open  map[quote]int // places before which no quotation ends
}

type quote struct {
	mark   byte
	action bool // it is in an action
}

func (h *highlighter) rest() string { return h.src[h.at:] }

// line writes a line, and those that an action in it reaches into.
func (h *highlighter) line() {
	if !h.yaml {
		h.text(false)
		return
	}
	indent := h.blanks(h.at)
	h.take("", indent)
	switch rest := h.rest(); {
	case strings.HasPrefix(rest, "{{"), rest == "", rest[0] == '\n':
		// What an action is indented says nothing about what it makes.
	case h.block > 0 && indent >= h.block:
	default:
		h.block = 0
		dashes := h.items()
		if h.key() {
			indent += dashes
		}
		defer h.begin(indent, h.at)
	}
	h.text(h.block == 0)
}

// blanks returns the number of blanks at a place.
func (h *highlighter) blanks(at int) int {
	n := 0
	for at+n < len(h.src) && h.src[at+n] == ' ' {
		n++
	}
	return n
}

// items writes the dashes of list items before a key, and returns how long they are.
func (h *highlighter) items() int {
	n := 0
	for strings.HasPrefix(h.src[h.at+n:], "- ") {
		n++
		n += h.blanks(h.at + n)
	}
	h.take("", n)
	return n
}

// key writes a key, if the text goes on with one.
func (h *highlighter) key() bool {
	end := h.at
	if rest := h.rest(); rest != "" && (rest[0] == '"' || rest[0] == '\'') {
		end = h.quotation(end, false)
	} else {
		for end < len(h.src) && isKey(h.src[end]) {
			end++
		}
	}
	colon := end + h.blanks(end)
	after := h.src[min(colon+1, len(h.src)):]
	if end == h.at || !strings.HasPrefix(h.src[colon:], ":") || after != "" && !strings.Contains(" \t\n", after[:1]) {
		return false
	}
	h.take("b", end-h.at)
	return true
}

// isKey tells which characters keys without quotes consist of. Others are possible, and
// rare.
func isKey(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || strings.IndexByte("_-./$@~*<+", c) >= 0 || c >= 0x80
}

// quotation returns where the quoted text ends that begins at a place, or the place
// itself if it has no end on its line or, outside of actions, before the next action.
// What has no end is not looked for a second time.
func (h *highlighter) quotation(at int, action bool) int {
	of := quote{h.src[at], action}
	if at < h.open[of] {
		return at
	}
	i := at + 1
	for ; i < len(h.src) && h.src[i] != '\n'; i++ {
		switch {
		case h.src[i] == '\\' && of.mark == '"' && !strings.HasPrefix(h.src[i+1:], "\n"):
			i++
		case h.src[i] == of.mark:
			return i + 1
		case !action && strings.HasPrefix(h.src[i:], "{{"):
			h.open[of] = i
			return at
		}
	}
	h.open[of] = i
	return at
}

// begin notes that a block of text begins behind the key or dash at a place, if one does.
func (h *highlighter) begin(indent, at int) {
	value, _, _ := strings.Cut(h.src[at:h.at], "\n")
	value, _, _ = strings.Cut(strings.TrimLeft(value, " :"), " ")
	if value != "" && (value[0] == '|' || value[0] == '>') && strings.Trim(value[1:], "+-0123456789") == "" {
		h.block = indent + 1
	}
}

// text writes the rest of a line: text, actions and perhaps a comment.
func (h *highlighter) text(comments bool) {
	mark, stops := "", "\n{"
	if comments {
		stops = "\n{#\"'"
	}
	for h.at < len(h.src) && !h.w.full {
		n := strings.IndexAny(h.rest(), stops)
		if n < 0 {
			n = len(h.rest())
		}
		h.take(mark, n)
		switch rest := h.rest(); {
		case rest == "":
		case rest[0] == '\n':
			h.take("", 1)
			return
		case strings.HasPrefix(rest, "{{"):
			h.action()
		case rest[0] == '#' && (h.at == 0 || strings.Contains(" \t\n", h.src[h.at-1:h.at])):
			mark, stops = "em", "\n{"
		case rest[0] == '"', rest[0] == '\'': // in which # begins no comment
			h.take("", max(1, h.quotation(h.at, false)-h.at))
		default:
			h.take(mark, 1)
		}
	}
}

// action writes an action of a template, up to where package text/template ends it.
func (h *highlighter) action() {
	inner := strings.TrimLeft(strings.TrimPrefix(h.rest()[2:], "-"), " \t\n")
	if strings.HasPrefix(inner, "/*") {
		end := h.after(len(h.src)-len(inner)+2, "*/")
		h.take("em", h.after(end, "}}")-h.at)
		return
	}
	i := h.at + 2
	for i < len(h.src) && !strings.HasPrefix(h.src[i:], "}}") {
		switch h.src[i] {
		case '`':
			i = h.after(i+1, "`")
		case '"', '\'':
			i = max(i+1, h.quotation(i, true))
		default:
			i++
		}
	}
	h.take("i", min(i+2, len(h.src))-h.at)
}

// after returns where the next end in the text is over.
func (h *highlighter) after(from int, end string) int {
	if i := strings.Index(h.src[from:], end); i >= 0 {
		return from + i + len(end)
	}
	return len(h.src)
}

// take writes the next n bytes, in an element unless mark is "".
func (h *highlighter) take(mark string, n int) {
	h.w.write(mark, h.src[h.at:h.at+n])
	h.at += n
}

// A writer writes HTML up to a number of bytes.
type writer struct {
	b    strings.Builder
	most int
	full bool   // there would be more
	mark string // the element that is open
}

var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// write writes a text in an element, the one that is open if that is the same.
func (w *writer) write(mark, text string) {
	if text == "" || w.full {
		return
	}
	if mark != w.mark {
		w.close()
		if w.mark = mark; mark != "" {
			w.b.WriteString("<" + mark + ">")
		}
	}
	escaper.WriteString(&w.b, untrusted.Visible(text))
	w.full = w.b.Len() > w.most
}

func (w *writer) close() {
	if w.mark != "" {
		w.b.WriteString("</" + w.mark + ">")
		w.mark = ""
	}
}

// html returns what was written, or "" if that is not all.
func (w *writer) html() template.HTML {
	if w.close(); w.full || w.b.Len() > w.most {
		return ""
	}
	return template.HTML(w.b.String())
}
