package publisher

import (
	"context"
	"errors"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

// checkState looks at the file of the channel's state that the newest record names. That
// the log makes this state was proved while it was read. A run can do without the file, but
// then it reads the whole log.
func (v *verifier) checkState(ctx context.Context) error {
	if v.broken || v.last == nil || v.last.State == nil {
		return nil
	}
	want := v.last.State
	key := stateKey(v.name, want.Name)
	sum, size, err := v.hash(ctx, key)
	switch {
	case errors.Is(err, bucket.ErrNotFound):
		if err := v.readLog(ctx); err != nil || v.broken {
			return err
		}
		if *v.last.State != *want {
			return v.checkState(ctx) // a newer one took its place, and it was pruned
		}
		v.fault(key, v.fixSnapshot(), "it is missing")
	case err != nil:
		return v.unreadable(ctx, key, err)
	case sum != want.SHA256:
		v.fault(key, v.fixSnapshot(), "its %d bytes with the SHA-256 %s are not those of the log: %s", size, sum, want.SHA256)
	}
	return nil
}
