package source

import (
	"bytes"
	"html/template"
	"strings"
	"unicode/utf8"

	"github.com/rogpeppe/go-internal/diff"
)

const (
	// maxCompared bounds a text that is compared, in bytes, and maxLines its lines:
	// each of them costs a hundred bytes or so. The largest template or definition of
	// 246 real charts has 0.6 MiB and 12,000 lines.
	maxCompared = 1 << 20
	maxLines    = 50_000
)

// Diff is how a text differs from an earlier one.
type Diff struct {
	Added, Removed int           // lines
	HTML           template.HTML // "" if there is a note, or if it is longer than asked for
	Note           string        // why the differences are not known; "" if they are
}

// TooLong is the note about texts that take too long to compare.
const TooLong = "This is too long to be compared here."

// Compare compares two texts line by line. The HTML has at most the given number of
// bytes.
func Compare(before, after []byte, most int) Diff {
	if isBinary(before) || isBinary(after) {
		return Diff{Note: "This is not text."}
	}
	if bytes.Equal(before, after) {
		return Diff{}
	}
	before, after = unixLines(before), unixLines(after)
	switch {
	case bytes.Equal(before, after):
		return Diff{Note: "Only the ends of lines differ."}
	case tooLong(before), tooLong(after):
		return Diff{Note: TooLong}
	}
	// It takes n log n for n lines, whatever they are: lines that both texts have once
	// are matched, and then their neighbours.
	text := string(diff.Diff("", before, "", after))
	d, w := Diff{}, writer{most: most}
	for line := range strings.Lines(text[strings.Index(text, "\n@@")+1:]) {
		mark := ""
		switch line[0] {
		case '@':
			w.write("b", strings.TrimSuffix(line, "\n"))
			line = "\n"
		case '\\': // there is no newline at the end
			w.write("em", strings.TrimSuffix(line, "\n"))
			line = "\n"
		case '-':
			mark = "del"
			d.Removed++
		case '+':
			mark = "ins"
			d.Added++
		}
		w.write(mark, line)
	}
	d.HTML = w.html()
	return d
}

// isBinary reports whether a file is not text.
func isBinary(text []byte) bool { return !utf8.Valid(text) || bytes.IndexByte(text, 0) >= 0 }

func unixLines(text []byte) []byte { return bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")) }

func tooLong(text []byte) bool {
	return len(text) > maxCompared || bytes.Count(text, []byte("\n")) > maxLines
}

// Lines returns the number of a text's lines.
func Lines(text []byte) int {
	n := bytes.Count(text, []byte("\n"))
	if len(text) > 0 && text[len(text)-1] != '\n' {
		n++
	}
	return n
}
