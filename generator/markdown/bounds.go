package markdown

import (
	"bytes"

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

	// maxSteps bounds how often a line is looked at for a quote or list that it
	// may be part of: lines times levels.
	maxSteps = 500_000

	// maxCells bounds the cells of all tables. The parser makes up those that a
	// row lacks.
	maxCells = 20_000

	// maxPipes bounds escaped pipes in tables. For each, the parser looks at all.
	maxPipes = 4_000

	// maxMarks bounds the characters that may begin or end something within a
	// text, such as a link. Each may become an object.
	maxMarks = 60_000

	// maxWork bounds what finding the ends of these may cost: the parser may look
	// at a whole paragraph or row of a table for each mark in it.
	maxWork = 60_000_000
)

// exceeded is the panic that ends the work when a bound is exceeded: the parser
// has no other way out.
type exceeded string

// A meter counts what the parser does, or will have to.
type meter struct{ blocks, steps, cells, pipes, marks, work int }

var meterKey = parser.NewContextKey()

// meterOf returns the meter of the text being parsed.
func meterOf(pc parser.Context) *meter {
	return pc.ComputeIfAbsent(meterKey, func() any { return &meter{} }).(*meter)
}

// A block is a parser of blocks, with bounds on them.
type block struct{ parser.BlockParser }

func (b block) Open(parent ast.Node, r text.Reader, pc parser.Context) (ast.Node, parser.State) {
	node, state := b.BlockParser.Open(parent, r, pc)
	if node == nil {
		return node, state
	}
	m := meterOf(pc)
	if m.blocks++; m.blocks > maxBlocks {
		panic(exceeded("too many paragraphs, headings and items"))
	}
	return node, state
}

func (b block) Close(node ast.Node, r text.Reader, pc parser.Context) {
	b.BlockParser.Close(node, r, pc)
	if l := node.Lines(); node.Kind() == ast.KindHeading && l.Len() > 0 {
		meterOf(pc).text(r.Source()[l.At(0).Start:l.At(l.Len()-1).Stop])
	}
}

// A container is a parser of quotes, lists or their items, with bounds on them.
type container struct{ block }

func (c container) Open(parent ast.Node, r text.Reader, pc parser.Context) (ast.Node, parser.State) {
	c.step(pc)
	node, state := c.block.Open(parent, r, pc)
	if node != nil && len(pc.OpenedBlocks()) > maxDepth {
		panic(exceeded("quotes or lists nested too deeply"))
	}
	return node, state
}

func (c container) Continue(node ast.Node, r text.Reader, pc parser.Context) parser.State {
	c.step(pc)
	return c.block.Continue(node, r, pc)
}

func (c container) step(pc parser.Context) {
	m := meterOf(pc)
	if m.steps++; m.steps > maxSteps {
		panic(exceeded("too many lines in nested quotes or lists"))
	}
}

// paragraphs looks at paragraphs before anything is made of them: definitions
// of links, tables, or text.
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

// delimiters returns how many columns a table has, at most, if line is the one
// below its heads.
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

// table takes account of lines that may be a table's.
func (m *meter) table(l *text.Segments, src []byte, columns int) {
	if m.cells += columns * l.Len(); m.cells > maxCells {
		panic(exceeded("tables with too many cells"))
	}
	for i := range l.Len() {
		line := l.At(i)
		row := line.Value(src)
		m.text(row)
		if m.pipes += bytes.Count(row, []byte(`\|`)); m.pipes > maxPipes {
			panic(exceeded(`too many \| in tables`))
		}
	}
}

// text takes account of a text whose marks may mean something.
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
		panic(exceeded("too many marks such as * and ["))
	case m.work > maxWork:
		panic(exceeded("paragraphs too long, with too many marks such as * and [,"))
	}
}
