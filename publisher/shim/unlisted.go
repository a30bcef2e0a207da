package shim

import (
	"context"
	"fmt"
	"log/slog"
	"sync"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

// unlisted is a store that the shim may read but not list. S3 then answers that
// access to a missing object is denied, so a denied object is treated as missing:
// clients wait for a receipt, and only the generator judges an upload. Neither
// reveals more than it should.
type unlisted struct {
	bucket.Store
	log  *slog.Logger
	once sync.Once
}

// Get reads from the store. It reports denied objects as not found.
func (u *unlisted) Get(ctx context.Context, key string) (*bucket.Reader, error) {
	r, err := u.Store.Get(ctx, key)
	if err == nil || !bucket.Denied(err) {
		return r, err
	}
	u.once.Do(func() {
		u.log.WarnContext(ctx, "access to an object was denied; denied objects are treated as missing, because S3 denies access to a missing object if the bucket may not be listed", "key", key, "error", err)
	})
	return nil, bucket.About(key, fmt.Errorf("%w: %v", bucket.ErrNotFound, err))
}
