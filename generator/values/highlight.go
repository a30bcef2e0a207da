package values

import (
	"context"
	"html/template"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/portolan-charts/portolan/templates"
	"go.yaml.in/yaml/v3"
)

// A token is a part of the file that is marked.
type token struct {
	start, end int
	class      byte   // k (key), s (string) or n (number, boolean, null)
	anchor     string // "" if it has no anchor
}

// A place is a position in the file: the parser's line and column, and the byte.
type place struct{ line, column, at int }

// A highlighter marks a file. The parser says where nodes begin; the highlighter
// finds their ends in the text. Even if it misreads something, it writes all the
// text, in order.
type highlighter struct {
	ctx    context.Context
	src    []byte
	work   int   // bytes that were looked at
	lines  []int // where they begin
	last   place // the last one found: nodes come in order
	tokens []token
	end    int             // of the last one
	taken  map[string]bool // paths
	keys   []templates.ValueLink
	out    strings.Builder
}

// index finds where lines begin, as the parser counts lines.
func (h *highlighter) index() {
	h.lines = []int{0}
	for i := 0; i < len(h.src); i++ {
		switch rest := h.src[i:]; {
		case rest[0] == '\r' && len(rest) > 1 && rest[1] == '\n':
			continue
		case rest[0] == '\n', rest[0] == '\r':
		case strings.HasPrefix(string(rest[:min(2, len(rest))]), "\u0085"):
			i++
		case string(rest[:min(3, len(rest))]) == "\u2028", string(rest[:min(3, len(rest))]) == "\u2029":
			i += 2
		default:
			continue
		}
		h.lines = append(h.lines, i+1)
	}
}

// offset returns the byte at which a node begins, or -1 if it is not in the file.
func (h *highlighter) offset(n *yaml.Node) int {
	if n.Line < 1 || n.Line > len(h.lines) {
		return -1
	}
	p := place{n.Line, 1, h.lines[n.Line-1]}
	if n.Line == 1 && strings.HasPrefix(string(h.src[:min(3, len(h.src))]), "\ufeff") {
		p.at += 3
	}
	if h.last.line == n.Line && h.last.column <= n.Column {
		p = h.last
	}
	from := p.at
	for ; p.column < n.Column && p.at < len(h.src); p.column++ {
		_, size := utf8.DecodeRune(h.src[p.at:])
		p.at += size
	}
	if !h.spend(1 + p.at - from) {
		return -1
	}
	if h.last = p; p.at >= len(h.src) {
		return -1
	}
	return p.at
}

// spend counts bytes that were looked at. It returns false if they were too many,
// or if there is no more time.
func (h *highlighter) spend(bytes int) bool {
	if h.work>>18 != (h.work+bytes)>>18 && h.ctx.Err() != nil {
		h.work = maxWork
	}
	h.work += bytes
	return h.work <= maxWork
}

// node marks the node at a path.
func (h *highlighter) node(n *yaml.Node, path string, depth int) {
	switch {
	case depth > maxDepth:
	case n.Kind == yaml.MappingNode:
		h.mapping(n, path, depth)
	case n.Kind == yaml.SequenceNode:
		for i, item := range n.Content {
			at := join(path, strconv.Itoa(i))
			if t, ok := h.scalar(item); ok {
				h.add(t, at)
				continue
			}
			h.node(item, at, depth+1)
		}
	default:
		if t, ok := h.scalar(n); ok {
			h.add(t, "")
		}
	}
}

func (h *highlighter) mapping(n *yaml.Node, path string, depth int) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		t, ok := h.scalar(key)
		if !ok {
			continue
		}
		at := join(path, key.Value)
		t.class = 'k'
		if h.add(t, at) && depth == 0 {
			h.keys = append(h.keys, templates.ValueLink{Path: at, Anchor: anchor(at)})
		}
		h.node(n.Content[i+1], at, depth+1)
	}
}

// add adds a token. The first token of a path gets its anchor.
func (h *highlighter) add(t token, path string) bool {
	first := path != "" && len(path) <= maxPath && !h.taken[path]
	if first {
		h.taken[path] = true
		t.anchor = anchor(path)
	}
	h.tokens, h.end = append(h.tokens, t), t.end
	return first
}

// scalar finds the text of a scalar.
func (h *highlighter) scalar(n *yaml.Node) (token, bool) {
	if n.Kind != yaml.ScalarNode {
		return token{}, false
	}
	start := h.offset(n)
	for start >= 0 && start < len(h.src) && (h.src[start] == '&' || h.src[start] == '!') {
		start = h.skip(start)
	}
	if start < h.end || start >= len(h.src) {
		return token{}, false // or within the one before, which was misread
	}
	t := token{start: start, class: 's'}
	switch first := h.src[start]; {
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 && (first == '|' || first == '>'):
		t.end = h.block(start, strings.TrimSpace(n.Value) != "")
	case n.Style&yaml.DoubleQuotedStyle != 0 && first == '"', n.Style&yaml.SingleQuotedStyle != 0 && first == '\'':
		t.end = h.quotes(start, first)
	case strings.HasPrefix(string(h.src[start:min(len(h.src), start+len(n.Value))]), n.Value) && n.Value != "":
		t.end = start + len(n.Value)
	default:
		return token{}, false // for example, a plain scalar over several lines
	}
	if !h.spend(t.end - start) {
		return token{}, false
	}
	switch n.ShortTag() {
	case "!!int", "!!float", "!!bool", "!!null":
		t.class = 'n'
	}
	return t, true
}

