package bucket

import (
	"context"
	"errors"
	"fmt"

	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"
)

func (s *cloudStore) Delete(ctx context.Context, key, token string) error {
	if err := begin(ctx, key); err != nil {
		return err
	}
	options := &blob.DeleteOptions{}
	if token != "" {
		options.BeforeDelete = func(as func(any) bool) error { return s.ifDeleting(token, as) }
	}
	if err := s.removeAlias(ctx, key); err != nil {
		return About(key, err)
	}
	return About(key, s.remove(ctx, key, token, options))
}

func (s *cloudStore) remove(ctx context.Context, key, token string, options *blob.DeleteOptions) error {
	return s.retry(ctx, func() error {
		w := s.watch(ctx)
		err := s.translate(w.end(s.bucket.DeleteWithOptions(w, key, options)))
		switch {
		case errors.Is(err, ErrNotFound):
			return nil
		case gcerrors.Code(err) == gcerrors.FailedPrecondition:
			return s.refused(ctx, key, token, err)
		}
		return err
	})
}

// refused finds out why a removal was refused.
func (s *cloudStore) refused(ctx context.Context, key, token string, err error) error {
	switch lerr := s.look(ctx, key, token); {
	case errors.Is(lerr, ErrNotFound):
		// Azure also refuses to remove what does not exist: for example if the
		// answer was lost and the SDK repeated the removal.
		return nil
	case lerr == nil || token == "":
		return fmt.Errorf("%w (%v)", errRefused, err)
	}
	return ErrConflict
}

// look fails with ErrConflict if the object has another token.
func (s *cloudStore) look(ctx context.Context, key, token string) error {
	r, err := s.get(ctx, key, 0)
	if err != nil {
		return err
	}
	defer r.Close()
	if r.Entry.Token != token {
		return ErrConflict
	}
	return nil
}
