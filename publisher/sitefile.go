package publisher

import (
	"context"
	"errors"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

// WriteFile gives a file of the site the content body, whatever it was before, and
// reports whether it had to write. Pages are such files: they follow from the log, and
// the last writer wins. The file's ending decides what it is served as. A file that is
// last makes everything that was written before durable; see [bucket.Object].
func WriteFile(ctx context.Context, site bucket.Store, key string, body []byte, last bool) (written bool, err error) {
	o := bucket.Object{
		Key: key, Body: bucket.Bytes(body), ContentType: contentType(key), CacheControl: cacheControl(key), Deferred: !last,
	}
	return bucket.Restore(ctx, site, o, last)
}

// ReadFile returns a file of the site. It returns nil if the file does not exist or is
// larger than limit.
func ReadFile(ctx context.Context, site bucket.Store, key string, limit int64) ([]byte, bucket.Entry, error) {
	b, entry, err := bucket.ReadAll(ctx, site, key, limit)
	if errors.Is(err, bucket.ErrNotFound) || errors.Is(err, bucket.ErrTooLarge) {
		return nil, bucket.Entry{}, nil
	}
	return b, entry, err
}

// WriteFileAt writes a file of the site if it is still the version with that token; ""
// means that it must not exist. Otherwise it fails with ErrConflict.
func WriteFileAt(ctx context.Context, site bucket.Store, key string, body []byte, token string) error {
	o := bucket.Object{Key: key, Body: bucket.Bytes(body), ContentType: contentType(key), CacheControl: cacheControl(key)}
	if token == "" {
		return site.Create(ctx, o)
	}
	return site.Replace(ctx, o, token)
}
