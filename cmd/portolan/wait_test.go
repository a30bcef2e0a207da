package main

import (
	"context"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

// silent is a store that does not answer.
type silent struct{ bucket.Store }

func (silent) Get(ctx context.Context, _ string) (*bucket.Reader, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// TestWaitSilent waits for verdicts of a drop area that has stopped answering:
// for as long as it is told to, and at least a few seconds.
func TestWaitSilent(t *testing.T) {
	t.Parallel()
	for timeout, want := range map[time.Duration]time.Duration{0: lastLook, time.Second: lastLook, time.Minute: time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			d := &dropper{program: &program{stdout: &checkedWriter{w: io.Discard}, stderr: io.Discard}, store: silent{}}
			d.results = []*dropped{{ID: "one"}, {ID: "two"}}
			start := time.Now()
			err := d.wait(t.Context(), timeout)
			if err == nil || !strings.HasPrefix(err.Error(), "upload one: the drop area no longer answers") {
				t.Errorf("got %v, want that there is no answer", err)
			}
			if took := time.Since(start); took != want {
				t.Errorf("with %s to wait it ends after %s, want %s", timeout, took, want)
			}
		})
	}
}
