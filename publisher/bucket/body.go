package bucket

import (
	"bytes"
	"context"
	"errors"
	"io"
)

// Body writes the content of an object to w. A store may call it more than
// once, to retry or to compare, and it writes the same bytes each time. If it
// fails, nothing is written to the store.
type Body func(w io.Writer) error

// Bytes is the Body that consists of b.
func Bytes(b []byte) Body {
	return func(w io.Writer) error {
		_, err := io.Copy(w, bytes.NewReader(b))
		return err
	}
}

// Copy is the Body that consists of an object's bytes, which are read each time it is written.
func Copy(ctx context.Context, s Store, key string) Body {
	return func(w io.Writer) error {
		r, err := s.Get(ctx, key)
		if err != nil {
			return err
		}
		defer r.Close()
		_, err = io.Copy(w, r)
		return err
	}
}

var errDiffers = errors.New("other bytes")

// Same reports whether r holds exactly what body writes. It stops at the first
// difference and holds neither in memory.
func Same(ctx context.Context, r io.Reader, body Body) (bool, error) {
	c := &comparer{r: r}
	err := body(&bodyWriter{ctx, c})
	switch {
	case c.err != nil: // err may be this error, wrapped by body
		return false, c.err
	case c.differs:
		return false, nil
	case err != nil:
		return false, err
	}
	c.grow(1)
	switch n, err := io.ReadFull(r, c.buf[:1]); {
	case n > 0:
		return false, nil
	case err != io.EOF:
		return false, err
	}
	return true, nil
}

// comparer is a writer that compares what is written to it with r's bytes.
type comparer struct {
	r       io.Reader
	buf     []byte
	differs bool
	err     error // why r could not be read
}

func (c *comparer) Write(p []byte) (int, error) {
	written := 0
	for len(p) > 0 {
		n := min(len(p), 64<<10)
		c.grow(n)
		got, err := io.ReadFull(c.r, c.buf[:n])
		if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
			c.err = err
			return written, err
		}
		if !bytes.Equal(c.buf[:got], p[:n]) {
			c.differs = true
			return written, errDiffers
		}
		written += n
		p = p[n:]
	}
	return written, nil
}

func (c *comparer) grow(n int) {
	if len(c.buf) < n {
		c.buf = make([]byte, n)
	}
}

// bodyWriter is the writer that a Body gets. It stops the Body when ctx is done.
type bodyWriter struct {
	ctx context.Context
	w   io.Writer
}

func (w *bodyWriter) Write(p []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	return w.w.Write(p)
}
