package shim

import (
	"context"
	"log/slog"
	"time"

	"github.com/portolan-charts/portolan/publisher/pause"
)

const (
	gather     = 300 * time.Millisecond // how long to wait for more uploads before a run
	firstRetry = time.Second
	lastRetry  = time.Minute

	// lookAgain is how often to run for uploads that did not come through this
	// shim, and for those that have waited long enough for another file.
	lookAgain = time.Minute
)

// Generating runs the generator beside a shim: at the start, after uploads, and
// every minute. Runs never overlap.
type Generating struct {
	run    func(context.Context) error
	wanted chan struct{} // holds one if there is something to do
}

// NewGenerating returns a Generating that calls run. Let [Options.Uploaded] call
// [Generating.Want].
func NewGenerating(run func(context.Context) error) *Generating {
	g := &Generating{run: run, wanted: make(chan struct{}, 1)}
	g.Want()
	return g
}

// Want asks for a run.
func (g *Generating) Want() {
	select {
	case g.wanted <- struct{}{}:
	default: // a run is wanted already
	}
}

// Run runs the generator whenever a run is wanted, until the context ends. A run
// that is then under way has up to the grace time to finish. A run that fails is
// tried again after a pause, which starts at a second and doubles up to a minute.
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
		if pause.For(ctx, gather) != nil {
			return
		}
		// Uploads from here on may be too late for this run, so they cause
		// another.
		select {
		case <-g.wanted:
		default:
		}
		if s.generate(running, g.run) {
			retry = firstRetry
			continue
		}
		if pause.For(ctx, retry) != nil {
			return
		}
		retry = min(2*retry, lastRetry)
		g.Want()
	}
}

// generate runs the generator once and reports whether it succeeded.
func (s *Shim) generate(ctx context.Context, run func(context.Context) error) bool {
	start := time.Now()
	err := run(ctx)
	s.Published()
	s.metrics.runSeconds.Observe(time.Since(start).Seconds())
	result := "done"
	if err != nil {
		result = "failed"
		s.Log.LogAttrs(ctx, slog.LevelError, "generate", causes(err)...)
	}
	s.metrics.runs.WithLabelValues(result).Inc()
	return err == nil
}
