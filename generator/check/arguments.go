package check

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync"
	"text/template/parse"
)

// noLimit is the greatest number of arguments of functions that take any number.
const noLimit = 1 << 20

type argumentCount struct{ least, most int }

// argumentCounts says with how many arguments a function can be called. Functions that it does
// not list are not looked at.
var argumentCounts = sync.OnceValue(func() map[string]argumentCount {
	all := map[string]argumentCount{"default": {1, noLimit}, "printf": {1, noLimit}}
	for n, names := range []string{
		`now uuidv4`,
		`atoi b64dec b64enc base camelcase compact deepCopy dir empty fail first float64 fromJson fromYaml initial int
		 int64 kebabcase kindOf last lower nospace randAlpha randAlphaNum randNumeric rest reverse semver sha1sum
		 sha256sum snakecase sortAlpha title toJson toPrettyJson toString toYaml trim typeOf uniq until upper values`,
		`abbrev append contains date get has hasKey hasPrefix hasSuffix include indent join kindIs mustRegexMatch nindent
		 prepend regexFind regexMatch repeat required semverCompare split splitList tpl trimAll trimPrefix trimSuffix
		 trunc typeIs unset`,
		`dateInZone regexReplaceAll replace set ternary untilStep`,
		`lookup`,
	} {
		for _, name := range strings.Fields(names) {
			all[name] = argumentCount{n, n}
		}
	}
	return all
})

// fileMethods are the methods of .Files, and how many arguments they take.
var fileMethods = map[string]int{"Get": 1, "GetBytes": 1, "Glob": 1, "Lines": 1, "AsConfig": 0, "AsSecrets": 0}

// call looks at how many arguments something is given, if it is a function.
func (w *useWalk) call(n parse.Node, given int) {
	switch n := n.(type) {
	case *parse.IdentifierNode:
		if want, known := argumentCounts()[n.Ident]; known && (given < want.least || given > want.most) {
			w.add(templateUse{fault: countFault(n.Ident, want.least, want.most, given)})
		}
	case *parse.FieldNode:
		w.method(n.Ident, given)
	case *parse.VariableNode:
		if n.Ident[0] == "$" {
			w.method(n.Ident[1:], given)
		}
	}
}

func (w *useWalk) method(names []string, given int) {
	if !w.file || len(names) != 2 || names[0] != "Files" {
		return
	}
	if want, known := fileMethods[names[1]]; known && given != want {
		w.add(templateUse{root: true, fault: countFault(".Files."+names[1], want, want, given)})
	}
}

func countFault(name string, least, most, given int) string {
	atLeast, plural := "", "s"
	if most > least {
		atLeast = "at least "
	}
	if given == 1 {
		plural = ""
	}
	return fmt.Sprintf("it calls %s with %d argument%s, and that takes %s%d", name, given, plural, atLeast, least)
}

// requiresNothing reports whether a call of required is given what it refuses.
func requiresNothing(args []parse.Node) bool {
	if len(args) != 3 {
		return false
	}
	if text, ok := args[2].(*parse.StringNode); ok {
		return text.Text == ""
	}
	_, isNil := args[2].(*parse.NilNode)
	return isNil
}

// rootFields are the objects at a template's root. Of those that are maps in both Helms, it
// has the fields.
var rootFields = map[string][]string{
	"Values": nil, "Chart": nil, "Capabilities": nil, "Files": nil, "Subcharts": nil,
	"Release":  {"Name", "Namespace", "IsUpgrade", "IsInstall", "Revision", "Service"},
	"Template": {"Name", "BasePath"},
}

// valuesMethods can be called on what Helm passes as values.
var valuesMethods = []string{"AsMap", "Encode", "PathValue", "Table", "YAML"}

// unknownField says what is wrong with asking for a field below another one that does not
// exist. To ask for the other one alone is allowed.
func unknownField(names []string) string {
	known, isRoot := rootFields[names[0]]
	var missing string
	switch {
	case slices.Contains(valuesMethods, names[0]):
		return ""
	case !isRoot:
		missing = "." + names[0]
	case known != nil && len(names) > 2 && !slices.Contains(known, names[1]) && !slices.Contains(valuesMethods, names[1]):
		missing = "." + names[0] + "." + names[1]
	default:
		return ""
	}
	return fmt.Sprintf("it asks for .%s, and there is no %s", strings.Join(names, "."), missing)
}

// changers are what a template needs to add fields to its root.
var changers = []string{"set", "merge", "mergeOverwrite", "mustMerge", "mustMergeOverwrite", "tpl"}

// changesRoot reports whether a template may add fields to its root; to be on the safe side,
// a comment that has such a word counts.
func changesRoot(data []byte) bool {
	return slices.ContainsFunc(changers, func(word string) bool { return hasWord(data, word) })
}

// hasWord reports whether a word occurs in the text, not as a part of a longer one.
func hasWord(text []byte, word string) bool {
	inWord := func(c byte) bool { return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' }
	for end := 0; ; {
		i := bytes.Index(text[end:], []byte(word))
		if i < 0 {
			return false
		}
		begin := end + i
		end = begin + len(word)
		if (begin == 0 || !inWord(text[begin-1])) && (end == len(text) || !inWord(text[end])) {
			return true
		}
	}
}
