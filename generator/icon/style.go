package icon

import (
	"strings"

	"github.com/portolan-charts/portolan/publisher/lazyregexp"
)

// maxRules and maxDeclarations bound a style sheet. All of it may apply to each element.
const (
	maxRules        = 100
	maxDeclarations = 300
)

// A declaration gives a property a value.
type declaration struct{ name, value string }

// A rule is what a style sheet says about the elements of a class.
type rule struct {
	class        string
	declarations []declaration
}

var (
	cssComment  = lazyregexp.New(`(?s)/\*.*?\*/`)
	cssRule     = lazyregexp.New(`^\s*([^{}@]+)\{([^{}]*)\}\s*`)
	cssSelector = lazyregexp.New(`^\s*\.([A-Za-z0-9_-]+)\s*$`)
)

// parseSheet reads a style sheet that says something about classes only, as programs
// for drawing write them.
func parseSheet(sheet string) ([]rule, error) {
	sheet = strings.TrimSpace(cssComment.ReplaceAllString(sheet, " "))
	var rules []rule
	total := 0
	for sheet != "" {
		m := cssRule.FindStringSubmatch(sheet)
		if m == nil {
			return nil, errRefused
		}
		sheet = sheet[len(m[0]):]
		declarations := parseStyle(m[2])
		for selector := range strings.SplitSeq(m[1], ",") {
			class := cssSelector.FindStringSubmatch(selector)
			total += len(declarations)
			if class == nil || len(rules) == maxRules || total > maxDeclarations {
				return nil, errRefused
			}
			rules = append(rules, rule{class[1], declarations})
		}
	}
	return rules, nil
}

// parseStyle reads declarations. It leaves out those that icons need not have.
func parseStyle(style string) []declaration {
	var all []declaration
	for part := range strings.SplitSeq(style, ";") {
		name, value, _ := strings.Cut(part, ":")
		name = strings.ToLower(strings.TrimSpace(name))
		value = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "!important"))
		if properties[name] && value != "" {
			all = append(all, declaration{name, value})
		}
	}
	return all
}

// applyStyles turns styles into attributes, those with the last word last.
func applyStyles(root *node, sheet string) error {
	rules, err := parseSheet(sheet)
	if err != nil {
		return err
	}
	root.walk(func(n *node) {
		for _, r := range rules {
			for _, class := range n.classes {
				if class == r.class {
					n.declare(r.declarations)
				}
			}
		}
		n.declare(parseStyle(n.style))
	})
	return nil
}

func (n *node) declare(all []declaration) {
	for _, d := range all {
		n.set(d.name, d.value)
	}
}

// walk calls f for an element and all in it.
func (n *node) walk(f func(*node)) {
	f(n)
	for _, k := range n.kids {
		k.walk(f)
	}
}
