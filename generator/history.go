package generator

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/portolan-charts/portolan/publisher"
)

// history is what the log's later records say about the candidates.
type history struct {
	since   time.Time       // it has every record of this time or later
	decided map[string]past // by upload
	latest  map[ref]arrival // the latest upload of a version that was decided, and not rejected
}

// past is a decision that the log has.
type past struct {
	publisher.Decision
	record *publisher.Record
}

// arrival orders uploads: by time, then by id.
type arrival struct {
	at time.Time
	id string
}

func (a arrival) compare(b arrival) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.id, b.id)) }

func newHistory(since time.Time, records []*publisher.Record) *history {
	h := &history{since: since, decided: map[string]past{}, latest: map[ref]arrival{}}
	for _, r := range records {
		for _, d := range r.Decisions {
			h.decided[d.Upload] = past{d, r}
			// A signature that came later says nothing about the content.
			if d.Verdict == publisher.Rejected || d.Fingerprint == "" {
				continue
			}
			v, a := ref{d.Chart, d.Version}, arrival{d.Arrival, d.Upload}
			if last, ok := h.latest[v]; !ok || a.compare(last) > 0 {
				h.latest[v] = a
			}
		}
	}
	return h
}

// recall adds that the record decided the upload.
func (h *history) recall(upload string, r *publisher.Record) {
	for _, d := range r.Decisions {
		if d.Upload == upload {
			h.decided[upload] = past{d, r}
		}
	}
}

const (
	// lookBack is how many of the newest records are searched for an upload that
	// may have been decided long ago, but has no receipt: whoever decided it died
	// before writing that, and each later run would have written it.
	lookBack = 16

	// maxAge is how old an id may be for all records since then to be searched as
	// well: somebody may have put the upload back when its receipt was pruned, or
	// with a backup of the drop area that is older than the receipt.
	maxAge = 366 * 24 * time.Hour
	skew   = 24 * time.Hour // between the clocks of who made the id and who decided
)

// searchBack makes the run search the log for such uploads.
func (r *channelRun) searchBack(ctx context.Context, uploads []*publisher.Upload) error {
	doubtful := func(u *publisher.Upload) bool { return u.MaybeDecided && r.known[u.ID] == nil }
	if !slices.ContainsFunc(uploads, doubtful) {
		return nil
	}
	since, err := r.channel.Lately(ctx, lookBack)
	if err != nil || since.IsZero() {
		return err
	}
	old, from := map[string]bool{}, since
	for _, u := range uploads {
		if !doubtful(u) {
			continue
		}
		if since.Before(u.Earliest) {
			u.Earliest = since
		}
		if made := u.Made.Add(-skew); made.Before(since) && r.Now().Sub(u.Made) < maxAge {
			old[u.ID] = true
			if made.Before(from) {
				from = made
			}
		}
	}
	if len(old) > 0 {
		r.long, err = r.channel.Find(ctx, old, from)
	}
	return err
}

// history reads the records that may speak of uploads since then.
func (r *channelRun) history(ctx context.Context, since time.Time) (*history, error) {
	records, err := r.channel.Since(ctx, since)
	if err != nil {
		return nil, err
	}
	h := newHistory(since, records)
	for id, record := range r.long {
		h.recall(id, record)
	}
	return h, nil
}

// earliest is from when on records may speak of the charts among the uploads.
// Provenance files alone may wait for long, and are looked up when they are due.
func (r *channelRun) earliest(uploads []*publisher.Upload) time.Time {
	earliest := r.channel.Time().Add(clockStep) // later than every record
	for _, u := range uploads {
		if u.Chart != nil && r.known[u.ID] == nil && u.Earliest.Before(earliest) {
			earliest = u.Earliest
		}
	}
	return earliest
}
