package importer

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// readBlock reads an index that is YAML in block style, perhaps with parts in flow
// style. It parses one entry at a time, because a parsed document takes thirty times
// its size. It finds entries by indentation, which delimits blocks. It cannot read
// quoted text that continues on less indented lines: it then meets lines that it does
// not understand, or an entry that is cut short, and the index is not clean.
func readBlock(b *bufio.Reader) (x *Index, clean bool, err error) {
	y := &blockReader{indexReader: newIndexReader(), b: b, keyIndent: -1}
	for {
		line, more, err := readLine(b)
		if err == io.EOF {
			break
		}
		if y.more = more; err == nil {
			err = y.line(line)
		}
		if err == nil {
			err = cmpError(y.failed, y.index.full())
		}
		if err == nil && y.more {
			err = discardLine(b)
		}
		if errors.Is(err, errEnd) {
			break
		}
		if err != nil {
			return nil, false, err
		}
	}
	y.flush()
	y.flushOther()
	switch {
	case y.failed != nil:
		return nil, false, y.failed
	case !y.found:
		return nil, false, errLayout
	}
	return y.index, y.clean, y.index.full()
}

// readLine returns a line without its end, or its beginning if there is more of it.
func readLine(b *bufio.Reader) (line []byte, more bool, err error) {
	for {
		part, err := b.ReadSlice('\n')
		line = append(line, part...)
		if err == bufio.ErrBufferFull {
			if len(line) > maxEntry {
				return line, true, nil
			}
			continue
		}
		if err == io.EOF && len(line) > 0 {
			err = nil
		}
		return bytes.TrimRight(line, "\r\n"), false, err
	}
}

// discardLine skips the rest of a line.
func discardLine(b *bufio.Reader) error {
	for {
		switch _, err := b.ReadSlice('\n'); err {
		case bufio.ErrBufferFull:
		case io.EOF:
			return nil
		default:
			return err
		}
	}
}

// blockReader goes through the lines of an index.
type blockReader struct {
	*indexReader
	b         *bufio.Reader
	more      bool         // the current line has more than was read
	found     bool         // "entries:" has been read
	inside    bool         // the current line is below "entries:"
	keyIndent int          // indentation of charts' names; -1 before the first
	named     bool         // a chart's list may follow
	indent    int          // indentation of the list's dashes; -1 before the first
	text      bytes.Buffer // lines of an entry
	open      bool         // lines belong to an entry
	tooLong   bool         // the entry is too long
	aside     bytes.Buffer // lines of another value than the entries
}

// errEnd is returned at the end of the document.
var errEnd = errors.New("end of the document")