// skip returns the place after the anchor or tag at at.
func (h *highlighter) skip(at int) int {
	from := at
	for at < len(h.src) && h.src[at] > ' ' {
		at++
	}
	for at < len(h.src) && h.src[at] <= ' ' {
		at++
	}
	if !h.spend(at - from) {
		return len(h.src)
	}
	return at
}

// quotes returns the end of a quoted scalar.
func (h *highlighter) quotes(at int, quote byte) int {
	for i := at + 1; i < len(h.src); i++ {
		switch {
		case h.src[i] == '\\' && quote == '"':
			i++
		case h.src[i] != quote:
		case quote == '\'' && i+1 < len(h.src) && h.src[i+1] == '\'':
			i++
		default:
			return i + 1
		}
	}
	return len(h.src)
}

// block returns the end of a block scalar that begins with its | or >: before
// the first line that is indented less than its first one. Without content it has
// no such line, and what follows is not part of it.
func (h *highlighter) block(at int, content bool) int {
	end, next := h.line(at)
	indent := -1
	for content && next < len(h.src) {
		begin := next
		stop, following := h.line(begin)
		text := string(h.src[begin:stop])
		width := len(text) - len(strings.TrimLeft(text, " "))
		blank := strings.TrimSpace(text) == ""
		if !blank && indent < 0 {
			indent = width
			if width == 0 {
				break
			}
		}
		if !blank && width < indent {
			break
		}
		if !blank {
			end = stop
		}
		next = following
	}
	return end
}

// line returns where the line with at ends, and where the next one begins.
func (h *highlighter) line(at int) (end, next int) {
	for i := at; i < len(h.src); i++ {
		if h.src[i] == '\n' {
			return i, i + 1
		}
	}
	return len(h.src), len(h.src)
}

// write writes the file. It returns false if the output is too long.
func (h *highlighter) write() bool {
	at := 0
	for _, t := range h.tokens {
		if t.start < at {
			continue // an alias, or a misreading
		}
		h.token(string(h.src[at:t.start]), t)
		if at = t.end; h.out.Len() > maxOutput {
			return false
		}
	}
	h.between(string(h.src[at:]))
	return h.out.Len() <= maxOutput
}

// token writes a token and the text before it. The comment above a key belongs to
// the place that links to the key lead to, so that it is seen there.
func (h *highlighter) token(before string, t token) {
	comment := ""
	if t.class == 'k' && t.anchor != "" {
		before, comment = cutComment(before, t.start == len(before))
	}
	h.between(before)
	text := string(h.src[t.start:t.end])
	if comment == "" {
		h.span(string(t.class), t.anchor, text)
		return
	}
	h.out.WriteString(`<span id="` + t.anchor + `">`)
	h.between(comment)
	h.span(string(t.class), "", text)
	h.out.WriteString("</span>")
}

// maxComment is how many lines above a key are taken for its comment: more would
// hide the key itself.
const maxComment = 12

// cutComment cuts the lines of comment off that stand right above what follows the
// text, with the indentation of that. What the text begins with is a whole line only
// at the file's start.
func cutComment(s string, start bool) (before, comment string) {
	cut := strings.LastIndexByte(s, '\n') + 1
	if cut == 0 || strings.TrimLeft(s[cut:], " ") != "" {
		return s, ""
	}
	begin := cut
	for range maxComment {
		line := strings.LastIndexByte(s[:begin-1], '\n') + 1
		if line == 0 && !start || !strings.HasPrefix(strings.TrimLeft(s[line:begin], " \t"), "#") {
			break
		}
		if begin = line; begin == 0 {
			break
		}
	}
	if begin == cut {
		return s, ""
	}
	return s[:begin], s[begin:]
}

// between writes the text between scalars: punctuation and comments.
func (h *highlighter) between(s string) {
	for len(s) > 0 {
		i := strings.IndexAny(s, "#:-[]{},?|>&*!")
		if i < 0 {
			i = len(s)
		}
		h.out.WriteString(template.HTMLEscapeString(visible(s[:i])))
		if s = s[i:]; s == "" {
			return
		}
		n := len(s) - len(strings.TrimLeft(s, ":-[]{},?|>&*!"))
		class := "p"
		if s[0] == '#' {
			class = "c"
			if n = strings.IndexByte(s, '\n'); n < 0 {
				n = len(s)
			}
		}
		h.span(class, "", s[:n])
		s = s[n:]
	}
}

func (h *highlighter) span(class, id, text string) {
	h.out.WriteString(`<span class="` + class + `"`)
	if id != "" {
		h.out.WriteString(` id="` + id + `"`)
	}
	h.out.WriteString(">" + template.HTMLEscapeString(visible(text)) + "</span>")
}
