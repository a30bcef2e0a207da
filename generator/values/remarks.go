package values

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/portolan-charts/portolan/publisher/lazyregexp"
	"github.com/portolan-charts/portolan/publisher/untrusted"
)

// A block is the lines of comment above a key.
type block struct {
	key, path string
	value     *yaml.Node
	apart     bool // nothing that it could belong to stands right above it
	head      bool // nothing but blank lines stands above it
	marked    bool // it is a comment of helm-docs
	remark    remark
}

var (
	// headPattern is a line of what stands at the top of many files.
	headPattern = lazyregexp.New(`(?i)default values|^values for|configuration values|yaml[- ]formatted|declare (variables|name)|\bgenerated\b|do not edit`)

	// legalPattern is a line of a licence.
	legalPattern = lazyregexp.New(`(?i)\bcopyright\b|\blicen[sc]ed?\b|spdx-`)

	// toolPattern is a line that is for a program.
	toolPattern = lazyregexp.New(`(?i)^(\+docs:|yaml-language-server|vim?:|renovate:|trivy:|checkov:|ct:|yamllint|prettier-ignore|cspell:|spell-?checker|kics-scan|gitleaks|x-release-please|nosec\b|noqa\b|pragma\b|language=)`)

	// kindPattern is the type that a comment of helm-docs may begin with.
	kindPattern = lazyregexp.New(`^\((?i:(int|integer|str|string|bool|boolean|list|array|object|dict|map|float|number|yaml|json|tpl(?:/\w+)?|(?:int|string|bool|list|object)/\w+))\)\s*`)
)

// kindNames are the names of types as JSON Schema has them.
var kindNames = map[string]string{"int": "integer", "str": "string", "bool": "boolean", "list": "array", "dict": "object", "map": "object", "float": "number"}

// typed cuts the type off that a text may begin with.
func typed(text string) (kind, rest string) {
	m := kindPattern.FindStringSubmatch(text)
	if m == nil {
		return "", text
	}
	kind = strings.ToLower(m[1])
	if name, ok := kindNames[kind]; ok {
		kind = name
	}
	return kind, text[len(m[0]):]
}

// read finds out what lines of comment say.
func (b *block) read(lines []string) {
	plain := b.plain(lines)
	mark := -1
	for i, l := range plain {
		if t := strings.TrimSpace(l); strings.HasPrefix(t, "-- ") || t == "--" {
			mark = i
		} else if m := namedPattern.FindStringSubmatch(t); m != nil && m[1] == b.path {
			mark = i
		}
	}
	if b.marked = mark >= 0; b.marked {
		plain = plain[mark:]
		_, first, _ := strings.Cut(plain[0], "--")
		b.remark.kind, first = typed(strings.TrimSpace(first))
		plain[0] = " " + first
		if end := slices.IndexFunc(plain, banner); end > 0 {
			plain = plain[:end]
		}
	} else {
		plain = b.heading(plain)
	}
	b.remark.text = tidy(b.unnamed(b.compose(b.split(plain))))
}

// unnamed returns a text without the name of the key that it may begin with.
func (b *block) unnamed(text string) string {
	for _, name := range []string{b.path, b.key} {
		if rest, ok := strings.CutPrefix(text, name+": "); ok && name != "" {
			return rest
		}
	}
	return text
}

// plain returns what stands behind the # of each line, without what is for programs.
// What these lines say about the default and the type is noted.
func (b *block) plain(lines []string) []string {
	var all []string
	schema, about := false, false
	for _, line := range lines {
		line = untrusted.Head(strings.TrimSpace(line), 2*maxText)
		rest := strings.TrimLeft(line, "#")
		t := strings.TrimSpace(rest)
		switch {
		case t == "@schema":
			schema = !schema
		case t == "@descriptionStart", t == "@descriptionEnd":
			about = t == "@descriptionStart"
		case schema, about:
		case strings.HasPrefix(t, "@"):
			b.tag(t)
		case toolPattern.MatchString(t):
		case len(line)-len(rest) > 3, strings.HasPrefix(line, "##") && strings.HasSuffix(t, "##"): // a rule or a heading
			all = append(all, "----")
		default:
			all = append(all, rest)
		}
	}
	return all
}

// tag reads a line such as @default -- 10.
func (b *block) tag(t string) {
	name, rest, _ := strings.Cut(t, " ")
	rest = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(rest), "--"))
	switch name {
	case "@default":
		b.remark.value = line(strings.Trim(rest, "`"), maxSaid)
	case "@ignored":
		b.remark.ignored = true
	}
}

