package droparea

import (
	"cmp"
	"context"

	"golang.org/x/sync/errgroup"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

// Remove removes uploads that have their receipts from the inbox, as many at a time as
// the limit says. It returns an error for each: nil if the upload is removed. It may be
// repeated after any failure.
//
// All provenance files go first, then all requests, and then the charts: so what a crash
// leaves is never an upload of another kind. An upload that lies under its id is removed
// in any version, since the log decides each id only once. A file that somebody put there
// under another name is removed only if it is still the one that was decided.
func Remove(ctx context.Context, drop bucket.Store, limit int, uploads []*Upload) []error {
	r := &removal{ctx: ctx, drop: drop, limit: limit, uploads: uploads, errs: make([]error, len(uploads))}
	for _, part := range []func(*Upload) string{(*Upload).firstPart, (*Upload).requestPart, (*Upload).lastPart} {
		r.remove(part)
	}
	r.discard()
	return r.errs
}

// removal is one call of Remove.
type removal struct {
	ctx     context.Context
	drop    bucket.Store
	limit   int
	uploads []*Upload
	errs    []error // by upload
}

// remove removes one part of each upload of which the parts before are removed.
func (r *removal) remove(part func(*Upload) string) {
	var keys []string
	var of []int
	for i, u := range r.uploads {
		if key := part(u); u.foreign == nil && r.errs[i] == nil && key != "" {
			keys, of = append(keys, key), append(of, i)
		}
	}
	for i, err := range bucket.DeleteAll(r.ctx, r.drop, r.limit, keys) {
		r.errs[of[i]] = err
	}
}

// firstPart is the key of the provenance file that belongs to a chart; "" if absent.
func (u *Upload) firstPart() string {
	if u.Chart == nil || u.Prov == nil {
		return ""
	}
	return u.Prov.Key
}

// requestPart is the key of the request; "" of an action, which has none.
func (u *Upload) requestPart() string {
	if u.Action != nil {
		return ""
	}
	return u.key(requestExt)
}

// lastPart is the key of what makes it an upload.
func (u *Upload) lastPart() string {
	return cmp.Or(u.Chart, u.Prov, u.Action).Key
}

// discard removes the uploads that lie where somebody put them.
func (r *removal) discard() {
	var group errgroup.Group
	group.SetLimit(r.limit)
	for i, u := range r.uploads {
		if u.foreign != nil {
			group.Go(func() error {
				r.errs[i] = Discard(r.ctx, r.drop, u.foreign)
				return nil
			})
		}
	}
	_ = group.Wait() // the errors are in errs
}
