package publisher

import (
	"context"
	"errors"
	"fmt"

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
	return restore(ctx, site, o, last)
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

// maxRestores is the number of tries for a file that other writers write as well.
const maxRestores = 5

var errRestored = fmt.Errorf("%w, again and again: something else writes it", bucket.ErrConflict)

// restore makes the object what o says, whatever it was before, and reports whether it
// had to write. With always, it writes it even if that changes nothing. It replaces a
// snapshot only by what the snapshot always should have been.
func restore(ctx context.Context, s bucket.Store, o bucket.Object, always bool) (written bool, err error) {
	for range maxRestores {
		same := false
		r, err := s.Get(ctx, o.Key)
		switch {
		case errors.Is(err, bucket.ErrNotFound):
			if err := checkFrom(o); err != nil {
				return false, err
			}
			err = s.Create(ctx, o)
		case err != nil:
			return false, err
		default:
			var failure error
			same, failure = bucket.Same(ctx, r, o.Body)
			r.Close()
			if same && !always || ctx.Err() != nil {
				return false, failure
			}
			// A file that cannot be read to its end, after all retries, is damaged too.
			err = s.Replace(ctx, o, r.Entry.Token)
		}
		if !errors.Is(err, bucket.ErrConflict) {
			return err == nil && !same, err
		}
	}
	return false, bucket.About(o.Key, errRestored)
}
