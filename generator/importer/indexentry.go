package importer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// indexReader is what the readers of both styles share.
type indexReader struct {
	index   *Index
	clean   bool   // everything so far was understood
	chart   string // whose entries are read
	anchors anchors
	failed  error // that ends reading
}

func newIndexReader() *indexReader {
	return &indexReader{index: &Index{}, clean: true, anchors: anchors{texts: map[string]string{}}}
}

// counted counts a chart, which need not have any entries.
func (r *indexReader) counted() error {
	r.index.charts++
	return cmpError(r.failed, r.index.full())
}

// noList reports a chart whose value is not a list.
func (r *indexReader) noList(text string) {
	switch text = strings.TrimSpace(text); {
	case isNull(text):
	case strings.HasPrefix(text, "*"):
		r.index.flaw(r.chart, "", "its list of versions is that of another chart (a YAML alias)")
	default:
		r.index.flaw(r.chart, "", "it has no list of versions")
	}
}

// isNull reports whether the text of a value is one of YAML's nulls.
func isNull(text string) bool {
	switch strings.TrimSpace(text) {
	case "", "~", "null", "Null", "NULL":
		return true
	}
	return false
}

// entry reads the text of an entry: in flow style if indent is negative, otherwise
// the lines of a list's item with that indentation.
func (r *indexReader) entry(text []byte, long bool, indent int) {
	if long {
		r.index.flaw(r.chart, "", fmt.Sprintf("it has more than %d bytes", maxEntry))
		return
	}
	if indent < 0 && r.jsonEntry(text) {
		return
	}
	n, err := r.parse(text, indent)
	switch {
	case errors.Is(err, errMarks):
		r.index.flaw(r.chart, "", "it has too many values")
	case err != nil:
		r.clean = false
		r.index.flaw(r.chart, "", fmt.Sprintf("it is not valid YAML: %s", strings.TrimPrefix(err.Error(), "yaml: ")))
	case n == nil:
		r.clean = false
		r.index.flaw(r.chart, "", "it is not an entry")
	default:
		budget := maxMarks
		e, reason := entryOf(n, &budget)
		r.index.addEntry(r.chart, e, reason)
		r.note(text, n)
	}
}

// errMarks is the error for a text whose values take too much memory.
var errMarks = errors.New("too many values")

// parse parses a text after the anchors that it uses. The anchors are items of a
// list before it.
func (r *indexReader) parse(text []byte, indent int) (*yaml.Node, error) {
	definitions, ok := r.anchors.used(text)
	if !ok {
		return nil, errMarks
	}
	var b bytes.Buffer
	if indent < 0 {
		b.WriteString("[")
	}
	for _, d := range definitions {
		if indent < 0 {
			fmt.Fprintf(&b, "%s, ", d)
		} else {
			fmt.Fprintf(&b, "%s- %s\n", strings.Repeat(" ", indent), d)
		}
	}
	b.Write(text)
	if indent < 0 {
		b.WriteString("\n]")
	}
	if marks(b.Bytes()) > maxMarks {
		return nil, errMarks
	}
	var n yaml.Node
	if err := yaml.Unmarshal(b.Bytes(), &n); err != nil {
		return nil, err
	}
	if len(n.Content) != 1 || n.Content[0].Kind != yaml.SequenceNode || len(n.Content[0].Content) != len(definitions)+1 {
		return nil, nil
	}
	return n.Content[0].Content[len(definitions)], nil
}

// other reads a value outside the entries, for its anchors.
func (r *indexReader) other(text []byte, long bool, indent int) {
	if long || bytes.IndexByte(text, '&') < 0 {
		return
	}
	if n, err := r.parse(text, indent); err == nil && n != nil {
		r.note(text, n)
	}
}

// note keeps the anchors of a value, of which that is the text.
func (r *indexReader) note(text []byte, n *yaml.Node) {
	if bytes.IndexByte(text, '&') >= 0 {
		budget := 2 * maxMarks
		r.failed = cmpError(r.failed, r.anchors.note(n, &budget))
	}
}

// marks counts the characters that can begin a value.
func marks(text []byte) int {
	n := 0
	for i, c := range text {
		switch c {
		case ':', ',', '[', '{':
			n++
		case '-', '?':
			if i+1 == len(text) || text[i+1] <= ' ' {
				n++
			}
		}
	}
	return n
}

