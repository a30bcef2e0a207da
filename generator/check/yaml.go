package check

import (
	"bytes"
	"errors"
	"io"
	"path"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

const (
	// maxYAMLMarks bounds the memory that parsing one file takes. A YAML node
	// needs at least one of these marks : , [ { - ? and costs some hundred
	// bytes; a 5 MiB file of nothing but marks would cost a gigabyte. The
	// largest values.yaml of 246 real charts has 2,200.
	maxYAMLMarks = 200_000

	// maxYAMLMarksTotal bounds the time for all YAML files of an archive.
	maxYAMLMarksTotal = 500_000

	// keyMarks is charged for a key that may be a number, which costs as much
	// to find out as this many marks.
	keyMarks = 20

	// maxYAMLNodes bounds what a file has when its aliases are expanded, as
	// Helm does.
	maxYAMLNodes = 500_000

	// maxYAMLNodesTotal bounds the time for all YAML files of an archive.
	maxYAMLNodesTotal = 1_000_000

	// maxYAMLText bounds the keys and scalars of a file, in bytes, when its
	// aliases are expanded and all of it becomes JSON: Helm does both, and holds
	// several copies of the result. Files that are held to Limits.ChartYAML may
	// have no more than that in this form either.
	maxYAMLText = 10 << 20

	// maxYAMLTextTotal is the same for all YAML files of an archive.
	maxYAMLTextTotal = 40 << 20

	// maxYAMLDepth bounds recursion, here and in everything that later reads
	// the values.
	maxYAMLDepth = 100

	// maxMetadataTotal bounds what is held in memory until all files of an
	// archive are known.
	maxMetadataTotal = 16 << 20
)

// A yamlFile is a YAML file being looked at as text, to find what Helm's
// decoding hides: duplicate keys, more documents, values it changes.
type yamlFile struct {
	where   string
	strict  bool // duplicate keys are refused and not just mentioned
	bounds  *bounds
	maxText int64                 // bytes, as of extent
	sizes   map[*yaml.Node]extent // of what has an anchor
	open    map[*yaml.Node]bool   // anchors around the current node
}

// extent is how much a node holds when aliases are expanded.
type extent struct {
	nodes, depth int
	text         int64 // bytes of keys and scalars in JSON
}

// inspectYAML parses data and returns the root node of its only document, nil
// if that is empty.
func (b *bounds) inspectYAML(where string, data []byte, strict bool) (*yaml.Node, *Problem) {
	if !utf8.Valid(data) {
		return nil, reject("yaml-encoding", "%s is not UTF-8", Quote(where))
	}
	marks := yamlMarks(data)
	if b.left.marks -= marks; marks > maxYAMLMarks || b.left.marks < 0 {
		return nil, tooComplex(where)
	}
	if bytes.Contains(data, []byte("%TAG")) && bytes.Count(data, []byte("!")) > maxYAMLText/len(data) {
		// Every tag repeats what a %TAG directive says.
		return nil, tooComplex(where)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var doc yaml.Node
	if err := decoder.Decode(&doc); err != nil && !errors.Is(err, io.EOF) {
		return nil, reject("yaml", "%s is not YAML that Helm can read: %s", Quote(where), Foreign(err))
	}
	f := &yamlFile{
		where: where, strict: strict, bounds: b, maxText: b.maxText(where),
		sizes: map[*yaml.Node]extent{}, open: map[*yaml.Node]bool{},
	}
	if p := f.onlyDocument(decoder); p != nil {
		return nil, p
	}
	if len(doc.Content) == 0 {
		return nil, nil
	}
	root := doc.Content[0]
	e, p := f.measure(root, 0)
	if p != nil {
		return nil, p
	}
	b.left.nodes -= e.nodes
	b.left.text -= e.text
	if b.left.nodes < 0 || b.left.text < 0 {
		return nil, reject("yaml-complex", "%s brings the YAML files of the archive to more than %d nodes or %s of text, aliases expanded",
			Quote(where), maxYAMLNodesTotal, sizeText(maxYAMLTextTotal))
	}
	return root, nil
}

// maxText is how much a file may hold, as of extent.
func (b *bounds) maxText(where string) int64 {
	if path.Base(where) == "values.yaml" {
		return maxYAMLText
	}
	return min(b.limits.WithDefaults().ChartYAML, maxYAMLText)
}

func tooComplex(where string) *Problem {
	return reject("yaml-complex", "%s has, or brings the YAML files of the archive to, too many keys and items", Quote(where))
}

// yamlMarks counts the characters that can begin a node.
func yamlMarks(data []byte) int {
	n := 0
	for i, c := range data {
		switch c {
		case ':', ',', '[', '{':
			n++
		case '-', '?':
			if i+1 == len(data) || data[i+1] <= ' ' {
				n++
			}
		}
	}
	return n
}

// onlyDocument checks that nothing but empty documents follows. Helm 3 reads
// the first document of a file; Helm 4 reads all those of values.yaml.
func (f *yamlFile) onlyDocument(decoder *yaml.Decoder) *Problem {
	for {
		var next yaml.Node
		err := decoder.Decode(&next)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return reject("yaml", "%s is not YAML that Helm can read: %s", Quote(f.where), Foreign(err))
		}
		if len(next.Content) > 0 && !isNull(next.Content[0]) {
			return reject("yaml-documents", "%s holds more than one YAML document", Quote(f.where))
		}
	}
}

// ReadYAML reads a short text of an archive, such as an annotation, within the
// bounds that files have; it returns nil if the text is not valid YAML or exceeds them.
func ReadYAML(text []byte) *yaml.Node {
	b := &bounds{limits: Limits{}.WithDefaults(), left: cost{marks: 20_000, nodes: maxYAMLNodes, text: maxYAMLText}}
	root, p := b.inspectYAML("text", text, false)
	if p != nil {
		return nil
	}
	return root
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

// measure walks a node and returns how large it is for Helm. What is anchored
// is walked once, however often it is used.
func (f *yamlFile) measure(n *yaml.Node, depth int) (extent, *Problem) {
	if n.Kind == yaml.AliasNode {
		return f.measureAlias(n, depth)
	}
	if depth > maxYAMLDepth {
		return extent{}, reject("yaml-deep", "%s is nested more than %d levels deep in line %d", Quote(f.where), maxYAMLDepth, n.Line)
	}
	if n.Anchor != "" {
		f.open[n] = true
		defer delete(f.open, n)
	}
	e := extent{nodes: 1, text: nodeText(n)}
	if p := f.checkExtent(e); p != nil {
		return e, p
	}
	for _, child := range n.Content {
		c, p := f.measure(child, depth+1)
		if p != nil {
			return e, p
		}
		// Nothing overflows: both sides have been found to be within the limits.
		e.nodes += c.nodes
		e.text += c.text
		e.depth = max(e.depth, c.depth+1)
		if p := f.checkExtent(e); p != nil {
			return e, p
		}
	}
	// This looks at every byte of the keys, so it comes after they were measured.
	if n.Kind == yaml.MappingNode {
		if p := f.checkKeys(n); p != nil {
			return e, p
		}
	}
	if n.Anchor != "" {
		f.sizes[n] = e
	}
	return e, nil
}

// checkExtent checks what has been measured so far.
func (f *yamlFile) checkExtent(e extent) *Problem {
	switch {
	case e.nodes > maxYAMLNodes:
		return reject("yaml-aliases", "%s expands to more than %d nodes", Quote(f.where), maxYAMLNodes)
	case e.text <= f.maxText:
		return nil
	case len(f.sizes)+len(f.open) > 0: // it has anchors
		return reject("yaml-aliases", "the aliases in %s expand to more than %s of text", Quote(f.where), sizeText(f.maxText))
	}
	return reject("yaml-size", "%s has more than %s of text as JSON, in which form Helm reads it", Quote(f.where), sizeText(f.maxText))
}

// nodeText returns how many bytes of JSON Helm makes of a scalar.
func nodeText(n *yaml.Node) int64 {
	switch {
	case n.Kind != yaml.ScalarNode:
		return 0
	case n.Style&yaml.TaggedStyle != 0 && n.ShortTag() == "!!binary":
		return 6 * int64(len(n.Value)) // bytes that are not UTF-8 become \ufffd
	}
	return jsonText(n.Value)
}

// jsonText returns how many bytes package json writes for a string, without
// the quotes.
func jsonText(s string) int64 {
	size := int64(0)
	for i, r := range s {
		switch {
		case r == '"' || r == '\\' || r == '\n' || r == '\r' || r == '\t':
			size += 2
		case r < ' ' || r == '<' || r == '>' || r == '&' || r == '\u2028' || r == '\u2029':
			size += 6
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD"):
			size += 6
		default:
			size += int64(utf8.RuneLen(r))
		}
	}
	return size
}

func (f *yamlFile) measureAlias(n *yaml.Node, depth int) (extent, *Problem) {
	if f.open[n.Alias] {
		return extent{}, reject("yaml-aliases", "%s has an alias to something that it is part of, in line %d", Quote(f.where), n.Line)
	}
	e := f.sizes[n.Alias]
	if depth+e.depth > maxYAMLDepth {
		return e, reject("yaml-deep", "%s is nested more than %d levels deep with the alias in line %d", Quote(f.where), maxYAMLDepth, n.Line)
	}
	return e, nil
}

// resolve follows an alias.
func resolve(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// checkLock checks a Chart.lock or requirements.lock.
func (b *bounds) checkLock(where string, data []byte, strict bool) *Problem {
	if _, p := b.inspectYAML(where, data, strict); p != nil {
		return p
	}
	if err := loadLock(data); err != nil {
		return reject("yaml", "Helm cannot read %s: %s", Quote(where), Foreign(err))
	}
	return nil
}
