package generator

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/bucket"
)

// A rollback makes a channel show what an earlier generation showed, as far as nothing
// else stands against it. Versions that the generation did not show are hidden, content
// that was replaced since comes back, and what earlier rollbacks have hidden is shown
// again. What was yanked, deprecated or removed since stays so.

// shownAt is what a generation showed.
type shownAt struct {
	*catalog           // nil if its snapshot is missing
	time     time.Time // when it began to
}

// looksBack reports whether it has to be found out what the generation showed that an
// action rolls back to. That is left until the action is decided: it is a whole index, and
// many rollbacks may wait.
func (p *planner) looksBack(o *outcome) bool {
	return o.asked != nil && o.asked.Kind == action.Rollback && o.asked.back == nil && p.refuse(o) == nil && p.refuseGeneration(o.asked.Generation) == nil
}

// lookBack finds that out. If it cannot be read, the action alone waits for a run that can.
func (r *channelRun) lookBack(ctx context.Context, c *candidate) error {
	index, state, err := r.channel.AsOf(ctx, c.asked.Generation)
	switch {
	case err == nil:
		c.asked.back = &shownAt{newCatalog(r.Site, r.channel.Name, index, state), index.Generated()}
	case errors.Is(err, bucket.ErrNotFound):
		c.asked.back = &shownAt{}
	case ctx.Err() != nil:
		return err
	default:
		c.asked.unread = fmt.Errorf("upload %s: %w", c.upload.ID, err)
	}
	return nil
}

// find returns the release of a version, if the generation showed it.
func (s *shownAt) find(r ref) (published, bool) {
	if _, yanked := s.state.FindYanked(r.name, r.version); yanked {
		return published{}, false
	}
	return s.catalog.find(r)
}

// own reports whether the release is deprecated by itself.
func (s *shownAt) own(r ref, is published) bool {
	if _, marked := s.state.FindDeprecated(r.name); marked {
		return s.state.Owns(r.name, r.version)
	}
	return is.Deprecated
}

// rollback decides what becomes of every version of the channel.
func (p *planner) rollback(o *outcome) {
	generation := o.asked.Generation
	if problem := p.refuseGeneration(generation); problem != nil {
		o.reject(problem)
		return
	}
	if back := o.asked.back; back == nil || back.catalog == nil {
		problem := reject("rollback-pruned", "the snapshot of generation %d is missing", generation)
		problem.Fix = fmt.Sprintf("restore it with 'portolan rebuild --channel %s', and ask again", p.catalog.channel)
		o.reject(problem)
		return
	}
	d := o.act
	d.Generation = generation
	d.Reason = cmp.Or(o.asked.Reason, action.RolledBack(generation))
	bytes := 0
	for name := range p.catalog.index.Charts() {
		all, err := p.catalog.releases(name)
		if err != nil {
			break // a plan that changes this chart reports it
		}
		for _, is := range all {
			bytes += p.rollBack(o, ref{name, is.Version}, is)
		}
	}
	if problem := rejectLargeRollback(generation, len(d.Versions), bytes); problem != nil {
		d.Versions, p.plan.back, p.plan.hides = nil, map[ref]published{}, map[string]map[string]bool{}
		o.reject(problem)
		return
	}
	p.changes(o, len(d.Versions) > 0)
}

// rejectLargeRollback refuses a rollback that is too much for one record; nil if it is not.
func rejectLargeRollback(generation, versions, bytes int) (problem *check.Problem) {
	switch {
	case versions > action.MaxVersions:
		problem = reject("action-too-large", "rolling back to generation %d changes %d versions, and one record takes %d", generation, versions, action.MaxVersions)
	case bytes > maxLines:
		problem = reject("action-too-large", "rolling back to generation %d changes lines of %d bytes, and one record takes %d", generation, bytes, maxLines)
	default:
		return nil
	}
	problem.Fix = "yank the versions that are to go, in several actions"
	return problem
}

// refuseGeneration says why a generation cannot be rolled back to, whatever it showed.
func (p *planner) refuseGeneration(generation int) *check.Problem {
	switch {
	case generation > p.catalog.newest:
		return reject("rollback-unknown", "the channel has no generation %d: its newest is %d", generation, p.catalog.newest)
	case generation < p.catalog.floor:
		return reject("rollback-pruned", "generation %d is not kept any more: the oldest that is kept is %d", generation, p.catalog.floor)
	}
	return nil
}

// rollBack decides what becomes of one version, and returns how many bytes of lines that
// changes. A version that something has happened to after the action arrived stays as it is.
func (p *planner) rollBack(o *outcome, r ref, is published) (bytes int) {
	if after(p.history.latest, r, o.arrival()) || after(p.history.acted, r, o.arrival()) {
		return 0
	}
	yanked, isYanked := p.catalog.state.FindYanked(r.name, r.version)
	earlier, shown := o.asked.back.find(r)
	v := publisher.ActionVersion{Pin: action.Pin{Chart: r.name, Version: r.version, Digest: is.Digest}}
	if shown && earlier.Digest != is.Digest {
		if _, gone := p.catalog.state.FindGone(earlier.Digest, ""); gone || p.catalog.state.GoneSince(r.name, r.version, o.asked.back.time) {
			return 0 // what the generation showed does not come back
		}
	}
	switch {
	case !shown && !isYanked:
		p.plan.hide(r.name, r.version, true)
	case shown && isYanked && yanked.Rollback > 0:
		v.Restores = true
		p.plan.hide(r.name, r.version, false)
	case !shown || earlier.Digest == is.Digest:
		return 0
	}
	if shown && earlier.Digest != is.Digest {
		upload, _ := publisher.UploadOf(earlier.URLs[0])
		v.Digest, v.Upload, v.Deprecated = earlier.Digest, upload, o.asked.back.own(r, earlier)
		_, marked := p.catalog.state.FindDeprecated(r.name)
		line, err := withDeprecated(earlier.line, marked || v.Deprecated)
		if err != nil {
			return 0
		}
		earlier.line, earlier.Deprecated = line, marked || v.Deprecated
		p.plan.back[r] = earlier
		bytes = len(line) + len(is.line)
	}
	o.act.Versions = append(o.act.Versions, v)
	return bytes
}

// giveBack makes sure that the releases which versions get again are in the registry, and
// notes their manifests, whose texts it returns.
func (r *channelRun) giveBack(ctx context.Context, p *plan) (texts []string, err error) {
	if len(p.back) == 0 || r.stager.manifests.off {
		return nil, nil
	}
	b := &completer{Options: &r.Options, channel: r.channel, manifests: r.stager.manifests, catalog: r.catalog}
	for _, o := range p.outcomes {
		if o.act == nil {
			continue
		}
		given := make([]publisher.Manifest, len(o.act.Versions))
		err := each(ctx, r.Workers, len(given), func(i int) (err error) {
			v := o.act.Versions[i]
			at := ref{v.Chart, v.Version}
			if is, ok := p.back[at]; ok && b.manifests.lacks(at) == nil {
				given[i], err = b.give(ctx, incomplete{publisher.VersionManifest{Upload: v.Upload, Chart: v.Chart, Version: v.Version}, is})
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		if b.missing != nil { // nobody is sent back to what is not there
			o.candidate.problem = reject("rollback-pruned", "generation %d has a version that is lost: %v", o.asked.Generation, b.missing)
			return nil, errVoid
		}
		for i, m := range given {
			if m.Manifest != "" {
				o.act.Versions[i].Manifest = m.SHA256()
				texts = append(texts, m.Manifest)
			}
		}
	}
	return texts, nil
}
