package bucket

import (
	"errors"
	"fmt"
	"net/http"

	"gocloud.dev/gcerrors"
)

// named adds the bucket to an error. A missing object or a conflict is no fault of
// the bucket, and stays as it is.
func (s *cloudStore) named(err error) error {
	if err == nil || s.name == "" || errors.Is(err, ErrNotFound) || errors.Is(err, ErrConflict) {
		return err
	}
	return &ServerError{s.name, err}
}

// translate turns errors of gocloud into those of this package.
func (s *cloudStore) translate(err error) error {
	switch {
	case err == nil:
		return nil
	case s.noBucket(err):
		// A misspelt bucket must not look like an empty one.
		return fmt.Errorf("%w: %v", ErrNoBucket, err)
	case s.status(err) == http.StatusForbidden:
		// GCS reports NotFound for this, too: a site that may not be read is not empty.
		return fmt.Errorf("%w: %v", errDenied, err)
	case gcerrors.Code(err) == gcerrors.NotFound:
		return fmt.Errorf("%w: %v", ErrNotFound, err)
	}
	return err
}
