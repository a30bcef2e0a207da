package values

import (
	"strings"

	"github.com/portolan-charts/portolan/publisher/lazyregexp"
)

var (
	// linkPattern is a link in Markdown, and boldPattern emphasis.
	linkPattern = lazyregexp.New(`\[([^\[\]]+)\]\((?:https?://|mailto:|\.{0,2}/|#)[^()\s]*\)`)
	boldPattern = lazyregexp.New(`\*\*([^*\s](?:[^*]*[^*\s])?)\*\*`)
)

// prose returns a text that may be Markdown as tables show it: with the texts of links,
// whose addresses are in the file, and without the marks of emphasis. Code keeps its
// backticks, which pages show as such.
func prose(s string) string {
	if strings.Contains(s, "](") {
		s = linkPattern.ReplaceAllString(s, "$1")
	}
	if !strings.Contains(s, "**") {
		return s
	}
	parts := strings.Split(s, "`")
	for i := 0; i < len(parts); i += 2 { // the others are code
		parts[i] = boldPattern.ReplaceAllString(parts[i], "$1")
	}
	return strings.Join(parts, "`")
}
