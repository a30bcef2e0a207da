package importer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

// objects is a repository in a bucket.
type objects struct {
	store  bucket.Store
	bucket *url.URL
	prefix string // of the store's keys in the bucket
	web    *web
}

// refs returns objects of the bucket, and after them the archive's URL on the web.
func (o *objects) refs(e Entry) ([]string, error) {
	u, err := url.Parse(e.URL)
	if err != nil {
		return nil, fmt.Errorf("its URL %.200q is not valid", e.URL)
	}
	var refs []string
	if key, ok := o.key(u); ok {
		refs = append(refs, localURL(key))
	}
	refs = append(refs, below(u, e)...)
	if !isLocal(u) {
		refs = append(refs, e.URL)
	}
	return refs, nil
}

// holds reports whether the URL is one of the bucket.
func (o *objects) holds(u *url.URL) bool {
	return u.Scheme == o.bucket.Scheme && u.Host == o.bucket.Host
}

// key returns the store's key for a URL of the bucket that is below the prefix.
func (o *objects) key(u *url.URL) (key string, ok bool) {
	key, ok = strings.CutPrefix(localName(u), o.prefix)
	return strings.TrimPrefix(key, "/"), ok && o.holds(u)
}

// read reads an object of the bucket or a file on the web.
func (o *objects) read(ctx context.Context, ref string, optional bool, f func(io.Reader) error) error {
	u, err := url.Parse(ref)
	switch {
	case err != nil:
		return fmt.Errorf("its URL %.200q is not valid", ref)
	case isWeb(u):
		return elsewhere("bucket", o.web.read(ctx, ref, optional, f))
	case o.holds(u):
		if _, below := o.key(u); !below {
			return fmt.Errorf("its URL is not below the prefix %s of the bucket", o.prefix)
		}
		return errMissing
	case !isLocal(u):
		return notFetched(u)
	}
	r, err := o.store.Get(ctx, localName(u))
	if errors.Is(err, bucket.ErrNotFound) {
		return errMissing
	}
	if err != nil {
		return err
	}
	defer r.Close()
	return f(r)
}

// files lists the bucket.
func (o *objects) files(ctx context.Context) ([]stored, error) {
	var all []stored
	for e, err := range o.store.List(ctx, "", bucket.Descendants) {
		if err != nil {
			return nil, err
		}
		if isWanted(e.Key) {
			all = append(all, stored{e.Key, e.Modified})
		}
		if len(all) > maxEntries {
			return nil, errEntries
		}
	}
	return all, nil
}
