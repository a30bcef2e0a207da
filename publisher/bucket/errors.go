package bucket

import (
	"errors"
	"io/fs"
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

// ServerError is a failure of a bucket's server, or on the way to it. Its text is one
// line; [ServerError.Chain] has the rest.
type ServerError struct {
	Bucket string // and its server
	Err    error
}

// Error names the bucket and what is wrong, as short as people need it.
func (e *ServerError) Error() string {
	chain := e.Chain()
	seen, _ := e.Meaning()
	switch {
	case errors.Is(e.Err, ErrNoBucket):
		seen = ErrNoBucket.Error()
	case seen == "":
		return e.Bucket + ": " + shortest(chain)
	}
	if code := codeIn(chain); code != "" {
		seen += " (" + code + ")"
	}
	return e.Bucket + ": " + seen
}

// Chain is all that the client of the bucket's provider says, in one line and without
// signatures: Azure's errors are pages of headers and XML.
func (e *ServerError) Chain() string {
	var said []string
	for line := range strings.SplitSeq(e.Err.Error(), "\n") {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "---") && !strings.Contains(line, "</") && !strings.HasPrefix(line, "<") {
			said = append(said, line)
		}
	}
	return signatureRE.ReplaceAllString(strings.Join(said, "; "), "$1=…")
}

// Unwrap returns the server's answer.
func (e *ServerError) Unwrap() error { return e.Err }

// Chains returns what the clients of buckets say about an error, and about each that is
// joined in it: more than people want to read, unless they look for a cause.
func Chains(err error) (chains []string) {
	switch e := err.(type) {
	case *ServerError:
		chains = append(chains, e.Chain())
	case interface{ Unwrap() []error }:
		for _, err := range e.Unwrap() {
			chains = append(chains, Chains(err)...)
		}
	case interface{ Unwrap() error }:
		chains = Chains(e.Unwrap())
	}
	return chains
}

// said is all that an error says: for the error of a server, what its client says.
func said(err error) string {
	text := err.Error()
	if server := (*ServerError)(nil); errors.As(err, &server) {
		text += ": " + server.Err.Error()
	}
	return text
}

// Denied reports whether an error means that a permission is missing. S3 answers so
// for every object that does not exist, to those who may not list the bucket.
// Credentials that the server does not accept are a different error.
func Denied(err error) bool {
	if err == nil || slices.ContainsFunc(badCredentials, func(code string) bool { return strings.Contains(said(err), code) }) {
		return false
	}
	return errors.Is(err, errDenied) || errors.Is(err, gcerrors.ErrPermissionDenied)
}

// Barred reports whether an error means that a key cannot be used: a
// permission is missing, or something lies there that is not a file.
func Barred(err error) bool {
	return Denied(err) || errors.Is(err, fs.ErrPermission) || errors.Is(err, errNotRegular)
}

// badCredentials are codes of S3 and Azure that come with the status of a missing
// permission, but mean that the credentials are wrong or have expired.
var badCredentials = []string{
	"InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken", "TokenRefreshRequired", "RequestTimeTooSkewed", "AuthenticationFailed",
}
