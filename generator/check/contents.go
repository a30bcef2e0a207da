package check

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"io"
	"path"
	"regexp"
	"slices"
	"strings"
)

const (
	// maxKinds bounds the kinds that are noted of one template.
	maxKinds = 20

	// maxDefinitions bounds the custom resource definitions of one chart, and
	// maxDefinitionVersions the versions of one.
	maxDefinitions        = 500
	maxDefinitionVersions = 20
)

// Contents are what pages show of an archive. They are untrusted: whatever is
// shown of them has to be escaped and bounded.
type Contents struct {
	*Chart
	Kinds       []TemplateKinds // sorted by path
	Definitions []Definition    // sorted by file, in the order of each
}

// TemplateKinds are the kinds of objects that a template makes.
type TemplateKinds struct {
	Path  string   // below the chart's folder
	Kinds []string // each once; "" stands for those that are known only when it is rendered
}

// Definition is a custom resource definition in the folder crds. Its fields are
// empty where they cannot be read.
type Definition struct {
	File     string
	Group    string
	Kind     string
	Versions []string
	Sum      [sha256.Size]byte // of its text
}

// ReadContents reads an archive like [Archive], in one pass and with the same
// limits and verdict, and finds what its pages show. Templates and definitions
// are read line by line and not as YAML, which templates are not and
// definitions, of which a chart may bring megabytes, need not be for this.
func ReadContents(r io.Reader, c Options) (*Contents, error) {
	contents := &Contents{}
	chart, err := examine(r, c, contents)
	if err != nil {
		return nil, err
	}
	contents.Chart = chart
	slices.SortFunc(contents.Kinds, func(a, b TemplateKinds) int { return cmp.Compare(a.Path, b.Path) })
	slices.SortStableFunc(contents.Definitions, func(a, b Definition) int { return cmp.Compare(a.File, b.File) })
	// The order of the archive's entries decides nothing, so the bound comes last.
	contents.Definitions = contents.Definitions[:min(len(contents.Definitions), maxDefinitions)]
	return contents, nil
}

// add looks at a template or definition of the upload's own chart.
func (c *Contents) add(name string, data []byte) {
	if isCRD(name) {
		c.Definitions = append(c.Definitions, definitions(name, data)...)
		return
	}
	switch path.Ext(name) {
	case ".yaml", ".yml":
		c.Kinds = append(c.Kinds, TemplateKinds{Path: name, Kinds: templateKinds(data)})
	}
}

// kindPattern is what a kind looks like in Kubernetes.
var kindPattern = regexp.MustCompile(`^[A-Z][A-Za-z0-9]{0,62}$`)

// templateKinds finds the kinds in a template: lines that begin with kind:, as
// those of an object do that is not in another.
func templateKinds(data []byte) []string {
	var kinds []string
	for line := range bytes.Lines(data) {
		rest, ok := bytes.CutPrefix(line, []byte("kind:"))
		if !ok || len(kinds) >= maxKinds {
			continue
		}
		kind := plainScalar(rest)
		if !kindPattern.MatchString(kind) {
			kind = ""
		}
		if !slices.Contains(kinds, kind) {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

// plainScalar returns the text of a scalar that stands behind its key in one line.
func plainScalar(rest []byte) string {
	s := strings.TrimSpace(string(rest[:min(len(rest), 300)]))
	if len(s) > 1 && (s[0] == '"' || s[0] == '\'') {
		if text, _, ok := strings.Cut(s[1:], s[:1]); ok {
			return text
		}
	}
	s, _, _ = strings.Cut(s, " #")
	return strings.TrimSpace(s)
}

// definitions finds the definitions in a file. One that cannot be read is one
// without a kind.
func definitions(name string, data []byte) []Definition {
	var all []Definition
	for _, doc := range documents(data) {
		d := Definition{File: name}
		if trimmed := bytes.TrimSpace(doc); len(trimmed) > 0 && trimmed[0] == '{' {
			d.readJSON(trimmed)
		} else if !d.readLines(doc) {
			continue // nothing but comments
		}
		d.Sum = sha256.Sum256(doc)
		if all = append(all, d); len(all) == maxDefinitions {
			break
		}
	}
	return all
}

// documents cuts a YAML file at its lines of three dashes.
func documents(data []byte) [][]byte {
	var docs [][]byte
	start, at := 0, 0
	for line := range bytes.Lines(data) {
		at += len(line)
		if bytes.HasPrefix(line, []byte("---")) && len(bytes.TrimSpace(line)) == 3 {
			docs = append(docs, data[start:at-len(line)])
			start = at
		}
	}
	return append(docs, data[start:])
}

// readJSON reads a definition that is JSON.
func (d *Definition) readJSON(doc []byte) {
	var crd struct {
		Spec struct {
			Group    string `json:"group"`
			Version  string `json:"version"`
			Names    struct{ Kind string }
			Versions []struct{ Name string }
		} `json:"spec"`
	}
	if json.Unmarshal(doc, &crd) != nil {
		return
	}
	d.Group, d.Kind = crd.Spec.Group, crd.Spec.Names.Kind
	d.version(crd.Spec.Version)
	for _, v := range crd.Spec.Versions {
		d.version(v.Name)
	}
}

func (d *Definition) version(name string) {
	if name != "" && len(d.Versions) < maxDefinitionVersions && !slices.Contains(d.Versions, name) {
		d.Versions = append(d.Versions, name)
	}
}

// linePattern takes a line of a block mapping apart: indentation, the dash of
// an item, key, value.
var linePattern = regexp.MustCompile(`^( {0,16})(- {1,3})?([A-Za-z]{1,20}) {0,4}:(.*)`)

// readLines reads a definition in YAML's block style, in which whatever writes
// them writes them. It is false for a document with nothing in it.
func (d *Definition) readLines(doc []byte) bool {
	var keys lineKeys
	any := false
	for line := range bytes.Lines(doc) {
		if trimmed := bytes.TrimSpace(line); len(trimmed) == 0 || trimmed[0] == '#' {
			continue
		}
		any = true
		m := linePattern.FindSubmatch(line)
		if m == nil {
			continue
		}
		value := plainScalar(m[4])
		switch keys.enter(len(m[1]), len(m[2]), string(m[3])) {
		case "spec.group":
			d.Group = value
		case "spec.names.kind":
			d.Kind = value
		case "spec.version", "spec.versions.name":
			d.version(value)
		}
	}
	return any
}

// lineKeys are the keys around a line, by their indentation.
type lineKeys []struct {
	indent int
	key    string
}

// enter returns the path of a key, if that can be one of interest. A list may be indented like the key that it
// belongs to.
func (k *lineKeys) enter(indent, dash int, key string) string {
	keys := *k
	for len(keys) > 0 && keys[len(keys)-1].indent >= indent+dash {
		keys = keys[:len(keys)-1]
	}
	*k = append(keys, struct {
		indent int
		key    string
	}{indent + dash, key})
	if key != "group" && key != "kind" && key != "version" && key != "name" {
		return ""
	}
	var names []string
	for _, k := range *k {
		names = append(names, k.key)
	}
	return strings.Join(names, ".")
}
