package shim

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestGenerating checks when the generator runs: at the start, once for uploads
// that come together, again after a failure, and every minute. Runs never overlap.
func TestGenerating(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex // guards all of these
		start := time.Now()
		var runs []time.Duration
		busy, fails := false, 0
		g := NewGenerating(func(context.Context) error {
			mu.Lock()
			defer mu.Unlock()
			if busy {
				t.Error("two runs at a time")
			}
			busy = true
			runs = append(runs, time.Since(start))
			mu.Unlock()
			time.Sleep(100 * time.Millisecond)
			mu.Lock()
			busy = false
			if fails > 0 {
				fails--
				return errors.New("as asked")
			}
			return nil
		})
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { g.Run(ctx, New(Options{}), time.Second); close(ended) }()
		expect := func(what string, wait time.Duration, want ...time.Duration) {
			t.Helper()
			time.Sleep(wait)
			mu.Lock()
			defer mu.Unlock()
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
		mu.Lock()
		fails = 2
		mu.Unlock()
		g.Want()
		expect("failures", 10*time.Second, 300*time.Millisecond, 1700*time.Millisecond, 4100*time.Millisecond)
		time.Sleep(3 * time.Minute)
		mu.Lock()
		if n := len(runs); n < 2 || n > 3 {
			t.Errorf("three quiet minutes: runs at %v", runs)
		}
		mu.Unlock()
		stop()
		<-ended
	})
}
