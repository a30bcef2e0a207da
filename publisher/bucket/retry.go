package bucket

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"time"

	"github.com/portolan-charts/portolan/publisher/pause"
)

const (
	stallTime = 30 * time.Second       // in which nothing moves, until a request is cut off
	tryTime   = 4 * stallTime          // of one operation, after which nothing is tried again
	firstWait = 100 * time.Millisecond // before the first repetition
	maxWait   = 10 * time.Second

	// slowest is the rate, in bytes per second, at which an upload still counts
	// as moving: the SDKs take in many megabytes before they send any.
	slowest = 64 << 10
)

// patience is how long a bucketStore waits for a bucket, and how often it
// tries. It stands around what the SDKs do, which repeat some requests a few
// times and some for ever, and wait for an answer without end.
type patience struct {
	stall, total, wait time.Duration
}

// Hasten makes the store lose its patience sooner: after so long without a byte,
// so long in all, and that long before the first repetition. It is for tests of
// servers that fail on purpose.
func (s *cloudStore) Hasten(stall, total, wait time.Duration) {
	s.patience = patience{stall, total, wait}
}

var errSilent = errors.New("the store did not answer")

// retry calls f until it succeeds, fails for good, or patience is at an end.
func (s *cloudStore) retry(ctx context.Context, f func() error) error {
	start, wait := time.Now(), s.wait
	for {
		err := f()
		if err == nil || !s.transient(err) || time.Since(start)+wait > s.total {
			return s.named(err)
		}
		// Half of it is chance, so that those who failed together do not
		// come back together.
		if pause.For(ctx, wait/2+rand.N(wait/2+1)) != nil {
			return s.named(err)
		}
		wait = min(2*wait, maxWait)
	}
}

// transient reports whether what failed with err may succeed soon.
func (s *cloudStore) transient(err error) bool {
	if errors.Is(err, errSilent) || errors.Is(err, errRefused) {
		return true
	}
	switch status := s.status(err); {
	case status == 0:
		return brokenOff(err)
	case status < 300: // an answer that ended too early
		return true
	case status == http.StatusRequestTimeout, status == http.StatusConflict, status == http.StatusTooManyRequests:
		// Of several conditional writes at once, S3 lets some neither win nor
		// lose: that is the conflict. A lost race is not; see written.
		return true
	default:
		return status >= 500 && status != http.StatusNotImplemented
	}
}

// brokenOff reports whether a connection broke that once stood. One that could
// not be made at all is left to the SDKs: most often the address is wrong.
func brokenOff(err error) bool {
	var op *net.OpError
	return errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) || errors.As(err, &op) && op.Op != "dial"
}

// A watch is the context of a request, and cuts it off when nothing moves.
type watch struct {
	context.Context
	cancel context.CancelCauseFunc
	timer  *time.Timer
	stall  time.Duration
	bytes  int64
}

func (s *cloudStore) watch(ctx context.Context) *watch {
	ctx, cancel := context.WithCancelCause(ctx)
	return &watch{ctx, cancel, time.AfterFunc(s.stall, func() { cancel(errSilent) }), s.stall, 0}
}

// moved says that n bytes more went through.
func (w *watch) moved(n int) {
	w.bytes += int64(n)
	w.timer.Reset(w.stall + time.Duration(w.bytes/slowest)*time.Second)
}

// pause waits without end, until something moves.
func (w *watch) pause() { w.timer.Stop() }

// end ends the request, which returned err, and returns the reason if that was
// the watch.
func (w *watch) end(err error) error {
	w.timer.Stop()
	stalled := context.Cause(w) == errSilent
	w.cancel(nil)
	if err != nil && stalled {
		return fmt.Errorf("%w for %s (%v)", errSilent, w.stall, err) // which looks as if the caller had canceled it
	}
	return err
}
