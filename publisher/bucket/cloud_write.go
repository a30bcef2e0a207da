package bucket

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"

	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"
)

// write writes o under the conditions in options, more than once if need be. The
// token is that of the version to be replaced, or "" for an object that must not
// exist.
func (s *cloudStore) write(ctx context.Context, o Object, token string, options *blob.WriterOptions) error {
	options.ContentType = o.ContentType
	if options.ContentType == "" {
		options.ContentType = typeUnknown
	}
	options.CacheControl = o.CacheControl
	var body error
	err := s.retry(ctx, func() (err error) {
		// If the write is refused and then nothing is there, a rival may have
		// created the object and removed it. A missing permission stays missing.
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

// copy lets the bucket copy the object that o has its bytes from, and reports whether it
// did. What keeps it from that, an object in the way above all, is left to write.
func (s *cloudStore) copy(ctx context.Context, o Object) bool {
	if o.From == "" || s.copying == nil {
		return false
	}
	w := s.watch(ctx)
	return w.end(s.bucket.Copy(w, o.Key, o.From, &blob.CopyOptions{
		BeforeCopy: func(as func(any) bool) error { return s.copying(o, as) },
	})) == nil
}

// maxVanished is the number of tries to create an object that exists and yet cannot
// be read.
const maxVanished = 3

// upload sends o. It returns the Body's error and the bucket's.
//
// It uses Upload with a pipe: on Azure a failed Writer.Close panics, but Upload
// without ContentMD5 does not.
func (s *cloudStore) upload(ctx context.Context, o Object, options *blob.WriterOptions) (body, err error) {
	w := s.watch(ctx)
	w.pause()
	pr, pw := io.Pipe()
	done := make(chan error)
	go func() {
		err := o.Body(&watchedWriter{w, pw})
		w.moved(0)
		if err != nil {
			// gocloud would commit what it got before the failure as the
			// whole object, unless its context is done by then.
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

// written finds out whether a write that returned err took effect. The answer to a
// successful write may have been lost, and the SDK's repetition of it refused; so
// it reads the object.
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
		return err // unchanged, but this write may still arrive
	}
	return ErrConflict
}

// A watchedWriter is the writer for the Body of an upload.
type watchedWriter struct {
	*watch
	w io.Writer
}

func (w *watchedWriter) Write(p []byte) (int, error) {
	w.moved(len(p))
	n, err := (&bodyWriter{w.watch, w.w}).Write(p)
	w.pause() // until the Body has more; a store that it reads from has a watch of its own
	return n, err
}
