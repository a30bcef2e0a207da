package pages

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/generator/markdown"
	"github.com/portolan-charts/portolan/templates"
)

// changeKinds are the kinds that Artifact Hub knows, in the order on pages.
var changeKinds = []string{"added", "changed", "deprecated", "removed", "fixed", "security"}

// annotation reads an annotation that is a YAML list; it returns nil for anything
// else. The size of annotations is already bounded, since they are part of an
// index line.
func annotation(md *check.Metadata, name string) []*yaml.Node {
	text := md.Annotations[name]
	if strings.TrimSpace(text) == "" {
		return nil
	}
	root := check.ReadYAML([]byte(text))
	if root == nil || resolve(root).Kind != yaml.SequenceNode {
		return nil
	}
	items := resolve(root).Content
	return items[:min(len(items), maxPageList)]
}

// fields returns the scalars of a mapping, by key.
func fields(n *yaml.Node) map[string]string {
	m := map[string]string{}
	each(n, func(key string, value *yaml.Node) {
		if value.Kind == yaml.ScalarNode && !isNull(value) {
			m[key] = value.Value
		}
	})
	return m
}

// each calls f for the first entries of a mapping: aliases may lead to it often.
func each(n *yaml.Node, f func(key string, value *yaml.Node)) {
	if n = resolve(n); n.Kind != yaml.MappingNode {
		return
	}
	for i := 0; i+1 < min(len(n.Content), 2*maxPageList); i += 2 {
		f(resolve(n.Content[i]).Value, resolve(n.Content[i+1]))
	}
}

// resolve follows an alias.
func resolve(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

// annotatedLinks returns the links of artifacthub.io/links.
func annotatedLinks(md *check.Metadata) []templates.Link {
	return links(annotation(md, "artifacthub.io/links"))
}

// links returns the entries of a list that have a safe URL.
func links(items []*yaml.Node) []templates.Link {
	var all []templates.Link
	for _, item := range items {
		m := fields(item)
		url := markdown.SafeURL(m["url"])
		if url == "" || len(all) == maxPageList {
			continue
		}
		text := oneLine(m["name"])
		if text == "" {
			text = oneLine(url)
		}
		all = append(all, templates.Link{Text: text, URL: url})
	}
	return all
}

// annotatedImages returns the images of artifacthub.io/images.
func annotatedImages(md *check.Metadata) []templates.Image {
	var all []templates.Image
	for _, item := range annotation(md, "artifacthub.io/images") {
		m := fields(item)
		if image := oneLine(m["image"]); image != "" {
			all = append(all, templates.Image{Name: oneLine(m["name"]), Image: image})
		}
	}
	return all
}

// annotatedChanges returns the changes of artifacthub.io/changes, grouped by kind.
// The annotation is a list of texts or mappings. A text instead of the list is
// one change.
func annotatedChanges(md *check.Metadata) []templates.ChangeGroup {
	groups := map[string][]templates.Change{}
	items := annotation(md, "artifacthub.io/changes")
	for _, item := range items {
		kind, c := change(resolve(item))
		if c.Description != "" {
			groups[kind] = append(groups[kind], c)
		}
	}
	if text := md.Annotations["artifacthub.io/changes"]; items == nil && text != "" {
		if c := shortened(text, maxPageText); c != "" && strings.Trim(c, "[]{} ") != "" {
			groups[""] = []templates.Change{{Description: c}}
		}
	}
	var all []templates.ChangeGroup
	for _, kind := range append(changeKinds[:len(changeKinds):len(changeKinds)], "") {
		if len(groups[kind]) > 0 {
			all = append(all, templates.ChangeGroup{Kind: kind, Changes: groups[kind]})
		}
	}
	return all
}

// change reads one change and its kind.
func change(item *yaml.Node) (kind string, c templates.Change) {
	if item.Kind == yaml.ScalarNode && !isNull(item) {
		return "", templates.Change{Description: shortened(item.Value, maxPageText)}
	}
	m := fields(item)
	c.Description = shortened(m["description"], maxPageText)
	if kind = strings.ToLower(strings.TrimSpace(m["kind"])); !slices.Contains(changeKinds, kind) {
		kind = ""
	}
	each(item, func(key string, value *yaml.Node) {
		if key == "links" && value.Kind == yaml.SequenceNode {
			c.Links = links(value.Content[:min(len(value.Content), 10)])
		}
	})
	return kind, c
}
