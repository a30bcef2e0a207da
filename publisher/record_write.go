package publisher

import (
	"bufio"
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

const (
	noDecisions = "\n \"decisions\": []"
	changeStart = "\n \"change\": {"
	changeSum   = "\n  \"sha256\": "
)

// write writes the record, indented so that grep and diff work on a log. It may have
// thousands of uploads, so its lists are encoded item by item: encoded as a whole, they
// would be in memory several times.
func (r *Record) write(w io.Writer) error {
	text, err := r.withoutLists()
	if err != nil {
		return err
	}
	b := bufio.NewWriterSize(w, 64<<10)
	// JSON strings contain no line ends, so these mark the places of the lists.
	if before, after, ok := strings.Cut(text, noDecisions); ok {
		b.WriteString(before)
		if err := writeList(b, " ", "decisions", r.Decisions); err != nil {
			return err
		}
		text = after
	}
	if r.Change != nil {
		at := strings.Index(text, changeStart) // the state, before it, has a sum as well
		at += strings.Index(text[at:], changeSum)
		b.WriteString(text[:at])
		if err := r.Change.writeLines(b); err != nil {
			return err
		}
		text = text[at:]
	}
	b.WriteString(text)
	return b.Flush() // holds the first error of all the writes
}

// withoutLists is the record with empty lists.
func (r *Record) withoutLists() (string, error) {
	frame := *r
	if len(r.Decisions) > 0 {
		frame.Decisions = []Decision{}
	}
	if r.Change != nil {
		frame.Change = &Change{Header: r.Change.Header, SHA256: r.Change.SHA256, Size: r.Change.Size, Older: r.Change.Older}
	}
	var text strings.Builder
	if err := encoder(&text, "").Encode(frame); err != nil {
		return "", fmt.Errorf("encoding the record of generation %d: %v", r.Generation, err)
	}
	return text.String(), nil
}

func (c *Change) writeLines(b *bufio.Writer) error {
	return cmp.Or(
		writeSome(b, "removed", c.Removed),
		writeSome(b, "added", c.Added),
		writeSome(b, "shown", c.Shown))
}

// writeSome writes a field of the change, unless it is empty.
func writeSome[T any](b *bufio.Writer, name string, items []T) error {
	if len(items) == 0 {
		return nil
	}
	if err := writeList(b, "  ", name, items); err != nil {
		return err
	}
	return b.WriteByte(',')
}

// writeList writes a field of an object with that indent.
func writeList[T any](b *bufio.Writer, indent, name string, items []T) error {
	b.WriteString("\n" + indent + `"` + name + `": [`)
	var text bytes.Buffer
	e := encoder(&text, indent+" ")
	for i, item := range items {
		text.Reset()
		if err := e.Encode(item); err != nil {
			return fmt.Errorf("encoding item %d of the %s: %v", i, name, err)
		}
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString("\n" + indent + " ")
		b.Write(bytes.TrimSuffix(text.Bytes(), []byte("\n")))
	}
	if len(items) > 0 {
		b.WriteString("\n" + indent)
	}
	b.WriteByte(']')
	return nil
}

// encoder writes values as indented JSON. All lines but the first begin with indent.
// Characters are not escaped.
func encoder(w io.Writer, indent string) *json.Encoder {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent(indent, " ")
	return e
}

// measure returns the SHA-256, in hex, and the size of what write writes.
func (r *Record) measure() (sum string, size int64, err error) {
	h := sha256.New()
	counter := &countingWriter{w: h}
	err = r.write(counter)
	return hex.EncodeToString(h.Sum(nil)), counter.n, err
}
