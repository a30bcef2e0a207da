package bucket

import (
	"cmp"
	"context"
	"errors"

	"golang.org/x/sync/errgroup"
)

// A Write is one of the writes of [WriteAll].
type Write struct {
	Object
	Token string // of the version that the object replaces; "" creates it
}

// to makes the write by itself.
func (w Write) to(ctx context.Context, s Store) error {
	w.Deferred = false
	if w.Token == "" {
		return s.Create(ctx, w.Object)
	}
	return s.Replace(ctx, w.Object, w.Token)
}

// manyWriter is what else a Store can do if many writes cost it less together than one by
// one. Callers use [WriteAll], which manages without it.
type manyWriter interface {
	// writeMany makes writes, and returns the numbers of those that it leaves. These have to
	// be made one by one, which also tells what is wrong with them. After an error, each of
	// the others may have taken effect or not.
	writeMany(ctx context.Context, limit int, writes []Write) (left []int, err error)
}

// maxWrites is how many objects are written together: a folder has a temporary file of each
// at the same time.
const maxWrites = 1000

var errNotWritten = errors.New("not written") // nobody sees it

// WriteAll creates and replaces objects, in any order, some at a time, as the limit says. A
// folder flushes many of them together. What is written is durable, also if it is Deferred.
//
// It returns an error for each write: nil, or ErrConflict as Create and Replace do. After any
// other error it begins no more writes, and all that were neither made nor in conflict have
// that error.
func WriteAll(ctx context.Context, s Store, limit int, writes []Write) []error {
	errs := make([]error, len(writes))
	for i := range errs {
		errs[i] = errNotWritten
	}
	var failure error
	for first := 0; first < len(writes) && failure == nil; first += maxWrites {
		last := min(first+maxWrites, len(writes))
		failure = writeSome(ctx, s, limit, writes[first:last], errs[first:last])
	}
	for i, err := range errs {
		if err != nil && !errors.Is(err, ErrConflict) {
			errs[i] = failure
		}
	}
	return errs
}

// writeSome makes at most maxWrites writes, and sets the error of each that it begins. It
// returns the first one that is not a conflict.
func writeSome(outer context.Context, s Store, limit int, writes []Write, errs []error) error {
	left, err := writeTogether(outer, s, limit, writes, errs)
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(outer)
	group.SetLimit(limit)
	for _, i := range left {
		group.Go(func() error {
			if ctx.Err() != nil {
				return nil // another one failed
			}
			if errs[i] = writes[i].to(ctx, s); errors.Is(errs[i], ErrConflict) {
				return nil
			}
			return errs[i]
		})
	}
	return cmp.Or(group.Wait(), outer.Err())
}

// writeTogether makes what the store can make together, and returns the numbers of the rest.
func writeTogether(ctx context.Context, s Store, limit int, writes []Write, errs []error) (left []int, err error) {
	many, ok := s.(manyWriter)
	if !ok || len(writes) < 2 {
		return numbers(len(writes)), nil
	}
	if left, err = many.writeMany(ctx, limit, writes); err != nil {
		return nil, err
	}
	clear(errs)
	for _, i := range left {
		errs[i] = errNotWritten
	}
	return left, nil
}

// numbers are those from 0 to n-1.
func numbers(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}
