package shim

import (
	"context"
	"io"
	"path"

	"golang.org/x/sync/semaphore"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

// maxReading is how many bytes of indexes are read from the site at the same time,
// unless a single one is larger. Otherwise a client that asks for the indexes of many
// channels at once would have them all in memory together.
const maxReading = 256 << 20

// roomy is a site whose channel's index is only read when there is room for it. Finding
// out that it has not changed takes none.
type roomy struct {
	bucket.Store
	channel string
	room    *semaphore.Weighted
}

// Get reads from the site.
func (s *roomy) Get(ctx context.Context, key string) (*bucket.Reader, error) {
	r, err := s.Store.Get(ctx, key)
	if err == nil && key == path.Join(s.channel, "index.yaml") {
		r.ReadCloser = &waiting{ReadCloser: r.ReadCloser, ctx: ctx, room: s.room, size: min(max(r.Entry.Size, 1), maxReading)}
	}
	return r, err
}

// waiting is an object that waits for room before it is read.
type waiting struct {
	io.ReadCloser
	ctx   context.Context
	room  *semaphore.Weighted
	size  int64
	taken bool
}

func (w *waiting) Read(p []byte) (int, error) {
	if !w.taken {
		if err := w.room.Acquire(w.ctx, w.size); err != nil {
			return 0, err
		}
		w.taken = true
	}
	return w.ReadCloser.Read(p)
}

func (w *waiting) Close() error {
	if w.taken {
		w.room.Release(w.size)
		w.taken = false
	}
	return w.ReadCloser.Close()
}
