package bucket

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gocloud.dev/blob"
	"gocloud.dev/blob/driver"
)

// brokenDriver has one object, whose connections do what a test wants.
type brokenDriver struct {
	fakeDriver
	content string
	tokens  []string // of the object, as each connection has it
	breaks  []int    // after how many bytes each connection breaks off; -1 is never, 0 is a stall
	opened  []int64  // at which offsets
}

func (d *brokenDriver) NewRangeReader(ctx context.Context, _ string, offset, _ int64, _ *driver.ReaderOptions) (driver.Reader, error) {
	n := len(d.opened)
	d.opened = append(d.opened, offset)
	r := &brokenReader{ctx: ctx, rest: strings.NewReader(d.content[offset:]), left: d.breaks[n], size: int64(len(d.content))}
	r.token = d.tokens[n]
	return r, nil
}

type brokenReader struct {
	fakeReader
	ctx  context.Context
	rest *strings.Reader
	left int
	size int64
}

func (r *brokenReader) Attributes() *driver.ReaderAttributes {
	return &driver.ReaderAttributes{Size: r.size, ModTime: time.Unix(1, 0)}
}

func (r *brokenReader) Read(p []byte) (int, error) {
	switch {
	case r.left < 0:
		return r.rest.Read(p)
	case r.left == 0:
		<-r.ctx.Done()
		return 0, r.ctx.Err()
	case r.left == 1:
		return 0, io.ErrUnexpectedEOF
	}
	n, err := r.rest.Read(p[:min(len(p), r.left-1)])
	r.left -= n
	return n, err
}

func TestCloudReadOn(t *testing.T) {
	const content = "0123456789"
	for _, test := range []struct {
		name   string
		tokens []string
		breaks []int
		opened int
		want   string
		err    error
	}{
		{"whole", []string{"a"}, []int{-1}, 1, content, nil},
		{"broken off", []string{"a", "a"}, []int{5, -1}, 2, content, nil},
		{"twice", []string{"a", "a", "a"}, []int{5, 3, -1}, 3, content, nil},
		{"stalled", []string{"a", "a"}, []int{0, -1}, 2, content, nil},
		{"replaced", []string{"a", "b"}, []int{5, -1}, 2, content[:4], io.ErrUnexpectedEOF},
		{"no progress", []string{"a", "a"}, []int{5, 1}, 2, content[:4], io.ErrUnexpectedEOF},
	} {
		testCloud(t, test.name, func(t *testing.T) {
			d := &brokenDriver{content: content, tokens: test.tokens, breaks: test.breaks}
			s := fakeStore(&d.fakeDriver)
			s.bucket = blob.NewBucket(d)
			r, err := s.Get(t.Context(), "k")
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(r)
			if string(got) != test.want || !errors.Is(err, test.err) || len(d.opened) != test.opened {
				t.Errorf("got %q and %v after opening at %v", got, err, d.opened)
			}
			if err := r.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// stalledDriver answers nothing, until it is cut off.
type stalledDriver struct {
	fakeDriver
	stalls int // how many writes are not answered
}

func (d *stalledDriver) NewTypedWriter(ctx context.Context, _, _ string, o *driver.WriterOptions) (driver.Writer, error) {
	d.stalls--
	return &stalledWriter{fakeWriter{d: &d.fakeDriver, ctx: ctx}, d.stalls >= 0}, nil
}

type stalledWriter struct {
	fakeWriter
	stalls bool
}

func (w *stalledWriter) Close() error {
	if w.stalls {
		<-w.ctx.Done()
	}
	return w.fakeWriter.Close()
}

func TestCloudWriteStalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, test := range []struct {
			stalls int
			want   error
		}{{0, nil}, {1, nil}, {1000, errSilent}} {
			d := &stalledDriver{stalls: test.stalls, fakeDriver: fakeDriver{answers: []error{nil}, effects: []bool{true}}}
			s := fakeStore(&d.fakeDriver)
			s.bucket = blob.NewBucket(d)
			// A slow Body is not a stall of the store.
			slow := func(w io.Writer) error {
				time.Sleep(2 * s.stall)
				_, err := io.WriteString(w, "mine")
				return err
			}
			err := s.Create(t.Context(), Object{Key: "k", Body: slow})
			if !errors.Is(err, test.want) || errors.Is(err, context.Canceled) || d.exists != (err == nil) {
				t.Errorf("%d stalls: got %v, and the object exists: %v", test.stalls, err, d.exists)
			}
		}
	})
}

// TestCloudCanceled ends what waits for a store as soon as its context ends.
func TestCloudCanceled(t *testing.T) {
	const patience = time.Second
	for name, act := range map[string]func(context.Context, *cloudStore) error{
		"write": func(ctx context.Context, s *cloudStore) error {
			return s.Create(ctx, Object{Key: "k", Body: Bytes([]byte("mine"))})
		},
		"read": func(ctx context.Context, s *cloudStore) error {
			r, err := s.Get(ctx, "k")
			if err != nil {
				return err
			}
			defer r.Close()
			_, err = io.ReadAll(r)
			return err
		},
	} {
		testCloud(t, name, func(t *testing.T) {
			d := &silentDriver{
				stalledDriver{stalls: 1000}, brokenDriver{content: "0123456789", tokens: []string{"a", "a"}, breaks: []int{0, 0}},
			}
			s := fakeStore(&d.stalledDriver.fakeDriver)
			s.bucket = blob.NewBucket(d)
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			start := time.Now()
			if err, took := act(ctx, s), time.Since(start); !errors.Is(err, context.DeadlineExceeded) || took != patience {
				t.Errorf("got %v after %s, want %s", err, took, patience)
			}
		})
	}
}

// silentDriver answers neither writes nor reads, until it is cut off.
type silentDriver struct {
	stalledDriver
	reads brokenDriver
}

func (d *silentDriver) NewRangeReader(ctx context.Context, key string, offset, n int64, o *driver.ReaderOptions) (driver.Reader, error) {
	return d.reads.NewRangeReader(ctx, key, offset, n, o)
}
