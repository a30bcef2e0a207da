package check

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// checkKeys looks for keys of a mapping that are one for Helm, which takes the
// last of them or, for 1 and "1", any.
func (f *yamlFile) checkKeys(n *yaml.Node) *Problem {
	seen := make(map[string]int, len(n.Content)/2)
	for i := 0; i < len(n.Content); i += 2 {
		key := resolve(n.Content[i])
		if key.Kind != yaml.ScalarNode {
			continue // Helm will refuse it
		}
		if key.Style&yaml.TaggedStyle != 0 {
			return reject("yaml-key", "%s has a key with a tag in line %d", Quote(f.where), n.Content[i].Line)
		}
		text := key.Value
		if maybeNumber(key) {
			if f.bounds.left.marks -= keyMarks; f.bounds.left.marks < 0 {
				return tooComplex(f.where)
			}
			text = keyText(text)
		}
		line, twice := seen[text]
		seen[text] = n.Content[i].Line
		switch {
		case !twice:
		case f.strict:
			return reject("yaml-duplicate-key", "%s has the key %s twice, in lines %d and %d", Quote(f.where), Quote(text), line, n.Content[i].Line)
		default:
			f.bounds.warn.add("warn-duplicate-key", "%s has the key %s twice, in lines %d and %d", Quote(f.where), Quote(text), line, n.Content[i].Line)
		}
	}
	return nil
}

// plainInteger is a number that Helm writes as it stands.
var plainInteger = whenNeeded(`^(0|[1-9][0-9]{0,17})$`)

// maybeNumber tells whether a key can be something else than its text: a
// number, a boolean or null. Quoted keys are text, and so is what does not
// begin like one of these.
func maybeNumber(key *yaml.Node) bool {
	const quoted = yaml.DoubleQuotedStyle | yaml.SingleQuotedStyle | yaml.LiteralStyle | yaml.FoldedStyle
	if key.Style&quoted != 0 || key.Value == "" || plainInteger().MatchString(key.Value) {
		return false
	}
	switch strings.ToLower(key.Value) {
	case "y", "yes", "n", "no", "true", "false", "on", "off", "null", "~":
		return true
	}
	return strings.ContainsRune("+-.0123456789", rune(key.Value[0]))
}

// keyText returns a plain key as Helm has it after making JSON of the file.
func keyText(plain string) string {
	if text, ok := helmKey(plain); ok {
		return text
	}
	return plain
}
