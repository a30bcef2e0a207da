package publisher

import (
	"context"
	"errors"
	"fmt"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

// WriteFile makes a file of the site what body writes, whatever it was before,
// and reports whether it had to write. Pages are such files: they follow from
// the log, and the last who writes one prevails. The file's ending says what it
// is served as. What comes last makes all that was written before durable; see
// [bucket.Object].
func WriteFile(ctx context.Context, site bucket.Store, key string, body []byte, last bool) (written bool, err error) {
	return restore(ctx, site, bucket.Object{
		Key: key, Body: bucket.Bytes(body), ContentType: contentType(key), CacheControl: cacheControl(key), Deferred: !last,
	})
}

// ReadFile returns a file of the site, nil if there is none; what is larger than
// limit counts as none.
func ReadFile(ctx context.Context, site bucket.Store, key string, limit int64) ([]byte, bucket.Entry, error) {
	b, entry, err := bucket.ReadAll(ctx, site, key, limit)
	if errors.Is(err, bucket.ErrNotFound) || errors.Is(err, bucket.ErrTooLarge) {
		return nil, bucket.Entry{}, nil
	}
	return b, entry, err
}

// WriteFileAt writes a file of the site if it still is the one whose token is
// given, "" being none, and fails with ErrConflict otherwise.
func WriteFileAt(ctx context.Context, site bucket.Store, key string, body []byte, token string) error {
	o := bucket.Object{Key: key, Body: bucket.Bytes(body), ContentType: contentType(key), CacheControl: cacheControl(key)}
	if token == "" {
		return site.Create(ctx, o)
	}
	return site.Replace(ctx, o, token)
}

// maxRestores is how often a file is looked at that others write as well.
const maxRestores = 5

// restore makes the object what o says, whatever it is, and reports whether it
// had to. A snapshot is never replaced by anything else than what it always
// should have been, so that nobody who has read it is deceived.
func restore(ctx context.Context, s bucket.Store, o bucket.Object) (written bool, err error) {
	for range maxRestores {
		r, err := s.Get(ctx, o.Key)
		switch {
		case errors.Is(err, bucket.ErrNotFound):
			err = s.Create(ctx, o)
		case err != nil:
			return false, err
		default:
			same, failure := bucket.Same(ctx, r, o.Body)
			r.Close()
			if same || ctx.Err() != nil {
				return false, failure
			}
			// What cannot be read to its end, after all retries, is damaged, too.
			err = s.Replace(ctx, o, r.Entry.Token)
		}
		if !errors.Is(err, bucket.ErrConflict) {
			return err == nil, err
		}
	}
	return false, bucket.About(o.Key, fmt.Errorf("%w, again and again: something else writes it", bucket.ErrConflict))
}