// line reads the next line.
func (y *blockReader) line(line []byte) error {
	text := bytes.TrimLeft(line, " ")
	indent := len(line) - len(text)
	switch {
	case len(text) == 0, text[0] == '#':
		y.keep(line)
		return nil
	case indent == 0 && (bytes.Equal(line, []byte("...")) || y.found && bytes.HasPrefix(line, []byte("---"))):
		return errEnd
	case indent == 0 && !(y.inside && isDash(text)):
		return y.top(text)
	case !y.inside:
		y.keepAside(line)
		return nil // below another key
	case y.named && y.indent < 0 && isDash(text) && indent >= y.keyIndent:
		y.indent = indent
	}
	switch {
	case y.indent >= 0 && indent == y.indent && isDash(text):
		y.flush()
		y.open = true
		y.keep(line)
		return nil
	case y.open && indent > y.indent:
		y.keep(line)
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
func (y *blockReader) top(text []byte) error {
	y.flush()
	y.inside, y.named = false, false
	if isDash(text) || bytes.IndexByte([]byte("]}"), text[0]) >= 0 { // the value goes on without indentation
		y.keepAside(text)
		return nil
	}
	y.flushOther()
	document := bytes.TrimLeft(bytes.TrimPrefix(text, []byte("---")), " ")
	if !y.found && len(document) > 0 && document[0] == '{' {
		f := y.flow(document)
		y.found = true
		return cmpError(f.document(), errEnd)
	}
	key, value, ok := splitKey(text)
	if !ok || key != "entries" {
		y.keepAside(text)
		return nil
	}
	if y.found {
		return errLayout // twice
	}
	y.found = true
	switch value = withoutProperties(value); {
	case len(value) == 0:
		y.inside = true
		return nil
	case value[0] == '{':
		f := y.flow(value)
		return cmpError(f.charts(), f.endLine())
	case isNull(string(value)):
		return nil
	}
	return errLayout
}

// key reads the line with a chart's name.
func (y *blockReader) key(text []byte) error {
	y.flush()
	y.indent = -1
	name, value, ok := splitKey(text)
	if !ok {
		return errLayout
	}
	y.chart, y.named = cut(name), false
	switch value = withoutProperties(value); {
	case len(value) == 0:
		y.named = true
		return y.counted()
	case value[0] == '[':
		f := y.flow(value)
		return cmpError(f.list(), f.endLine())
	case bytes.IndexByte([]byte("\"'|>{"), value[0]) >= 0: // it may have more lines
		return errLayout
	}
	y.noList(string(value))
	return y.counted()
}

// flow returns a reader of what begins with the text, which is the end of the
// current line.
func (y *blockReader) flow(text []byte) *flow {
	ahead := bytes.Clone(text)
	if !y.more {
		ahead = append(ahead, '\n')
	}
	y.more = false // it will be read
	return &flow{indexReader: y.indexReader, ahead: ahead, b: y.b}
}

// endLine checks that nothing but a comment follows on the line.
func (f *flow) endLine() error {
	for {
		c, err := f.peek()
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		case c == '\n':
			f.skip()
			return nil
		case c == '#':
			_ = f.comment() // its error comes again
		case !isBlank(c):
			return errLayout
		default:
			f.skip()
		}
	}
}

// splitKey splits a line into a key and what follows its colon, without a comment.
func splitKey(line []byte) (key string, value []byte, ok bool) {
	end := 0
	if quote := line[0]; quote == '"' || quote == '\'' {
		if end = bytes.IndexByte(line[1:], quote) + 2; end < 2 {
			return "", nil, false
		}
	}
	colon := end
	for ; colon < len(line); colon++ {
		if line[colon] == ':' && (colon+1 == len(line) || isBlank(line[colon+1])) {
			break
		}
	}
	if colon == len(line) || bytes.IndexByte([]byte("*&!?-|>{[%@`"), line[0]) >= 0 {
		return "", nil, false
	}
	key, err := scalar(line[:colon], false)
	return key, bytes.TrimSpace(line[colon+1:]), err == nil
}

// withoutProperties returns a value without its anchor, its tag and a comment alone.
func withoutProperties(value []byte) []byte {
	for len(value) > 0 && (value[0] == '&' || value[0] == '!') {
		end := bytes.IndexAny(value, " \t")
		if end < 0 {
			return nil
		}
		value = bytes.TrimLeft(value[end:], " \t")
	}
	if len(value) > 0 && value[0] == '#' {
		return nil
	}
	if first := bytes.IndexAny(value, "[{\"'"); first != 0 {
		if comment := bytes.Index(value, []byte(" #")); comment >= 0 {
			value = bytes.TrimSpace(value[:comment])
		}
	}
	return value
}

// keep adds a line to the entry.
func (y *blockReader) keep(line []byte) {
	switch {
	case !y.open:
		y.keepAside(line)
	case !y.tooLong:
		if y.tooLong = y.more || y.text.Len()+len(line) > maxEntry; !y.tooLong {
			y.text.Write(line)
			y.text.WriteByte('\n')
		}
	}
}

// keepAside adds a line to a value that is not the entries. It may have anchors; one
// that is too long is not kept.
func (y *blockReader) keepAside(line []byte) {
	if y.inside {
		return
	}
	if y.aside.Len() <= maxEntry {
		y.aside.Write(line[:min(len(line), maxEntry)])
		y.aside.WriteByte('\n')
	}
}

// flush parses the entry that is complete.
func (y *blockReader) flush() {
	if y.open {
		y.entry(y.text.Bytes(), y.tooLong, y.indent)
	}
	y.open, y.tooLong = false, false
	y.text.Reset()
}

// flushOther parses another value than the entries that is complete.
func (y *blockReader) flushOther() {
	if bytes.IndexByte(y.aside.Bytes(), '&') >= 0 && y.aside.Bytes()[0] != '%' {
		// As the item of a list, its lines are indented.
		lines := append([]byte("- "), bytes.ReplaceAll(bytes.TrimRight(y.aside.Bytes(), "\n"), []byte("\n"), []byte("\n  "))...)
		y.other(append(lines, '\n'), y.aside.Len() > maxEntry, 0)
	}
	y.aside.Reset()
}
