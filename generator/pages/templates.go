package pages

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/generator/source"
	"github.com/portolan-charts/portolan/templates"
)

const (
	// maxPageFiles bounds the templates that a page lists, and also the definitions.
	maxPageFiles = 500

	// minSources is the HTML of sources that any page has room for, in bytes. A page
	// has more if the archive is large, an eighth of that, up to maxSources. Scripts read
	// the rest from the archive, so that pages are no larger than archives.
	minSources = 12 << 10
	maxSources = 40 << 10
)

// describeTemplates fills in the templates and the custom resource definitions of a
// version, and the text of those that matter most.
func describeTemplates(ctx context.Context, p *templates.TemplatesPage, s *shared, c *archive) {
	l := &sourceLister{archive: c, shared: s}
	l.templates(p, c.Templates[:min(len(c.Templates), maxPageFiles)])
	l.definitions(p, c.Definitions)
	p.More = max(0, len(c.Templates)-maxPageFiles)
	l.show(ctx, p, int(min(max(minSources, c.Size/8), maxSources)))
}

// A sourceLister lists a chart's sources.
type sourceLister struct {
	*archive
	shared *shared
	names  []string // of the page's files, and then of its definitions
}

// file describes a file, and notes that the page has it.
func (l *sourceLister) file(name string) templates.SourceFile {
	l.names = append(l.names, name)
	return templates.SourceFile{
		Path: shortened(name, maxPageName), Anchor: sourceAnchor(name), Size: l.sizes[name], Lines: source.Lines(l.texts[name]),
		Kinds: strings.Join(known(l.kinds[name]), ", "),
	}
}

// templates lists templates by kind, those first that matter most.
func (l *sourceLister) templates(p *templates.TemplatesPage, names []string) {
	of := map[string][]string{}
	for _, name := range names {
		kinds := l.kinds[name]
		if len(kinds) == 0 || sourceRank(name, kinds) == tests {
			kinds = []string{""}
		}
		for _, kind := range kinds {
			of[kind] = append(of[kind], name)
		}
	}
	byRank := func(a, b string) int { return cmp.Or(cmp.Compare(kindRank(a), kindRank(b)), cmp.Compare(a, b)) }
	listed := map[string]bool{}
	for _, kind := range slices.SortedFunc(maps.Keys(of), byRank) {
		group := templates.TemplateKind{Kind: kind}
		slices.SortStableFunc(of[kind], func(a, b string) int {
			return cmp.Compare(sourceRank(a, nil), sourceRank(b, nil))
		})
		for _, name := range of[kind] {
			group.Files = append(group.Files, templates.ValueLink{Path: shortened(strings.TrimPrefix(name, "templates/"), maxPageName), Anchor: sourceAnchor(name)})
			if !listed[name] {
				listed[name], p.Files = true, append(p.Files, l.file(name))
			}
		}
		p.Kinds = append(p.Kinds, group)
	}
}

// known returns the kinds that are known before a template is rendered.
func known(kinds []string) []string {
	return slices.DeleteFunc(slices.Clone(kinds), func(kind string) bool { return kind == "" })
}

// definitions lists the files of custom resource definitions, with what they define.
func (l *sourceLister) definitions(p *templates.TemplatesPage, all []check.Definition) {
	last := ""
	for i, d := range all {
		if i == 0 || d.File != last {
			p.CRDs = append(p.CRDs, l.file(d.File))
		}
		last = d.File
		f := &p.CRDs[len(p.CRDs)-1]
		var versions []string
		for _, v := range d.Versions {
			versions = append(versions, shortened(v, 60))
		}
		about := strings.TrimSpace(oneLine(d.Group) + " " + strings.Join(versions, ", "))
		f.Kinds, f.About = joined(f.Kinds, oneLine(d.Kind), ", "), joined(f.About, about, "; ")
	}
}

// joined adds a text to a list, unless that would be long.
func joined(list, text, separator string) string {
	if list == "" || text == "" || len(list)+len(text) > maxPageText {
		return cmp.Or(list, text)
	}
	return list + separator + text
}

// show adds the text of files, those first that matter most, as far as there is room.
func (l *sourceLister) show(ctx context.Context, p *templates.TemplatesPage, room int) {
	order := make([]int, len(l.names))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Compare(sourceRank(l.names[a], l.kinds[l.names[a]]), sourceRank(l.names[b], l.kinds[l.names[b]]))
	})
	for _, i := range order {
		if ctx.Err() != nil {
			p.Note = "Texts are missing here, since the page took too long."
			return
		}
		name := l.names[i]
		text, kept := l.texts[name]
		if !kept || !utf8.Valid(text) {
			continue // it is too long, or an image, say
		}
		html := l.shared.highlight(ctx, name, l.sums[name], text, room)
		if room -= len(html); i < len(p.Files) {
			p.Files[i].HTML = html
		} else {
			p.CRDs[i-len(p.Files)].HTML = html
		}
	}
}
