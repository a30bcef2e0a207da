package importer

import (
	"bufio"
	"bytes"
	"io"
)

// flow reads YAML in flow style, of which JSON is a part, byte by byte: it looks
// only for where values end, and holds one value at a time.
type flow struct {
	*indexReader
	ahead []byte // read before what b has
	b     *bufio.Reader
	text  bytes.Buffer // of the last value or key
	long  bool         // text is cut
	start bool         // the next byte begins a token: it follows white space or an indicator
	open  []byte       // brackets that are open in the value that is being read
}

// readFlow reads an index that is JSON or YAML in flow style.
func readFlow(b *bufio.Reader) (x *Index, clean bool, err error) {
	r := newIndexReader()
	f := &flow{indexReader: r, b: b}
	if err := f.document(); err != nil {
		return nil, false, err
	}
	return r.index, r.clean, nil
}

// document reads the whole index.
func (f *flow) document() error {
	entries, versioned := 0, false
	err := f.object(func(key string) error {
		switch key {
		case "entries":
			entries++
			return f.charts()
		case "apiVersion":
			versioned = true
		}
		if err := f.value(); err != nil {
			return err
		}
		f.other(f.text.Bytes(), f.long, -1)
		return f.failed
	})
	if err == nil {
		err = f.end()
	}
	if err == nil && (entries != 1 && !versioned || entries > 1) {
		err = errNoIndex
	}
	return err
}

// end checks that nothing follows, but perhaps another document.
func (f *flow) end() error {
	switch c, err := f.token(); {
	case err == io.EOF, err == nil && (c == '-' || c == '.'):
		return nil
	case err != nil:
		return err
	}
	return errLayout
}

// charts reads the entries of all charts.
func (f *flow) charts() error {
	if err := f.properties(); err != nil {
		return err
	}
	switch c, err := f.token(); {
	case err != nil:
		return noEOF(err)
	case c != '{':
		if err := f.value(); err != nil {
			return err
		}
		if !isNull(f.text.String()) {
			return errLayout
		}
		return nil
	}
	return f.object(func(chart string) error {
		f.chart = cut(chart)
		return f.list()
	})
}

// list reads the entries of a chart.
func (f *flow) list() error {
	if err := f.counted(); err != nil {
		return err
	}
	if err := f.properties(); err != nil {
		return err
	}
	if c, err := f.token(); err != nil {
		return noEOF(err)
	} else if c != '[' {
		if err := f.value(); err != nil {
			return err
		}
		f.noList(f.text.String())
		return nil
	}
	return f.items('[', ']', func() error {
		if err := f.value(); err != nil {
			return err
		}
		f.entry(f.text.Bytes(), f.long, -1)
		return cmpError(f.failed, f.index.full())
	})
}

// object reads a mapping. For each key, value must read the value.
func (f *flow) object(value func(key string) error) error {
	return f.items('{', '}', func() error {
		key, err := f.key()
		if err == nil {
			err = value(key)
		}
		return err
	})
}

// items reads what is between brackets, separated by commas.
func (f *flow) items(begin, end byte, item func() error) error {
	if c, err := f.token(); err != nil || c != begin {
		return cmpError(err, errLayout)
	}
	f.skip()
	for {
		c, err := f.token()
		if err != nil {
			return noEOF(err)
		}
		if c != end {
			if err := item(); err != nil {
				return err
			}
			if c, err = f.token(); err != nil {
				return noEOF(err)
			}
		}
		f.skip()
		switch c {
		case end:
			return nil
		case ',':
		default:
			return errLayout
		}
	}
}