// heading cuts off what is not about the key: what stands above a line of dashes or
// the like, and at the top of a file its licence and what it is for.
func (b *block) heading(lines []string) []string {
	for i := len(lines) - 1; i >= 0; i-- {
		t := strings.TrimSpace(lines[i])
		if banner(lines[i]) || b.head && headPattern.MatchString(t) {
			return lines[i+1:]
		}
		if b.head && legalPattern.MatchString(t) {
			return nil
		}
	}
	return lines
}

// banner reports whether a line is a rule, or a heading between such.
func banner(line string) bool {
	t := strings.TrimSpace(line)
	for _, c := range "#-=*_~+." {
		run := strings.Repeat(string(c), 4)
		if strings.HasPrefix(t, run) || strings.HasSuffix(t, run) && c != '.' {
			return true
		}
	}
	return strings.HasPrefix(t, "--- ") || strings.HasPrefix(t, "=== ") || len(t) > 2 && strings.Trim(t, "-=*_~") == ""
}

// A part is lines of a comment that are all text, or all values that are commented
// out.
type part struct {
	code   bool
	indent int // of the first line
	lines  []string
}

// text returns the text of a part on one line.
func (p part) text() string {
	var b strings.Builder
	ended := true
	for _, line := range p.lines {
		t := strings.TrimSpace(line)
		if t == "" {
			if !ended {
				b.WriteByte('.') // between paragraphs
			}
			ended = true
			continue
		}
		if item, ok := strings.CutPrefix(t, "- "); ok {
			t = "• " + item
		} else if item, ok := strings.CutPrefix(t, "* "); ok {
			t = "• " + item
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(t)
		ended = !strings.HasSuffix(t, ")") && strings.ContainsAny(t[len(t)-1:], ".,:;!?\u2026\"'`)]}")
	}
	return b.String()
}

// split splits lines into text and values that are commented out.
func (b *block) split(lines []string) []part {
	var parts []part
	var state coder
	for _, line := range lines {
		code, blank := state.code(line, b.key), strings.TrimSpace(line) == ""
		if n := len(parts); n > 0 && (blank || parts[n-1].code == code) {
			parts[n-1].lines = append(parts[n-1].lines, line)
		} else if !blank {
			parts = append(parts, part{code: code, indent: indentation(line), lines: []string{line}})
		}
	}
	for i := range parts {
		p := &parts[i]
		for len(p.lines) > 1 && strings.TrimSpace(p.lines[len(p.lines)-1]) == "" {
			p.lines = p.lines[:len(p.lines)-1]
		}
	}
	return parts
}

// compose returns the text that is about the key. Text above values that are commented
// out is about these, unless they are an example.
func (b *block) compose(parts []part) string {
	from, last := len(parts), len(parts)-1
	for from > 0 {
		i := from - 1
		if p := parts[i]; p.code && !(i > 0 && b.example(p, parts[i-1], i == last) || i == last && b.filled(p) || b.marked && !scalarValue(b.value)) {
			break
		}
		from = i
	}
	var texts []string
	for i := from; i <= last; i++ {
		text := parts[i].text()
		if parts[i].code {
			continue
		}
		if i < last {
			text = introduction(text)
		}
		if i+1 < last && text != "" && !strings.ContainsAny(text[len(text)-1:], ".!?") {
			text += "."
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, " ")
}

// example reports whether values that are commented out are an example for the text
// above them. At the end of a block that follows the key before, they may be for that.
func (b *block) example(p, above part, end bool) bool {
	if end && !b.apart && !b.marked {
		return false
	}
	last := above.lines[len(above.lines)-1]
	if p.indent > indentation(last) {
		return true
	}
	return !scalarValue(b.value) && (strings.HasSuffix(strings.TrimSpace(last), ":") || examplePattern.MatchString(last))
}

// filled reports whether values that are commented out right above a key show how it
// is filled in.
func (b *block) filled(p part) bool {
	first := strings.TrimSpace(p.lines[0])
	name, _, _ := strings.Cut(first, ":")
	switch {
	case name == b.key:
		return true
	case scalarValue(b.value):
		return false
	case b.marked:
		return true
	}
	list := b.value != nil && b.value.Kind == yaml.SequenceNode
	return list && b.apart && strings.HasPrefix(first, "- ")
}

// scalarValue reports whether a value is a text, number or boolean that is not empty.
func scalarValue(n *yaml.Node) bool {
	return n != nil && n.Kind == yaml.ScalarNode && n.Value != "" && n.ShortTag() != "!!null"
}

// empty reports whether a value is null, or a text, list or mapping that is empty.
func empty(n *yaml.Node) bool {
	return n != nil && len(n.Content) == 0 && n.Kind != yaml.AliasNode && !scalarValue(n)
}
