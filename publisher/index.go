package publisher

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxIndex is the largest index that is read, in bytes: some 700,000 releases.
const maxIndex = 1 << 30

// Annotations of an index.
const (
	generationKey = "portolan/generation" // which generation it is
	keepKey       = "portolan/keep"       // how many versions of a chart it has at most
	olderIndexKey = "portolan/older"      // where in the channel the other versions are
)

// Index is one generation's index.yaml: JSON, which is YAML, one release a
// line. Only its first line and the chart names are looked into; what a line
// says about a release is its writer's business. An Index is never changed:
// [Index.Apply] makes a new one, which shares the lines.
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
}

// section is one chart's releases. The lines have no comma at their end. All are
// in head, but for the last ones if some are only in the older index.
type section struct {
	name  string
	lines []string
	older int // how many lines at the end are in the older index
	also  int // the place of the one among these that is in head as well; 0 for none
}

// Header is what the first line of an index says.
type Header struct {
	Generated   time.Time
	ContextPath string // the path under which the site's root is served; "" if not known
	Generation  int
	Keep        int  // how many versions of a chart were to be in head at most; 0 for all
	Older       bool // some are not in head, but in the older index
}

// headerLine is the first line's JSON, up to the brace that opens "entries".
type headerLine struct {
	APIVersion  string            `json:"apiVersion"`
	Generated   time.Time         `json:"generated"`
	ServerInfo  *serverInfo       `json:"serverInfo,omitempty"`
	Annotations map[string]string `json:"annotations"`
}

type serverInfo struct {
	ContextPath string `json:"contextPath"`
}

const (
	headerEnd = `,"entries":{`
	indexEnd  = "}}\n"
)

// line renders the header.
func (h Header) line() (string, error) {
	l := headerLine{
		APIVersion:  "v1",
		Generated:   h.Generated,
		Annotations: map[string]string{generationKey: strconv.Itoa(h.Generation)},
	}
	if h.Keep > 0 {
		l.Annotations[keepKey] = strconv.Itoa(h.Keep)
	}
	if h.Older {
		l.Annotations[olderIndexKey] = olderPath(h.Generation)
	}
	if h.ContextPath != "" {
		l.ServerInfo = &serverInfo{h.ContextPath}
	}
	return l.line()
}

func (l headerLine) line() (string, error) {
	b, err := json.Marshal(l)
	if err != nil {
		return "", fmt.Errorf("rendering the index header: %v", err)
	}
	return strings.TrimSuffix(string(b), "}") + headerEnd, nil
}

// WriteTo writes the index file as head, without the versions that are not in it.
func (x *Index) WriteTo(w io.Writer) (int64, error) {
	return x.write(w, "")
}

// lineURL begins the URL of a release, the last thing in its line.
const lineURL = `"urls":["`

// write writes the index file with up in front of each URL, which leads from
// the folder that the file will lie in to the channel's.
func (x *Index) write(w io.Writer, up string) (int64, error) {
	counter := &countingWriter{w: w}
	b := bufio.NewWriterSize(counter, 64<<10)
	b.WriteString(x.header + "\n")
	for i, s := range x.charts {
		name, err := json.Marshal(s.name)
		if err != nil {
			return counter.n, err
		}
		b.Write(name)
		b.WriteString(":[\n")
		lines := s.head()
		for j, line := range lines {
			if up != "" {
				line = moveURL(b, line, up)
			}
			b.WriteString(line)
			b.WriteString(comma(j, len(lines)))
		}
		b.WriteString("]" + comma(i, len(x.charts)))
	}
	b.WriteString(indexEnd)
	err := b.Flush() // holds the first error of all the writes
	return counter.n, err
}

// moveURL writes a line up to its URL, and up, and returns the rest.
func moveURL(b *bufio.Writer, line, up string) string {
	url := urlAt(line)
	if url < 0 {
		return line
	}
	b.WriteString(line[:url])
	b.WriteString(up)
	return line[url:]
}

