package storetest

import (
	"context"
	"errors"
	"io"
	"strings"

	"github.com/portolan-charts/portolan/publisher"
)

// Faulty is a store that breaks one promise: where a function is set, it is what
// the store does, given the one behind it.
type Faulty struct {
	publisher.Store
	CreateFunc  func(s publisher.Store, ctx context.Context, o publisher.Object) error
	ReplaceFunc func(s publisher.Store, ctx context.Context, o publisher.Object, token string) error
	GetFunc     func(s publisher.Store, ctx context.Context, key string) (*publisher.Reader, error)
	DeleteFunc  func(s publisher.Store, ctx context.Context, key, token string) error
}

func (f Faulty) String() string { return "s3://charts on http://127.0.0.1:9000" }

func (f Faulty) Create(ctx context.Context, o publisher.Object) error {
	if f.CreateFunc != nil {
		return f.CreateFunc(f.Store, ctx, o)
	}
	return f.Store.Create(ctx, o)
}

func (f Faulty) Replace(ctx context.Context, o publisher.Object, token string) error {
	if f.ReplaceFunc != nil {
		return f.ReplaceFunc(f.Store, ctx, o, token)
	}
	return f.Store.Replace(ctx, o, token)
}

func (f Faulty) Get(ctx context.Context, key string) (*publisher.Reader, error) {
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
func overwrite(s publisher.Store, ctx context.Context, o publisher.Object, _ string) error {
	r, err := s.Get(ctx, o.Key)
	if err != nil {
		return err
	}
	r.Close()
	return s.Replace(ctx, o, r.Entry.Token)
}

// stale is a Get that goes on showing the first version.
func stale() func(publisher.Store, context.Context, string) (*publisher.Reader, error) {
	seen := map[string]publisher.Entry{}
	bytes := map[string]string{}
	return func(s publisher.Store, ctx context.Context, key string) (*publisher.Reader, error) {
		if _, ok := seen[key]; !ok {
			b, e, err := publisher.ReadAll(ctx, s, key, 1<<20)
			if err != nil {
				return nil, err
			}
			seen[key], bytes[key] = e, string(b)
		}
		return &publisher.Reader{ReadCloser: io.NopCloser(strings.NewReader(bytes[key])), Entry: seen[key]}, nil
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
		"creates over": {&Faulty{CreateFunc: func(s publisher.Store, ctx context.Context, o publisher.Object) error {
			err := s.Create(ctx, o)
			if errors.Is(err, publisher.ErrConflict) {
				return overwrite(s, ctx, o, "")
			}
			return err
		}}, "a second writer replaced what the first one had written"},
		"replaces whatever is there": {&Faulty{ReplaceFunc: overwrite}, "a writer who knew only the old one replaced the new one"},
		"shows what was there":       {&Faulty{GetFunc: stale()}, "other bytes were read"},
		"shows nothing yet": {&Faulty{GetFunc: func(_ publisher.Store, _ context.Context, key string) (*publisher.Reader, error) {
			return nil, &publisher.KeyError{Key: key, Err: publisher.ErrNotFound}
		}}, "what had just been written was not found"},
		"has no tokens": {&Faulty{GetFunc: func(s publisher.Store, ctx context.Context, key string) (*publisher.Reader, error) {
			r, err := s.Get(ctx, key)
			if err == nil {
				r.Entry.Token = ""
			}
			return r, err
		}}, "it has neither ETag nor generation"},
		"swallows writes": {&Faulty{CreateFunc: func(publisher.Store, context.Context, publisher.Object) error { return nil }},
			"what had just been written was not found"},
	}
}
