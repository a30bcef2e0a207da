package bucket

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// MaxRestores is how often to try to write an object that other writers write as well.
const MaxRestores = 5

// ErrContended is the [ErrConflict] of the last try.
var ErrContended = fmt.Errorf("%w, again and again: something else writes it", ErrConflict)

// Restore makes the object what o says, whatever it was before, and reports whether it
// had to write. With always, it writes it even if that changes nothing. If other writers
// write the object as well, and so often that it gives up, it fails with ErrContended.
func Restore(ctx context.Context, s Store, o Object, always bool) (written bool, err error) {
	for range MaxRestores {
		same := false
		r, err := s.Get(ctx, o.Key)
		switch {
		case errors.Is(err, ErrNotFound):
			if err := o.CheckFrom(); err != nil {
				return false, err
			}
			err = s.Create(ctx, o)
		case err != nil:
			return false, err
		default:
			var failure error
			same, failure = Same(ctx, r, o.Body)
			r.Close()
			if same && !always || ctx.Err() != nil {
				return false, failure
			}
			// A file that cannot be read to its end, after all retries, is damaged too.
			err = s.Replace(ctx, o, r.Entry.Token)
		}
		if !errors.Is(err, ErrConflict) {
			return err == nil && !same, err
		}
	}
	return false, About(o.Key, ErrContended)
}

// CheckFrom makes sure that an object which may be linked or copied has the right bytes.
func (o Object) CheckFrom() error {
	if o.From == "" {
		return nil
	}
	return o.Body(io.Discard)
}
