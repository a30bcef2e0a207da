package bucket

import (
	"context"
	"errors"
	"strings"

	"gocloud.dev/blob"
)

// A chart's version may contain a '+'. Its file names keep it, and URLs in the
// index have it literally (see publisher/DESIGN.md). S3 reads a literal '+' in the
// path of a request as a space. So on S3 such a file is stored a second time,
// under the name that S3 reads: its alias. Only portolan's stores know of aliases;
// they are written after the file, removed before it, and not listed.

// plusAlias returns the key that S3 serves for a key as an index has it; "" if that
// is the key itself.
func plusAlias(key string) string {
	if !served(key) || !strings.Contains(key, "+") {
		return ""
	}
	return strings.ReplaceAll(key, "+", " ")
}

// isAlias reports whether plusAlias made the key: names that portolan gives have no
// spaces.
func isAlias(key string) bool { return served(key) && strings.Contains(key, " ") }

// served reports whether a key is that of a chart's file or page. No segment of a
// channel is called charts.
func served(key string) bool { return strings.Contains("/"+key, "/charts/") }

func (s *cloudStore) aliasOf(key string) string {
	if s.alias == nil {
		return ""
	}
	return s.alias(key)
}

// createAlias also stores o, which exists under its own key, under its alias.
func (s *cloudStore) createAlias(ctx context.Context, o Object) error {
	if o.Key = s.aliasOf(o.Key); o.Key == "" {
		return nil
	}
	return s.write(ctx, o, "", &blob.WriterOptions{IfNotExist: true})
}

// replaceAlias does the same for an object that was replaced. If two writers do so
// at once, the alias may stay behind, as pages may: see publisher/DESIGN.md.
func (s *cloudStore) replaceAlias(ctx context.Context, o Object) error {
	alias := s.aliasOf(o.Key)
	if alias == "" {
		return nil
	}
	r, err := s.get(ctx, alias, 0)
	if errors.Is(err, ErrNotFound) {
		err = s.createAlias(ctx, o)
	} else if err == nil {
		r.Close()
		o.Key = alias
		err = s.write(ctx, o, r.Entry.Token, s.replacing(r.Entry.Token))
	}
	if errors.Is(err, ErrConflict) {
		return nil // another writer replaced the file later
	}
	return err
}

func (s *cloudStore) replacing(token string) *blob.WriterOptions {
	return &blob.WriterOptions{BeforeWrite: func(as func(any) bool) error { return s.ifReplacing(token, as) }}
}

// removeAlias removes the alias of a file that is about to go.
func (s *cloudStore) removeAlias(ctx context.Context, key string) error {
	alias := s.aliasOf(key)
	if alias == "" {
		return nil
	}
	return s.remove(ctx, alias, "", &blob.DeleteOptions{})
}
