package values

import (
	"strings"

	"github.com/portolan-charts/portolan/publisher/lazyregexp"
	"github.com/portolan-charts/portolan/publisher/untrusted"
)

var (
	// pairPattern is a key with a value.
	pairPattern = lazyregexp.New(`^("[^"]*"|'[^']*'|[A-Za-z_$][\w.$/()-]*)\s*:(?:\s+(.*))?$`)

	// wordsPattern is a word that begins a sentence with a colon, although it looks
	// like a key.
	wordsPattern = lazyregexp.New(`(?i)^(refs?|references?|see|also|notes?|defaults?|examples?|ex|eg|e\.g\.?|i\.e\.?|warning|nb|ps|tips?|todo|fixme|important|caution|attention|danger|info|information|hints?|docs?|documentation|source|usage|deprecated|optional|supported|available|allowed|possible|alternatively|links?|remember|beware|more|where|options|usecase|https?)$`)

	// examplePattern is what introduces an example.
	examplePattern = lazyregexp.New(`(?i)\b(e\.?g\.?|examples?|for instance|such as|as follows|following|below|sample)\b`)

	// introPattern is such words at the end of a text.
	introPattern = lazyregexp.New(`(?i)(^|[,;(]?\s+)((for|an|as an) )?(e\.?g\.?|examples?|for instance|such as|like|like this|i\.e\.?|sample|usage)\s*[.:]*$`)
)

// A coder tells values that are commented out from text, line by line.
type coder struct {
	in     bool // the line before was code
	indent int  // of the code's first line
	prose  bool // there was text, and no code since
}

// code reports whether the next line is code. Texts that are about key may begin
// with it.
func (s *coder) code(line, key string) bool {
	t := strings.TrimSpace(line)
	indent := indentation(line)
	switch {
	case t == "":
		s.in = false
		return false
	case s.in && indent > s.indent, s.in && indent == s.indent && (strings.HasPrefix(t, "- ") || pairPattern.MatchString(t)):
		return true
	case pair(t, key) || flow(t) || s.item(t, key):
		if !s.in || indent < s.indent {
			s.indent = indent
		}
		s.in, s.prose = true, false
		return true
	}
	s.in, s.prose = false, true
	return false
}

// item reports whether a line is an item of a list of values. Those of a list in a
// text are words.
func (s *coder) item(t, key string) bool {
	item, ok := strings.CutPrefix(t, "- ")
	if item = strings.TrimSpace(item); !ok {
		return t == "-"
	}
	if pair(item, "") || flow(item) || strings.HasPrefix(item, "--") || quotedWhole(item) {
		return true
	}
	return !s.prose && !strings.Contains(item, " ")
}

// pair reports whether a line is a key with a value.
func pair(t, key string) bool {
	m := pairPattern.FindStringSubmatch(t)
	switch {
	case m == nil || wordsPattern.MatchString(m[1]):
		return false
	case m[1] == key, m[1][0] == '"', m[1][0] == '\'':
		return single(m[2])
	case single(m[2]) && m[2] != "":
		return true
	case strings.HasSuffix(m[1], "."+key) && key != "":
		return false // the path of the key
	}
	lower := m[1][0] < 'A' || m[1][0] > 'Z' || strings.ToUpper(m[1]) == m[1]
	return lower
}

// single reports whether a text is one value rather than a sentence.
func single(v string) bool {
	v, _, _ = strings.Cut(v, " #")
	v = strings.TrimSpace(v)
	return v == "" || !strings.Contains(v, " ") || quotedWhole(v) || flow(v) || strings.ContainsAny(v[:1], "|>&*!")
}

// quotedWhole reports whether a text is in quotes.
func quotedWhole(v string) bool {
	return len(v) > 1 && (v[0] == '"' || v[0] == '\'') && v[len(v)-1] == v[0]
}

// flow reports whether a line is a list or mapping in brackets, a template, or a
// comment in a comment.
func flow(t string) bool {
	switch t[0] {
	case '{', '}':
		return true
	case '[':
		return len(t) == 1 || strings.ContainsAny(t[len(t)-1:], "],")
	case ']', '#':
		return true
	}
	return false
}

// indentation returns how far a line is indented, in bytes.
func indentation(line string) int { return len(line) - len(strings.TrimLeft(line, " \t")) }

// introduction cuts words off the end of a text that introduce an example.
func introduction(s string) string {
	s = introPattern.ReplaceAllString(s, "")
	if head, ok := strings.CutSuffix(s, ":"); ok {
		s = head + "."
	}
	return s
}

// tidy returns a text as a row shows it, or "" if it says nothing.
func tidy(s string) string {
	s = prose(strings.Join(strings.Fields(untrusted.Head(s, 3*maxText)), " "))
	if !strings.ContainsFunc(s, isLetter) {
		return ""
	}
	return visible(shorten(s, maxText))
}

func isLetter(r rune) bool { return r|0x20 >= 'a' && r|0x20 <= 'z' || r > 0x7f }
