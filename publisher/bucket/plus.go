package bucket

import (
	"context"
	"errors"
	"strings"

	"gocloud.dev/blob"
)

// A chart's version may hold a '+', its file names keep it, and URLs in the
// index have it literally (see DESIGN.md, Layout). S3 takes a literal '+' in the
// path of a request for a space. So there such a file is stored a second time,
// under the name that S3 takes it for: its alias. Only portolan's stores know of
// aliases; they are written after the file, removed before it, and not listed.

// plusAlias returns the key that S3 serves when key is asked for as it is
// written in an index; "" if that is the key itself.
func plusAlias(key string) string {
	if !served(key) || !strings.Contains(key, "+") {
		return ""
	}
	return strings.ReplaceAll(key, "+", " ")
}

// isAlias reports whether a key is one that plusAlias makes: no name that
// portolan gives has a space.
func isAlias(key string) bool { return served(key) && strings.Contains(key, " ") }

// served reports whether a key is one of a chart's files or pages. No segment
// of a channel is called charts.
func served(key string) bool { return strings.Contains("/"+key, "/charts/") }

func (s *cloudStore) aliasOf(key string) string {
	if s.alias == nil {
		return ""
	}
	return s.alias(key)
}

// createAlias stores o, which is there under its own key, under its alias, too.
func (s *cloudStore) createAlias(ctx context.Context, o Object) error {
	if o.Key = s.aliasOf(o.Key); o.Key == "" {
		return nil
	}
	return s.write(ctx, o, "", &blob.WriterOptions{IfNotExist: true})
}

// replaceAlias does the same for what has been replaced. When two are at it, the
// alias may stay behind, as pages may: see DESIGN.md, A generation.
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
		return nil // with one who replaced the file later
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
