package publisher

import (
	"errors"

	"gocloud.dev/gcerrors"
)

// Denied reports whether an error says that the permission is missing. To those
// who may not list a bucket, S3 says so of every object that is not there.
func Denied(err error) bool {
	return errors.Is(err, errDenied) || errors.Is(err, gcerrors.ErrPermissionDenied)
}
