package bucket

import (
	"context"
	"io"

	"gocloud.dev/blob"
)

// get opens the object at the byte offset.
func (s *cloudStore) get(ctx context.Context, key string, offset int64) (r *Reader, err error) {
	err = s.retry(ctx, func() error {
		r, err = s.open(ctx, key, offset)
		return err
	})
	return r, err
}

func (s *cloudStore) open(ctx context.Context, key string, offset int64) (*Reader, error) {
	w := s.watch(ctx)
	r, err := s.bucket.NewRangeReader(w, key, offset, -1, &blob.ReaderOptions{BeforeRead: s.beforeRead})
	if err != nil {
		return nil, s.translate(w.end(err))
	}
	entry := Entry{Key: key, Size: r.Size(), Modified: r.ModTime(), Token: s.readToken(r)}
	return &Reader{&cloudReader{Reader: r, watch: w, s: s, ctx: ctx, entry: entry, offset: offset, broke: -1}, entry}, nil
}

// A cloudReader reads an object, and continues where the connection broke off.
type cloudReader struct {
	*blob.Reader
	*watch
	s      *cloudStore
	ctx    context.Context
	entry  Entry
	offset int64 // of the next byte
	broke  int64 // the offset at which the connection broke last; -1 if it did not
}

func (r *cloudReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	r.moved(n)
	r.offset += int64(n)
	if err == nil || err == io.EOF {
		return n, err
	}
	err = r.end(err)
	if r.offset == r.broke || !r.s.transient(err) || !r.resume() {
		return n, About(r.entry.Key, r.s.named(r.s.translate(err)))
	}
	return n, nil
}

// resume opens the rest of the object, if it is still the same version.
func (r *cloudReader) resume() bool {
	r.broke = r.offset
	again, err := r.s.get(r.ctx, r.entry.Key, r.offset)
	if err != nil {
		return false
	}
	next := again.ReadCloser.(*cloudReader)
	if next.entry.Token != r.entry.Token {
		next.Close()
		return false
	}
	_ = r.Reader.Close()
	r.Reader, r.watch = next.Reader, next.watch
	return true
}

func (r *cloudReader) Close() error {
	_ = r.end(nil)
	return r.Reader.Close()
}
