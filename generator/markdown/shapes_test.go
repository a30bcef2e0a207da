package markdown

import (
	"fmt"
	"strings"
)

// shapes are inputs of about n bytes that are slow for some parser of Markdown or
// HTML.
func shapes(n int) map[string]func() string {
	rep := func(s string) string { return strings.Repeat(s, n/len(s)+1) }
	nest := func(open, middle, close string) string {
		k := n / (len(open) + len(close))
		return strings.Repeat(open, k) + middle + strings.Repeat(close, k)
	}
	lines := func(f func(i int) string) string {
		var b strings.Builder
		for i := 0; b.Len() < n; i++ {
			b.WriteString(f(i))
		}
		return b.String()
	}
	root := 1
	for root*root < n {
		root *= 2
	}
	return map[string]func() string{
		"text":                 func() string { return rep("some words of text\n") },
		"one line":             func() string { return rep("word ") },
		"one word":             func() string { return rep("w") },
		"paragraphs":           func() string { return rep("word\n\n") },
		"newlines":             func() string { return rep("\n") },
		"spaces":               func() string { return rep(" ") },
		"tabs":                 func() string { return rep("\t") },
		"zero":                 func() string { return rep("\x00") },
		"open brackets":        func() string { return rep("[") },
		"close brackets":       func() string { return rep("]") },
		"brackets":             func() string { return nest("[", "a", "]") },
		"bracket pairs":        func() string { return rep("[]") },
		"links in text":        func() string { return rep("[a](b)") },
		"links in brackets":    func() string { return "[" + rep("[a](b)") + "]" },
		"unclosed links":       func() string { return rep("[a](b") },
		"unclosed link angles": func() string { return rep("[a](<b") },
		"unclosed titles":      func() string { return rep("[a](b \"") },
		"unclosed titles 2":    func() string { return rep("[a](b (") },
		"nested links":         func() string { return nest("[", "a", "](b)") },
		"nested images":        func() string { return nest("![", "a", "](b)") },
		"open images":          func() string { return rep("![[") },
		"references":           func() string { return rep("[a][b]") },
		"unclosed references":  func() string { return rep("[a][") },
		"short references":     func() string { return "[a]: /x\n\n" + rep("[a] ") },
		"long titles":          func() string { return "[a]: /x \"" + strings.Repeat("t", n/2) + "\"\n\n" + strings.Repeat("[a] ", n/8) },
		"image titles": func() string {
			return "[a]: /x \"" + strings.Repeat("t", n/2) + "\"\n\n" + strings.Repeat("![a] ", n/10)
		},
		"definitions":          func() string { return lines(func(i int) string { return fmt.Sprintf("[a%d]: /x\n", i) }) },
		"same definitions":     func() string { return rep("[a]: /x\n") },
		"long definitions":     func() string { return "[" + rep("a b\n") + "]: /x" },
		"almost definitions":   func() string { return rep("[a]: /x \"\n") },
		"almost definitions 2": func() string { return rep("[a]: /x 'b\n\n") },
		"titles of definition": func() string { return rep("[a]: b 'c\n") },
		"stars":                func() string { return rep("*") },
		"star words":           func() string { return rep("*a ") },
		"star closers":         func() string { return rep("a* ") },
		"strong closers":       func() string { return rep("a** ") },
		"emphasis":             func() string { return rep("*a* ") },
		"nested emphasis":      func() string { return nest("*a ", "b", " c*") },
		"nested strong":        func() string { return nest("**a ", "b", " c**") },
		"star underscore":      func() string { return rep("*a_ ") },
		"alternating":          func() string { return rep("*_") },
		"alternating words":    func() string { return rep("*a _b ") },
		"triples":              func() string { return rep("a***b ") },
		"openers and closers":  func() string { return strings.Repeat("*a ", n/6) + strings.Repeat("b_ ", n/6) },
		"threes":               func() string { return rep("***a **b* ") },
		"mixed lengths":        func() string { return rep("a**b*c ") },
		"tilde":                func() string { return rep("~~a ~b ") },
		"tildes":               func() string { return rep("~") },
		"strike openers":       func() string { return strings.Repeat("~a ", n/6) + strings.Repeat("b~~ ", n/6) },
		"backticks":            func() string { return lines(func(i int) string { return strings.Repeat("`", i%root+1) + " " }) },
		"backtick pairs":       func() string { return rep("` `` ") },
		"open backtick":        func() string { return "`" + rep("``a") },
		"fences":               func() string { return rep("```\n") },
		"open fence":           func() string { return "```\n" + rep("a\n") },
		"fences in list":       func() string { return rep("- ```\n") },
		"quotes":               func() string { return rep(">") },
		"quotes spaced":        func() string { return rep("> ") },
		"quote lines":          func() string { return rep("> a\n") },
		"quote grid":           func() string { return lines(func(int) string { return strings.Repeat(">", 200) + "a\n" }) },
		"quote lazy":           func() string { return strings.Repeat(">", root) + "a\n" + rep("a\n") },
		"quote blank":          func() string { return strings.Repeat(">", root) + "a\n" + rep("\n>\n") },
		"list markers":         func() string { return rep("- ") },
		"list ordered":         func() string { return rep("1. ") },
		"list grid":            func() string { return lines(func(int) string { return strings.Repeat("- ", 100) + "a\n" }) },
		"list items":           func() string { return rep("- a\n") },
		"list loose":           func() string { return rep("- a\n\n") },
		"list stairs":          func() string { return lines(func(i int) string { return strings.Repeat("  ", i%root) + "- a\n" }) },
		"list then lines":      func() string { return strings.Repeat("- ", root) + "a\n" + rep("a\n\n") },
		"list then blank":      func() string { return strings.Repeat("- ", root) + "a\n" + rep("\n") },
		"list quote":           func() string { return rep("- > ") },
		"list wide": func() string {
			return "- a\n" + lines(func(i int) string { return strings.Repeat(" ", 2*root) + "- a\n" })
		},
		"mixed markers": func() string { return rep("- a\n+ b\n* c\n") },
		"table cells":   func() string { return rep("|a") },
		"table":         func() string { return "|a|b|\n|-|-|\n" + rep("|a|b|\n") },
		"table wide": func() string {
			return strings.Repeat("|a", root) + "|\n" + strings.Repeat("|-", root) + "|\n" + rep("|a|\n")
		},
		"table wide short": func() string {
			return strings.Repeat("|a", n/8) + "|\n" + strings.Repeat("|-", n/8) + "|\n" + strings.Repeat("x\n", n/8)
		},
		"table delimiters":    func() string { return rep("|-|-|\n") },
		"table dashes":        func() string { return "a\n" + rep("-") },
		"table many":          func() string { return rep("|a|\n|-|\n|b|\n\n") },
		"table pipes in code": func() string { return "|a|\n|-|\n" + rep("|`a\\|b`|\n") },
		"table pipes escaped": func() string { return "|a|\n|-|\n|`" + rep("\\|") + "`|\n" },
		"table in quote":      func() string { return rep("> |a|\n> |-|\n> |b|\n") },
		"table colons":        func() string { return "|a|\n|" + rep(":") },
		"dashes":              func() string { return rep("-") },
		"dash lines":          func() string { return rep("---\n") },
		"setext":              func() string { return rep("a\n-\n") },
		"headings":            func() string { return rep("# a\n") },
		"heading closers":     func() string { return "# " + rep("# ") },
		"heading spaces":      func() string { return "# a" + rep(" ") + "b" },
		"entities":            func() string { return rep("&amp;") },
		"bad entities":        func() string { return rep("&a") },
		"numeric entities":    func() string { return rep("&#x10FFFF;") },
		"ampersands":          func() string { return rep("&") },
		"escapes":             func() string { return rep("\\") },
		"escapes 2":           func() string { return rep("\\*") },
		"quotes escaped":      func() string { return rep("\"") },
		"less":                func() string { return rep("<") },
		"tags open":           func() string { return rep("<a ") },
		"tags attr":           func() string { return "<a" + rep(" a") },
		"tags attrs":          func() string { return rep("x <a a a a a a a a a a") },
		"tags quoted":         func() string { return rep("x <a b='<a c=\"") },
		"tags lines":          func() string { return "x <a" + rep("\n a") + rep("<a") },
		"tags long":           func() string { return rep("x <a " + strings.Repeat("a ", root)) },
		"tags":                func() string { return rep("<b>") },
		"tags in text":        func() string { return "x " + rep("<b>") },
		"code tags": func() string {
			return "x " + lines(func(i int) string { return fmt.Sprintf("<code class='language-%d'>", i) })
		},
		"code tags and blocks": func() string {
			return lines(func(i int) string { return fmt.Sprintf("<code class='language-%d'>\n\n<p>\n\n", i) })
		},
		"font":               func() string { return rep("<p><b><i>") },
		"tags closed":        func() string { return rep("</b>") },
		"tables in tables":   func() string { return rep("<table><tr><td>") },
		"tables unclosed":    func() string { return rep("<table>") },
		"divs":               func() string { return rep("<div>") },
		"divs lines":         func() string { return rep("<div>\n\n") },
		"details":            func() string { return rep("<details><summary>") },
		"lists raw":          func() string { return rep("<ul><li>") },
		"comments":           func() string { return rep("<!--") },
		"comments in text":   func() string { return "x " + rep("<!-- ") },
		"comment lines":      func() string { return rep("x <!--\n") },
		"comment closed":     func() string { return rep("<!-- a -->") },
		"comment odd":        func() string { return rep("<!-->") },
		"cdata":              func() string { return "x " + rep("<![CDATA[") },
		"instruction":        func() string { return "x " + rep("<?") },
		"declaration":        func() string { return "x " + rep("<!A ") },
		"declaration mix":    func() string { return "x " + rep("<!A <?a <!--a <![CDATA[") },
		"svg":                func() string { return rep("<svg><style><!--") },
		"script":             func() string { return rep("<script>") },
		"textarea":           func() string { return rep("<textarea>") },
		"plaintext":          func() string { return rep("<plaintext>") },
		"select":             func() string { return rep("<select><option>") },
		"autolinks":          func() string { return rep("http://") },
		"autolinks words":    func() string { return rep("http://a.b ") },
		"autolinks parens":   func() string { return rep("http://a.b/((((((") },
		"autolinks close":    func() string { return "http://a.b/" + rep(")") },
		"autolinks entity":   func() string { return "http://a.b/" + rep("&a;") },
		"autolinks www":      func() string { return rep("www.") },
		"autolinks www long": func() string { return "www." + rep("a.") },
		"autolinks stars":    func() string { return rep("*http://a.b") },
		"autolinks under":    func() string { return rep("_www.a.b_c") },
		"mail":               func() string { return rep("a@b.c ") },
		"mail long":          func() string { return rep("a.") + "@b.c" },
		"mail ats":           func() string { return rep("a@") },
		"mail dashes":        func() string { return rep("a@a-") },
		"mail dots":          func() string { return rep("_a@b.c.d.e.f.g") },
		"angle links":        func() string { return rep("<http://a>") },
		"angle mail":         func() string { return rep("<a@b.c>") },
		"angle open":         func() string { return rep("<http://a ") },
		"angle schemes":      func() string { return rep("<a.b+c") },
		"tasks":              func() string { return rep("- [ ] a\n") },
		"images":             func() string { return rep("![a](http://b/c.png)") },
		"images inline":      func() string { return rep("[![a](b)](c) ") },
		"hard breaks":        func() string { return rep("a  \n") },
		"backslash lines":    func() string { return rep("\\\n") },
		"carriage returns":   func() string { return rep("\r") },
		"crlf":               func() string { return rep("a\r\n") },
		"bidi":               func() string { return rep("\u202e") },
		"invalid":            func() string { return rep("\xff") },
		"wide":               func() string { return rep("漢") },
		"slugs":              func() string { return rep("# a\n\n") },
		"slugs numbered":     func() string { return lines(func(i int) string { return fmt.Sprintf("# a-%d\n# a\n", i) }) },
		"tall headings":      func() string { return rep("# a\n###### b\n") },
		"indented code":      func() string { return rep("    a\n") },
		"html blocks":        func() string { return rep("<p>\n\n") },
		"block in inline":    func() string { return rep("<b><p>") },
		"anchors":            func() string { return rep("<a name=x></a>") },
		"fragments":          func() string { return rep("[a](#a)") },
	}
}
