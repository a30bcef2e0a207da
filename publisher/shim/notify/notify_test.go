package notify

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// told is a fake target that records what it was told, and when.
type told struct {
	sync.Mutex
	start time.Time
	all   []string
	fails int
	slow  time.Duration
}

func (f *told) send(ctx context.Context, secret string, e Event) error {
	f.Lock()
	defer f.Unlock()
	f.all = append(f.all, fmt.Sprintf("%s: %d in %v, with %s", time.Since(f.start), e.Uploads, e.Channels, secret))
	select {
	case <-time.After(f.slow):
	case <-ctx.Done():
		return ctx.Err()
	}
	if f.fails > 0 {
		f.fails--
		return errors.New("as asked")
	}
	return nil
}

// set sets how often it fails from now on, and returns how often it was called.
func (f *told) set(fails int) (tries int) {
	f.Lock()
	defer f.Unlock()
	tries = len(f.all)
	f.all, f.fails, f.start = nil, fails, time.Now()
	return tries
}

func (f *told) expect(t *testing.T, wait time.Duration, want ...string) {
	t.Helper()
	time.Sleep(wait)
	synctest.Wait()
	f.Lock()
	defer f.Unlock()
	if !slices.Equal(f.all, want) {
		t.Errorf("told %q, want %q", f.all, want)
	}
	f.all, f.start = nil, time.Now()
}

// TestNotifier checks what is sent, and when: uploads that come together once, those
// that keep coming after a while, failed ones again together with later ones, and
// the last ones at the end.
func TestNotifier(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &told{start: time.Now()}
		var secret, failed atomic.Value
		secret.Store("one")
		failed.Store(0)
		n := &Notifier{send: f.send, secret: func() (string, error) { return secret.Load().(string), nil }, wanted: make(chan struct{}, 1)}
		ctx, end := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			n.Run(ctx, func(_ Event, err error) {
				if err != nil {
					failed.Store(failed.Load().(int) + 1)
				}
			})
			close(ended)
		}()
		f.expect(t, time.Hour)
		for _, channel := range []string{"b", "a", "b"} {
			n.Uploaded(channel)
		}
		f.expect(t, time.Minute, "1s: 3 in [a b], with one")

		for range 40 {
			n.Uploaded("a")
			time.Sleep(400 * time.Millisecond) // never when patience ends
		}
		f.expect(t, time.Minute, "15s: 38 in [a], with one", "16.6s: 2 in [a], with one")

		f.set(3)
		secret.Store("two")
		n.Uploaded("a")
		time.Sleep(1500 * time.Millisecond)
		n.Uploaded("b")
		f.expect(t, time.Minute, "1s: 1 in [a], with two", "4s: 2 in [a b], with two", "9s: 2 in [a b], with two", "18s: 2 in [a b], with two")
		if failed.Load() != 3 {
			t.Errorf("%d failures were reported, want 3", failed.Load())
		}

		f.set(1000)
		n.Uploaded("a")
		time.Sleep(24 * time.Hour)
		if tries := f.set(0); tries < 24*11 || tries > 24*13 {
			t.Errorf("%d attempts in a day of outage, want one every five minutes", tries)
		}
		n.Uploaded("c")
		end()
		f.expect(t, time.Second, "0s: 2 in [a c], with two")
		<-ended
	})
}

// TestNotifierEnds ends the context while the target does not answer.
func TestNotifierEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &told{start: time.Now(), slow: time.Hour}
		n := &Notifier{send: f.send, secret: func() (string, error) { return "", nil }, wanted: make(chan struct{}, 1)}
		ctx, end := context.WithCancel(t.Context())
		n.Uploaded("a")
		time.AfterFunc(10*time.Second, end)
		n.Run(ctx, func(Event, error) {})
		if got := time.Since(f.start); got != 15*time.Second {
			t.Errorf("it ends after %s, want 15s", got)
		}
	})
}

// TestManyChannels checks that the number of channels in an event is bounded.
func TestManyChannels(t *testing.T) {
	var e Event
	for i := range 1000 {
		e.add(Event{[]string{fmt.Sprint(i)}, 1})
	}
	if e.Uploads != 1000 || len(e.Channels) != maxChannels {
		t.Errorf("got %d uploads in %d channels, want 1000 in %d", e.Uploads, len(e.Channels), maxChannels)
	}
}