// jsonEntry reads the text of an entry if it is JSON.
func (r *indexReader) jsonEntry(text []byte) bool {
	var e *struct {
		Name, Version, Digest, Created string
		URLs                           []string
	}
	err := json.Unmarshal(text, &e)
	switch {
	case errors.As(err, new(*json.SyntaxError)):
		return false
	case err == nil && e == nil:
		r.index.flaw(r.chart, "", "it is null")
		return true
	case err != nil:
		r.index.flaw(r.chart, "", fmt.Sprintf("it cannot be read: %v", err))
		return true
	}
	entry := Entry{Name: e.Name, Version: e.Version, Digest: e.Digest}
	if len(e.URLs) > 0 {
		entry.URL = e.URLs[0]
	}
	reason := ""
	if e.Created != "" {
		if entry.Created, err = parseTime(e.Created); err != nil {
			reason = err.Error()
		}
	}
	r.index.addEntry(r.chart, entry, reason)
	return true
}

// entryFields are the fields of an entry that matter.
var entryFields = []string{"name", "version", "digest", "created", "urls"}

// entryOf returns the entry that a value is, or the reason why it is not one. The
// budget is that of [fieldsOf].
func entryOf(n *yaml.Node, budget *int) (e Entry, reason string) {
	n = resolve(n)
	if n.Kind != yaml.MappingNode {
		return e, "it is not an object with a name, a version and URLs"
	}
	fields := fieldsOf(n, maxMerged, budget)
	if *budget <= 0 {
		return e, "it has too many values"
	}
	for _, field := range entryFields {
		if value := fields[field]; value != nil {
			if err := e.set(field, value); err != nil && reason == "" {
				reason = err.Error()
			}
		}
	}
	return e, reason
}

// maxMerged is how deep mappings that are merged may merge others.
const maxMerged = 10

// fieldsOf returns the fields of a mapping that matter, those that it merges
// ("<<: *defaults") included. Since merged mappings may merge others, depth bounds how
// deep that goes, and the budget how many fields are looked at.
func fieldsOf(n *yaml.Node, depth int, budget *int) map[string]*yaml.Node {
	fields := map[string]*yaml.Node{}
	var merged []*yaml.Node
	for i := 0; i+1 < len(n.Content) && *budget > 0; i += 2 {
		*budget--
		switch key, value := n.Content[i], resolve(n.Content[i+1]); {
		case key.Tag == "!!merge" && value.Kind == yaml.SequenceNode:
			merged = append(merged, value.Content...)
			*budget -= len(value.Content)
		case key.Tag == "!!merge":
			merged = append(merged, value)
		case isField(key.Value):
			fields[key.Value] = value
		}
	}
	for _, m := range merged {
		if m = resolve(m); m.Kind != yaml.MappingNode || *budget <= 0 || depth == 0 {
			continue
		}
		for field, value := range fieldsOf(m, depth-1, budget) {
			if fields[field] == nil {
				fields[field] = value
			}
		}
	}
	return fields
}

func isField(key string) bool {
	for _, field := range entryFields {
		if field == key {
			return true
		}
	}
	return false
}

func resolve(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode && n.Alias != nil {
		return n.Alias
	}
	return n
}

// set sets a field to the text that stands in the index. An unquoted version
// 1.10 stays "1.10": how Helm reads it matters for the archive only.
func (e *Entry) set(field string, n *yaml.Node) (err error) {
	var to *string
	switch field {
	case "name":
		to = &e.Name
	case "version":
		to = &e.Version
	case "digest":
		to = &e.Digest
	case "urls":
		if n.Kind == yaml.SequenceNode && len(n.Content) > 0 {
			n, to = resolve(n.Content[0]), &e.URL
			break
		}
		if n.Tag == "!!null" || n.Kind == yaml.SequenceNode {
			return nil
		}
		return errors.New("urls must be a list")
	case "created":
		e.Created, err = nodeTime(n)
		return err
	default:
		return nil
	}
	switch {
	case n.Kind != yaml.ScalarNode:
		return fmt.Errorf("%s must be a string", field)
	case n.Tag != "!!null":
		*to = strings.Clone(n.Value)
	}
	return nil
}

// nodeTime reads a date, quoted or not.
func nodeTime(n *yaml.Node) (t time.Time, err error) {
	switch {
	case n.Kind == yaml.ScalarNode && (n.Tag == "!!null" || n.Value == ""):
		return t, nil
	case n.Kind == yaml.ScalarNode && n.Tag == "!!timestamp" && n.Decode(&t) == nil:
		return t, nil
	}
	return parseTime(n.Value)
}
