package generator

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/portolan-charts/portolan/publisher"
)

// decision is an outcome that this run has put into the log.
type decision struct {
	*outcome
	generation int
	time       time.Time
}

// decideAll commits a verdict on every candidate that can have one, in as many
// records as it takes. It returns its decisions by upload, and what the log
// says of the others. If another generator commits first, everything is decided
// anew on what that one left.
func (r *channelRun) decideAll(ctx context.Context, pending []*candidate, h *history) (map[string]decision, *history, error) {
	decided := map[string]decision{}
	for {
		p, err := r.planner(h).decide(pending)
		if err != nil {
			return nil, nil, err
		}
		if !p.since.IsZero() {
			if h, err = r.history(ctx, p.since); err != nil {
				return nil, nil, err
			}
			continue
		}
		if !p.changes() {
			r.noteWaiting(p)
			return decided, h, nil
		}
		err = r.commit(ctx, p)
		switch {
		case errors.Is(err, errVoid):
			pending = slices.DeleteFunc(pending, func(c *candidate) bool { return c.gone })
		case errors.Is(err, publisher.ErrConflict):
			if h, err = r.again(ctx, pending, h); err != nil {
				return nil, nil, err
			}
		case err != nil:
			return nil, nil, err
		default:
			pending = r.settled(p, pending, decided)
			if err := r.unstage(ctx, p); err != nil {
				return nil, nil, err
			}
		}
	}
}

// errVoid says that the plan was made for uploads that are no longer there, or
// no longer what they were.
var errVoid = errors.New("plan is void")

// commit carries out the plan up to the commit point.
func (r *channelRun) commit(ctx context.Context, p *plan) error {
	draft := publisher.Draft{
		Time:        p.time,
		Decisions:   p.decisions(),
		Removed:     p.removed,
		Added:       p.added,
		Shown:       p.shown,
		Keep:        r.policy.Keep,
		ContextPath: r.Config.ContextPath(),
		Nonce:       r.Nonce(),
	}
	if r.DryRun {
		return r.channel.Pretend(draft)
	}
	ok, err := r.stage(ctx, p)
	if err != nil {
		return err
	}
	if !ok {
		return errVoid
	}
	return r.channel.Commit(ctx, draft)
}

// again brings the view of the channel up to date after a lost race.
func (r *channelRun) again(ctx context.Context, pending []*candidate, h *history) (*history, error) {
	if err := r.channel.Refresh(ctx); err != nil {
		return nil, err
	}
	r.catalog = newCatalog(r.channel.Index())
	for _, c := range pending {
		if err := r.lookUp(ctx, c); err != nil {
			return nil, err
		}
	}
	return r.history(ctx, h.since)
}

// settled notes the plan's decisions and returns the candidates that have none.
func (r *channelRun) settled(p *plan, pending []*candidate, decided map[string]decision) []*candidate {
	r.report.After = r.channel.Generation()
	r.catalog = r.catalog.next(r.channel.Index(), p)
	for _, o := range p.outcomes {
		decided[o.upload.ID] = decision{o, r.channel.Generation(), r.channel.Time()}
	}
	return slices.DeleteFunc(pending, func(c *candidate) bool {
		_, done := decided[c.upload.ID]
		return done
	})
}

// noteWaiting puts into the report what cannot be decided yet.
func (r *channelRun) noteWaiting(p *plan) {
	for _, c := range p.waiting {
		reason := "it is a provenance file, and the chart that it names is not here yet"
		if c.bare {
			reason = "its uploader says that a provenance file comes with it, and that is not here yet"
		}
		r.report.Waiting = append(r.report.Waiting, Waiting{ID: c.upload.ID, File: c.request.File, Reason: reason})
	}
}
