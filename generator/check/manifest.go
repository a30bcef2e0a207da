package check

import (
	"bytes"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// manifestFault says why no cluster accepts a text as manifests, or Helm cannot
// read it as that. The text is cut where Helm cuts what it has rendered: at lines
// that begin with three dashes, whatever they go on with.
func (b *bounds) manifestFault(text []byte) string {
	if !b.left.effort.forManifest(text) {
		return textFault(text)
	}
	docs := cutManifests(text)
	for i, doc := range docs {
		fault := documentFault(doc)
		if fault == "" {
			continue
		}
		if len(docs) > 1 {
			return fmt.Sprintf("%s, in document %d", fault, i+1)
		}
		return fault
	}
	return ""
}

// cutManifests returns the documents of a text, without those of white space only.
func cutManifests(text []byte) [][]byte {
	var docs [][]byte
	start, at := 0, 0
	end := func(to int) {
		if doc := text[start:to]; len(bytes.TrimSpace(doc)) > 0 {
			docs = append(docs, doc)
		}
	}
	for line := range bytes.Lines(text) {
		if bytes.HasPrefix(line, []byte("---")) {
			end(at)
			start = at + len("---")
		}
		at += len(line)
	}
	end(at)
	return docs
}

// documentFault says what is wrong with one document.
func documentFault(doc []byte) string {
	var root yaml.Node
	if err := yaml.Unmarshal(doc, &root); err != nil {
		return "it is not YAML: " + Foreign(err)
	}
	if len(root.Content) == 0 || isNull(root.Content[0]) {
		return "" // nothing but comments
	}
	manifest := resolve(root.Content[0])
	if manifest.Kind != yaml.MappingNode {
		return "it is not a manifest, which is a mapping"
	}
	if fault := jsonFault(manifest); fault != "" {
		return fault
	}
	found := map[string]*yaml.Node{}
	each(manifest, func(key string, value *yaml.Node) { found[key] = value })
	if found["<<"] != nil {
		return "" // what it merges may be anything
	}
	for _, key := range []string{"apiVersion", "kind"} {
		value := found[key]
		switch {
		case value == nil, isNull(value):
			return "it is not a manifest: it has no " + key
		case value.Kind != yaml.ScalarNode:
			return "its " + key + " is not text"
		}
	}
	return metadataFault(found["metadata"])
}

// jsonFault says what keeps a node from becoming JSON, in which form Helm and
// Kubernetes read it. What an alias stands for is looked at where it is anchored.
func jsonFault(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.ScalarNode && n.ShortTag() == "!!float" && strings.ContainsAny(n.Value, "nN"):
		return fmt.Sprintf("it has the number %s, which is not finite, in line %d", Quote(n.Value), n.Line)
	case n.Kind == yaml.MappingNode:
		for i := 0; i < len(n.Content); i += 2 {
			if key := resolve(n.Content[i]); key.Kind != yaml.ScalarNode || isNull(key) {
				return fmt.Sprintf("it has a key that is not text, such as {{ … }} where nothing is rendered, in line %d", key.Line)
			}
		}
	}
	for _, child := range n.Content {
		if fault := jsonFault(child); fault != "" {
			return fault
		}
	}
	return ""
}

// metadataFault says why Helm cannot look for its annotations in a manifest.
func metadataFault(metadata *yaml.Node) string {
	if metadata == nil || isNull(metadata) {
		return ""
	}
	if metadata.Kind != yaml.MappingNode {
		return "its metadata is not a mapping"
	}
	fault := ""
	each(metadata, func(key string, value *yaml.Node) {
		if key != "annotations" || isNull(value) {
			return
		}
		if value.Kind != yaml.MappingNode {
			fault = "its annotations are not a mapping"
		}
		each(value, func(key string, value *yaml.Node) {
			if value.Kind != yaml.ScalarNode && key != "<<" {
				fault = "its annotation " + Quote(key) + " is not text"
			}
		})
	})
	return fault
}
