package publisher

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"sync"
	"time"

	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"
)

const (
	attempts  = 6 // of a write that the store wants repeated
	firstWait = 50 * time.Millisecond

	typeUnknown = "application/octet-stream"
)

var (
	errNoConditions = errors.New("this version of gocloud.dev does not pass on conditions")
	errUnreadable   = errors.New("it exists and yet cannot be read: the permission to read objects is probably missing")
	errDenied       = errors.New("permission denied")
	errWriterGone   = errors.New("the store stopped reading")
)

// A provider is what differs from one kind of bucket to the next.
type provider struct {
	readToken func(*blob.Reader) string
	listToken func(*blob.ListObject) string

	// These put the condition that the object still has this token into a
	// request, given the As function that the request comes with.
	ifReplacing, ifDeleting func(token string, as func(any) bool) error

	again  func(error) bool // worth repeating at once; may be nil
	denied func(error) bool // permission denied, in spite of its code; may be nil
	locked bool             // there are no conditions: look first, under a lock
}

// A bucketStore is a Store in a bucket that gocloud opened.
//
// All objects are durable when a write returns; Deferred means nothing here.
// Listings may tell the time of modification more exactly than Get does.
type bucketStore struct {
	bucket *blob.Bucket
	name   string // of the bucket and its server, see serverOf
	provider
	lock sync.Mutex // only used if locked
}

func (s *bucketStore) Create(ctx context.Context, o Object) error {
	if err := begin(ctx, o.Key); err != nil {
		return err
	}
	defer s.exclude()()
	return keyError(o.Key, s.write(ctx, o, "", &blob.WriterOptions{IfNotExist: true}))
}

func (s *bucketStore) Replace(ctx context.Context, o Object, token string) error {
	if err := begin(ctx, o.Key); err != nil {
		return err
	}
	if token == "" {
		return keyError(o.Key, errNoToken) // would be no condition at all
	}
	defer s.exclude()()
	options := &blob.WriterOptions{}
	if s.locked {
		if err := s.look(ctx, o.Key, token); err != nil {
			return keyError(o.Key, s.written(ctx, o, token, err))
		}
	} else {
		options.BeforeWrite = func(as func(any) bool) error { return s.ifReplacing(token, as) }
	}
	return keyError(o.Key, s.write(ctx, o, token, options))
}

// write writes o under the conditions in options, more than once if need be.
// The token is that of the object to be replaced, "" if there is to be none.
func (s *bucketStore) write(ctx context.Context, o Object, token string, options *blob.WriterOptions) error {
	options.ContentType = o.ContentType
	if options.ContentType == "" {
		options.ContentType = typeUnknown
	}
	options.CacheControl = o.CacheControl
	wait := firstWait
	for attempt := 1; ; attempt++ {
		body, err := s.upload(ctx, o, options)
		if body != nil {
			return body
		}
		if err == nil {
			return nil
		}
		again := s.again != nil && s.again(err)
		err = s.written(ctx, o, token, err)
		if err == nil || errors.Is(err, ErrConflict) || !again || attempt == attempts {
			return err
		}
		if serr := sleep(ctx, wait); serr != nil {
			return err
		}
		wait *= 2
	}
}

// upload sends o. It returns apart what the Body said and what the bucket said.
//
// It is Upload through a pipe, since a failed Writer.Close panics on Azure,
// and Upload without ContentMD5 does not.
func (s *bucketStore) upload(ctx context.Context, o Object, options *blob.WriterOptions) (body, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	pr, pw := io.Pipe()
	done := make(chan error)
	go func() {
		err := o.Body(&bodyWriter{ctx, pw})
		if err != nil {
			// gocloud takes what it got before a failure for the whole
			// object, and commits it, unless its context is done by then.
			cancel()
		}
		pw.CloseWithError(err)
		done <- err
	}()
	err = s.bucket.Upload(ctx, o.Key, pr, options)
	pr.CloseWithError(errWriterGone)
	body = <-done
	if err != nil && errors.Is(body, errWriterGone) {
		return nil, err // the Body failed because the bucket did
	}
	return body, err
}

