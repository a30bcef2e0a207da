package generator

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/droparea"
)

// decision is an outcome that this run has put into the log.
type decision struct {
	*outcome
	generation int
	time       time.Time
}

// maxUnshown is how many generations a run commits before it makes head show them: it holds
// the index of each until then.
var maxUnshown = 100 // a variable for tests

// commitAll commits a verdict on every candidate that can have one, in as many
// records as it takes. It returns its decisions by upload, and what the log
// says of the others. If another generator commits first, all of them are decided
// again on what that one left.
func (r *channelRun) commitAll(ctx context.Context, pending []*candidate, h *history) (map[string]decision, *history, error) {
	decided := map[string]decision{}
	for {
		p, err := r.planner(h).decide(pending)
		if err != nil {
			return nil, nil, err
		}
		if !p.since.IsZero() {
			if h, err = r.earlier.since(ctx, p.since); err != nil {
				return nil, nil, err
			}
			continue
		}
		if p.looksBack != nil {
			if err := r.lookBack(ctx, p.looksBack); err != nil {
				return nil, nil, err
			}
			continue
		}
		if !p.changes() && !r.channel.RootChanges() && !r.channel.RegistryChanges() {
			r.report.Waiting = append(r.report.Waiting, p.left()...)
			return decided, h, nil
		}
		err = r.commit(ctx, p)
		switch {
		case errors.Is(err, errVoid):
			pending = slices.DeleteFunc(pending, func(c *candidate) bool { return c.gone })
		case errors.Is(err, bucket.ErrConflict):
			if h, err = r.refresh(ctx, pending, h); err != nil {
				return nil, nil, err
			}
		case err != nil:
			return nil, nil, err
		default:
			pending = r.settled(p, pending, decided)
			err := r.stager.unstage(ctx, p)
			if err == nil && r.channel.Unshown() >= maxUnshown {
				err = r.show(ctx, false)
			}
			if err != nil {
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
		Removed:     p.removed,
		Added:       p.added,
		Shown:       p.shown,
		Keep:        r.policy.Keep,
		ContextPath: r.Config.ContextPath(),
		Nonce:       r.Nonce(),
	}
	if r.DryRun {
		draft.Decisions, draft.Actions = p.decisions(), p.actions()
		return r.channel.Pretend(draft)
	}
	if err := r.stageAll(ctx, p); err != nil {
		return err
	}
	texts, err := r.giveBack(ctx, p)
	if err != nil {
		return err
	}
	draft.Texts = texts
	draft.Decisions, draft.Actions = p.decisions(), p.actions() // once it is known which manifests stand
	for _, rel := range p.releases {
		if text := rel.manifest().Manifest; text != "" {
			draft.Texts = append(draft.Texts, text)
		}
	}
	return r.channel.Commit(ctx, draft)
}

// stageAll puts everything on the site that the plan's record will name.
func (r *channelRun) stageAll(ctx context.Context, p *plan) error {
	err := each(ctx, r.Workers, len(p.promotions), func(i int) error {
		return r.stager.promoted(ctx, p.promotions[i].release)
	})
	if err != nil {
		return err
	}
	for _, rel := range p.releases {
		if rel.staged() {
			continue
		}
		err := r.stage(ctx, rel)
		if errors.Is(err, bucket.ErrNotFound) {
			rel.owner().gone = true
			return errVoid
		}
		if err != nil {
			return err
		}
		if rel.faulty() {
			return errVoid
		}
	}
	return each(ctx, r.Workers, len(p.releases), func(i int) error {
		rel := p.releases[i]
		m := rel.manifest()
		if m.Manifest == "" {
			return nil
		}
		return publisher.PutManifest(ctx, r.Site, r.channel.Name, rel.ref.name, rel.url, m)
	})
}

// stage stages a release that could not be when its upload was read. The error
// is bucket.ErrNotFound if another generator has taken the upload.
func (r *channelRun) stage(ctx context.Context, rel *release) error {
	if rel.chart != nil && rel.chart.origin != nil {
		return nil // it has been tried
	}
	if rel.chart == nil {
		info, err := r.catalog.released(ctx, *rel.base)
		if err != nil {
			return err
		}
		return r.stager.signed(ctx, rel, info)
	}
	request := rel.chart.request
	if rel.chart.pushes {
		var err error
		if request, err = droparea.ReadRequest(ctx, r.Drop, rel.chart.upload); err != nil {
			return err
		}
	}
	again, parts, err := r.reader.readParts(ctx, rel.chart.upload, request)
	if err != nil {
		return err
	}
	return r.stager.late(ctx, rel, again, parts)
}

// refresh brings the view of the channel up to date after a lost race.
func (r *channelRun) refresh(ctx context.Context, pending []*candidate, h *history) (*history, error) {
	if err := r.channel.Refresh(ctx); err != nil {
		return nil, err
	}
	r.catalog = r.catalog.at(r.channel)
	all := withPromoted(pending)
	err := each(ctx, r.Workers, len(all), func(i int) error { return r.catalog.lookUp(ctx, all[i]) })
	if err != nil {
		return nil, err
	}
	return r.earlier.since(ctx, h.since)
}

// settled notes the plan's decisions and returns the candidates that have none.
func (r *channelRun) settled(p *plan, pending []*candidate, decided map[string]decision) []*candidate {
	r.report.After = r.channel.Generation()
	r.earlier.committed()
	r.earlier.learn(p, pending)
	r.catalog = r.catalog.next(r.channel, p.releases)
	for _, rel := range p.releases {
		rel.forget()
	}
	for _, o := range p.outcomes {
		if o.release != nil && r.stager.manifests.has(o.ref) {
			if is, ok := r.catalog.info(o.release.url); ok {
				o.pin = is.pin
			}
		}
		o.forget()
		decided[o.upload.ID] = decision{o, r.channel.Generation(), r.channel.Time()}
	}
	return slices.DeleteFunc(pending, func(c *candidate) bool {
		_, done := decided[c.upload.ID]
		return done
	})
}
