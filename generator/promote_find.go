package generator

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/portolan-charts/portolan/generator/gate"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/action"
)

// What a promotion takes up in memory is only known once its versions have been read, and one
// may name thousands. So they are read in order of arrival until they are too much for a
// batch, and promotions of which some are not read are left to the next one.

// leastWeight is what a version that is promoted counts for at least, in bytes of lines:
// twice as many as one action may name are as much as fits a batch.
const leastWeight = publisher.MaxLines / (2 * action.MaxVersions)

// wanted is a promotion whose versions are being looked up.
type wanted struct {
	*candidate
	source *catalog
	errs   []error      // by the place among its versions
	lines  atomic.Int64 // bytes that those which have been read add to the index
	cut    atomic.Bool  // some have not been read
}

// findAll looks up and checks what the candidates promote, and what the catalog has of that.
// There is room for some bytes of lines; the first promotion has a batch to itself if it needs
// it. It returns how many of the candidates it got through; those that are nil count. The
// error is one of the channel; that another one cannot be read is noted in the candidate.
func (p *promoter) findAll(ctx context.Context, candidates []*candidate, room int, first bool) (n int, err error) {
	all, n := p.wanted(ctx, candidates, first)
	var used atomic.Int64
	p.eachVersion(ctx, all, func(at int, w *wanted, i int) {
		switch alone := first && at == 0; {
		case w.lines.Load() > int64(maxLines): // see end
		case w.cut.Load() || !alone && used.Load() > int64(room):
			w.cut.Store(true)
		default:
			a := w.asked
			if a.offers[i], w.errs[i] = p.offer(ctx, w.source, w.upload, a.From, a.Versions[i]); a.offers[i].version != nil {
				weight := a.offers[i].version.weight
				w.lines.Add(int64(weight))
				used.Add(int64(max(weight, leastWeight)))
			}
		}
	})
	if ctx.Err() != nil {
		return len(candidates), ctx.Err()
	}
	if at := slices.IndexFunc(all, func(w *wanted) bool { return w.cut.Load() }); at >= 0 {
		n = slices.Index(candidates, all[at].candidate)
		all = all[:at]
	}
	for _, w := range all {
		w.end(ctx)
	}
	return n, p.target(ctx, candidates, all)
}

// wanted are the promotions among the candidates whose versions are to be read.
// It ends where that takes more channels than may be held, and returns how many of the
// candidates it got through; the first promotion may take one more.
func (p *promoter) wanted(ctx context.Context, candidates []*candidate, first bool) (all []*wanted, n int) {
	for at, c := range candidates {
		if c == nil || c.asked == nil || c.asked.Kind != action.Promote || c.problem != nil || p.refuses(c.asked) {
			continue
		}
		if p.held > maxHeld && p.sources[c.asked.From] == nil && !first {
			return all, at
		}
		first = false
		source := p.source(ctx, c.asked.From)
		if source.err != nil {
			c.asked.unread = fmt.Errorf("upload %s: channel %s: %w", c.upload.ID, c.asked.From, source.err)
			continue
		}
		if c.asked.findUnfit(source.catalog); c.asked.offers == nil {
			c.asked.offers = make([]offered, len(c.asked.Versions))
			all = append(all, &wanted{candidate: c, source: source.catalog, errs: make([]error, len(c.asked.Versions))})
		}
	}
	return all, len(candidates)
}

// findUnfit notes the versions of which the index says that they cannot be promoted, if there
// are any: then no archive is read for the others, also by the runs while the promotion waits.
func (a *asked) findUnfit(source *catalog) {
	for _, v := range a.Versions {
		if o := unfit(source, a.From, v); o.problem != nil {
			a.offers = append(a.offers, o)
		}
	}
}

// refuses reports whether the channel takes no promotions, or none from there: then nothing
// is read of what is promoted.
func (p *promoter) refuses(a *asked) bool {
	from := gate.Promotion{Gates: p.reader.policy.Promote, From: a.From}
	return checkKind(p.reader.policy, action.Promote) != nil || from.CheckFrom() != nil
}

// end notes what is known of the promotion as a whole.
func (w *wanted) end(ctx context.Context) {
	if err := joined(ctx, w.errs); err != nil {
		w.asked.offers, w.asked.unread = nil, fmt.Errorf("upload %s: %w", w.upload.ID, err)
		return
	}
	if n := w.lines.Load(); n > int64(maxLines) {
		w.asked.offers = nil
		w.problem = reject(gate.TooLarge, "the first of its %d versions have lines of %d bytes, and one record takes %d", len(w.asked.Versions), n, maxLines)
		w.problem.Fix = "promote fewer versions at a time"
		return
	}
	for _, o := range w.asked.offers {
		if o.version != nil {
			w.weight += max(o.version.weight, leastWeight)
		}
	}
}

// target makes sure that the catalog knows what it has of the versions. Of the candidates, it
// takes out those of which that cannot be read.
func (p *promoter) target(ctx context.Context, candidates []*candidate, all []*wanted) error {
	p.eachVersion(ctx, all, func(_ int, w *wanted, i int) {
		if i < len(w.asked.offers) && w.asked.offers[i].version != nil {
			w.errs[i] = p.lookUp(ctx, w.asked.offers[i].version)
		}
	})
	var failures []error
	for _, w := range all {
		if err := joined(ctx, w.errs); err != nil && w.asked.unread == nil {
			candidates[slices.Index(candidates, w.candidate)] = nil
			failures = append(failures, fmt.Errorf("upload %s: %w", w.upload.ID, err))
		}
	}
	return joined(ctx, failures)
}

// eachVersion calls f for the versions of all the promotions, several at a time.
func (p *promoter) eachVersion(ctx context.Context, all []*wanted, f func(at int, w *wanted, i int)) {
	type place struct{ at, i int }
	var places []place
	for at, w := range all {
		for i := range w.asked.Versions {
			places = append(places, place{at, i})
		}
	}
	_ = each(ctx, p.workers, len(places), func(n int) error {
		at := places[n].at
		f(at, all[at], places[n].i)
		return nil
	})
}

// withPromoted are the candidates, and the versions that they promote.
func withPromoted(candidates []*candidate) []*candidate {
	all := slices.Clone(candidates)
	for _, c := range candidates {
		if c.asked == nil {
			continue
		}
		for _, o := range c.asked.offers {
			if o.version != nil {
				all = append(all, o.version)
			}
		}
	}
	return all
}
