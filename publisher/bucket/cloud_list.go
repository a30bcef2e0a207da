package bucket

import (
	"context"
	"io"
	"iter"
	"strings"

	"gocloud.dev/blob"
)

func (s *cloudStore) List(ctx context.Context, dir string, depth Depth) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		if err := checkDir(dir); err != nil {
			yield(Entry{}, err)
			return
		}
		options := &blob.ListOptions{}
		if dir != "" {
			options.Prefix = dir + "/"
		}
		if depth == Children {
			options.Delimiter = "/"
		}
		for it := s.bucket.List(options); ; {
			err := ctx.Err()
			var o *blob.ListObject
			if err == nil {
				o, err = s.next(ctx, it)
			}
			if err == io.EOF {
				return
			}
			if err != nil {
				yield(Entry{}, About(dir, err))
				return
			}
			if e, ok := s.entry(o); ok && !yield(e, nil) {
				return
			}
		}
	}
}

// next returns the next entry of a listing; io.EOF at its end.
func (s *cloudStore) next(ctx context.Context, it *blob.ListIterator) (o *blob.ListObject, err error) {
	end := false
	err = s.retry(ctx, func() error {
		w := s.watch(ctx)
		o, err = it.Next(w)
		end = err == io.EOF
		if err = w.end(err); end {
			return nil
		}
		return s.translate(err)
	})
	if end {
		return nil, io.EOF
	}
	return o, err
}

// entry makes an Entry of what a bucket lists. It leaves out objects whose keys a
// Store does not take, the empty objects "folder/" that consoles make, and
// aliases.
func (s *cloudStore) entry(o *blob.ListObject) (Entry, bool) {
	key := o.Key
	if o.IsDir {
		key = strings.TrimSuffix(key, "/")
	}
	switch {
	case !validKey(key), s.alias != nil && isAlias(key):
		return Entry{}, false
	case o.IsDir:
		return Entry{Key: key, Dir: true}, true
	}
	return Entry{Key: o.Key, Size: o.Size, Modified: o.ModTime, Token: s.listToken(o)}, true
}
