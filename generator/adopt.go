package generator

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"

	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/droparea"
)

// adopted is what waits in a channel's inbox.
type adopted struct {
	uploads  []*droparea.Upload           // in order of arrival
	receipts map[string]*droparea.Receipt // of those that are decided already, by id
	waiting  []Waiting                    // files that cannot be uploads yet
}

// adopt finds all uploads of the channel: those under portolan's own names, and
// those under others, which it gives ids.
func adopt(ctx context.Context, o *Options, w *droparea.ChannelInbox) (*adopted, error) {
	a := &adopted{receipts: map[string]*droparea.Receipt{}}
	unknown := a.recognize(ctx, o, w)
	uploads := map[string]*droparea.Upload{}
	for _, u := range w.Uploads {
		u.Request = nil // only a file under another name needs it, and there may be many
		uploads[u.ID] = u
	}
	foreign, err := a.adoptForeign(ctx, o, w)
	for _, u := range foreign {
		// If an earlier adoption of the file was broken off, its copy, or the
		// first part of it, is in the inbox already: the same id, one upload.
		if u != nil {
			uploads[u.ID] = u
		}
	}
	a.uploads = slices.SortedFunc(maps.Values(uploads), func(a, b *droparea.Upload) int {
		return arrival{a.Arrival, a.ID}.compare(arrival{b.Arrival, b.ID})
	})
	return a, errors.Join(unknown, err)
}

// recognize finds those among the uploads that were decided before the records
// that are read: their receipts say so. An action may always be one, since it has no
// request that would be missing if it were put back, or came late. An upload that has the
// id of another one, in another channel, or of an action is adopted, as files under other
// names are; an action like that stays in the inbox, as does what has a receipt that
// cannot be read.
func (a *adopted) recognize(ctx context.Context, o *Options, w *droparea.ChannelInbox) error {
	receipts, unread := make([]*droparea.Receipt, len(w.Uploads)), make([]bool, len(w.Uploads))
	err := each(ctx, o.Workers, len(w.Uploads), func(i int) (err error) {
		u := w.Uploads[i]
		if !u.MaybeDecided && u.Action == nil {
			return nil
		}
		receipts[i], err = droparea.ReadReceipt(ctx, o.Drop, u.ID)
		if err == nil || errors.Is(err, bucket.ErrNotFound) {
			return nil
		}
		unread[i] = true
		return fmt.Errorf("upload %s may be decided already: %w", u.ID, err)
	})
	other, stay := map[string]bool{}, map[string]bool{}
	for i, u := range w.Uploads {
		switch receipt := receipts[i]; {
		case unread[i]:
			stay[u.ID] = true
		case receipt == nil:
		case receipt.Channel == w.Channel && (receipt.Action == nil) == (u.Action == nil):
			a.receipts[u.ID] = receipt
		default:
			if other[u.ID] = true; u.Action != nil {
				a.waiting = append(a.waiting, Waiting{File: path.Base(u.Action.Key), Reason: "its id is that of something else, which is decided: delete the file, and ask once more, which gives the action an id of its own"})
			}
		}
	}
	w.Disown(func(u *droparea.Upload) bool { return other[u.ID] })
	w.Uploads = slices.DeleteFunc(w.Uploads, func(u *droparea.Upload) bool { return stay[u.ID] })
	return err
}

// adoptForeign returns what the files become, nil for those that stay.
func (a *adopted) adoptForeign(ctx context.Context, o *Options, w *droparea.ChannelInbox) ([]*droparea.Upload, error) {
	uploads := make([]*droparea.Upload, len(w.Foreign))
	if o.DryRun {
		for i, f := range w.Foreign {
			uploads[i] = f.Upload(w.Channel)
		}
		return uploads, nil
	}
	r := &reader{drop: o.Drop, policy: o.Config.Policy(w.Channel)}
	stay := make([]bool, len(w.Foreign))
	err := each(ctx, o.Workers, len(w.Foreign), func(i int) (err error) {
		uploads[i], err = droparea.Adopt(ctx, o.Drop, w.Channel, w.Foreign[i], o.Now(), r.tooLarge)
		stay[i] = uploads[i] == nil && err == nil
		return err
	})
	for i, f := range w.Foreign {
		if stay[i] {
			a.waiting = append(a.waiting, Waiting{File: f.Name, Reason: "it is still being written, or another run is taking it"})
		}
	}
	// Apart from the copies, so that a folder on disk flushes once for all.
	return uploads, errors.Join(err, each(ctx, o.Workers, len(w.Foreign), func(i int) error {
		if uploads[i] == nil || !uploads[i].Adopted() {
			return nil
		}
		return droparea.Discard(ctx, o.Drop, w.Foreign[i])
	}))
}
