package bucket

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"
)

const typeUnknown = "application/octet-stream"

var (
	errNoConditions = errors.New("this version of gocloud.dev does not pass on conditions")
	errUnreadable   = errors.New("it exists and yet cannot be read: the permission to read objects is probably missing")
	errDenied       = errors.New("permission denied")
	errRefused      = errors.New("refused, though it is the version that was asked for: does this store know conditional requests (If-Match)?")
	errWriterGone   = errors.New("the store stopped reading")
)

// A provider is what differs from one kind of bucket to the next.
type provider struct {
	readToken func(*blob.Reader) string
	listToken func(*blob.ListObject) string

	// beforeRead is gocloud's hook of that name; may be nil.
	beforeRead func(as func(any) bool) error

	// These put the condition that the object still has this token into a
	// request, given the As function that the request comes with.
	ifReplacing, ifDeleting func(token string, as func(any) bool) error

	alias  func(key string) string // another key to store an object under; "" and nil are none
	status func(error) int         // the HTTP status that was answered; 0 if none was

	noBucket func(error) bool // whether the bucket itself is missing
}

// A bucketStore is a Store in a bucket that gocloud opened.
//
// All objects are durable when a write returns; Deferred means nothing here.
// Listings may tell the time of modification more exactly than Get does.
type cloudStore struct {
	bucket *blob.Bucket
	name   string // of the bucket and its server, see serverOf
	provider
	patience
}

// String names the bucket and the server that it lies on.
func (s *cloudStore) String() string { return s.name }

func (s *cloudStore) Create(ctx context.Context, o Object) error {
	if err := begin(ctx, o.Key); err != nil {
		return err
	}
	err := s.write(ctx, o, "", &blob.WriterOptions{IfNotExist: true})
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
		return About(o.Key, errNoToken) // would be no condition at all
	}
	err := s.write(ctx, o, token, s.replacing(token))
	if err == nil {
		err = s.replaceAlias(ctx, o)
	}
	return About(o.Key, err)
}

// write writes o under the conditions in options, more than once if need be.
// The token is that of the object to be replaced, "" if there is to be none.
func (s *cloudStore) write(ctx context.Context, o Object, token string, options *blob.WriterOptions) error {
	options.ContentType = o.ContentType
	if options.ContentType == "" {
		options.ContentType = typeUnknown
	}
	options.CacheControl = o.CacheControl
	var body error
	err := s.retry(ctx, func() (err error) {
		// What is refused and then not there may have been removed in between, by
		// a rival that had put it there. A missing permission stays missing.
		for range maxVanished {
			if body, err = s.upload(ctx, o, options); body != nil || err == nil {
				return nil
			}
			if err = s.written(ctx, o, token, err); !errors.Is(err, errUnreadable) {
				break
			}
		}
		return err
	})
	return cmp.Or(body, err)
}

// maxVanished is how often an object that exists and yet cannot be read is
// created before that is believed.
const maxVanished = 3

// upload sends o. It returns apart what the Body said and what the bucket said.
//
// It is Upload through a pipe, since a failed Writer.Close panics on Azure,
// and Upload without ContentMD5 does not.
func (s *cloudStore) upload(ctx context.Context, o Object, options *blob.WriterOptions) (body, err error) {
	w := s.watch(ctx)
	w.pause()
	pr, pw := io.Pipe()
	done := make(chan error)
	go func() {
		err := o.Body(&watchedWriter{w, pw})
		w.moved(0)
		if err != nil {
			// gocloud takes what it got before a failure for the whole
			// object, and commits it, unless its context is done by then.
			w.cancel(err)
		}
		pw.CloseWithError(err)
		done <- err
	}()
	err = s.bucket.Upload(w, o.Key, pr, options)
	pr.CloseWithError(errWriterGone)
	body = <-done
	err = w.end(err)
	if err != nil && (errors.Is(body, errWriterGone) || errors.Is(err, errSilent)) {
		return nil, err // the Body failed because the bucket did
	}
	return body, err
}

