package pages

import (
	"context"
	"crypto/sha256"
	"fmt"
	"html/template"
	"maps"
	"slices"

	"github.com/portolan-charts/portolan/generator/markdown"
	"github.com/portolan-charts/portolan/generator/source"
	"github.com/portolan-charts/portolan/generator/values"
	"github.com/portolan-charts/portolan/templates"
)

// Bounds of what is remembered of a chart's versions, in bytes of texts. What was parsed
// takes some 30 times as much.
const (
	maxSharedValues  = 512 << 10
	maxSharedReadmes = 2 << 20
	maxSharedHTML    = 512 << 10

	// besides is about what remembering something takes besides texts.
	besides = 200
)

// shared is what versions of a chart have in common: most of them have most files as the
// version before has them. What was found of a file is remembered by its bytes, so it
// does not depend on what is remembered.
type shared struct {
	files   memo[sum, *values.File]
	tables  memo[tableOf, *values.Reference]
	readmes memo[sum, *readme]
	texts   memo[textOf, renderedReadme]
	sources memo[sourceOf, template.HTML]
	bodies  memo[bodyOf, template.HTML]
	listed  templates.TemplatesPage // of the version before
}

type sum = [sha256.Size]byte

// sumOf returns the sum of a file, which is another one for an empty file than for none.
func sumOf(text []byte) sum {
	if text == nil {
		return sum{}
	}
	return sha256.Sum256(text)
}

func newShared() *shared {
	return &shared{
		files:   memo[sum, *values.File]{most: maxSharedValues},
		tables:  memo[tableOf, *values.Reference]{most: maxSharedHTML},
		readmes: memo[sum, *readme]{most: maxSharedReadmes},
		texts:   memo[textOf, renderedReadme]{most: maxSharedReadmes},
		sources: memo[sourceOf, template.HTML]{most: maxSharedHTML},
		bodies:  memo[bodyOf, template.HTML]{most: maxSharedHTML},
	}
}

// file returns a values.yaml, which may be nil.
func (s *shared) file(text []byte) *values.File {
	return s.files.of(context.Background(), sumOf(text), func() (*values.File, int) {
		return values.New(text), besides + len(text)
	})
}

// tableOf is what a table of values is made from.
type tableOf struct{ file, schema, readme sum }

// table returns the table of a chart's values; see [values.Describe].
func (s *shared) table(ctx context.Context, c *archive, readme map[string]string) *values.Reference {
	h := sha256.New()
	for _, key := range slices.Sorted(maps.Keys(readme)) {
		fmt.Fprintf(h, "%q %q\n", key, readme[key])
	}
	of := tableOf{file: sumOf(c.Values), schema: sumOf(c.Schema)}
	h.Sum(of.readme[:0])
	return s.tables.of(ctx, of, func() (*values.Reference, int) {
		ref := values.Describe(ctx, c.file, c.Schema, readme, maxTable)
		return ref, tableSize(ref)
	})
}

// tableSize is about how many bytes a table takes.
func tableSize(ref *values.Reference) int { return besides * (1 + ref.Count) }

// bodyOf is what the text of a table is made from. With the same bytes, there is the same
// table as long as it is remembered.
type bodyOf struct {
	table       *values.Reference
	raw, schema string // URLs
}

// body returns the table on a page of values as HTML.
func (s *shared) body(ctx context.Context, table *values.Reference, p templates.ValuesPage, render func(templates.ValuesPage) template.HTML) template.HTML {
	return s.bodies.of(ctx, bodyOf{table, p.Raw, p.Schema}, func() (template.HTML, int) {
		html := render(p)
		return html, len(html) + tableSize(table) // which the key holds on to
	})
}

// readme is a README that was parsed.
type readme struct {
	*markdown.README
	values map[string]string // what it says about values
	sum    sum
}

func (s *shared) readme(ctx context.Context, text []byte) *readme {
	sum := sumOf(text)
	return s.readmes.of(ctx, sum, func() (*readme, int) {
		r := markdown.Parse(ctx, text)
		return &readme{README: r, values: r.Values(), sum: sum}, besides + r.Size()
	})
}

// textOf is what the text of a README is made from. With the same bytes, there is the same
// table as long as it is remembered.
type textOf struct {
	chart  string
	readme sum
	table  *values.Reference
}

// renderedReadme is a README as an overview shows it.
type renderedReadme struct {
	text     *templates.Text
	contents []templates.Heading
}

func (s *shared) text(ctx context.Context, chart string, r *readme, table *values.Reference, render func() renderedReadme) renderedReadme {
	return s.texts.of(ctx, textOf{chart, r.sum, table}, func() (renderedReadme, int) {
		text := render()
		return text, len(text.text.HTML) + tableSize(table) // which the key holds on to
	})
}

// sourceOf is what the text of a source is made from, besides the room for it.
type sourceOf struct {
	name string
	sum  sum
}

// highlight returns the text of a source as HTML; "" if that is longer than room.
func (s *shared) highlight(ctx context.Context, name string, sum sum, text []byte, room int) template.HTML {
	if len(text) > room {
		return ""
	}
	html := s.sources.of(ctx, sourceOf{name, sum}, func() (template.HTML, int) {
		html := source.Highlight(name, text, maxSources)
		return html, besides + len(name) + len(html)
	})
	if len(html) > room {
		return ""
	}
	return html
}
