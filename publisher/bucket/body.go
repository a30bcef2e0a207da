package bucket

import (
	"bytes"
	"context"
	"errors"
	"io"
)

var errDiffers = errors.New("other bytes")

// Same reports whether r holds exactly what body writes. It stops at the
// first difference, and reads neither into memory.
func Same(ctx context.Context, r io.Reader, body Body) (bool, error) {
	c := &comparer{r: r}
	err := body(&bodyWriter{ctx, c})
	switch {
	case c.err != nil: // body may have dressed it up, so err is not it
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

// comparer is a writer that compares what is written to it with r.
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

// bodyWriter is what a Body writes to: it stops the Body when ctx is done.
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
