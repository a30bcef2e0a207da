package importer

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/portolan-charts/portolan/publisher/lazyregexp"
)

// key reads a key and the colon after it.
func (f *flow) key() (string, error) {
	if c, _ := f.peek(); c == '?' { // a complex key
		return "", errLayout
	}
	if err := f.scan(true); err != nil {
		return "", err
	}
	if c, err := f.peek(); err != nil || c != ':' {
		return "", cmpError(noEOF(err), errLayout)
	}
	f.skip()
	return scalar(f.text.Bytes(), f.long)
}

// plainRE matches keys that stand for themselves, as most do.
var plainRE = lazyregexp.New(`^[0-9A-Za-z][0-9A-Za-z_./-]*$`)

// scalar returns the value of a text that is one scalar.
func scalar(text []byte, long bool) (string, error) {
	if plainRE.Match(text) && len(text) <= maxText {
		return string(text), nil
	}
	var quoted string
	if !long && len(text) > 0 && text[0] == '"' && json.Unmarshal(text, &quoted) == nil {
		return quoted, nil
	}
	var n yaml.Node
	if long || len(text) > maxText || yaml.Unmarshal(text, &n) != nil || len(n.Content) != 1 || n.Content[0].Kind != yaml.ScalarNode {
		return "", errLayout
	}
	return n.Content[0].Value, nil
}

// properties skips the tag and the anchor of a value.
func (f *flow) properties() error {
	for {
		c, err := f.token()
		if err != nil || c != '!' && c != '&' {
			return noEOF(err)
		}
		for !isBlank(c) {
			f.skip()
			if c, err = f.peek(); err != nil {
				return noEOF(err)
			}
			if strings.IndexByte(",[]{}", c) >= 0 {
				return nil
			}
		}
	}
}

// value reads a value, up to what ends it.
func (f *flow) value() error { return f.scan(false) }

// scan reads a value or a key.
func (f *flow) scan(key bool) error {
	f.text.Reset()
	f.long, f.start, f.open = false, true, f.open[:0]
	quoted := false // what was read last is quoted or in brackets
	for {
		c, err := f.peek()
		if err != nil {
			return noEOF(err)
		}
		switch c {
		case '"', '\'':
			if f.start {
				if err := f.quoted(c); err != nil {
					return err
				}
				quoted, f.start = true, false
				continue
			}
		case '#':
			if f.start {
				if err := f.comment(); err != nil {
					return noEOF(err)
				}
				continue
			}
		case '[', '{':
			if len(f.open) == maxDepth {
				return errDeep
			}
			f.open = append(f.open, c)
		case ']', '}', ',':
			if len(f.open) == 0 {
				return nil
			}
			if c != ',' && !f.shut(c) {
				return errLayout
			}
		case ':':
			indicates := quoted || f.separates()
			if indicates && key && len(f.open) == 0 {
				return nil
			}
			f.take(c)
			f.start, quoted = indicates, false
			continue
		}
		f.take(c)
		f.start = isBlank(c) || c == '[' || c == '{' || c == ','
		quoted = c == ']' || c == '}' || quoted && isBlank(c)
	}
}

// shut closes the innermost bracket, and reports whether c is what closes it.
func (f *flow) shut(c byte) bool {
	last := len(f.open) - 1
	opened := f.open[last]
	f.open = f.open[:last]
	return opened == c-2 // in ASCII, each is two after what opens it
}

// separates reports whether the colon that comes next ends a plain scalar.
func (f *flow) separates() bool {
	next := f.peekSecond()
	return next == 0 || isBlank(next) || strings.IndexByte(",[]{}", next) >= 0
}

// quoted reads a quoted scalar.
func (f *flow) quoted(quote byte) error {
	f.take(quote)
	for {
		c, err := f.peek()
		if err != nil {
			return noEOF(err)
		}
		f.take(c)
		switch {
		case c == '\\' && quote == '"':
			if c, err = f.peek(); err != nil {
				return noEOF(err)
			}
			f.take(c)
		case c == quote:
			if next, err := f.peek(); quote == '"' || err != nil || next != quote {
				return nil
			}
			f.take(quote)
		}
	}
}

// comment skips a comment up to the end of its line.
func (f *flow) comment() error {
	for {
		c, err := f.peek()
		if err != nil || c == '\n' {
			return err
		}
		f.skip()
	}
}

// token skips white space and comments, and returns the byte after them.
func (f *flow) token() (byte, error) {
	for {
		c, err := f.peek()
		switch {
		case err != nil:
			return 0, err
		case isBlank(c):
			f.skip()
		case c == '#':
			if err := f.comment(); err != nil {
				return 0, err
			}
		default:
			return c, nil
		}
	}
}

// take adds the next byte, which is c, to the text.
func (f *flow) take(c byte) {
	f.skip()
	if f.text.Len() < maxEntry+1 {
		f.text.WriteByte(c)
		return
	}
	f.long = true
}

func (f *flow) peek() (byte, error) {
	if len(f.ahead) > 0 {
		return f.ahead[0], nil
	}
	next, err := f.b.Peek(1)
	if len(next) == 0 {
		return 0, err
	}
	return next[0], nil
}

// peekSecond returns the byte after the next one, or 0 at the end of the input.
func (f *flow) peekSecond() byte {
	next := f.ahead
	if len(next) < 2 {
		rest, _ := f.b.Peek(2 - len(next))
		next = append(bytes.Clone(next), rest...)
	}
	if len(next) < 2 {
		return 0
	}
	return next[1]
}

func (f *flow) skip() {
	if len(f.ahead) > 0 {
		f.ahead = f.ahead[1:]
		return
	}
	_, _ = f.b.Discard(1)
}

func isBlank(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

// noEOF returns that the text does not have the right layout if it ends too early.
func noEOF(err error) error {
	if err == io.EOF {
		return fmt.Errorf("%w: it ends too early", errLayout)
	}
	return err
}

// cmpError returns the first error, or if that is nil, the second.
func cmpError(first, second error) error {
	if first != nil {
		return first
	}
	return second
}
