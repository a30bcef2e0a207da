package bucket

import (
	"context"
	"errors"
	"net/url"
	"sync/atomic"

	"gocloud.dev/blob"
)

const typeUnknown = "application/octet-stream"

var (
	errNoConditions = errors.New("this version of gocloud.dev does not pass on conditions")
	errUnreadable   = errors.New("it exists and yet cannot be read: the permission to read objects is probably missing")
	errDenied       = errors.New("permission denied")
	errRefused      = errors.New("refused, though it is the right version: does this store support conditional requests (If-Match)?")
	errWriterGone   = errors.New("the store stopped reading")
)

// A provider is what differs between kinds of buckets.
type provider struct {
	readToken func(*blob.Reader) string
	listToken func(*blob.ListObject) string

	// beforeRead is gocloud's hook of that name; may be nil.
	beforeRead func(as func(any) bool) error

	// These add to a request the condition that the object still has this
	// token. They get the request's As function.
	ifReplacing, ifDeleting func(token string, as func(any) bool) error

	// parameters are those that the URL of a bucket may have, besides prefix, and what
	// their values must be.
	parameters map[string]func(string) error

	openURL func(context.Context, *url.URL) (*blob.Bucket, error)

	// deleteMany removes at most MaxMany objects of the bucket with one request, and
	// returns those that the answer calls removed; nil if there is no such request.
	deleteMany func(ctx context.Context, b *blob.Bucket, bucket string, names []string) (gone []string, err error)

	// copying prepares a copy within the bucket, so that it has the type of o and takes
	// nothing's place. It gets the request's As function; nil if copies have the type
	// of what they are made from.
	copying func(o Object, as func(any) bool) error

	alias  func(key string) string // another key to store an object under, or ""; may be nil
	status func(error) int         // the HTTP status of the answer; 0 if there was no answer

	noBucket func(error) bool // whether the bucket itself is missing
}

// A cloudStore is a Store in a bucket, which gocloud opened.
//
// Objects are durable when a write returns, so Deferred is ignored. Listings may
// have more exact modification times than Get.
type cloudStore struct {
	bucket *blob.Bucket
	name   string // of the bucket and its server, see serverOf
	url    *url.URL
	single atomic.Bool // the server does not remove many objects with one request
	provider
	patience
}

// String names the bucket and its server.
func (s *cloudStore) String() string { return s.name }

func (s *cloudStore) Create(ctx context.Context, o Object) error {
	if err := begin(ctx, o.Key); err != nil {
		return err
	}
	var err error
	if !s.copy(ctx, o) {
		err = s.write(ctx, o, "", &blob.WriterOptions{IfNotExist: true})
	}
	if err == nil {
		err = s.createAlias(ctx, o)
	}
	return About(o.Key, err)
}

func (s *cloudStore) Replace(ctx context.Context, o Object, token string) error {
	if err := begin(ctx, o.Key); err != nil {
		return err
	}
	if token == "" {
		return About(o.Key, errNoToken) // "" would not be a condition
	}
	err := s.write(ctx, o, token, s.replacing(token))
	if err == nil {
		err = s.replaceAlias(ctx, o)
	}
	return About(o.Key, err)
}

func (s *cloudStore) Get(ctx context.Context, key string) (*Reader, error) {
	if err := begin(ctx, key); err != nil {
		return nil, err
	}
	r, err := s.get(ctx, key, 0)
	return r, About(key, err)
}

// begin checks what every method has to check.
func begin(ctx context.Context, key string) error {
	if err := CheckKey(key); err != nil {
		return err
	}
	return About(key, ctx.Err())
}
