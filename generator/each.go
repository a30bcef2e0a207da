package generator

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"
)

// maxFailures is how many failures of single uploads are told one by one.
const maxFailures = 10

// each calls f for the numbers below n, as many at a time as the limit says and
// whatever they return, and returns what went wrong.
func each(ctx context.Context, limit, n int, f func(i int) error) error {
	all := make([]error, n)
	var group errgroup.Group
	group.SetLimit(limit)
	for i := range n {
		group.Go(func() error {
			all[i] = f(i)
			return nil
		})
	}
	group.Wait()
	return joined(ctx, all)
}

// joined is what went wrong, of which much may be the same.
func joined(ctx context.Context, all []error) error {
	failures := slices.DeleteFunc(all, func(err error) bool { return err == nil })
	switch {
	case len(failures) == 0:
		return nil
	case ctx.Err() != nil:
		return ctx.Err() // which is why they all failed
	case len(failures) > maxFailures:
		more := fmt.Errorf("and %d more like these", len(failures)-maxFailures)
		failures = append(failures[:maxFailures], more)
	}
	return errors.Join(failures...)
}
