package survey

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/droparea"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// Upload is an upload that was decided, or an action.
type Upload struct {
	ID         string            `json:"id"`
	Channel    string            `json:"channel"`
	Decided    time.Time         `json:"decided"`
	Arrival    time.Time         `json:"arrival"`
	Generation int               `json:"generation"` // the record that decided it
	Verdict    verdict.Verdict   `json:"verdict"`
	Action     action.Kind       `json:"action,omitempty"` // "" if it was a chart
	About      string            `json:"about,omitempty"`  // see [Action]
	Chart      string            `json:"chart,omitempty"`  // "" if it could not be read, or of an action about several
	Version    string            `json:"version,omitempty"`
	File       string            `json:"file,omitempty"` // what the uploader called it
	Rule       string            `json:"rule,omitempty"`
	Message    string            `json:"message,omitempty"`  // why it was rejected
	Fix        string            `json:"fix,omitempty"`      // what to do about that
	Uploader   map[string]string `json:"uploader,omitempty"` // who it was, as the upload claims; nil if there is no receipt any more
}

// UploadsOptions says which uploads to return.
type UploadsOptions struct {
	Channels []string  // empty means all of the site
	Since    time.Time // when they were decided
	Rejected bool      // only those that were rejected
	Most     int       // how many to return, the newest; 0 means all
}

// readers is how many small files are read at the same time, such as receipts.
const readers = 16

// Uploads returns uploads that were decided, the newest first, and whether there were more
// than Most in that time. It reads the records of that time, and for each upload that it
// returns, a receipt: that beside a rejected one in rejected/, and of others the one in
// receipts/. Without it, little is known of an upload. It fails with ErrNoChannel for a
// channel in which nothing was ever decided.
func Uploads(ctx context.Context, drop, site bucket.Store, o UploadsOptions) (uploads []Upload, more bool, err error) {
	all := len(o.Channels) == 0
	if all {
		if o.Channels, err = publisher.Channels(ctx, site); err != nil {
			return nil, false, err
		}
	}
	uploads = []Upload{}
	for _, channel := range o.Channels {
		some, err := decided(ctx, site, channel, o)
		if all && errors.Is(err, ErrNoChannel) { // its first record was not committed
			continue
		}
		if err != nil {
			return nil, false, err
		}
		uploads = append(uploads, some...)
	}
	slices.SortStableFunc(uploads, func(a, b Upload) int { return b.Decided.Compare(a.Decided) })
	if o.Most > 0 && len(uploads) > o.Most {
		uploads, more = uploads[:o.Most], true
	}
	return uploads, more, addReceipts(ctx, drop, uploads)
}

// decided returns the uploads that the records of a channel decided, the newest first, and
// at most one more than are asked for.
func decided(ctx context.Context, site bucket.Store, channel string, o UploadsOptions) ([]Upload, error) {
	var all []Upload
	there := false
	for r, err := range publisher.Records(ctx, site, channel) {
		if err != nil {
			return nil, err
		}
		there = true
		if r.Time.Before(o.Since) {
			break
		}
		for _, u := range decidedBy(r) {
			if o.Most > 0 && len(all) > o.Most {
				return all, nil
			}
			if u.Channel = channel; !o.Rejected || u.Verdict == verdict.Rejected {
				all = append(all, u)
			}
		}
	}
	if !there {
		return nil, fmt.Errorf("%s: %w", channel, ErrNoChannel)
	}
	return all, nil
}

// decidedBy returns what a record decided, the latest arrival first.
func decidedBy(r *publisher.Record) []Upload {
	all := make([]Upload, 0, len(r.Decisions)+len(r.Actions))
	for _, d := range r.Decisions {
		all = append(all, Upload{ID: d.Upload, Arrival: d.Arrival, Verdict: d.Verdict, Rule: d.Rule, Chart: d.Chart, Version: d.Version})
	}
	for _, d := range r.Actions {
		a := actionOf(d)
		u := Upload{ID: a.ID, Arrival: d.Arrival, Verdict: a.Verdict, Rule: a.Rule, Action: a.Kind, About: a.About, Chart: a.Chart}
		if len(a.Versions) == 1 {
			u.Chart, u.Version = a.Versions[0].Chart, a.Versions[0].Version
		}
		all = append(all, u)
	}
	slices.SortStableFunc(all, func(a, b Upload) int { return b.Arrival.Compare(a.Arrival) })
	for i := range all {
		all[i].Decided, all[i].Generation = r.Time, r.Generation
	}
	return all
}

// addReceipts adds what the receipts say.
func addReceipts(ctx context.Context, drop bucket.Store, uploads []Upload) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(readers)
	for i := range uploads {
		group.Go(func() error {
			u := &uploads[i]
			r, err := droparea.ReadDecided(ctx, drop, u.Channel, u.ID, u.Verdict)
			switch {
			case err == nil:
				u.Message, u.Fix = r.Message, r.Fix
				if r.Request != nil {
					u.File, u.Uploader = r.Request.File, r.Request.Uploader
				}
				if r.Action != nil {
					u.About, u.Uploader = r.Action.Subject(), r.Action.Requester
				}
			case !errors.Is(err, bucket.ErrNotFound) && !bucket.Denied(err):
				return err
			case u.Verdict == verdict.Rejected:
				u.Message, u.Fix = generator.Describe(u.Rule)
			}
			return nil
		})
	}
	return group.Wait()
}
