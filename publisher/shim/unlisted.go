package shim

import (
	"context"
	"fmt"
	"log/slog"
	"sync"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

// unlisted is a store that the shim may read and not list. S3 then denies what
// is not there, instead of saying so. What may be missing is taken for missing:
// a receipt is waited for, an upload judged by the generator alone, and neither
// tells more than it should.
type unlisted struct {
	bucket.Store
	log  *slog.Logger
	once sync.Once
}

// Get is the store's, but what is denied is not found.
func (u *unlisted) Get(ctx context.Context, key string) (*bucket.Reader, error) {
	r, err := u.Store.Get(ctx, key)
	if err == nil || !bucket.Denied(err) {
		return r, err
	}
	u.once.Do(func() {
		u.log.WarnContext(ctx, "an object was denied, and is taken for missing, as are others from now on; without the right to list a bucket this is how S3 says it", "key", key, "error", err)
	})
	return nil, bucket.About(key, fmt.Errorf("%w: %v", bucket.ErrNotFound, err))
}
