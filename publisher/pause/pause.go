// Package pause waits, as long as somebody still wants what comes after.
package pause

import (
	"context"
	"time"
)

// For waits for the time, or until ctx is done, whose error it then returns.
func For(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
