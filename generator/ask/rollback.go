package ask

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/portolan-charts/portolan/generator/survey"
	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/bucket"
)

// Rollback plans to make a channel list what it listed at a generation. What was yanked,
// removed or deprecated since stays so. Errors are as those of [Yank].
func Rollback(ctx context.Context, site bucket.Store, channel string, generation int, reason string) (*Plan, error) {
	c, err := open(ctx, site, channel)
	if err != nil {
		return nil, err
	}
	then, err := kept(ctx, c, generation)
	if missing := (*survey.GenerationError)(nil); errors.As(err, &missing) {
		return nil, wrong(missing.Error(), missing.Fix())
	}
	if err != nil {
		return nil, err
	}
	r := &rollback{
		plan:  newPlan(channel, action.Request{Kind: action.Rollback, Generation: generation, Reason: reason}),
		since: then.Index.Generated(),
	}
	for chart := range c.Index.Charts() {
		now, err := takeAny(c, chart)
		if err != nil {
			return nil, err
		}
		before, err := takeAny(then, chart)
		if err != nil {
			return nil, err
		}
		r.chart(now, before)
	}
	return r.done()
}

// kept returns what the channel had at a generation that can be rolled back to.
func kept(ctx context.Context, c *survey.Contents, generation int) (*survey.Contents, error) {
	if generation < 1 || generation < c.Channel.Floor() {
		return nil, c.NoGeneration(generation)
	}
	return c.At(ctx, generation)
}

// rollback is a plan in the making.
type rollback struct {
	plan   *Plan
	since  time.Time // when the generation began to be shown
	yanked int       // versions that the generation lists, and that have been yanked since
	gone   int       // versions of which the content is not to come back
}

// chart notes what becomes of a chart's versions. What an earlier rollback has hidden is
// listed again; what a yank has, is not.
func (r *rollback) chart(now, then *shelf) {
	before := map[string]version{}
	for _, v := range then.versions {
		if v.yanked == nil {
			before[v.Version] = v
		}
	}
	for _, v := range now.versions {
		was, there := before[v.Version]
		_, gone := now.state.FindGone(was.Digest, "")
		gone = gone || now.state.GoneSince(v.Chart, v.Version, r.since)
		switch {
		case !there && v.yanked == nil:
			r.add(v.Pin, Hidden, "")
		case !there:
		case was.Digest != v.Digest && gone:
			r.gone++
		case was.Digest != v.Digest:
			r.add(was.Pin, PutBack, v.Digest)
		case v.yanked != nil && v.yanked.Rollback > 0:
			r.add(v.Pin, Listed, "")
		case v.yanked != nil:
			r.yanked++
		}
	}
}

func (r *rollback) add(pin action.Pin, effect Effect, was string) {
	r.plan.Steps = append(r.plan.Steps, Step{pin, effect, was})
}

func (r *rollback) done() (*Plan, error) {
	if n := len(r.plan.Steps); n > action.MaxVersions {
		return nil, refused("action-too-large", fmt.Sprintf("rolling back to generation %d changes %d versions, and one record takes %d", r.plan.Request.Generation, n, action.MaxVersions),
			"yank the versions that are to go, in several actions")
	}
	if r.yanked > 0 {
		r.plan.Notes = append(r.plan.Notes, fmt.Sprintf("%s of that generation yanked since, and left so", count(r.yanked)))
	}
	if r.gone > 0 {
		r.plan.Notes = append(r.plan.Notes, fmt.Sprintf("%s with the content of today, since that of the generation was removed", count(r.gone)))
	}
	r.plan.Idle = len(r.plan.Steps) == 0
	return r.plan, nil
}

func count(versions int) string {
	if versions == 1 {
		return "1 version"
	}
	return fmt.Sprintf("%d versions", versions)
}
