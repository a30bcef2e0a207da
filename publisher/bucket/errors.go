package bucket

import (
	"errors"
	"slices"
	"strings"

	"gocloud.dev/gcerrors"
)

var (
	// ErrNotFound is reported by Get for an object that does not exist.
	ErrNotFound = errors.New("not found")

	// ErrConflict is reported when another writer was first: by Create if the
	// object exists with different bytes, by Replace and Delete if the object
	// is no longer the version that the token belongs to.
	ErrConflict = errors.New("conflicting write")
)

// ErrNoBucket is reported of a bucket that does not exist.
var ErrNoBucket = errors.New("there is no such bucket")

// ErrTooLarge is reported of an object that is larger than its reader allows.
var ErrTooLarge = errors.New("larger than portolan ever writes it")

// KeyError is an error about one object.
type KeyError struct {
	Key string
	Err error
}

func (e *KeyError) Error() string { return e.Key + ": " + e.Err.Error() }

// Unwrap returns the reason, such as ErrConflict.
func (e *KeyError) Unwrap() error { return e.Err }

// About returns err as an error about an object, or about the root, whose key is
// empty; nil stays nil.
func About(key string, err error) error {
	if err == nil {
		return nil
	}
	if key == "" {
		key = "/"
	}
	return &KeyError{key, err}
}

// ServerError is a failure of a bucket's server, or on the way to it.
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

// Denied reports whether an error means that a permission is missing. S3 answers so
// for every object that does not exist, to those who may not list the bucket.
// Credentials that the server does not accept are a different error.
func Denied(err error) bool {
	if err == nil || slices.ContainsFunc(badCredentials, func(code string) bool { return strings.Contains(err.Error(), code) }) {
		return false
	}
	return errors.Is(err, errDenied) || errors.Is(err, gcerrors.ErrPermissionDenied)
}

// badCredentials are codes of S3 and Azure that come with the status of a missing
// permission, but mean that the credentials are wrong or have expired.
var badCredentials = []string{
	"InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken", "TokenRefreshRequired", "RequestTimeTooSkewed", "AuthenticationFailed",
}
