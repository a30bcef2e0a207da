package generator

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/portolan-charts/portolan/publisher"
)

// adopt returns all uploads of the channel in order of arrival: those under
// portolan's own names, and those that it finds under others.
func (r *channelRun) adopt(ctx context.Context, w *publisher.ChannelInbox) ([]*publisher.Upload, error) {
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
	}), err
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
