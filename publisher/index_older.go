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
