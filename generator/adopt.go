package generator

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/portolan-charts/portolan/publisher"
)

// adopt returns all uploads of the channel in order of arrival: those under
// portolan's own names, and those that it finds under others.
func (r *channelRun) adopt(ctx context.Context, w *publisher.ChannelInbox) ([]*publisher.Upload, error) {
	unknown := r.recognize(ctx, w)
	uploads := map[string]*publisher.Upload{}
	for _, u := range w.Uploads {
		uploads[u.ID] = u
	}
	adopted, err := r.adoptForeign(ctx, w)
	for _, u := range adopted {
		// If an earlier adoption of the file was broken off, its copy, or the
		// first part of it, is in the inbox already: the same id, one upload.
		if u != nil {
			uploads[u.ID] = u
		}
	}
	return slices.SortedFunc(maps.Values(uploads), func(a, b *publisher.Upload) int {
		return arrival{a.Arrival, a.ID}.compare(arrival{b.Arrival, b.ID})
	}), errors.Join(unknown, err)
}

// recognize finds those among the uploads that were decided before the records
// that are read: their receipts say so. One that has the id of an upload in
// another channel is adopted, as files under other names are; one whose receipt
// cannot be read stays in the inbox.
func (r *channelRun) recognize(ctx context.Context, w *publisher.ChannelInbox) error {
	receipts := make([]*publisher.Receipt, len(w.Uploads))
	unread := map[string]bool{}
	err := r.each(ctx, len(w.Uploads), func(i int) (err error) {
		u := w.Uploads[i]
		if !u.MaybeDecided {
			return nil
		}
		receipts[i], err = publisher.ReadReceipt(ctx, r.Drop, u.ID)
		if err == nil || errors.Is(err, publisher.ErrNotFound) {
			return nil
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		unread[u.ID] = true
		return fmt.Errorf("upload %s may be decided already: %w", u.ID, err)
	})
	other := map[string]bool{}
	for i, receipt := range receipts {
		switch {
		case receipt == nil:
		case receipt.Channel == w.Channel:
			r.known[w.Uploads[i].ID] = receipt
		default:
			other[w.Uploads[i].ID] = true
		}
	}
	w.Disown(func(u *publisher.Upload) bool { return other[u.ID] })
	w.Uploads = slices.DeleteFunc(w.Uploads, func(u *publisher.Upload) bool { return unread[u.ID] })
	return err
}

// adoptForeign returns what the files become, nil for those that stay.
func (r *channelRun) adoptForeign(ctx context.Context, w *publisher.ChannelInbox) ([]*publisher.Upload, error) {
	adopted := make([]*publisher.Upload, len(w.Foreign))
	if r.DryRun {
		for i, f := range w.Foreign {
			adopted[i] = f.Upload(w.Channel)
		}
		return adopted, nil
	}
	stay := make([]bool, len(w.Foreign))
	err := r.each(ctx, len(w.Foreign), func(i int) (err error) {
		adopted[i], err = publisher.Adopt(ctx, r.Drop, w.Channel, w.Foreign[i], r.Now())
		stay[i] = adopted[i] == nil && err == nil
		return err
	})
	for i, f := range w.Foreign {
		if stay[i] {
			r.report.Waiting = append(r.report.Waiting, Waiting{File: f.Name, Reason: "it is still being written, or another run is taking it"})
		}
	}
	// Apart from the copies, so that a folder on disk flushes once for all.
	return adopted, errors.Join(err, r.each(ctx, len(w.Foreign), func(i int) error {
		if adopted[i] == nil {
			return nil
		}
		return publisher.Discard(ctx, r.Drop, w.Foreign[i])
	}))
}
