package publisher

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

// A channel may show only some versions of a chart in head: the newest ones, so that the
// index stays small, and none that are yanked. Its generator decides which ones, and the
// record says so. The others are in the generation's older index, a Helm repository of its
// own below the generation's snapshot. It is written before head, and never changes; so
// head stays the only file that is ever replaced.

// Shown says which versions of a chart are in head, if not all are.
type Shown struct {
	Chart string `json:"chart"`
	First int    `json:"first"`          // how many, from the newest on
	Also  int    `json:"also,omitempty"` // also the one at this place among all of them; 0 for none

	// Hidden are the places that are not in head, if First and Also cannot say it: in
	// order, and apart from each other.
	Hidden []Span `json:"hidden,omitempty"`
}

// Span is a row of places among all lines of a chart.
type Span struct {
	At    int `json:"at"`
	Count int `json:"count"`
}

func (s Span) end() int { return s.At + s.Count }

// ShownBut says that head shows a chart's versions but those at the places that are hidden.
func ShownBut(chart string, hidden []bool) Shown {
	var spans []Span
	for at, is := range hidden {
		switch last := len(spans) - 1; {
		case !is:
		case last >= 0 && spans[last].end() == at:
			spans[last].Count++
		default:
			spans = append(spans, Span{at, 1})
		}
	}
	return shownBut(chart, len(hidden), spans)
}

// shownBut prefers the form that older formats of records have.
func shownBut(chart string, n int, hidden []Span) Shown {
	h := Shown{Chart: chart, First: n}
	if len(hidden) == 0 {
		return h
	}
	h.First = hidden[0].At
	switch last := hidden[len(hidden)-1]; {
	case len(hidden) == 1 && h.First > 0 && last.end() == n:
		return h
	case len(hidden) == 1 && last.end() == n-1:
		h.Also = n - 1
		return h
	case len(hidden) == 2 && hidden[0].end()+1 == last.At && last.end() == n:
		h.Also = last.At - 1
		return h
	}
	return Shown{Chart: chart, Hidden: hidden}
}

// hidden are the places among n that are not in head.
func (h Shown) hidden(n int) []Span {
	if h.Hidden != nil {
		return h.Hidden
	}
	rows := []Span{{h.First, n - h.First}}
	if h.Also > 0 {
		rows = []Span{{h.First, h.Also - h.First}, {h.Also + 1, n - h.Also - 1}}
	}
	return slices.DeleteFunc(rows, func(s Span) bool { return s.Count == 0 })
}

// check returns an error if it does not fit a chart with n versions.
func (h Shown) check(n int) error {
	fits := h.First >= 0 && h.First <= n && h.First+h.Also > 0 && (h.Also == 0 || h.Also > h.First && h.Also < n)
	if h.Hidden != nil {
		fits = h.First == 0 && h.Also == 0
		end := -1
		for _, s := range h.Hidden {
			fits = fits && s.At > end && s.Count > 0 && s.end() <= n
			end = s.end()
		}
	}
	if !fits {
		return fmt.Errorf("the index cannot show %d of %d versions, the one at %d, and not those at %v", h.First, n, h.Also, h.Hidden)
	}
	return nil
}

// Has reports whether the version at a place among all of the chart's is in head.
func (h Shown) Has(at int) bool {
	if h.Hidden == nil {
		return at < h.First || h.Also > 0 && at == h.Also
	}
	i, _ := slices.BinarySearchFunc(h.Hidden, at, func(s Span, at int) int { return s.end() - 1 - at })
	return i == len(h.Hidden) || at < h.Hidden[i].At
}

// Equal reports whether both say the same.
func (h Shown) Equal(o Shown) bool {
	return h.Chart == o.Chart && h.First == o.First && h.Also == o.Also && slices.Equal(h.Hidden, o.Hidden)
}

// Sum is what a file's content must be.
type Sum struct {
	SHA256 string `json:"sha256"` // in hex
	Size   int64  `json:"size"`   // in bytes
}

// olderDir is the folder of a generation's older index, in that of its snapshot.
const olderDir = "older"

// olderUp leads from there to the channel's folder, as [snapshotUp] does.
const olderUp = "../" + snapshotUp

// olderPath is where the generation's older index lies in its channel, as a
// repository to be added.
func olderPath(generation int) string {
	return path.Join(snapshotsDir, fmt.Sprintf("%08d", generation), olderDir)
}

func olderKey(channel string, generation int) string {
	return path.Join(channel, olderPath(generation), indexFile)
}

// inHead returns the lines that are in head.
func (s section) inHead() []string {
	if len(s.hidden) == 0 {
		return s.lines
	}
	lines, from := slices.Clip(s.lines[:s.hidden[0].At]), s.hidden[0].end()
	for _, h := range append(s.hidden[1:len(s.hidden):len(s.hidden)], Span{At: len(s.lines)}) {
		lines = append(lines, s.lines[from:h.At]...)
		from = h.end()
	}
	return lines
}

// show sets which of the lines are in head.
func (s *section) show(h Shown) error {
	if err := h.check(len(s.lines)); err != nil {
		return err
	}
	s.hidden, s.size = h.hidden(len(s.lines)), 0
	return nil
}

// show sets which lines of the charts are in head.
func (x *Index) show(all []Shown) error {
	for _, h := range all {
		i, ok := x.find(h.Chart)
		if !ok {
			return fmt.Errorf("chart %s: the record says how many versions the index shows, but the index does not have it", h.Chart)
		}
		if err := x.charts[i].show(h); err != nil {
			return fmt.Errorf("chart %s: %v", h.Chart, err)
		}
	}
	return nil
}

