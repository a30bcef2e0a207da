package buckettest

import (
	"context"
	"errors"
	"io"
	"strings"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

// Faulty is a store that breaks one promise: where a function is set, it is what
// the store does, given the one behind it.
type Faulty struct {
	bucket.Store
	CreateFunc  func(s bucket.Store, ctx context.Context, o bucket.Object) error
	ReplaceFunc func(s bucket.Store, ctx context.Context, o bucket.Object, token string) error
	GetFunc     func(s bucket.Store, ctx context.Context, key string) (*bucket.Reader, error)
	DeleteFunc  func(s bucket.Store, ctx context.Context, key, token string) error
}

func (f Faulty) String() string { return "s3://charts on http://127.0.0.1:9000" }

func (f Faulty) Create(ctx context.Context, o bucket.Object) error {
	if f.CreateFunc != nil {
		return f.CreateFunc(f.Store, ctx, o)
	}
	return f.Store.Create(ctx, o)
}

func (f Faulty) Replace(ctx context.Context, o bucket.Object, token string) error {
	if f.ReplaceFunc != nil {
		return f.ReplaceFunc(f.Store, ctx, o, token)
	}
	return f.Store.Replace(ctx, o, token)
}

func (f Faulty) Get(ctx context.Context, key string) (*bucket.Reader, error) {
	if f.GetFunc != nil {
		return f.GetFunc(f.Store, ctx, key)
	}
	return f.Store.Get(ctx, key)
}

func (f Faulty) Delete(ctx context.Context, key, token string) error {
	if f.DeleteFunc != nil {
		return f.DeleteFunc(f.Store, ctx, key, token)
	}
	return f.Store.Delete(ctx, key, token)
}

// overwrite is a Replace that ignores its token.
func overwrite(s bucket.Store, ctx context.Context, o bucket.Object, _ string) error {
	r, err := s.Get(ctx, o.Key)
	if err != nil {
		return err
	}
	r.Close()
	return s.Replace(ctx, o, r.Entry.Token)
}

// stale is a Get that goes on showing the first version.
func stale() func(bucket.Store, context.Context, string) (*bucket.Reader, error) {
	seen := map[string]bucket.Entry{}
	bytes := map[string]string{}
	return func(s bucket.Store, ctx context.Context, key string) (*bucket.Reader, error) {
		if _, ok := seen[key]; !ok {
			b, e, err := bucket.ReadAll(ctx, s, key, 1<<20)
			if err != nil {
				return nil, err
			}
			seen[key], bytes[key] = e, string(b)
		}
		return &bucket.Reader{ReadCloser: io.NopCloser(strings.NewReader(bytes[key])), Entry: seen[key]}, nil
	}
}

// A Useless server is one that no site is safe on.
type Useless struct {
	*Faulty
	Seen string // what is said of it
}

// UselessServers returns servers that are of no use, by what they do. They are of
// no store yet.
func UselessServers() map[string]Useless {
	return map[string]Useless{
		"creates over": {&Faulty{CreateFunc: func(s bucket.Store, ctx context.Context, o bucket.Object) error {
			err := s.Create(ctx, o)
			if errors.Is(err, bucket.ErrConflict) {
				return overwrite(s, ctx, o, "")
			}
			return err
		}}, "a second writer replaced what the first one had written"},
		"replaces whatever is there": {&Faulty{ReplaceFunc: overwrite}, "a writer who knew only the old one replaced the new one"},
		"shows what was there":       {&Faulty{GetFunc: stale()}, "other bytes were read"},
		"shows nothing yet": {&Faulty{GetFunc: func(_ bucket.Store, _ context.Context, key string) (*bucket.Reader, error) {
			return nil, bucket.About(key, bucket.ErrNotFound)
		}}, "what had just been written was not found"},
		"has no tokens": {&Faulty{GetFunc: func(s bucket.Store, ctx context.Context, key string) (*bucket.Reader, error) {
			r, err := s.Get(ctx, key)
			if err == nil {
				r.Entry.Token = ""
			}
			return r, err
		}}, "it has neither ETag nor generation"},
		"swallows writes": {&Faulty{CreateFunc: func(bucket.Store, context.Context, bucket.Object) error { return nil }},
			"what had just been written was not found"},
	}
}
