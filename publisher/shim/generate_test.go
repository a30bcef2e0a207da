package shim

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// TestGenerating checks when the generator runs: at the beginning, once for
// uploads that come together, again after a failure, every minute, and never
// twice at a time.
func TestGenerating(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var runs []time.Duration
		busy, fails := false, 0
		g := NewGenerating(func(context.Context) error {
			if busy {
				t.Error("two runs at a time")
			}
			busy = true
			runs = append(runs, time.Since(start))
			time.Sleep(100 * time.Millisecond)
			busy = false
			if fails > 0 {
				fails--
				return errors.New("as asked")
			}
			return nil
		})
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { g.Run(ctx, New(Options{})); close(ended) }()
		expect := func(what string, wait time.Duration, want ...time.Duration) {
			t.Helper()
			time.Sleep(wait)
			synctest.Wait()
			if len(runs) != len(want) {
				t.Fatalf("%s: runs at %v, want %v", what, runs, want)
			}
			for i := range want {
				if runs[i] != want[i] {
					t.Errorf("%s: runs at %v, want %v", what, runs, want)
				}
			}
			runs, start = nil, time.Now()
		}
		expect("the beginning", 10*time.Second, 300*time.Millisecond)
		for range 100 {
			g.Want()
		}
		expect("uploads together", 10*time.Second, 300*time.Millisecond)
		g.Want()
		time.Sleep(350 * time.Millisecond) // the run has begun
		g.Want()
		expect("an upload during a run", 10*time.Second, 300*time.Millisecond, 700*time.Millisecond)
		fails = 2
		g.Want()
		expect("failures", 10*time.Second, 300*time.Millisecond, 1700*time.Millisecond, 4100*time.Millisecond)
		runs, start = nil, time.Now()
		time.Sleep(3 * time.Minute)
		if n := len(runs); n < 2 || n > 3 {
			t.Errorf("three quiet minutes: runs at %v", runs)
		}
		stop()
		<-ended
	})
}
