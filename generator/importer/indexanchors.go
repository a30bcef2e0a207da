package importer

import (
	"encoding/json"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/portolan-charts/portolan/publisher/lazyregexp"
)

const (
	maxAnchors    = 100_000  // anchors of an index
	maxAnchorText = 16 << 20 // bytes that are kept of them
)

var errAnchors = fmt.Errorf("has more than %d anchors, or more than %d MiB of them", maxAnchors, maxAnchorText>>20)

// anchors are the values to which aliases in later entries may refer. Of each only
// that is kept which an entry can need, as text in flow style without aliases. So
// nothing grows, however aliases are nested.
type anchors struct {
	texts map[string]string
	size  int
}

// note keeps the anchors in a value that was parsed, in the order of the text, since
// a name may be used again. The budget is that of [fieldsOf].
func (a *anchors) note(n *yaml.Node, budget *int) error {
	if n.Anchor != "" {
		text := reduced(n, 2, budget)
		a.size += len(n.Anchor) + len(text) - len(a.texts[n.Anchor])
		a.texts[strings.Clone(n.Anchor)] = text
		if len(a.texts) > maxAnchors || a.size > maxAnchorText {
			return errAnchors
		}
	}
	for _, child := range n.Content {
		if err := a.note(child, budget); err != nil {
			return err
		}
	}
	return nil
}

// reduced returns what an entry can need of a value: text, the first item of a list,
// and the fields of an entry.
func reduced(n *yaml.Node, depth int, budget *int) string {
	n = resolve(n)
	switch {
	case n.Kind == yaml.ScalarNode && n.Tag == "!!null":
		return "null"
	case n.Kind == yaml.ScalarNode && n.Tag == "!!timestamp" && len(n.Value) < maxWord:
		return n.Value
	case n.Kind == yaml.ScalarNode:
		return quotedText(n.Value[:min(len(n.Value), maxText+1)])
	case n.Kind == yaml.SequenceNode && len(n.Content) > 0 && depth > 0:
		return "[" + reduced(n.Content[0], 0, budget) + "]"
	case n.Kind == yaml.SequenceNode:
		return "[]"
	case depth == 0:
		return "{}"
	}
	var parts []string
	fields := fieldsOf(n, maxMerged, budget)
	for _, field := range entryFields {
		if value := fields[field]; value != nil {
			parts = append(parts, field+": "+reduced(value, depth-1, budget))
		}
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// quotedText returns text as JSON has it, which YAML takes, too.
func quotedText(text string) string {
	b, err := json.Marshal(strings.ToValidUTF8(text, "\ufffd"))
	if err != nil {
		return `""` // not reached: it is text
	}
	return string(b)
}

var aliasRE = lazyregexp.New(`\*[0-9A-Za-z_-]+`)

// used returns definitions of the anchors to which the text may refer, each as name
// and value. It returns false if they are too long for one entry.
func (a *anchors) used(text []byte) (definitions []string, ok bool) {
	if len(a.texts) == 0 {
		return nil, true
	}
	seen := map[string]bool{}
	size := 0
	for _, alias := range aliasRE.FindAll(text, -1) {
		name := string(alias[1:])
		value, known := a.texts[name]
		if !known || seen[name] {
			continue
		}
		seen[name] = true
		if size += len(name) + len(value); size > maxEntry {
			return nil, false
		}
		definitions = append(definitions, "&"+name+" "+value)
	}
	return definitions, true
}
