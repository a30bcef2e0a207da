package publisher

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

// A channel may show only some versions of a chart in head, so that the index stays
// small. Its generator decides which ones, and the record says so. The others are in the
// generation's older index, a Helm repository of its own below the generation's
// snapshot. It is written before head, and never changes; so head stays the only file
// that is ever replaced.

// Shown says which versions of a chart are in head, if not all are.
type Shown struct {
	Chart string `json:"chart"`
	First int    `json:"first"`          // how many, from the newest on
	Also  int    `json:"also,omitempty"` // also the one at this place among all of them; 0 for none
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
	lines := s.lines[:len(s.lines)-s.older]
	if s.also == 0 {
		return lines
	}
	return append(slices.Clip(lines), s.lines[s.also])
}

// show sets which of the lines are in head.
func (s *section) show(h Shown) error {
	n := len(s.lines)
	fits := h.First >= 0 && h.First <= n && h.First+h.Also > 0 && (h.Also == 0 || h.Also > h.First && h.Also < n)
	if !fits {
		return fmt.Errorf("the index cannot show %d of %d versions, and the one at %d", h.First, n, h.Also)
	}
	s.older, s.also = n-h.First, h.Also
	s.size = 0
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
	h := Shown{Chart: chart}
	if i, ok := x.find(chart); ok {
		s := x.charts[i]
		h.First, h.Also = len(s.lines)-s.older, s.also
	}
	return h
}

// Has reports whether the version at a place among all of the chart's is in head.
func (h Shown) Has(at int) bool { return at < h.First || h.Also > 0 && at == h.Also }

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
		if n += s.older; s.also > 0 {
			n--
		}
	}
	return n
}

// olderIndex is the index of the versions that are not in head; nil if all are. It also
// has a version that head shows out of turn, so that the two together give the order.
func (x *Index) olderIndex() *Index {
	var older []section
	for _, s := range x.charts {
		if s.older > 0 {
			older = append(older, section{name: s.name, lines: s.lines[len(s.lines)-s.older:]})
		}
	}
	if older == nil {
		return nil
	}
	return &Index{header: x.header, charts: older}
}

// join adds the lines of the older index to those that were read from head.
func (x *Index) join(older *Index) error {
	for _, o := range older.charts {
		i, ok := x.find(o.name)
		if !ok || len(x.charts[i].lines) == 0 {
			return ErrNotOurs
		}
		s := &x.charts[i]
		h := Shown{First: len(s.lines)}
		last := h.First - 1
		if at := slices.Index(o.lines, s.lines[last]); at >= 0 {
			h.First, h.Also = last, last+at
		}
		s.lines = slices.Concat(s.lines[:h.First], o.lines)
		if err := s.show(h); err != nil {
			return ErrNotOurs
		}
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