// written finds out what became of a write that returned err. The answer to
// one that succeeded may have been lost, and its repetition by the SDK refused
// then, so the object itself is asked.
func (s *bucketStore) written(ctx context.Context, o Object, token string, err error) error {
	refused := gcerrors.Code(err) == gcerrors.FailedPrecondition || errors.Is(err, ErrConflict)
	r, rerr := s.get(ctx, o.Key)
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
	same, rerr := sameBytes(ctx, r, o.Body)
	switch {
	case rerr != nil:
		return fmt.Errorf("%w; then, reading it back: %v", err, rerr)
	case same:
		return nil
	case !refused && r.Entry.Token == token:
		return err // nobody else has written; perhaps this write will still arrive
	}
	return ErrConflict
}

func (s *bucketStore) Get(ctx context.Context, key string) (*Reader, error) {
	if err := begin(ctx, key); err != nil {
		return nil, err
	}
	r, err := s.get(ctx, key)
	return r, keyError(key, err)
}

func (s *bucketStore) get(ctx context.Context, key string) (*Reader, error) {
	r, err := s.bucket.NewReader(ctx, key, nil)
	if err != nil {
		return nil, s.translate(err)
	}
	token := s.readToken(r)
	return &Reader{r, Entry{Key: key, Size: r.Size(), Modified: r.ModTime(), Token: token}}, nil
}

func (s *bucketStore) List(ctx context.Context, dir string, depth Depth) iter.Seq2[Entry, error] {
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
				o, err = it.Next(ctx)
			}
			if err == io.EOF {
				return
			}
			if err != nil {
				yield(Entry{}, keyError(dir, s.translate(err)))
				return
			}
			if e, ok := s.entry(o); ok && !yield(e, nil) {
				return
			}
		}
	}
}

// entry makes an Entry of what a bucket lists. What has no key that a Store
// takes is left out, as are the empty objects "folder/" that consoles make.
func (s *bucketStore) entry(o *blob.ListObject) (Entry, bool) {
	if o.IsDir {
		key := strings.TrimSuffix(o.Key, "/")
		return Entry{Key: key, Dir: true}, validKey(key)
	}
	if !validKey(o.Key) {
		return Entry{}, false
	}
	return Entry{Key: o.Key, Size: o.Size, Modified: o.ModTime, Token: s.listToken(o)}, true
}

func (s *bucketStore) Delete(ctx context.Context, key, token string) error {
	if err := begin(ctx, key); err != nil {
		return err
	}
	defer s.exclude()()
	options := &blob.DeleteOptions{}
	if token != "" && s.locked {
		if err := s.look(ctx, key, token); err != nil {
			if errors.Is(err, ErrNotFound) {
				return nil
			}
			return keyError(key, err)
		}
	} else if token != "" {
		options.BeforeDelete = func(as func(any) bool) error { return s.ifDeleting(token, as) }
	}
	return keyError(key, s.remove(ctx, key, options))
}

func (s *bucketStore) remove(ctx context.Context, key string, options *blob.DeleteOptions) error {
	wait := firstWait
	for attempt := 1; ; attempt++ {
		err := s.translate(s.bucket.DeleteWithOptions(ctx, key, options))
		switch {
		case err == nil || errors.Is(err, ErrNotFound):
			return nil
		case gcerrors.Code(err) == gcerrors.FailedPrecondition:
			return ErrConflict
		case s.again == nil || !s.again(err) || attempt == attempts:
			return err
		}
		if serr := sleep(ctx, wait); serr != nil {
			return err
		}
		wait *= 2
	}
}

// look is the condition of a write where the bucket knows none.
func (s *bucketStore) look(ctx context.Context, key, token string) error {
	r, err := s.get(ctx, key)
	if err != nil {
		return err
	}
	defer r.Close()
	if r.Entry.Token != token {
		return ErrConflict
	}
	return nil
}

// exclude takes the lock, if this bucket needs one, and returns what frees it.
func (s *bucketStore) exclude() (free func()) {
	if !s.locked {
		return func() {}
	}
	s.lock.Lock()
	return s.lock.Unlock
}

// translate makes our errors of gocloud's.
func (s *bucketStore) translate(err error) error {
	switch {
	case err == nil:
		return nil
	case s.denied != nil && s.denied(err):
		return fmt.Errorf("%w: %v", errDenied, err)
	case gcerrors.Code(err) == gcerrors.NotFound:
		return fmt.Errorf("%w: %v", ErrNotFound, err)
	}
	return err
}

// begin checks what every method needs checked.
func begin(ctx context.Context, key string) error {
	if err := checkKey(key); err != nil {
		return err
	}
	return keyError(key, ctx.Err())
}
