package markdown

import (
	"context"
	"regexp"
	"strings"
	"sync"

	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// convert returns the HTML of a README with all its raw HTML, unsafe as it is.
func convert(ctx context.Context, src []byte) []byte {
	pc := parser.NewContext()
	pc.Set(meterKey, &meter{ctx: ctx})
	root := markdown().Parse(text.NewReader(src), parser.WithContext(pc))
	out := &limited{ctx: ctx}
	if err := page().Render(out, src, root); err != nil {
		panic(exceeded("cannot be rendered"))
	}
	return []byte(out.String())
}

// markdown is goldmark's parser for GitHub's dialect, with our bounds.
var markdown = sync.OnceValue(func() parser.Parser {
	return parser.NewParser(
		parser.WithBlockParsers(
			util.Prioritized(block{parser.NewSetextHeadingParser()}, 100),
			util.Prioritized(block{parser.NewThematicBreakParser()}, 200),
			util.Prioritized(container{block{parser.NewListParser()}}, 300),
			util.Prioritized(container{block{parser.NewListItemParser()}}, 400),
			util.Prioritized(block{parser.NewCodeBlockParser()}, 500),
			util.Prioritized(block{parser.NewATXHeadingParser()}, 600),
			util.Prioritized(block{parser.NewFencedCodeBlockParser()}, 700),
			util.Prioritized(container{block{parser.NewBlockquoteParser()}}, 800),
			util.Prioritized(block{parser.NewHTMLBlockParser()}, 900),
			util.Prioritized(block{parser.NewParagraphParser()}, 1000),
		),
		parser.WithInlineParsers(parser.DefaultInlineParsers()...),
		parser.WithInlineParsers(
			util.Prioritized(extension.NewTaskCheckBoxParser(), 0),
			util.Prioritized(extension.NewStrikethroughParser(), 500),
			util.Prioritized(extension.NewLinkifyParser(), 999),
		),
		parser.WithParagraphTransformers(
			util.Prioritized(paragraphs{}, 0),
			util.Prioritized(parser.LinkReferenceParagraphTransformer, 100),
			util.Prioritized(extension.NewTableParagraphTransformer(), 200),
		),
		parser.WithASTTransformers(util.Prioritized(extension.NewTableASTTransformer(), 0)),
	)
})

// page writes HTML and passes raw HTML through.
var page = sync.OnceValue(func() renderer.Renderer {
	return renderer.NewRenderer(renderer.WithNodeRenderers(
		util.Prioritized(html.NewRenderer(html.WithUnsafe()), 1000),
		util.Prioritized(extension.NewTableHTMLRenderer(extension.WithTableCellAlignMethod(extension.TableCellAlignNone)), 500),
		util.Prioritized(extension.NewStrikethroughHTMLRenderer(), 500),
		util.Prioritized(tasks{}, 500),
	))
})

// tasks writes the boxes of task lists as characters: form elements would need
// labels, and would do nothing.
type tasks struct{}

func (tasks) RegisterFuncs(r renderer.NodeRendererFuncRegisterer) {
	r.Register(extast.KindTaskCheckBox, func(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
		box := "☐ "
		if n.(*extast.TaskCheckBox).IsChecked {
			box = "☑ "
		}
		if !entering {
			box = ""
		}
		_, err := w.WriteString(box)
		return ast.WalkContinue, err
	})
}

// policy lets only some HTML through. The steps after it rely on a tokenizer that
// never meets scripts, styles, text areas, SVG or comments.
var policy = sync.OnceValue(func() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	for tag := range elements() {
		p.AllowElements(tag)
	}
	p.AllowElements("img")
	p.AllowNoAttrs().OnElements("a", "img")
	number := regexp.MustCompile(`^[0-9]{1,4}$`)
	p.AllowAttrs("id").Globally()
	p.AllowAttrs("href", "name").OnElements("a")
	p.AllowAttrs("src", "alt").OnElements("img")
	p.AllowAttrs("open").OnElements("details")
	p.AllowAttrs("start").Matching(number).OnElements("ol")
	p.AllowAttrs("colspan", "rowspan").Matching(number).OnElements("td", "th")
	p.AllowAttrs("class").Matching(regexp.MustCompile(`^language-[0-9A-Za-z_+.#-]{1,40}$`)).OnElements("code")
	p.AllowURLSchemes("http", "https", "mailto")
	p.AllowRelativeURLs(true)
	p.RequireParseableURLs(true)
	return p
})

// limited holds at most maxOutput bytes of HTML.
type limited struct {
	strings.Builder
	ctx context.Context
}

func (l *limited) Write(p []byte) (int, error) {
	l.grow(len(p))
	return l.Builder.Write(p)
}

func (l *limited) WriteString(s string) (int, error) {
	l.grow(len(s))
	return l.Builder.WriteString(s)
}

func (l *limited) grow(n int) {
	if l.Len()>>16 != (l.Len()+n)>>16 {
		inTime(l.ctx)
	}
	if l.Len()+n > maxOutput {
		panic(exceeded("becomes too long when it is rendered"))
	}
}
