package check

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"io"
	"iter"
	"path"
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

	// maxFound bounds the definitions that are held until it is known which of
	// them come first, and maxScanned the bytes in which kinds and definitions are
	// looked for. The most that one of 246 real charts has is 3 MiB.
	maxFound   = 10_000
	maxScanned = 32 << 20

	// maxKindLines bounds the kinds that are looked at in one template, and
	// maxJSON a definition that is JSON, in bytes.
	maxKindLines = 1000
	maxJSON      = 4 << 20
)

// Contents are what pages show of an archive. They are untrusted: whatever is
// shown of them has to be escaped and bounded.
type Contents struct {
	*Chart
	README      []byte              // the one that Helm shows; nil if absent
	Values      []byte              // values.yaml; nil if absent
	Schema      []byte              // values.schema.json; nil if absent
	Templates   []string            // paths, sorted, without those of subcharts
	CRDs        []string            // the same
	Kinds       []TemplateKinds     // sorted by path
	Definitions []Definition        // sorted by file, in the order of each
	Sources     []Source            // templates and definitions that are small enough: see maxSources
	Sums        [][sha256.Size]byte // of Files, in their order
	License     License
	Icon        *Source // nil if Chart.yaml names no image in the archive, or a large one

	readmeName      string
	scanned         int // bytes of templates and definitions
	sources, images kept
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
// definitions, of which a chart may bring megabytes, need not be for this. The texts
// that are kept are bounded in bytes; of the other files, only the sums are.
func ReadContents(r io.Reader, c Options) (*Contents, error) {
	contents := &Contents{
		sources: kept{most: maxSources, order: templatesFirst},
		images:  kept{most: maxIcons, order: shallowFirst},
	}
	if _, err := examine(r, c, contents); err != nil {
		return nil, err
	}
	slices.SortFunc(contents.Kinds, func(a, b TemplateKinds) int { return cmp.Compare(a.Path, b.Path) })
	slices.SortStableFunc(contents.Definitions, func(a, b Definition) int { return cmp.Compare(a.File, b.File) })
	// The order of the archive's entries decides nothing, so the bound comes last.
	contents.Definitions = contents.Definitions[:min(len(contents.Definitions), maxDefinitions)]
	return contents, nil
}

// add looks at a template, definition or schema of the upload's own chart. Once that
// would be too much to look at, files are named only.
func (c *Contents) add(name string, data []byte) {
	if name == schemaName {
		c.Schema = bytes.Clone(data)
		return
	}
	if len(data) <= maxSource {
		c.sources.add(name, data)
	}
	over := len(data) > maxScanned-c.scanned
	if c.scanned += len(data); over {
		c.scanned, data = maxScanned, nil
	}
	if isCRD(name) {
		found := definitions(name, data)
		if over {
			found = []Definition{{File: name}}
		}
		c.Definitions = append(c.Definitions, found[:min(len(found), max(0, maxFound-len(c.Definitions)))]...)
		return
	}
	switch path.Ext(name) {
	case ".yaml", ".yml":
		c.Kinds = append(c.Kinds, TemplateKinds{Path: name, Kinds: templateKinds(data)})
	}
}

// kindPattern is what a kind looks like in Kubernetes.
var kindPattern = whenNeeded(`^[A-Z][A-Za-z0-9]{0,62}$`)

// templateKinds finds the kinds in a template: lines that begin with kind:, as
// those of an object do that is not in another.
func templateKinds(data []byte) []string {
	var kinds []string
	looked := 0
	for line := range bytes.Lines(data) {
		rest, ok := bytes.CutPrefix(line, []byte("kind:"))
		if !ok {
			continue
		}
		if looked++; looked > maxKindLines || len(kinds) >= maxKinds {
			break
		}
		kind := plainScalar(rest)
		if !kindPattern().MatchString(kind) {
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
	for doc := range documents(data) {
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
func documents(data []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		start, at := 0, 0
		for line := range bytes.Lines(data) {
			at += len(line)
			if !bytes.HasPrefix(line, []byte("---")) || len(bytes.TrimSpace(line)) != 3 {
				continue
			}
			if !yield(data[start : at-len(line)]) {
				return
			}
			start = at
		}
		yield(data[start:])
	}
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
	if len(doc) > maxJSON || json.Unmarshal(doc, &crd) != nil {
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

// blockKey takes a line of a block mapping apart: how far its key is indented, with
// the dash of an item, the key, and the value. It knows no more of YAML than what
// leads to the keys of interest.
func blockKey(line []byte) (indent int, key, value []byte, ok bool) {
	rest := bytes.TrimLeft(line, " ")
	indent = len(line) - len(rest)
	if indent > 16 {
		return 0, nil, nil, false
	}
	if bytes.HasPrefix(rest, []byte("- ")) {
		item := bytes.TrimLeft(rest[1:], " ")
		if len(rest)-len(item) > 4 {
			return 0, nil, nil, false
		}
		indent, rest = indent+len(rest)-len(item), item
	}
	n := 0
	for n < len(rest) && (rest[n]|0x20 >= 'a' && rest[n]|0x20 <= 'z') {
		n++
	}
	blanks := 0
	for n+blanks < len(rest) && rest[n+blanks] == ' ' {
		blanks++
	}
	if n == 0 || n > 20 || blanks > 4 || n+blanks == len(rest) || rest[n+blanks] != ':' {
		return 0, nil, nil, false
	}
	return indent, rest[:n], rest[n+blanks+1:], true
}

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
		indent, key, value, ok := blockKey(line)
		if !ok {
			continue
		}
		switch keys.enter(indent, string(key)) {
		case "spec.group":
			d.Group = plainScalar(value)
		case "spec.names.kind":
			d.Kind = plainScalar(value)
		case "spec.version", "spec.versions.name":
			d.version(plainScalar(value))
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
func (k *lineKeys) enter(indent int, key string) string {
	keys := *k
	for len(keys) > 0 && keys[len(keys)-1].indent >= indent {
		keys = keys[:len(keys)-1]
	}
	*k = append(keys, struct {
		indent int
		key    string
	}{indent, key})
	if key != "group" && key != "kind" && key != "version" && key != "name" {
		return ""
	}
	var names []string
	for _, k := range *k {
		names = append(names, k.key)
	}
	return strings.Join(names, ".")
}