// written finds out what became of a write that returned err. The answer to
// one that succeeded may have been lost, and its repetition by the SDK refused
// then, so the object itself is asked.
func (s *cloudStore) written(ctx context.Context, o Object, token string, err error) error {
	if err := s.translate(err); errors.Is(err, ErrNoBucket) {
		return err
	}
	refused := gcerrors.Code(err) == gcerrors.FailedPrecondition || errors.Is(err, ErrConflict)
	r, rerr := s.get(ctx, o.Key, 0)
	if errors.Is(rerr, ErrNotFound) {
		switch {
		case refused && token == "":
			return fmt.Errorf("%w (%v)", errUnreadable, err)
		case token != "" && (refused || gcerrors.Code(err) == gcerrors.NotFound || errors.Is(err, ErrNotFound)):
			return ErrConflict // removed since
		}
		return err
	}
	if rerr != nil {
		return fmt.Errorf("%w; then, reading it back: %v", err, rerr)
	}
	defer r.Close()
	same, rerr := Same(ctx, r, o.Body)
	switch {
	case rerr != nil:
		return fmt.Errorf("%w; then, reading it back: %v", err, rerr)
	case same:
		return nil
	case refused && token != "" && r.Entry.Token == token:
		return fmt.Errorf("%w (%v)", errRefused, err)
	case !refused && r.Entry.Token == token:
		return err // nobody else has written; perhaps this write will still arrive
	}
	return ErrConflict
}

func (s *cloudStore) Get(ctx context.Context, key string) (*Reader, error) {
	if err := begin(ctx, key); err != nil {
		return nil, err
	}
	r, err := s.get(ctx, key, 0)
	return r, About(key, err)
}

// get opens the object from the byte at offset on.
func (s *cloudStore) get(ctx context.Context, key string, offset int64) (r *Reader, err error) {
	err = s.retry(ctx, func() error {
		r, err = s.open(ctx, key, offset)
		return err
	})
	return r, err
}

func (s *cloudStore) open(ctx context.Context, key string, offset int64) (*Reader, error) {
	w := s.watch(ctx)
	r, err := s.bucket.NewRangeReader(w, key, offset, -1, &blob.ReaderOptions{BeforeRead: s.beforeRead})
	if err != nil {
		return nil, s.translate(w.end(err))
	}
	entry := Entry{Key: key, Size: r.Size(), Modified: r.ModTime(), Token: s.readToken(r)}
	return &Reader{&bucketReader{Reader: r, watch: w, s: s, ctx: ctx, entry: entry, offset: offset, broke: -1}, entry}, nil
}

func (s *cloudStore) List(ctx context.Context, dir string, depth Depth) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		if err := checkDir(dir); err != nil {
			yield(Entry{}, err)
			return
		}
		options := &blob.ListOptions{}
		if dir != "" {
			options.Prefix = dir + "/"
		}
		if depth == Children {
			options.Delimiter = "/"
		}
		for it := s.bucket.List(options); ; {
			err := ctx.Err()
			var o *blob.ListObject
			if err == nil {
				o, err = s.next(ctx, it)
			}
			if err == io.EOF {
				return
			}
			if err != nil {
				yield(Entry{}, About(dir, err))
				return
			}
			if e, ok := s.entry(o); ok && !yield(e, nil) {
				return
			}
		}
	}
}

// next returns what a listing has next; io.EOF at its end.
func (s *cloudStore) next(ctx context.Context, it *blob.ListIterator) (o *blob.ListObject, err error) {
	end := false
	err = s.retry(ctx, func() error {
		w := s.watch(ctx)
		o, err = it.Next(w)
		end = err == io.EOF
		if err = w.end(err); end {
			return nil
		}
		return s.translate(err)
	})
	if end {
		return nil, io.EOF
	}
	return o, err
}

// entry makes an Entry of what a bucket lists. What has no key that a Store
// takes is left out, as are the empty objects "folder/" that consoles make,
// and aliases.
func (s *cloudStore) entry(o *blob.ListObject) (Entry, bool) {
	key := o.Key
	if o.IsDir {
		key = strings.TrimSuffix(key, "/")
	}
	switch {
	case !validKey(key), s.alias != nil && isAlias(key):
		return Entry{}, false
	case o.IsDir:
		return Entry{Key: key, Dir: true}, true
	}
	return Entry{Key: o.Key, Size: o.Size, Modified: o.ModTime, Token: s.listToken(o)}, true
}

// begin checks what every method needs checked.
func begin(ctx context.Context, key string) error {
	if err := CheckKey(key); err != nil {
		return err
	}
	return About(key, ctx.Err())
}
