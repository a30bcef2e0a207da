// Package values shows a chart's values: values.yaml with its keys marked, what
// values.schema.json says about them, and the differences between two versions.
//
// All of these files come from archives and are treated as untrusted input. They
// are escaped, and characters that are invisible or reorder text are spelled
// out. Every step is bounded in bytes, nodes and output, so that the same files
// give the same result at about the same cost. Nothing fails: a file that is too
// large, or is not a mapping, is shown as plain text with a note.
//
// A key has a path, such as image.tag, ports.0.name for items of lists, and
// annotations."a/b" for keys that need quotes. A key also has an anchor: an id
// made from the path, in which every byte other than letters, digits, ., - and _
// is written as ~ and two hex digits.
package values

import (
	"bytes"
	"context"
	"fmt"
	"html/template"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/portolan-charts/portolan/publisher/untrusted"
	"github.com/portolan-charts/portolan/templates"
)

const (
	// maxInput bounds a file that is read as YAML, in bytes. The largest of 246
	// real charts has 64 KiB.
	maxInput = 256 << 10

	// maxMarks bounds the characters that can begin a node: the parser allocates a
	// few hundred bytes for each.
	maxMarks = 25_000

	// maxWork bounds how many bytes are looked at to find where keys and values
	// are. Each is looked at a few times.
	maxWork = 16 * maxInput

	// maxOutput bounds the HTML of a file, in bytes.
	maxOutput = 2 << 20

	// maxPlain bounds how much of a file is shown as plain text, in bytes.
	maxPlain = 512 << 10

	// maxDepth bounds how deeply keys are nested. Deeper ones are not marked.
	maxDepth = 40

	// maxPath bounds a path, in bytes. Keys with longer paths have no anchor.
	maxPath = 300
)

// A File is a values.yaml, ready for a page.
type File struct {
	Text *templates.Text       // highlighted, with an anchor for each key
	Keys []templates.ValueLink // of the top level

	anchors map[string]bool
}

// Anchor returns the anchor of a path in the file, or "" if the path has none. A
// nil File has no anchors.
func (f *File) Anchor(path string) string {
	if f == nil || !f.anchors[path] {
		return ""
	}
	return anchor(path)
}

// Render highlights a values.yaml. Once ctx is done, it is shown as plain text.
func Render(ctx context.Context, file []byte) *File {
	file = bytes.ReplaceAll(file, []byte("\r\n"), []byte("\n"))
	root, note := parse(ctx, file)
	if note != "" {
		return &File{Text: plain(file, "values.yaml "+note+", so it is shown as plain text.")}
	}
	h := &highlighter{ctx: ctx, src: file, taken: map[string]bool{}}
	h.index()
	h.mapping(root, "", 0)
	if h.work > maxWork || !h.write() {
		note := "is too long to be highlighted"
		if ctx.Err() != nil {
			note = "was not highlighted, since the page took too long"
		}
		return &File{Text: plain(file, "values.yaml "+note+", so it is shown as plain text.")}
	}
	return &File{Text: &templates.Text{HTML: template.HTML(h.out.String())}, Keys: h.keys, anchors: h.taken}
}

// parse reads a file as a mapping; an empty file is an empty mapping. If it cannot
// be read, note says why, as the rest of a sentence about the file.
func parse(ctx context.Context, file []byte) (root *yaml.Node, note string) {
	if ctx.Err() != nil {
		return nil, "was not read, since the page took too long"
	}
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

// plain returns a file, or the beginning of it, as plain text.
func plain(file []byte, note string) *templates.Text {
	head := untrusted.Head(string(file[:min(len(file), maxPlain+1)]), maxPlain)
	if len(head) < len(file) {
		note += " The rest is left out."
	}
	return &templates.Text{HTML: template.HTML(template.HTMLEscapeString(visible(head))), Note: note}
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

// anchor returns the anchor for a path.
func anchor(path string) string {
	var b strings.Builder
	b.WriteString("values-")
	for _, c := range []byte(path) {
		if simple(string(rune(c))) || c == '.' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "~%02x", c)
		}
	}
	return b.String()
}

// visible spells out characters that are invisible or change how other text is
// shown.
func visible(s string) string { return untrusted.Visible(s) }
