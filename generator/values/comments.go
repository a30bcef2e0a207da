package values

import (
	"slices"
	"strings"
	"unicode"

	"github.com/portolan-charts/portolan/publisher/lazyregexp"
)

const (
	// maxBlock bounds the lines of comment above or below a key that are read.
	maxBlock = 100

	// maxExtra bounds the values that only comments document.
	maxExtra = 200

	// maxSections bounds the headings between values, and maxHeading one of them, in bytes.
	maxSections = 200
	maxHeading  = 100
)

// A remark is what comments say about a key.
type remark struct {
	text    string // above it, or of Bitnami's generator
	beside  string // at the end of its line
	below   string // indented below an empty value
	kind    string // a type
	value   string // the default in the author's words
	ignored bool   // the author does not want it to be listed
}

// A source is the lines of a values.yaml, as the parser counts them.
type source struct {
	lines  []string
	first  int              // the first line that is not blank
	params map[string]param // what comments elsewhere say about keys, by path
	extra  []param          // about those that the file lacks

	sections []section // in the order of the file

	measured, indent int // a line, and how far it is indented
}

// A section is a heading above keys of the top level: a comment of Bitnami's generator.
type section struct {
	line  int
	title string
}

// A param is a comment that names the key it is about.
type param struct {
	path string
	remark
}

func newSource(file string) *source {
	s := &source{lines: splitLines(file), params: map[string]param{}}
	for s.first < len(s.lines) && strings.Trim(s.lines[s.first], " \t-") == "" {
		s.first++
	}
	for i, line := range s.lines {
		if title, ok := heading(line); ok && len(s.sections) < maxSections {
			s.sections = append(s.sections, section{i + 1, title})
		}
		if line = strings.TrimLeft(line, " \t"); strings.HasPrefix(line, "#") {
			s.named(strings.TrimSpace(strings.TrimLeft(line, "#")))
		}
	}
	return s
}

// heading returns the title of a section, if a line begins one. A comment of helm-docs
// with a similar mark puts a single key elsewhere.
func heading(line string) (title string, ok bool) {
	if !strings.HasPrefix(line, "#") {
		return "", false
	}
	title, ok = strings.CutPrefix(strings.TrimSpace(strings.TrimLeft(line, "#")), "@section ")
	title = shorten(tidy(title), maxHeading)
	return title, ok && title != "" && !strings.HasPrefix(title, "-- ")
}

// headings says which sections begin with the groups of fields. A section without keys has
// no group.
func (r *Reference) headings(fields []*field, sections []section) {
	for i, f := range fields {
		for f.line > 0 && len(sections) > 0 && sections[0].line < f.line {
			r.Groups[i].Section, sections = sections[0].title, sections[1:]
		}
	}
}

// splitLines splits a text where the parser begins a new line.
func splitLines(s string) []string {
	var lines []string
	for {
		i := strings.IndexAny(s, "\n\r\u0085\u2028\u2029")
		if i < 0 {
			return append(lines, s)
		}
		end := i + 1
		switch {
		case s[i] >= 0xe0:
			end = i + 3
		case s[i] >= 0xc0:
			end = i + 2
		}
		lines, s = append(lines, s[:i]), s[end:]
	}
}

var (
	// bitnamiPattern is a comment of Bitnami's generator: the key, what it calls
	// modifiers, and the text.
	bitnamiPattern = lazyregexp.New(`^@(param|skip|extra)\s+(\S{1,300})\s*(?:\[([^\]]{0,200})\])?\s*(.*)$`)

	// namedPattern is a comment of helm-docs that names its key.
	namedPattern = lazyregexp.New(`^([\w./\[\]"-]{1,300}) --(?: (.*))?$`)
)

