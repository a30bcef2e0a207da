package importer

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/portolan-charts/portolan/publisher"
)

const (
	maxIndex = 100 << 20 // bytes of an index
	maxWhole = 8 << 20   // bytes of an index that cannot be read entry by entry
	maxEntry = 1 << 20   // bytes of an entry; a chart's line in an index of ours has at most 64 KiB
	maxText  = 4096      // bytes of a URL
	maxWord  = 256       // bytes of a name, version or digest

	// What can begin a value in YAML, such as a comma: parsed, each may take some
	// hundred bytes. Real indexes have one in 24 to 35 bytes, and entries some dozens.
	maxMarks      = 100_000 // of an entry
	maxWholeMarks = 400_000 // of an index that cannot be read entry by entry
	maxDepth      = 1000    // of brackets within brackets

	maxEntries = 500_000 // entries of an index, and charts; the largest public ones have less than a tenth of that
	maxFlaws   = 10_000  // flaws of an index; reporting more of them one by one helps nobody
)

// Entry is what an index says about a release.
type Entry struct {
	Name, Version string
	Created       time.Time // zero if the index does not say
	Digest        string    // SHA-256 of the archive, in hex; "" if the index does not say
	URL           string    // the first, which is the one that Helm uses

	yanked bool // in another portolan's channel
}

// Flaw is an entry that cannot be used.
type Flaw struct {
	Chart   string // the name under which it is listed
	Version string // if it could be read
	Reason  string
}

// Index is the content of an index.
type Index struct {
	Entries []Entry
	Flaws   []Flaw

	charts int              // with and without entries
	origin publisher.Origin // if portolan wrote it
}

var (
	errTooLarge = fmt.Errorf("has more than %d MiB", maxIndex>>20)
	errLayout   = errors.New("does not have the layout of an index that Helm writes")
	errNoIndex  = errors.New("is not the index of a Helm repository")
	errDeep     = fmt.Errorf("has brackets within brackets, more than %d deep", maxDepth)
	errEntries  = fmt.Errorf("has more than %d entries", maxEntries)
	errCharts   = fmt.Errorf("has more than %d charts", maxEntries)
	errFlaws    = fmt.Errorf("has more than %d entries that cannot be used; it is damaged, or not an index", maxFlaws)
)

// ReadIndex reads an index.
func ReadIndex(r io.ReadSeeker) (*Index, error) {
	size, err := r.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, err
	}
	if size > maxIndex {
		return nil, errTooLarge
	}
	b, err := rewind(r)
	if err != nil {
		return nil, err
	}
	byEntry := readBlock
	if first, err := firstByte(b); err != nil {
		return nil, err
	} else if first == '{' {
		byEntry = readFlow
	}
	x, clean, err := byEntry(b)
	if clean || size > maxWhole || err != nil && !errors.Is(err, errLayout) {
		return x, err
	}
	if b, err = rewind(r); err != nil {
		return nil, err
	}
	whole, wholeErr := readWhole(b)
	if wholeErr == nil || x == nil {
		return whole, wholeErr
	}
	return x, nil // the entries that could be read one by one
}

func rewind(r io.ReadSeeker) (*bufio.Reader, error) {
	_, err := r.Seek(0, io.SeekStart)
	return bufio.NewReaderSize(r, 64<<10), err
}

// firstByte skips a byte order mark and white space, and returns the first byte
// of the index itself.
func firstByte(b *bufio.Reader) (byte, error) {
	if mark, _ := b.Peek(3); bytes.Equal(mark, []byte("\xef\xbb\xbf")) {
		_, _ = b.Discard(3)
	}
	for {
		next, err := b.Peek(1)
		if err == io.EOF {
			return 0, fmt.Errorf("%w: it is empty", errNoIndex)
		}
		if err != nil {
			return 0, err
		}
		if !strings.ContainsRune(" \t\r\n", rune(next[0])) {
			return next[0], nil
		}
		if next[0] == ' ' || next[0] == '\t' {
			return ' ', nil // indented: YAML of some kind, or JSON, which is YAML
		}
		_, _ = b.Discard(1)
	}
}

// addEntry adds an entry that is listed under a chart's name, or says why it cannot
// be used.
func (x *Index) addEntry(chart string, e Entry, reason string) {
	switch {
	case reason != "":
	case e.Name == "":
		reason = "it has no name"
	case e.Version == "":
		reason = "it has no version"
	case e.URL == "":
		reason = "it has no URL"
	case e.Name != chart:
		reason = fmt.Sprintf("its name is %.100q, not the one that it is listed under", e.Name)
	case len(e.Name) > maxWord, len(e.Version) > maxWord, len(e.Digest) > maxWord, len(e.URL) > maxText:
		reason = "its name, version, digest or URL is too long"
	}
	if reason != "" {
		x.flaw(chart, e.Version, reason)
		return
	}
	x.Entries = append(x.Entries, e)
}

// full returns an error if there are too many entries or flaws: an entry can be
// as short as two bytes, but keeping it takes hundreds.
func (x *Index) full() error {
	switch {
	case len(x.Entries) > maxEntries:
		return errEntries
	case x.charts > maxEntries:
		return errCharts
	case len(x.Flaws) > maxFlaws:
		return errFlaws
	}
	return nil
}

func (x *Index) flaw(chart, version, reason string) {
	x.Flaws = append(x.Flaws, Flaw{cut(chart), cut(version), reason})
}

// cut returns a copy of what a report shows of s, so that neither the rest of s
// nor the text that s is part of stays in memory.
func cut(s string) string { return strings.Clone(s[:min(len(s), maxWord)]) }

// parseTime reads a date as Helm does.
func parseTime(text string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return t, fmt.Errorf("created is %.100q, which is not a valid time", text)
	}
	return t, nil
}
