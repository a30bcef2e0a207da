package importer

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// readYAML reads an index that is YAML in block style. It parses one entry at a
// time, because a parsed document takes thirty times its size. It finds entries
// by indentation, which delimits blocks. It cannot read quoted text that
// continues on less indented lines: it then meets lines that it does not
// understand, or an entry that is cut short, and the index is not clean.
func readYAML(b *bufio.Reader) (x *Index, clean bool, err error) {
	y := &yamlReader{index: &Index{}, clean: true, keyIndent: -1}
	for {
		line, long, err := readLine(b)
		if err == io.EOF {
			break
		}
		if err == nil {
			err = y.line(line, long)
		}
		if err == nil {
			err = y.index.full()
		}
		if errors.Is(err, errEnd) {
			break
		}
		if err != nil {
			return nil, false, err
		}
	}
	y.flush()
	if !y.found {
		return nil, false, errLayout
	}
	return y.index, y.clean, nil
}

// readLine returns a line without its end; long says that it was cut.
func readLine(b *bufio.Reader) (line []byte, long bool, err error) {
	for {
		part, err := b.ReadSlice('\n')
		if room := maxEntry + 1 - len(line); room < len(part) {
			line, long = append(line, part[:max(room, 0)]...), true
		} else {
			line = append(line, part...)
		}
		if err == bufio.ErrBufferFull {
			continue
		}
		if err == io.EOF && len(line) > 0 {
			err = nil
		}
		return bytes.TrimRight(line, "\r\n"), long, err
	}
}

// yamlReader goes through the lines of an index.
type yamlReader struct {
	index     *Index
	clean     bool // everything so far was understood
	found     bool // "entries:" has been read
	inside    bool // the current line is below "entries:"
	keyIndent int  // indentation of charts' names; -1 before the first
	chart     string
	named     bool // a chart's list may follow
	indent    int  // indentation of the list's dashes; -1 before the first
	entry     bytes.Buffer
	open      bool // lines belong to entry
	tooLong   bool // the entry is too long
}

// errEnd is returned at the end of the document.
var errEnd = errors.New("end of the document")

// line reads the next line.
func (y *yamlReader) line(line []byte, long bool) error {
	text := bytes.TrimLeft(line, " ")
	indent := len(line) - len(text)
	switch {
	case len(text) == 0, text[0] == '#':
		y.keep(line, long)
		return nil
	case indent == 0 && (bytes.Equal(line, []byte("...")) || y.found && bytes.HasPrefix(line, []byte("---"))):
		return errEnd
	case indent == 0 && !(y.inside && isDash(text)):
		return y.top(text)
	case !y.inside:
		return nil // below another key
	case y.named && y.indent < 0 && isDash(text) && indent >= y.keyIndent:
		y.indent = indent
	}
	switch {
	case y.indent >= 0 && indent == y.indent && isDash(text):
		y.flush()
		y.open = true
		y.keep(line, long)
		return nil
	case y.open && indent > y.indent:
		y.keep(line, long)
		return nil
	case y.keyIndent < 0 || indent == y.keyIndent:
		y.keyIndent = indent
		return y.key(text)
	}
	return errLayout
}

func isDash(text []byte) bool {
	return text[0] == '-' && (len(text) == 1 || text[1] == ' ')
}

// top reads a line that is not indented.
func (y *yamlReader) top(text []byte) error {
	y.flush()
	y.inside, y.named = false, false
	value, ok := bytes.CutPrefix(text, []byte("entries:"))
	if !ok || len(value) > 0 && value[0] != ' ' && value[0] != '\t' {
		return nil
	}
	if y.found {
		return errLayout // twice
	}
	y.found = true
	value, _, _ = bytes.Cut(value, []byte("#"))
	switch string(bytes.TrimSpace(value)) {
	case "":
		y.inside = true
	case "{}", "null", "~":
	default:
		return errLayout
	}
	return nil
}

