package bucket

import (
	"context"

	"golang.org/x/sync/errgroup"
)

// Bulk is what else a Store can do if it can remove many objects with one request.
// Callers use [DeleteAll], which manages without it.
type Bulk interface {
	Store

	// DeleteMany removes at most [MaxMany] objects in any version, in any order. What
	// it leaves has to be removed one by one, which also tells what is wrong with it.
	// After an error, each object may be removed or not.
	DeleteMany(ctx context.Context, keys []string) (left []string, err error)
}

// MaxMany is how many objects one request can remove: Azure takes no more, and S3 takes
// 1,000.
const MaxMany = 256

// DeleteAll removes objects in any version and in any order, with one request for many
// where the store can do that, and otherwise with some at a time, as the limit says. It
// returns an error for each of the keys: nil if the object is removed or did not exist.
func DeleteAll(ctx context.Context, s Store, limit int, keys []string) []error {
	errs := make([]error, len(keys))
	for first := 0; first < len(keys); first += MaxMany {
		some := keys[first:min(first+MaxMany, len(keys))]
		deleteSome(ctx, s, limit, some, errs[first:])
	}
	return errs
}

// deleteSome removes at most MaxMany objects, and sets the error of each.
func deleteSome(ctx context.Context, s Store, limit int, keys []string, errs []error) {
	left := keys
	if bulk, ok := s.(Bulk); ok {
		var err error
		if left, err = bulk.DeleteMany(ctx, keys); err != nil {
			for i, key := range keys {
				errs[i] = About(key, err)
			}
			return
		}
	}
	alone := make(map[string]bool, len(left))
	for _, key := range left {
		alone[key] = true
	}
	var group errgroup.Group
	group.SetLimit(limit)
	for i, key := range keys {
		if alone[key] {
			group.Go(func() error {
				errs[i] = s.Delete(ctx, key, "")
				return nil
			})
		}
	}
	_ = group.Wait() // the errors are in errs
}
