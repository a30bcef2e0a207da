package publisher

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"time"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

// Settle is how long a file under a name of its owner's must have been left
// alone before it is taken for whole: cp into a folder is not atomic.
const Settle = 2 * time.Second

// Adopt makes an upload of a file that somebody put into a channel's inbox
// under a name of their own: it copies the file to an id that is made from
// this very version of it. [Discard] then deletes the original. It may be
// repeated after any failure. It returns nil if the file was gone or
// overwritten before it could be copied, or has not settled by now.
func Adopt(ctx context.Context, drop bucket.Store, channel string, f *Foreign, now time.Time) (*Upload, error) {
	if f.unsettled(now) > 0 {
		return nil, nil
	}
	u := f.Upload(channel)
	copied, err := f.copy(ctx, drop, u)
	if err != nil || !copied {
		return nil, err
	}
	return u.moved(), nil
}

// Discard deletes a file that was adopted, unless it has been overwritten
// meanwhile: then it is one more upload, for the next run. The provenance file
// goes last. Whoever lists the inbox in between, or finds it so after a crash,
// takes it for one that signs the chart once more, which changes nothing; the
// chart alone they would publish without its signature.
func Discard(ctx context.Context, drop bucket.Store, f *Foreign) error {
	for _, e := range []*bucket.Entry{f.Request, f.Chart, f.Prov} {
		if e == nil {
			continue
		}
		if err := drop.Delete(ctx, e.Key, e.Token); err != nil && !errors.Is(err, bucket.ErrConflict) {
			return err
		}
	}
	return nil
}

// unsettled is how long the file has yet to be left alone. A file from the
// future comes from a store whose clock is ahead, and whose objects appear whole.
func (f *Foreign) unsettled(now time.Time) time.Duration {
	age := now.Sub(f.modified())
	if age < 0 {
		return 0
	}
	return Settle - age
}

// Unsettled is how long it takes until every file in the inbox could be
// adopted, if nobody writes to them; zero or less if they all can be.
func (i *Inbox) Unsettled(now time.Time) time.Duration {
	var wait time.Duration
	for _, w := range i.Channels {
		for _, f := range w.Foreign {
			wait = max(wait, f.unsettled(now))
		}
	}
	return wait
}

// Upload is what the file becomes when it is adopted. Until then it can be
// read where it lies, by runs that must not write.
func (f *Foreign) Upload(channel string) *Upload {
	return newUpload(channel, adoptedID(channel, f.Chart, f.Prov), f.Chart, f.Prov)
}

// moved returns the upload with its objects where Adopt has put them. Their
// tokens are not known; nobody else writes there.
func (u *Upload) moved() *Upload {
	m := *u
	if u.Chart != nil {
		m.Chart = &bucket.Entry{Key: u.key(chartExt), Size: u.Chart.Size, Modified: u.Chart.Modified}
	}
	if u.Prov != nil {
		m.Prov = &bucket.Entry{Key: u.key(provExt), Size: u.Prov.Size, Modified: u.Prov.Modified}
	}
	return &m
}

// copy writes the upload's objects, the chart last.
func (f *Foreign) copy(ctx context.Context, drop bucket.Store, u *Upload) (bool, error) {
	request, err := f.request(ctx, drop, u.key(requestExt))
	if err != nil {
		return false, err
	}
	objects := []bucket.Object{request}
	if f.Prov != nil {
		objects = append(objects, bucket.Object{Key: u.key(provExt), Body: f.body(ctx, drop, f.Prov), ContentType: typeText})
	}
	if f.Chart != nil {
		objects = append(objects, bucket.Object{Key: u.key(chartExt), Body: f.body(ctx, drop, f.Chart), ContentType: typeChart})
	}
	for _, o := range objects {
		o.Deferred = true // until the original is deleted
		err := drop.Create(ctx, o)
		if errors.Is(err, errMoved) || errors.Is(err, bucket.ErrNotFound) {
			return false, nil
		}
		if err != nil {
			return false, fmt.Errorf("adopting %s: %w", path.Join(inboxDir, u.Channel, f.Name), err)
		}
	}
	return true, nil
}

// request is what describes the upload that the file becomes.
func (f *Foreign) request(ctx context.Context, drop bucket.Store, key string) (bucket.Object, error) {
	var r Request
	if f.Request != nil {
		var err error
		if r, err = readRequest(ctx, drop, f.Request.Key); err != nil {
			return bucket.Object{}, err
		}
	}
	r.File = cmp.Or(r.File, f.Name)
	r.Provenance = f.Prov != nil && f.Chart != nil
	return r.object(key)
}

// errMoved is the failure to read a file that was overwritten since it was listed.
var errMoved = errors.New("overwritten while it was read")

// body copies exactly the version of the object that was listed.
func (f *Foreign) body(ctx context.Context, drop bucket.Store, e *bucket.Entry) bucket.Body {
	return func(w io.Writer) error {
		r, err := drop.Get(ctx, e.Key)
		if err != nil {
			return err
		}
		defer r.Close()
		if r.Entry.Token != e.Token {
			return bucket.About(e.Key, errMoved)
		}
		_, err = io.Copy(w, r)
		return err
	}
}