// key reads the line with a chart's name.
func (y *yamlReader) key(text []byte) error {
	y.flush()
	y.indent = -1
	var n yaml.Node
	if yaml.Unmarshal(text, &n) != nil || len(n.Content) != 1 || len(n.Content[0].Content) != 2 {
		return errLayout
	}
	name, list := n.Content[0].Content[0], n.Content[0].Content[1]
	if n.Content[0].Kind != yaml.MappingNode || name.Kind != yaml.ScalarNode || list.Tag != "!!null" && (list.Kind != yaml.SequenceNode || len(list.Content) > 0) {
		return errLayout
	}
	y.chart, y.named = cut(name.Value), list.Tag == "!!null"
	return nil
}

// keep adds a line to the entry.
func (y *yamlReader) keep(line []byte, long bool) {
	if !y.open || y.tooLong {
		return
	}
	if y.tooLong = long || y.entry.Len()+len(line) > maxEntry; !y.tooLong {
		y.entry.Write(line)
		y.entry.WriteByte('\n')
	}
}

// flush parses the entry that is complete.
func (y *yamlReader) flush() {
	if !y.open {
		return
	}
	defer func() {
		y.open, y.tooLong = false, false
		y.entry.Reset()
	}()
	var n yaml.Node
	switch err := yaml.Unmarshal(y.entry.Bytes(), &n); {
	case y.tooLong:
		y.index.flaw(y.chart, "", fmt.Sprintf("it has more than %d bytes", maxEntry))
	case err != nil:
		y.clean = false
		y.index.flaw(y.chart, "", fmt.Sprintf("it is not valid YAML: %s", strings.TrimPrefix(err.Error(), "yaml: ")))
	case len(n.Content) != 1 || n.Content[0].Kind != yaml.SequenceNode || len(n.Content[0].Content) != 1:
		y.clean = false
		y.index.flaw(y.chart, "", "it is not an entry")
	default:
		y.index.addNode(y.chart, n.Content[0].Content[0])
	}
}

// addNode adds an entry that has been parsed as YAML.
func (x *Index) addNode(chart string, n *yaml.Node) {
	n = resolve(n)
	if n.Kind != yaml.MappingNode {
		x.flaw(chart, "", "it is not an object with a name, a version and URLs")
		return
	}
	var e Entry
	var reason string
	for i := 0; i+1 < len(n.Content); i += 2 {
		value := resolve(n.Content[i+1])
		if err := e.set(n.Content[i].Value, value); err != nil && reason == "" {
			reason = err.Error()
		}
	}
	if reason != "" {
		x.flaw(chart, e.Version, reason)
		return
	}
	x.add(chart, e)
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

// readWhole reads an index as one YAML document.
func readWhole(b *bufio.Reader) (*Index, error) {
	var doc yaml.Node
	if err := yaml.NewDecoder(b).Decode(&doc); err != nil {
		return nil, fmt.Errorf("%w: %v", errNoIndex, err)
	}
	x := &Index{}
	if len(doc.Content) != 1 || doc.Content[0].Kind != yaml.MappingNode {
		return nil, errNoIndex
	}
	top := doc.Content[0]
	versioned, entries := false, 0
	for i := 0; i+1 < len(top.Content); i += 2 {
		switch top.Content[i].Value {
		case "entries":
			entries++
			charts := resolve(top.Content[i+1])
			if charts.Kind != yaml.MappingNode && charts.Tag != "!!null" {
				return nil, errNoIndex
			}
			if err := x.addCharts(charts); err != nil {
				return nil, err
			}
		case "apiVersion":
			versioned = true
		}
	}
	if !versioned && entries == 0 || entries > 1 {
		return nil, errNoIndex
	}
	return x, nil
}

// addCharts adds the entries of all charts.
func (x *Index) addCharts(n *yaml.Node) error {
	for i := 0; i+1 < len(n.Content); i += 2 {
		chart, list := n.Content[i].Value, resolve(n.Content[i+1])
		if list.Kind != yaml.SequenceNode {
			if list.Tag != "!!null" {
				x.flaw(chart, "", "it has no list of versions")
			}
			continue
		}
		for _, item := range list.Content {
			x.addNode(chart, item)
			if err := x.full(); err != nil {
				return err
			}
		}
	}
	return x.full() // there may be too many charts without a list
}
