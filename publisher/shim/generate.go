package shim

import (
	"context"
	"log/slog"
	"time"
)

const (
	gather     = 300 * time.Millisecond // for uploads that come together to be published together
	firstRetry = time.Second
	lastRetry  = time.Minute

	// lookAgain is how often to look for what came otherwise than through this
	// shim, or has waited for long enough.
	lookAgain = time.Minute
)

// Generating runs the generator beside a shim: once at the beginning, and again
// after uploads, and every minute; never twice at a time.
type Generating struct {
	run    func(context.Context) error
	wanted chan struct{} // holds one if there is something to do
}

// NewGenerating returns what runs the generator. [Options.Uploaded] is to call
// [Generating.Want].
func NewGenerating(run func(context.Context) error) *Generating {
	g := &Generating{run: run, wanted: make(chan struct{}, 1)}
	g.Want()
	return g
}

// Want says that there is something to do.
func (g *Generating) Want() {
	select {
	case g.wanted <- struct{}{}:
	default: // it is known already
	}
}

// Run runs the generator when it is wanted, until the context ends. A run under
// way is finished first, if that takes no longer than the grace time. What fails is tried again, after a longer time each time.
func (g *Generating) Run(ctx context.Context, s *Shim, grace time.Duration) {
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	context.AfterFunc(ctx, func() { time.AfterFunc(grace, cancel) })
	retry := firstRetry
	for {
		select {
		case <-ctx.Done():
			return
		case <-g.wanted:
		case <-time.After(lookAgain):
		}
		if !pause(ctx, gather) {
			return
		}
		// What comes from here on may be too late for this run.
		select {
		case <-g.wanted:
		default:
		}
		if s.generate(running, g.run) {
			retry = firstRetry
			continue
		}
		if !pause(ctx, retry) {
			return
		}
		retry = min(2*retry, lastRetry)
		g.Want()
	}
}

// generate makes one run and reports whether it did all that there was to do.
func (s *Shim) generate(ctx context.Context, run func(context.Context) error) bool {
	start := time.Now()
	err := run(ctx)
	s.Published()
	s.metrics.runSeconds.Observe(time.Since(start).Seconds())
	result := "done"
	if err != nil {
		result = "failed"
		s.Log.LogAttrs(ctx, slog.LevelError, "generate", slog.String("error", err.Error()))
	}
	s.metrics.runs.WithLabelValues(result).Inc()
	return err == nil
}

// pause waits for the time and reports whether the context still stands.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}
