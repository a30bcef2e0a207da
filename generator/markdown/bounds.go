package markdown

import (
	"bytes"
	"context"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

const (
	// maxDepth bounds how deep quotes and lists are nested.
	maxDepth = 24

	// maxBlocks bounds paragraphs, headings, lists and so on. Real READMEs have
	// hundreds.
	maxBlocks = 25_000

	// maxSteps bounds how often the parser checks whether a line is part of a
	// quote or list: lines times levels.
	maxSteps = 500_000

	// maxCells bounds the cells of all tables. The parser adds the cells that a
	// row lacks.
	maxCells = 20_000

	// maxPipes bounds escaped pipes in tables. For each of them, the parser looks
	// at all of them.
	maxPipes = 4_000

	// maxMarks bounds the characters that may begin or end something within a
	// text, such as a link. The parser may allocate an object for each.
	maxMarks = 60_000

	// maxWork bounds the cost of matching these marks: for each mark, the parser
	// may look at the whole paragraph or table row. It counts marks times bytes.
	maxWork = 60_000_000
)

// exceeded is the value of the panic that ends the work when a bound is exceeded,
// because the parser cannot return errors. Its text is the rest of a sentence
// that begins with "The README".
type exceeded string

// inTime ends the work once there is no more time.
func inTime(ctx context.Context) {
	if ctx.Err() != nil {
		panic(exceeded("was not rendered, since the page took too long"))
	}
}

// A meter counts what the parser does, or will have to do.
type meter struct {
	ctx                                      context.Context
	blocks, steps, cells, pipes, marks, work int
}

var meterKey = parser.NewContextKey()

// meterOf returns the meter of the text being parsed.
func meterOf(pc parser.Context) *meter {
	return pc.Get(meterKey).(*meter)
}

// A block is a parser of blocks that counts them.
type block struct{ parser.BlockParser }

func (b block) Open(parent ast.Node, r text.Reader, pc parser.Context) (ast.Node, parser.State) {
	node, state := b.BlockParser.Open(parent, r, pc)
	if node == nil {
		return node, state
	}
	m := meterOf(pc)
	if m.blocks%256 == 0 {
		inTime(m.ctx)
	}
	if m.blocks++; m.blocks > maxBlocks {
		panic(exceeded("has too many paragraphs, headings and items to be rendered"))
	}
	return node, state
}

func (b block) Close(node ast.Node, r text.Reader, pc parser.Context) {
	b.BlockParser.Close(node, r, pc)
	if l := node.Lines(); node.Kind() == ast.KindHeading && l.Len() > 0 {
		meterOf(pc).text(r.Source()[l.At(0).Start:l.At(l.Len()-1).Stop])
	}
}

// A container is a parser of quotes, lists or list items that counts its work and
// bounds their nesting.
type container struct{ block }

func (c container) Open(parent ast.Node, r text.Reader, pc parser.Context) (ast.Node, parser.State) {
	c.step(pc)
	node, state := c.block.Open(parent, r, pc)
	if node != nil && len(pc.OpenedBlocks()) > maxDepth {
		panic(exceeded("has quotes or lists nested too deeply to be rendered"))
	}
	return node, state
}

func (c container) Continue(node ast.Node, r text.Reader, pc parser.Context) parser.State {
	c.step(pc)
	return c.block.Continue(node, r, pc)
}

func (c container) step(pc parser.Context) {
	m := meterOf(pc)
	if m.steps%4096 == 0 {
		inTime(m.ctx)
	}
	if m.steps++; m.steps > maxSteps {
		panic(exceeded("has too many lines in nested quotes or lists to be rendered"))
	}
}

// paragraphs counts the work for each paragraph before the parser turns it into
// definitions of links, a table, or text.
type paragraphs struct{}

func (paragraphs) Transform(node *ast.Paragraph, r text.Reader, pc parser.Context) {
	l := node.Lines()
	if l.Len() == 0 {
		return
	}
	m, src := meterOf(pc), r.Source()
	whole := src[l.At(0).Start:l.At(l.Len()-1).Stop]
	columns := 0
	for i := range l.Len() {
		row := l.At(i)
		columns = max(columns, delimiters(row.Value(src)))
	}
	if columns == 0 || bytes.HasPrefix(bytes.TrimLeft(whole, " \t"), []byte("[")) {
		m.text(whole)
	}
	if columns > 0 {
		m.table(l, src, columns)
	}
}

// delimiters returns how many columns a table has at most if line is the one below
// its header row, and 0 if line cannot be that.
func delimiters(line []byte) int {
	dashes, columns := 0, 1
	for _, c := range line {
		switch c {
		case '-':
			dashes++
		case '|':
			columns++
		case ':', ' ', '\t', '\n', '\v', '\f':
		default:
			return 0
		}
	}
	if dashes == 0 || dashes == len(bytes.TrimSpace(line)) && columns == 1 {
		return 0
	}
	return columns
}

// table counts the work for lines that may be a table.
func (m *meter) table(l *text.Segments, src []byte, columns int) {
	if m.cells += columns * l.Len(); m.cells > maxCells {
		panic(exceeded("has tables with too many cells to be rendered"))
	}
	for i := range l.Len() {
		line := l.At(i)
		row := line.Value(src)
		m.text(row)
		if m.pipes += bytes.Count(row, []byte(`\|`)); m.pipes > maxPipes {
			panic(exceeded(`has too many \| in tables to be rendered`))
		}
	}
}

// text counts the work for a text in which marks may have a meaning.
func (m *meter) text(s []byte) {
	marks := 0
	for _, c := range s {
		switch c {
		case '[', ']', '!', '*', '_', '~', '`', '<', '&', '\\':
			marks++
		}
	}
	m.marks += marks
	m.work += marks * len(s)
	switch {
	case m.marks > maxMarks:
		panic(exceeded("has too many marks such as * and [ to be rendered"))
	case m.work > maxWork:
		panic(exceeded("has paragraphs that are too long and have too many marks such as * and [ to be rendered"))
	}
}
