// Package values describes a chart's values: what values.yaml, its comments and
// values.schema.json say about each, how two versions differ, and which images the
// defaults name.
//
// All of these files come from archives and are treated as untrusted input.
// Characters that are invisible or reorder text are spelled out; pages have to escape
// the texts. Every step is bounded in bytes, nodes and output, so that the same
// files give the same result at about the same cost. Nothing fails: of a file that is
// too large, or is not a mapping, a note says so.
//
// A key has a path, such as image.tag, ports.0.name for items of lists, and
// annotations."a/b" for keys that need quotes.
package values

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/portolan-charts/portolan/publisher/untrusted"
)

const (
	// maxInput bounds a file that is read as YAML, in bytes. The largest of 246
	// real charts has 64 KiB.
	maxInput = 256 << 10

	// maxMarks bounds the characters that can begin a node: the parser allocates a
	// few hundred bytes for each.
	maxMarks = 25_000

	// maxDepth bounds how deeply keys are nested. Deeper ones are part of the value
	// around them.
	maxDepth = 40

	// maxPath bounds a path, in bytes.
	maxPath = 300
)

// parse reads the text of a file: see [File.parse].
func parse(file []byte) (root *yaml.Node, note string) {
	if len(file) > maxInput || marks(file) > maxMarks {
		return nil, "is too long to be read"
	}
	if !utf8.Valid(file) || strings.HasPrefix(string(file), "%") || strings.Contains(string(file), "\n%") {
		return nil, "cannot be read" // directives can make a short text long
	}
	defer func() {
		if recover() != nil {
			root, note = nil, "cannot be read"
		}
	}()
	var doc yaml.Node
	if err := yaml.Unmarshal(file, &doc); err != nil {
		return nil, "is not valid YAML"
	}
	if len(doc.Content) == 0 {
		return &yaml.Node{Kind: yaml.MappingNode}, ""
	}
	root = doc.Content[0]
	switch {
	case root.Kind == yaml.ScalarNode && root.ShortTag() == "!!null":
		return &yaml.Node{Kind: yaml.MappingNode}, ""
	case root.Kind != yaml.MappingNode:
		return nil, "is not a mapping"
	}
	return root, ""
}

// marks counts the characters that can begin a node.
func marks(file []byte) int {
	n := 0
	for i, c := range file {
		switch c {
		case ':', ',', '[', '{':
			n++
		case '-', '?':
			if i+1 == len(file) || file[i+1] <= ' ' {
				n++
			}
		}
	}
	return n
}

// join returns the path of a key below path. Paths that are too long are not
// extended, so that long keys around many others cost little.
func join(path, key string) string {
	if len(path) > maxPath {
		return path
	}
	key = untrusted.Cut(key, maxPath)
	if !simple(key) {
		key = quoted(key)
	}
	if path == "" {
		return key
	}
	return path + "." + key
}

// simple reports whether a key can stand in a path without quotes.
func simple(key string) bool {
	for _, c := range []byte(key) {
		if c >= utf8.RuneSelf || !unicode.IsLetter(rune(c)) && !unicode.IsDigit(rune(c)) && c != '-' && c != '_' {
			return false
		}
	}
	return key != ""
}

// quoted returns a text in quotes, with invisible characters spelled out.
func quoted(s string) string {
	return strconv.QuoteToGraphic(strings.ToValidUTF8(s, "\uFFFD"))
}

// booleans are the plain scalars that YAML 1.1 and so Helm take for booleans, and the
// parser for texts.
var booleans = map[string]string{
	"y": "true", "Y": "true", "yes": "true", "Yes": "true", "YES": "true", "on": "true", "On": "true", "ON": "true",
	"n": "false", "N": "false", "no": "false", "No": "false", "NO": "false", "off": "false", "Off": "false", "OFF": "false",
}

// tagOf returns the tag of a node as Helm reads it.
func tagOf(n *yaml.Node) string {
	if n.Kind == yaml.ScalarNode && n.Style == 0 && booleans[n.Value] != "" {
		return "!!bool"
	}
	return n.ShortTag()
}

// visible spells out characters that are invisible or change how other text is
// shown.
func visible(s string) string { return untrusted.Visible(s) }