// urlAt is where the URL begins in a line; -1 if it has none.
func urlAt(line string) int {
	// Nearly always behind the last bracket, which is found faster.
	if i := strings.LastIndexByte(line, lineURL[len(lineURL)-2]) - len(lineURL) + 2; i >= 0 && strings.HasPrefix(line[i:], lineURL) {
		return i + len(lineURL)
	}
	if i := strings.LastIndex(line, lineURL); i >= 0 {
		return i + len(lineURL)
	}
	return -1
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

// Lines returns the lines of a chart's releases, in the index's order, also of
// those that are not in head. The caller must not change the slice.
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

// Counts returns how many charts the channel has, and how many versions, also of
// those that are not in head.
func (x *Index) Counts() (charts, versions int) {
	for _, s := range x.charts {
		versions += len(s.lines)
	}
	return len(x.charts), versions
}

// Apply returns the index that the change makes of this one. It fails if the
// change was not made for this index; it does not check the sum.
func (x *Index) Apply(c *Change) (*Index, error) {
	if _, err := parseHeader(c.Header); err != nil {
		return nil, fmt.Errorf("header of the change: %v", err)
	}
	next := &Index{header: c.Header, charts: slices.Clone(x.charts)}
	for chart, edit := range groupByChart(c) {
		lines, err := edit.apply(x.Lines(chart))
		if err != nil {
			return nil, fmt.Errorf("chart %s: %v", chart, err)
		}
		next.set(chart, lines)
	}
	return next, next.show(c.Shown)
}

// set gives a chart the lines, or takes it out of the index if there are none.
func (x *Index) set(chart string, lines []string) {
	i, ok := x.find(chart)
	switch {
	case ok && len(lines) == 0:
		x.charts = slices.Delete(x.charts, i, i+1)
	case ok:
		x.charts[i] = section{name: chart, lines: lines}
	case len(lines) > 0:
		x.charts = slices.Insert(x.charts, i, section{name: chart, lines: lines})
	}
}

// edit is what a change does to one chart.
type edit struct{ removed, added []Line }

func groupByChart(c *Change) map[string]*edit {
	edits := map[string]*edit{}
	of := func(chart string) *edit {
		if edits[chart] == nil {
			edits[chart] = &edit{}
		}
		return edits[chart]
	}
	for _, l := range c.Removed {
		of(l.Chart).removed = append(of(l.Chart).removed, l)
	}
	for _, l := range c.Added {
		of(l.Chart).added = append(of(l.Chart).added, l)
	}
	return edits
}

func (e *edit) apply(lines []string) ([]string, error) {
	gone := map[int]bool{}
	for _, l := range e.removed {
		if l.At < 0 || l.At >= len(lines) || lines[l.At] != l.Text || gone[l.At] {
			return nil, fmt.Errorf("line %d is not the one to be removed", l.At)
		}
		gone[l.At] = true
	}
	next := make([]string, 0, len(lines)+len(e.added))
	for i, line := range lines {
		if !gone[i] {
			next = append(next, line)
		}
	}
	added := slices.SortedFunc(slices.Values(e.added), func(a, b Line) int { return a.At - b.At })
	for _, l := range added {
		if l.At < 0 || l.At > len(next) {
			return nil, fmt.Errorf("no place for a line at %d", l.At)
		}
		if strings.ContainsRune(l.Text, '\n') {
			return nil, fmt.Errorf("line to be added at %d is more than one", l.At)
		}
		next = slices.Insert(next, l.At, l.Text)
	}
	return next, nil
}

// Diff returns the change that gives each of the charts its new lines. Charts
// that are not named stay as they are; one whose lines are empty goes.
func (x *Index) Diff(charts map[string][]string) (removed, added []Line) {
	for _, chart := range slices.Sorted(maps.Keys(charts)) {
		before, after := x.Lines(chart), charts[chart]
		removed = append(removed, missing(chart, before, after)...)
		added = append(added, missing(chart, after, before)...)
	}
	return removed, added
}

// missing returns the lines of a that b does not have.
func missing(chart string, a, b []string) []Line {
	have := make(map[string]bool, len(b))
	for _, line := range b {
		have[line] = true
	}
	var lines []Line
	for i, line := range a {
		if !have[line] {
			lines = append(lines, Line{chart, i, line})
		}
	}
	return lines
}
