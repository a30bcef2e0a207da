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
	stallTime = 30 * time.Second       // without progress, after which a request is canceled
	tryTime   = 4 * stallTime          // for one operation, after which it is not tried again
	firstWait = 100 * time.Millisecond // before the first repetition
	maxWait   = 10 * time.Second

	// slowest is the rate, in bytes per second, at which an upload still counts
	// as progress: the SDKs buffer many megabytes before they send any.
	slowest = 64 << 10
)

// patience is how long a cloudStore waits for a bucket, and how often it tries. It
// limits what the SDKs do by themselves: they repeat some requests a few times and
// others without end, and wait for an answer without end.
type patience struct {
	stall, total, wait time.Duration
}

// Hasten sets how long the store waits: without a byte, in all, and before the first
// repetition. It is for tests with servers that fail on purpose.
func (s *cloudStore) Hasten(stall, total, wait time.Duration) {
	s.patience = patience{stall, total, wait}
}

var errSilent = errors.New("the store did not answer")

// retry calls f until it succeeds, fails for good, or the patience ends.
func (s *cloudStore) retry(ctx context.Context, f func() error) error {
	start, wait := time.Now(), s.wait
	for {
		err := f()
		if err == nil || !s.transient(err) || time.Since(start)+wait > s.total {
			return s.named(err)
		}
		// Half of the pause is random, so that clients that failed together do
		// not come back together.
		if pause.For(ctx, wait/2+rand.N(wait/2+1)) != nil {
			return s.named(err)
		}
		wait = min(2*wait, maxWait)
	}
}

// transient reports whether a request that failed with err may succeed soon.
func (s *cloudStore) transient(err error) bool {
	if errors.Is(err, errSilent) || errors.Is(err, errRefused) {
		return true
	}
	switch status := s.status(err); {
	case status == 0:
		return brokenOff(err)
	case status < 300: // the answer ended too early
		return true
	case status == http.StatusRequestTimeout, status == http.StatusConflict, status == http.StatusTooManyRequests:
		// If there are several conditional writes at once, S3 answers some with a
		// conflict: they neither won nor lost. A lost race is answered otherwise;
		// see written.
		return true
	default:
		return status >= 500 && status != http.StatusNotImplemented
	}
}

// brokenOff reports whether an established connection broke. A connection that could
// not be made is left to the SDKs: most often the address is wrong.
func brokenOff(err error) bool {
	var op *net.OpError
	return errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) || errors.As(err, &op) && op.Op != "dial"
}

// A watch is the context of a request, and cancels it without progress.
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

// moved notes that n more bytes went through.
func (w *watch) moved(n int) {
	w.bytes += int64(n)
	w.timer.Reset(w.stall + time.Duration(w.bytes/slowest)*time.Second)
}

// pause stops the clock until something moves.
func (w *watch) pause() { w.timer.Stop() }

// end ends the request, which returned err. If the watch canceled it, end returns
// that as the reason.
func (w *watch) end(err error) error {
	w.timer.Stop()
	stalled := context.Cause(w) == errSilent
	w.cancel(nil)
	if err != nil && stalled {
		return fmt.Errorf("%w for %s (%v)", errSilent, w.stall, err) // err looks as if the caller had canceled it
	}
	return err
}
