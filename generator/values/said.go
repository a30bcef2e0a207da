package values

import (
	"strings"
	"unicode"
)

// lend gives values about which nothing else is said the texts of a README.
func (r *Reference) lend(f *field, readme map[string]string) {
	if path := shownPath(f.path); readme[path] != "" && f.text() == "" {
		f.readme = shorten(visible(readme[path]), maxText)
		r.lent[path] = true
	}
	for _, child := range f.fields {
		r.lend(child, readme)
	}
}

// Says reports whether the table says at least this about a value. A text that is cut in
// the table counts if the rest of it is beside the table, in values.yaml or the schema.
func (r *Reference) Says(path, text string) bool {
	said, ok := r.texts[path]
	if !ok {
		return false
	}
	head, cut := strings.CutSuffix(said, "…")
	has, wanted := plainly(head), plainly(text)
	return strings.Contains(has, wanted) || cut && !r.lent[path] && has != "" && strings.HasPrefix(wanted, has)
}

// plainly returns the letters and digits of a text, which are the same whether it was
// written in a comment or in Markdown.
func plainly(s string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsLetter(c) || unicode.IsDigit(c) {
			return unicode.ToLower(c)
		}
		return -1
	}, s)
}

// noteTexts notes what the table says about each value.
func (r *Reference) noteTexts() {
	r.texts = map[string]string{}
	for _, g := range r.Groups {
		r.texts[g.Path] = g.Text
		for _, row := range g.Rows {
			if row.Text != "" || r.texts[row.Path] == "" {
				r.texts[row.Path] = row.Text
			}
		}
	}
}
