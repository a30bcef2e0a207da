package importer

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// readJSON reads an index that is JSON. It returns clean if a YAML parser could
// not read it any better.
func readJSON(b *bufio.Reader) (x *Index, clean bool, err error) {
	j := &jsonReader{Decoder: json.NewDecoder(b), index: &Index{}}
	err = j.object(func(key string) error {
		switch key {
		case "entries":
			j.entries++
			return j.charts()
		case "apiVersion":
			j.versioned = true
		}
		return j.skip()
	})
	if err == nil {
		if _, end := j.Token(); end != io.EOF {
			err = errLayout
		}
	}
	syntax := (*json.SyntaxError)(nil)
	if errors.As(err, &syntax) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, errLayout) {
		return nil, false, fmt.Errorf("%w: %v", errLayout, err)
	}
	if err != nil {
		return nil, false, err
	}
	if j.entries != 1 && !j.versioned || j.entries > 1 {
		return nil, true, errNoIndex
	}
	return j.index, true, nil
}

// jsonReader reads an index token by token, and each entry as one value.
type jsonReader struct {
	*json.Decoder
	index     *Index
	entries   int
	versioned bool
}

// object reads an object or null; f must read each value.
func (j *jsonReader) object(f func(key string) error) error {
	if null, err := j.open('{'); err != nil || null {
		return err
	}
	for j.More() {
		key, err := j.Token()
		if err != nil {
			return noEOF(err)
		}
		if err := f(key.(string)); err != nil { // the decoder accepts only strings as keys
			return err
		}
	}
	_, err := j.Token()
	return noEOF(err)
}

// open reads the beginning of an object or a list, or null.
func (j *jsonReader) open(delimiter json.Delim) (null bool, err error) {
	t, err := j.Token()
	if err != nil || t == nil {
		return true, noEOF(err)
	}
	if t != delimiter {
		return false, fmt.Errorf("%w: found %v instead of %v", errLayout, t, delimiter)
	}
	return false, nil
}

func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

func (j *jsonReader) skip() error {
	var ignored json.RawMessage
	return noEOF(j.Decode(&ignored))
}

// charts reads the entries of all charts.
func (j *jsonReader) charts() error {
	return j.object(func(chart string) error {
		if null, err := j.open('['); err != nil || null {
			return err
		}
		for j.More() {
			var raw json.RawMessage
			if err := j.Decode(&raw); err != nil {
				return noEOF(err)
			}
			j.entry(chart, raw)
			if err := j.index.full(); err != nil {
				return err
			}
		}
		_, err := j.Token()
		return noEOF(err)
	})
}

func (j *jsonReader) entry(chart string, raw json.RawMessage) {
	var e *struct {
		Name, Version, Digest, Created string
		URLs                           []string
	}
	err := json.Unmarshal(raw, &e)
	switch {
	case err == nil && e == nil:
		j.index.flaw(chart, "", "it is null")
		return
	case err != nil:
		j.index.flaw(chart, "", fmt.Sprintf("it cannot be read: %v", err))
		return
	}
	entry := Entry{Name: e.Name, Version: e.Version, Digest: e.Digest}
	if len(e.URLs) > 0 {
		entry.URL = e.URLs[0]
	}
	if e.Created != "" {
		if entry.Created, err = parseTime(e.Created); err != nil {
			j.index.flaw(chart, e.Version, err.Error())
			return
		}
	}
	j.index.add(chart, entry)
}
