package droparea

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

// Settle is how long a file that somebody put into the inbox must have been left alone
// before it is taken for complete: cp into a folder is not atomic.
const Settle = 2 * time.Second

// Adopt makes an upload of a file that somebody put into a channel's inbox: it copies
// the file to an id made from this version of it. [Discard] then deletes the original.
// Adopt may be repeated after any failure. It returns nil if the file was gone or
// overwritten before it could be copied, or has not settled by now.
//
// A file that is too large, as its size in the listing says, is not copied. It becomes
// an upload where it lies, to be refused, and [Remove] deletes it.
func Adopt(ctx context.Context, drop bucket.Store, channel string, f *Foreign, now time.Time, tooLarge func(*Upload) bool) (*Upload, error) {
	if f.unsettled(now) > 0 {
		return nil, nil
	}
	u := f.Upload(channel)
	if tooLarge(u) {
		return u, nil
	}
	copied, err := f.copy(ctx, drop, u)
	if err != nil || !copied {
		return nil, err
	}
	return u.moved(), nil
}

// Discard deletes a file that was adopted, unless it has been overwritten meanwhile:
// then it is another upload, for the next run. The provenance file is deleted last. If
// it is found alone, by a run in between or after a crash, it only signs the chart once
// more, which changes nothing; the chart alone would be published without its
// signature.
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

// unsettled is how much longer the file has to be left alone. A file from the future
// comes from a store whose clock is ahead, and whose objects appear complete.
func (f *Foreign) unsettled(now time.Time) time.Duration {
	age := now.Sub(f.modified())
	if age < 0 {
		return 0
	}
	return Settle - age
}

// Unsettled is how long it takes until every file in the inbox can be adopted, if
// nobody writes to them; zero or less if they all can be adopted now.
func (i *Inbox) Unsettled(now time.Time) time.Duration {
	var wait time.Duration
	for _, w := range i.Channels {
		for _, f := range w.Foreign {
			wait = max(wait, f.unsettled(now))
		}
	}
	return wait
}

// Upload is the upload that the file becomes when it is adopted. Until then, runs that
// must not write can read it where it lies.
func (f *Foreign) Upload(channel string) *Upload {
	u := newUpload(channel, adoptedID(channel, f.Chart, f.Prov), f.Chart, f.Prov)
	u.foreign = f
	return u
}

// Adopted reports whether the upload lies under its id, and not where somebody put it.
func (u *Upload) Adopted() bool { return u.foreign == nil }

// moved returns the upload with its objects where Adopt has put them. Their tokens are
// unknown; no other writer writes there.
func (u *Upload) moved() *Upload {
	m := *u
	m.foreign = nil
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

// request describes the upload that the file becomes.
func (f *Foreign) request(ctx context.Context, drop bucket.Store, key string) (bucket.Object, error) {
	r, err := f.readRequest(ctx, drop)
	if err != nil {
		return bucket.Object{}, err
	}
	return r.object(key)
}

// readRequest reads what is said of the file, or says what is known.
func (f *Foreign) readRequest(ctx context.Context, drop bucket.Store) (r Request, err error) {
	if f.Request != nil {
		r, err = readRequest(ctx, drop, f.Request.Key)
	}
	r.File = cmp.Or(r.File, f.Name)
	r.Provenance = f.Prov != nil && f.Chart != nil
	return r, err
}

// errMoved is reported for a file that was overwritten after it was listed.
var errMoved = errors.New("overwritten while it was read")

// body copies the version of the object that was listed.
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
		// What somebody still writes to is longer than it was.
		n, err := io.Copy(w, io.LimitReader(r, e.Size+1))
		if err == nil && n != e.Size {
			err = bucket.About(e.Key, errMoved)
		}
		return err
	}
}
