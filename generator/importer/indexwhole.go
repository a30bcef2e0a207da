package importer

import (
	"bufio"
	"bytes"
	"fmt"
	"io"

	"go.yaml.in/yaml/v3"
)

// readWhole reads an index as one YAML document: one with a layout that the other
// readers do not know. A parsed document takes up to a hundred times its size, so
// there may not be too much of it.
func readWhole(b *bufio.Reader) (*Index, error) {
	text, err := io.ReadAll(io.LimitReader(b, maxWhole+1))
	if err != nil {
		return nil, err
	}
	// Every tag repeats what a %TAG directive says.
	if len(text) > maxWhole || marks(text) > maxWholeMarks || bytes.Contains(text, []byte("%TAG")) {
		return nil, fmt.Errorf("%w, and it is too large to be read otherwise", errLayout)
	}
	var doc yaml.Node
	if err := yaml.NewDecoder(bytes.NewReader(text)).Decode(&doc); err != nil {
		return nil, fmt.Errorf("%w: %v", errNoIndex, err)
	}
	if len(doc.Content) != 1 || doc.Content[0].Kind != yaml.MappingNode {
		return nil, errNoIndex
	}
	w := &wholeReader{index: &Index{}, aliased: map[*yaml.Node]outcome{}, budget: 20 * maxWholeMarks}
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
			if err := w.addCharts(charts); err != nil {
				return nil, err
			}
		case "apiVersion":
			versioned = true
		}
	}
	if !versioned && entries == 0 || entries > 1 {
		return nil, errNoIndex
	}
	return w.index, nil
}

// wholeReader goes through a parsed document.
type wholeReader struct {
	index   *Index
	aliased map[*yaml.Node]outcome // of values to which aliases refer, each of which is read once
	budget  int                    // of fieldsOf, for the whole index
}

// outcome is an entry, or the reason why a value is not one.
type outcome struct {
	entry  Entry
	reason string
}

// addCharts adds the entries of all charts.
func (w *wholeReader) addCharts(n *yaml.Node) error {
	for i := 0; i+1 < len(n.Content); i += 2 {
		w.index.charts++
		chart, list := cut(n.Content[i].Value), resolve(n.Content[i+1])
		if list.Kind != yaml.SequenceNode && list.Tag != "!!null" {
			w.index.flaw(chart, "", "it has no list of versions")
		}
		if list.Kind == yaml.SequenceNode {
			for _, item := range list.Content {
				w.add(chart, item)
				if err := w.index.full(); err != nil {
					return err
				}
			}
		}
		if err := w.index.full(); err != nil {
			return err
		}
	}
	return nil
}

func (w *wholeReader) add(chart string, item *yaml.Node) {
	target := resolve(item)
	o, known := w.aliased[target]
	if !known {
		o.entry, o.reason = entryOf(target, &w.budget)
		if item != target || target.Anchor != "" {
			w.aliased[target] = o
		}
	}
	w.index.addEntry(chart, o.entry, o.reason)
}
