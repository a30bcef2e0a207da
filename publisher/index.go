package publisher

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"iter"
	"slices"
	"strings"
)

// maxIndex is the largest index that is read, in bytes: about 700,000 releases.
const maxIndex = 1 << 30

// Index is one generation's index.yaml: JSON, which is YAML, with one release a line.
// The package reads its first line, the chart names, and the URLs; the rest of a line is
// up to its writer. An Index is never changed: [Index.Apply] makes a new one, which
// shares the lines.
//
//	{"apiVersion":"v1","generated":"…",…,"entries":{
//	"mychart":[
//	{"name":"mychart","version":"0.2.0",…},
//	{"name":"mychart","version":"0.1.0",…}
//	]
//	}}
type Index struct {
	header string
	charts []section // sorted by name
	text   string    // from which sections are; "" if none
}

// section is one chart's releases. The lines have no comma at the end. All are in head,
// except those that are hidden.
type section struct {
	name   string
	lines  []string
	hidden []Span // in order, and apart from each other

	// Where the section is in the index's text, from the chart's name to the closing
	// bracket, if it still is as it was read; size is 0 otherwise.
	at, size int
}

// WriteTo writes the index file as head, without the versions that are not in it.
func (x *Index) WriteTo(w io.Writer) (int64, error) {
	return x.write(w, "")
}

// write writes the index file with up in front of each URL. It leads from the folder of
// the file to the channel's.
func (x *Index) write(w io.Writer, up string) (int64, error) {
	counter := &countingWriter{w: w}
	b := bufio.NewWriterSize(counter, 64<<10)
	b.WriteString(x.header + "\n")
	charts := x.inHead()
	for i := 0; i < len(charts); i++ {
		s := charts[i]
		if x.text != "" && s.size > 0 && up == "" {
			text, n := x.asRead(charts[i:])
			i += n - 1
			b.WriteString(text)
			b.WriteString(comma(i, len(charts)))
			continue
		}
		name, err := json.Marshal(s.name)
		if err != nil {
			return counter.n, err
		}
		b.Write(name)
		b.WriteString(":[\n")
		lines := s.inHead()
		for j, line := range lines {
			if up != "" {
				line = moveURL(b, line, up)
			}
			b.WriteString(line)
			b.WriteString(comma(j, len(lines)))
		}
		b.WriteString("]" + comma(i, len(charts)))
	}
	b.WriteString(indexEnd)
	err := b.Flush() // holds the first error of all the writes
	return counter.n, err
}

// inHead are the charts of which head shows something.
func (x *Index) inHead() []section {
	hides := func(s section) bool { return len(s.hidden) == 1 && s.hidden[0].Count == len(s.lines) }
	if !slices.ContainsFunc(x.charts, hides) {
		return x.charts
	}
	return slices.DeleteFunc(slices.Clone(x.charts), hides)
}

// comma ends line i of n.
func comma(i, n int) string {
	if i < n-1 {
		return ",\n"
	}
	return "\n"
}

type countingWriter struct {
	w io.Writer
	n int64
}

func (c *countingWriter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}

// sum returns the SHA-256, in hex, and the size of the index file with up in
// front of each URL.
func (x *Index) sum(up string) (sha string, size int64, err error) {
	h := sha256.New()
	size, err = x.write(h, up)
	return hex.EncodeToString(h.Sum(nil)), size, err
}

// Charts yields the names of the charts in order.
func (x *Index) Charts() iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, s := range x.charts {
			if !yield(s.name) {
				return
			}
		}
	}
}

// Lines returns the lines of a chart's releases in the index's order, including those
// that are not in head. The caller must not change the slice.
func (x *Index) Lines(chart string) []string {
	i, ok := x.find(chart)
	if !ok {
		return nil
	}
	return x.charts[i].lines
}

func (x *Index) find(chart string) (int, bool) {
	return slices.BinarySearchFunc(x.charts, chart, func(s section, name string) int {
		return strings.Compare(s.name, name)
	})
}

// Counts returns how many charts the channel has, and how many versions, including
// those that are not in head.
func (x *Index) Counts() (charts, versions int) {
	for _, s := range x.charts {
		versions += len(s.lines)
	}
	return len(x.charts), versions
}
