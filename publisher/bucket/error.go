package bucket

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"gocloud.dev/gcerrors"
)

// BucketError is what went wrong between portolan and the server of a bucket.
type ServerError struct {
	Bucket string // and its server
	Err    error
}

// Error has one line: Azure's errors are pages of headers and XML.
func (e *ServerError) Error() string {
	var said []string
	for line := range strings.SplitSeq(e.Err.Error(), "\n") {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "---") && !strings.Contains(line, "</") && !strings.HasPrefix(line, "<") {
			said = append(said, line)
		}
	}
	return e.Bucket + ": " + strings.Join(said, "; ")
}

// Unwrap returns the server's answer.
func (e *ServerError) Unwrap() error { return e.Err }

// ErrNoBucket is reported of a bucket that does not exist.
var ErrNoBucket = errors.New("there is no such bucket")

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
