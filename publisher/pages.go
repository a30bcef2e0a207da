package publisher

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

// Head of an Index: what its first line says.
func (x *Index) Head() (Header, error) {
	l, err := decodeHeader(x.header)
	if err != nil {
		return Header{}, err
	}
	h := Header{Generated: l.Generated, Older: l.Annotations[olderIndexKey] != ""}
	h.Keep, _ = strconv.Atoi(l.Annotations[keepKey])
	if l.ServerInfo != nil {
		h.ContextPath = l.ServerInfo.ContextPath
	}
	h.Generation, err = parseHeader(x.header)
	return h, err
}

// At returns the index as it was at a generation that changed it, 0 being none.
// It fails with ErrNotFound if that one's snapshot is not kept any more.
func (c *Channel) At(ctx context.Context, generation int) (*Index, error) {
	switch generation {
	case 0:
		return &Index{}, nil
	case c.IndexGeneration():
		return c.index, nil
	case c.opened.number:
		return c.opened.index, nil
	}
	x, _, err := readMoved(ctx, c.site, snapshotKey(c.Name, generation), snapshotUp)
	if err == nil {
		_, err = readOlder(ctx, c.site, c.Name, x)
	}
	return x, err
}

// moveUp takes up away from the front of each URL.
func (x *Index) moveUp(up string) error {
	for _, s := range x.charts {
		for i, line := range s.lines {
			url := strings.LastIndex(line, lineURL) + len(lineURL)
			rest, ok := strings.CutPrefix(line[url:], up)
			if url < len(lineURL) || !ok {
				return fmt.Errorf("%w: chart %s: a URL does not begin with %s", ErrNotOurs, s.name, up)
			}
			s.lines[i] = line[:url] + rest
		}
	}
	return nil
}

// Changes yields the records that changed the index, from the newest back to
// the first one after the generation.
func (c *Channel) Changes(ctx context.Context, after int) iter.Seq2[*Record, error] {
	return func(yield func(*Record, error) bool) {
		for r, n := c.newest, c.IndexGeneration(); n > after; n = r.Base {
			if r.Generation != n {
				var err error
				if r, _, err = c.record(ctx, n); err != nil {
					yield(nil, incomplete(err))
					return
				}
			}
			if !yield(r, nil) {
				return
			}
		}
	}
}

// WriteFile makes a file of the site what body writes, whatever it was before,
// and reports whether it had to write. Pages are such files: they follow from
// the log, and the last who writes one prevails. The file's ending says what it
// is served as. What comes last makes all that was written before durable; see
// [bucket.Object].
func WriteFile(ctx context.Context, site bucket.Store, key string, body []byte, last bool) (written bool, err error) {
	return restore(ctx, site, bucket.Object{
		Key: key, Body: bucket.Bytes(body), ContentType: contentType(key), CacheControl: cacheControl(key), Deferred: !last,
	})
}

// ReadFile returns a file of the site, nil if there is none; what is larger than
// limit counts as none.
func ReadFile(ctx context.Context, site bucket.Store, key string, limit int64) ([]byte, bucket.Entry, error) {
	b, entry, err := bucket.ReadAll(ctx, site, key, limit)
	if errors.Is(err, bucket.ErrNotFound) || errors.Is(err, bucket.ErrTooLarge) {
		return nil, bucket.Entry{}, nil
	}
	return b, entry, err
}

// WriteFileAt writes a file of the site if it still is the one whose token is
// given, "" being none, and fails with ErrConflict otherwise.
func WriteFileAt(ctx context.Context, site bucket.Store, key string, body []byte, token string) error {
	o := bucket.Object{Key: key, Body: bucket.Bytes(body), ContentType: contentType(key), CacheControl: cacheControl(key)}
	if token == "" {
		return site.Create(ctx, o)
	}
	return site.Replace(ctx, o, token)
}
