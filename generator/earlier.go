package generator

import (
	"context"
	"slices"
	"time"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/droparea"
)

const (
	// lookBack is how many of the newest records are searched for an upload that
	// may have been decided long ago, but has no receipt: the run that decided it
	// died before it wrote one, and any later run would have written it.
	lookBack = 16

	// maxAge is how old an id may be for all records since then to be searched as
	// well: the upload may have been put back after its receipt was pruned, or from
	// a backup of the drop area that is older than the receipt.
	maxAge = 366 * 24 * time.Hour
	skew   = 24 * time.Hour // between the clocks of the one that made the id and the one that decided
)

// earlier finds out what earlier runs have decided about uploads.
type earlier struct {
	channel  *publisher.Channel
	receipts map[string]*droparea.Receipt // of uploads that were decided before the records that are read, by id
	records  map[string]*publisher.Record // that decided uploads long ago whose receipts are gone, by id
	known    *history                     // what has been read; nil at first
}

// search searches the log for uploads that may have been decided long ago, and
// have no receipt.
func (e *earlier) search(ctx context.Context, uploads []*droparea.Upload, now time.Time) error {
	doubtful := func(u *droparea.Upload) bool { return u.MaybeDecided && e.receipts[u.ID] == nil }
	if !slices.ContainsFunc(uploads, doubtful) {
		return nil
	}
	since, err := e.channel.Lately(ctx, lookBack)
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
		if made := u.Made.Add(-skew); made.Before(since) && now.Sub(u.Made) < maxAge {
			old[u.ID] = true
			if made.Before(from) {
				from = made
			}
		}
	}
	if len(old) > 0 {
		e.records, err = e.channel.Find(ctx, old, from)
	}
	return err
}

// since reads the records that may be about uploads from that time on, except those that
// it has read before, and what the run itself has decided.
func (e *earlier) since(ctx context.Context, since time.Time) (*history, error) {
	if e.known == nil || since.Before(e.known.since) {
		e.known = newHistory(since)
		e.known.receipts = e.receipts
		for id, record := range e.records {
			e.known.add(id, record)
		}
	}
	h := e.known
	records, err := e.channel.Since(ctx, h.since, h.generation)
	if err != nil {
		return nil, err
	}
	for _, r := range slices.Backward(records) {
		h.take(r)
	}
	h.generation = e.channel.Generation()
	return h, nil
}

// committed skips the record that this run has just committed. A run looks at each upload
// once, in order of arrival. So the record decided none of those that are left, and nothing
// in it came later than they did.
func (e *earlier) committed() {
	if h := e.known; h.generation == e.channel.Generation()-1 {
		h.generation++
	}
}

// learn adds what the plan has decided if an action is left, which came before some of it:
// it has waited for what it names.
func (e *earlier) learn(p *plan, left []*candidate) {
	if !slices.ContainsFunc(left, func(c *candidate) bool { return c.upload.Action != nil }) {
		return
	}
	for _, d := range p.decisions() {
		e.known.decides(d)
	}
	for _, a := range p.actions() {
		e.known.acts(a)
	}
}

// oldest is the time from which on records may be about the charts and actions among the
// uploads. Provenance files alone may wait for long, and are looked up when they are due.
func (e *earlier) oldest(uploads []*droparea.Upload) time.Time {
	oldest := e.channel.Time().Add(clockStep) // later than every record
	for _, u := range uploads {
		if (u.Chart != nil || u.Action != nil) && e.receipts[u.ID] == nil && u.Earliest.Before(oldest) {
			oldest = u.Earliest
		}
	}
	return oldest
}
