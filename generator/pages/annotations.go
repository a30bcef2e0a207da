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

// An entry is one of the list that an annotation holds.
type entry struct {
	node *yaml.Node // nil where the text is not YAML
	raw  string     // as it was written
}

// entries reads an annotation that is a YAML list. Authors forget quotes: an entry
// that YAML takes for something else, or that keeps all of the text from being YAML,
// is shown as it was written, so each comes with its own text. What is not a list is one
// entry. The size of annotations is already bounded, since they are part of an index
// line.
func entries(md *check.Metadata, name string) []entry {
	text := md.Annotations[name]
	if strings.TrimSpace(text) == "" {
		return nil
	}
	written := listItems(text)
	var nodes []*yaml.Node
	root := check.ReadYAML([]byte(text))
	switch {
	case root == nil && written == nil:
		return []entry{{raw: text}}
	case root == nil:
	case resolve(root).Kind == yaml.SequenceNode:
		nodes = resolve(root).Content
	case written == nil:
		return []entry{{resolve(root), text}}
	}
	var all []entry
	switch {
	case len(nodes) == len(written):
		for i, n := range nodes {
			all = append(all, entry{resolve(n), written[i]})
		}
	case len(nodes) > 0:
		for _, n := range nodes {
			all = append(all, entry{resolve(n), flow(resolve(n), 0)})
		}
	default:
		for _, item := range written {
			all = append(all, entry{raw: item})
		}
	}
	return all[:min(len(all), maxPageList)]
}

// listItems cuts a text where the items of its list begin: at the dashes that are
// indented as the first one is. It returns nil for a text that does not begin with one.
func listItems(text string) []string {
	var items []string
	indent := -1
	for line := range strings.Lines(text) {
		bare := strings.TrimLeft(line, " ")
		width := len(line) - len(bare)
		rest, dash := strings.CutPrefix(bare, "-")
		dash = dash && (rest == "" || strings.TrimLeft(rest, " \t\r\n") != rest)
		blank := strings.TrimSpace(bare) == "" || bare[0] == '#' || strings.TrimSpace(bare) == "---"
		switch {
		case indent < 0 && blank:
		case indent < 0 && !dash:
			return nil
		case indent < 0 || dash && width == indent:
			indent = width
			items = append(items, rest)
		default:
			items[len(items)-1] += line
		}
	}
	return items
}

// flow writes a node in one line, for lists that are themselves written so.
func flow(n *yaml.Node, depth int) string {
	var parts []string
	switch {
	case n.Kind == yaml.ScalarNode:
		return n.Value
	case depth > 5:
		return "…"
	case n.Kind == yaml.MappingNode:
		each(n, func(key string, value *yaml.Node) {
			if len(parts) < maxPageList {
				parts = append(parts, strings.TrimSpace(key+": "+flow(value, depth+1)))
			}
		})
	default:
		for _, item := range n.Content[:min(len(n.Content), maxPageList)] {
			parts = append(parts, flow(resolve(item), depth+1))
		}
	}
	return strings.Join(parts, ", ")
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
	return links(entries(md, "artifacthub.io/links"))
}

// written returns an entry as it was written; "" for one that says nothing.
func (e entry) written(limit int) string {
	text := shortened(e.raw, limit)
	if strings.Trim(text, "[]{},~ ") == "" || text == "null" {
		return ""
	}
	return text
}

// said returns a scalar's text. What follows a # is a comment for YAML, and was text
// for those who left out the quotes: "fixes #123".
func said(n *yaml.Node) string {
	if n.Kind != yaml.ScalarNode || isNull(n) && n.LineComment == "" {
		return ""
	}
	const marked = yaml.DoubleQuotedStyle | yaml.SingleQuotedStyle | yaml.LiteralStyle | yaml.FoldedStyle
	if n.LineComment == "" || n.Style&marked != 0 {
		return n.Value
	}
	return strings.TrimSpace(n.Value + " " + n.LineComment)
}

// links returns links. Those without a safe URL are only text.
func links(items []entry) []templates.Link {
	var all []templates.Link
	for _, item := range items {
		if l := link(item); l.Text != "" && len(all) < maxPageList {
			all = append(all, l)
		}
	}
	return all
}

func link(item entry) templates.Link {
	name, url := "", item.raw
	if item.node != nil {
		m := fields(item.node)
		name, url = oneLine(m["name"]), m["url"]
		if item.node.Kind == yaml.ScalarNode {
			url = item.node.Value
		}
	}
	safe := markdown.SafeURL(strings.TrimSpace(url))
	switch {
	case safe == "":
		return templates.Link{Text: item.written(maxPageName)}
	case name == "":
		return templates.Link{Text: oneLine(safe), URL: safe}
	}
	return templates.Link{Text: name, URL: safe}
}

// annotatedImages returns the images of artifacthub.io/images.
func annotatedImages(md *check.Metadata) []templates.Image {
	var all []templates.Image
	for _, item := range entries(md, "artifacthub.io/images") {
		image := templates.Image{Image: item.written(maxPageName)}
		if item.node != nil {
			if m := fields(item.node); oneLine(m["image"]) != "" {
				image = templates.Image{Name: oneLine(m["name"]), Image: oneLine(m["image"])}
			}
		}
		if image.Image != "" {
			all = append(all, image)
		}
	}
	return all
}

// annotatedChanges returns the changes of artifacthub.io/changes, grouped by kind.
// The annotation is a list of texts or mappings.
func annotatedChanges(md *check.Metadata) []templates.ChangeGroup {
	groups := map[string][]templates.Change{}
	for _, item := range entries(md, "artifacthub.io/changes") {
		if kind, c := change(item); c.Description != "" {
			groups[kind] = append(groups[kind], c)
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

// change reads one change and its kind. A text is a change, too.
func change(item entry) (kind string, c templates.Change) {
	written := templates.Change{Description: item.written(maxPageText)}
	switch {
	case item.node == nil, isNull(item.node):
		return "", written
	case item.node.Kind == yaml.ScalarNode:
		return "", templates.Change{Description: shortened(said(item.node), maxPageText)}
	}
	each(item.node, func(key string, value *yaml.Node) {
		switch key {
		case "description":
			c.Description = said(value)
		case "kind":
			kind = strings.TrimSpace(value.Value)
		case "links":
			c.Links = links(linksOf(value))
		}
	})
	if c.Description == "" {
		return "", written
	}
	if lower := strings.ToLower(kind); slices.Contains(changeKinds, lower) {
		kind = lower
	} else if kind != "" {
		c.Description, kind = kind+": "+c.Description, ""
	}
	c.Description = shortened(c.Description, maxPageText)
	return kind, c
}

// linksOf returns the links of a change.
func linksOf(value *yaml.Node) []entry {
	if value.Kind != yaml.SequenceNode {
		return []entry{{value, flow(value, 0)}}
	}
	var items []entry
	for _, n := range value.Content[:min(len(value.Content), 10)] {
		items = append(items, entry{resolve(n), flow(resolve(n), 0)})
	}
	return items
}
