package bucket

import (
	"errors"
	"fmt"
	"net/http"

	"gocloud.dev/gcerrors"
)

// named adds to an error which bucket it comes from. What merely is as it is,
// and not wrong, stays as it is.
func (s *cloudStore) named(err error) error {
	if err == nil || s.name == "" || errors.Is(err, ErrNotFound) || errors.Is(err, ErrConflict) {
		return err
	}
	return &ServerError{s.name, err}
}

// translate makes our errors of gocloud's.
func (s *cloudStore) translate(err error) error {
	switch {
	case err == nil:
		return nil
	case s.noBucket(err):
		// Not that an object is missing: then a misspelt bucket would be an empty one.
		return fmt.Errorf("%w: %v", ErrNoBucket, err)
	case s.status(err) == http.StatusForbidden:
		// GCS's NotFound, too: a site that may not be read is not an empty one.
		return fmt.Errorf("%w: %v", errDenied, err)
	case gcerrors.Code(err) == gcerrors.NotFound:
		return fmt.Errorf("%w: %v", ErrNotFound, err)
	}
	return err
}
