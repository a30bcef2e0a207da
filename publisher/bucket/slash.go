package bucket

import (
	"context"
	"strings"

	"gocloud.dev/blob"
)

// Slashed is what else a Store can do if its keys may end with a slash, as the path that a
// client asks for does. Callers find out with a type assertion.
type Slashed interface {
	// CreateSlashed is Create for an empty object whose key ends with a slash. No
	// listing shows it, and the other methods do not take such a key.
	CreateSlashed(ctx context.Context, o Object) error
}

// CreateSlashed is for buckets; see [Slashed].
func (s *cloudStore) CreateSlashed(ctx context.Context, o Object) error {
	if err := begin(ctx, strings.TrimSuffix(o.Key, "/")); err != nil {
		return err
	}
	return About(o.Key, s.write(ctx, o, "", &blob.WriterOptions{IfNotExist: true}))
}
