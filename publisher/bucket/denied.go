package bucket

import (
	"errors"
	"slices"
	"strings"

	"gocloud.dev/gcerrors"
)

// Denied reports whether an error says that the permission is missing. To those
// who may not list a bucket, S3 says so of every object that is not there. That
// nothing is known of who asks is another thing.
func Denied(err error) bool {
	if err == nil || slices.ContainsFunc(badCredentials, func(code string) bool { return strings.Contains(err.Error(), code) }) {
		return false
	}
	return errors.Is(err, errDenied) || errors.Is(err, gcerrors.ErrPermissionDenied)
}

// badCredentials are the codes of S3 and Azure that come with the status of a
// missing permission, and mean credentials that are wrong or have expired.
var badCredentials = []string{
	"InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken", "TokenRefreshRequired", "RequestTimeTooSkewed", "AuthenticationFailed",
}