// named notes what a comment says about the key that it names.
func (s *source) named(c string) {
	if strings.HasPrefix(c, "@") {
		m := bitnamiPattern.FindStringSubmatch(c)
		if m == nil {
			return
		}
		p := param{path: m[2], remark: remark{text: tidy(m[4]), ignored: m[1] == "skip"}}
		for _, word := range strings.Split(m[3], ",") {
			switch word = strings.TrimSpace(word); word {
			case "array", "object", "string":
				p.kind = word
			}
		}
		if m[1] != "extra" {
			s.params[p.path] = p
		} else if len(s.extra) < maxExtra && p.text != "" {
			s.extra = append(s.extra, param{path: shownPath(p.path), remark: p.remark})
		}
		return
	}
	if m := namedPattern.FindStringSubmatch(c); m != nil && !strings.HasPrefix(m[1], "-") {
		p := param{path: m[1]}
		p.kind, p.text = typed(m[2])
		p.text = tidy(p.text)
		s.params[p.path] = p
	}
}

// line returns a line by its number, from 1.
func (s *source) line(n int) string {
	if n < 1 || n > len(s.lines) {
		return ""
	}
	return s.lines[n-1]
}

// comment reports whether a line is a comment that has this indentation in bytes, or a
// greater one if deeper.
func (s *source) comment(n, indent int, deeper bool) bool {
	line := s.line(n)
	at := indentation(line)
	return strings.HasPrefix(line[at:], "#") && (at == indent || deeper && at > indent)
}

// remark returns what comments say about a field, whose key begins in a column.
func (s *source) remark(f *field, column int) remark {
	m := s.params[f.path].remark
	line, indent := s.line(f.line), column-1
	if s.measured != f.line { // a line may have many keys
		s.measured, s.indent = f.line, indentation(line)
	}
	if indent > s.indent {
		return m // not the first one of its line
	}
	top, at := f.line, indentation(s.line(f.line-1))
	for top > 1 && f.line-top < maxBlock && max(at-indent, indent-at) <= 1 && s.comment(top-1, at, false) {
		top--
	}
	b := block{key: f.key, path: f.path, value: f.value}
	if before := strings.TrimSpace(s.line(top - 1)); before == "" || strings.HasSuffix(before, ":") {
		b.apart = true
	}
	b.head = top-1 <= s.first
	b.read(s.lines[top-1 : f.line-1])
	if m.text == "" || b.marked {
		m.text, m.kind = b.remark.text, b.remark.kind
	}
	m.value, m.ignored = b.remark.value, b.remark.ignored || m.ignored
	m.beside = beside(line[indent:])
	if empty(f.value) {
		m.below = s.below(f, indent)
	}
	return m
}

// below returns what the comments say that are indented below a key with an empty
// value. They may be about values that are commented out there, or about the next
// key, unless they name this one.
func (s *source) below(f *field, indent int) string {
	n := f.line + 1
	for n-f.line < maxBlock {
		if !s.comment(n, indent+1, true) {
			break
		}
		n++
	}
	b := block{key: f.key, path: f.path, value: f.value}
	parts := b.split(b.plain(s.lines[f.line : n-1]))
	if len(parts) == 0 || parts[0].code || strings.Contains(parts[0].lines[0], "-- ") {
		return ""
	}
	text := parts[0].text()
	alone := len(parts) == 1 && strings.TrimSpace(s.line(n)) == ""
	if !alone && !slices.Contains(strings.FieldsFunc(text, apartFromWords), f.key) {
		return ""
	}
	if len(parts) > 1 {
		text = introduction(text)
	}
	return tidy(text)
}

// apartFromWords reports whether a character does not belong to a word.
func apartFromWords(r rune) bool {
	return r != '_' && r != '-' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
}

// beside returns the comment at the end of a line that begins with a key.
func beside(line string) string {
	var quote byte
	for i := 0; i < len(line); i++ {
		c := line[i]
		start := i == 0 || strings.IndexByte(" [{,:", line[i-1]) >= 0
		switch {
		case quote == '"' && c == '\\', quote == '\'' && strings.HasPrefix(line[i:], "''"):
			i++ // what follows does not end the text
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case (c == '"' || c == '\'') && start:
			quote = c
		case c == '#' && i > 0 && (line[i-1] == ' ' || line[i-1] == '\t'):
			b := block{}
			b.read([]string{line[i:]})
			return b.remark.text
		}
	}
	return ""
}