// Shown returns which of a chart's versions are in head.
func (x *Index) Shown(chart string) Shown {
	if i, ok := x.find(chart); ok {
		return shownBut(chart, len(x.charts[i].lines), x.charts[i].hidden)
	}
	return Shown{Chart: chart}
}

// HeadLines returns those of a chart's lines that are in head. The caller must
// not change the slice.
func (x *Index) HeadLines(chart string) []string {
	i, ok := x.find(chart)
	if !ok {
		return nil
	}
	return x.charts[i].inHead()
}

// Older counts the versions that are not in head.
func (x *Index) Older() int {
	n := 0
	for _, s := range x.charts {
		for _, h := range s.hidden {
			n += h.Count
		}
	}
	return n
}

// olderIndex is the index of the versions that are not in head; nil if all are. Of each
// chart, it has all versions from the first of these on, so that head and it together give
// the order.
func (x *Index) olderIndex() *Index {
	var older []section
	for _, s := range x.charts {
		if len(s.hidden) > 0 {
			older = append(older, section{name: s.name, lines: s.lines[s.hidden[0].At:]})
		}
	}
	if older == nil {
		return nil
	}
	return &Index{header: x.header, charts: older}
}

// join adds the lines of the older index to those that were read from head.
func (x *Index) join(older *Index) error {
	var hidden []section // charts of which head shows nothing
	for _, o := range older.charts {
		if i, ok := x.find(o.name); ok {
			if err := x.charts[i].join(o.lines); err != nil {
				return err
			}
			continue
		}
		s := section{name: o.name}
		if err := s.join(o.lines); err != nil {
			return err
		}
		hidden = append(hidden, s)
	}
	if hidden != nil {
		x.charts = append(x.charts, hidden...)
		slices.SortFunc(x.charts, func(a, b section) int { return strings.Compare(a.name, b.name) })
	}
	return nil
}

// join adds the chart's lines of the older index to those of head.
func (s *section) join(older []string) error {
	places := make(map[string]int, len(older))
	for at, line := range older {
		places[line] = at
	}
	first := 0 // how many lines are before the first hidden one
	for first < len(s.lines) {
		if _, ok := places[s.lines[first]]; ok {
			break
		}
		first++
	}
	hidden := make([]bool, first+len(older))
	for at := range older {
		hidden[first+at] = true
	}
	last := 0
	for _, line := range s.lines[first:] {
		at, ok := places[line]
		if !ok || at <= last {
			return ErrNotOurs
		}
		hidden[first+at], last = false, at
	}
	s.lines = slices.Concat(s.lines[:first], older)
	if s.show(ShownBut(s.name, hidden)) != nil {
		return ErrNotOurs
	}
	return nil
}

// proveOlder returns an error if the index's older part is not what its record says.
func (c *Change) proveOlder(x *Index) error {
	older := x.olderIndex()
	if older == nil || c.Older == nil {
		if (older == nil) != (c.Older == nil) {
			return errors.New("it is wrong about whether all versions are in its index")
		}
		return nil
	}
	sum, size, err := older.sum(olderUp)
	if err != nil {
		return err
	}
	if sum != c.Older.SHA256 || size != c.Older.Size {
		return fmt.Errorf("its older index has %d bytes and the SHA-256 %s, but it says %d and %s", size, sum, c.Older.Size, c.Older.SHA256)
	}
	return nil
}

// readOlder completes an index that was read from head or a snapshot, if its header says
// that there are more versions. It fails with ErrNotFound if the older index is missing,
// and with ErrNotOurs if it is damaged. It returns the size of the older index.
func readOlder(ctx context.Context, site bucket.Store, channel string, x *Index) (size int64, err error) {
	h, err := x.Header()
	if err != nil || !h.Older {
		return 0, err
	}
	key := olderKey(channel, h.Generation)
	older, size, err := readMoved(ctx, site, key, olderUp)
	if err != nil {
		return 0, err
	}
	if err := x.join(older); err != nil {
		return size, bucket.About(key, err)
	}
	return size, nil
}

// readMoved reads an index that lies below its channel's folder; up leads back there.
func readMoved(ctx context.Context, site bucket.Store, key, up string) (x *Index, size int64, err error) {
	file, err := readIndex(ctx, site, key)
	if err != nil {
		return nil, 0, err
	}
	if x, err = parseIndex(file.text); err == nil {
		err = x.moveUp(up)
	}
	if err != nil {
		err = bucket.About(key, err)
	}
	return x, int64(len(file.text)), err
}

// olderLost is the error for a head whose older index cannot be read. It is not that of
// a missing channel.
func olderLost(err error) error {
	if errors.Is(err, bucket.ErrNotFound) {
		return fmt.Errorf("the index says that there are older versions, but %v", err)
	}
	return err
}

// snapshotNumber is the generation of a file in the folder of snapshots; 0 if portolan
// does not write such a file.
func snapshotNumber(channel, key string) int {
	folder := path.Dir(key)
	if path.Base(folder) == olderDir {
		folder = path.Dir(folder)
	}
	n, _ := strconv.Atoi(path.Base(folder))
	if n > 0 && (key == snapshotKey(channel, n) || key == olderKey(channel, n)) {
		return n
	}
	return 0
}
