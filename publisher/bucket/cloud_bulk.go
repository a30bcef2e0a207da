package bucket

import (
	"context"
	"slices"
)

var _ Bulk = (*cloudStore)(nil)

// DeleteMany removes objects with one request. If the server refuses that, since it does
// not know such a request or demands other permissions for it, it is not asked again.
func (s *cloudStore) DeleteMany(ctx context.Context, keys []string) (left []string, err error) {
	if s.deleteMany == nil || s.single.Load() || slices.ContainsFunc(keys, s.special) {
		return keys, nil
	}
	prefix := s.url.Query().Get("prefix")
	names := make([]string, len(keys))
	for i, key := range keys {
		names[i] = prefix + key
	}
	var gone []string
	err = s.retry(ctx, func() (err error) {
		w := s.watch(ctx)
		gone, err = s.deleteMany(w, s.bucket, s.url.Host, names)
		return w.end(err)
	})
	switch {
	case err == nil:
		return without(keys, prefix, gone), nil
	case ctx.Err() != nil:
		return nil, err
	case s.transient(err): // perhaps only for this kind of request; if not, one error is enough
		if err := s.Delete(ctx, keys[0], ""); err != nil {
			return nil, err
		}
	}
	s.single.Store(true)
	return keys, nil
}

// special reports whether an object cannot be removed by its key alone: the key is
// invalid, or the object is stored under a second key.
func (s *cloudStore) special(key string) bool { return !validKey(key) || s.aliasOf(key) != "" }

// without returns the keys whose names in the bucket are not among those that are gone.
func without(keys []string, prefix string, gone []string) []string {
	removed := make(map[string]bool, len(gone))
	for _, name := range gone {
		removed[name] = true
	}
	return slices.DeleteFunc(slices.Clone(keys), func(key string) bool { return removed[prefix+key] })
}
