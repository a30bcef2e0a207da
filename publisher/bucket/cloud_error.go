package bucket

import (
	"errors"
	"fmt"
	"net"
	"net/http"

	"gocloud.dev/gcerrors"
)

// named adds the bucket to an error. A missing object or a conflict is not a fault of
// the bucket, and stays as it is.
func (s *cloudStore) named(err error) error {
	if err == nil || s.name == "" || errors.Is(err, ErrNotFound) || errors.Is(err, ErrConflict) {
		return err
	}
	return &ServerError{s.name, err}
}

// unreachable reports whether no connection could be made. gocloud takes it for a missing
// object if an Azure account has no host; a misspelt account is not empty.
func unreachable(err error) bool {
	var dns *net.DNSError
	var op *net.OpError
	return errors.As(err, &dns) || errors.As(err, &op) && op.Op == "dial"
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
	case gcerrors.Code(err) == gcerrors.NotFound && !unreachable(err):
		return fmt.Errorf("%w: %v", ErrNotFound, err)
	}
	return err
}
