package importer

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/droparea"
)

// mayHide settles an entry that is yanked if the channel does not take the action that
// would hide it here.
func (t *take) mayHide() error {
	if !t.entry.yanked || t.Config.Policy(t.Channel).Takes(action.Yank) {
		return nil
	}
	t.result.Rule, t.result.Fix = notAllowed(t.Channel, action.Yank)
	return t.left(Refused, "it is yanked in %s, and channel %s takes no yank from the drop area, so it would be listed here", t.From, t.Channel)
}

// notAllowed is the rule by which a run would refuse an action, and what to do.
func notAllowed(channel string, kind action.Kind) (rule, fix string) {
	return "action-not-allowed", fmt.Sprintf("add %s to actions: {drop: […]} of channel %s in portolan.yaml", kind, channel)
}

// asking is how an import asks for the actions that make the channel what the repository
// is: after the archives, since an action waits for what it names, but not for long.
type asking struct {
	*run
	from   *action.State
	report *Report
	here   map[release]string // digests of what the channel has, or will have

	// What waits to be yanked or deprecated.
	yanked     map[action.Pin]bool
	deprecated map[string]bool
}

// askAll asks for what is yanked or deprecated in another portolan's channel, unless it is
// so here, or waits to be.
func (r *run) askAll(ctx context.Context, from *action.State, report *Report) error {
	if from == nil || len(from.Yanked)+len(from.Deprecated) == 0 {
		return nil
	}
	a := &asking{run: r, from: from, report: report, here: map[release]string{}, yanked: map[action.Pin]bool{}, deprecated: map[string]bool{}}
	charts := map[string]bool{}
	for _, result := range report.Results {
		if result.here != "" {
			a.here[release{result.Chart, result.Version}] = result.here
			charts[result.Chart] = true
		}
	}
	if err := a.readWaiting(ctx); err != nil {
		return err
	}
	if err := a.yank(ctx); err != nil {
		return err
	}
	for _, d := range from.Deprecated {
		if charts[d.Chart] {
			if err := a.deprecate(ctx, d); err != nil {
				return err
			}
		}
	}
	return nil
}

// readWaiting reads the actions that wait for the channel.
func (a *asking) readWaiting(ctx context.Context) error {
	for _, u := range a.waiting.actions {
		r, fault, err := droparea.ReadAction(ctx, a.Drop, u)
		switch {
		case errors.Is(err, bucket.ErrNotFound), fault != nil: // another generator has it, or a run will refuse it
		case err != nil:
			return err
		case r.Kind == action.Deprecate:
			a.deprecated[r.Chart] = true
		case r.Kind == action.Yank:
			for _, pin := range r.Versions {
				a.yanked[pin] = true
			}
		}
	}
	return nil
}

// yank asks to hide what is yanked, by one request for each reason.
func (a *asking) yank(ctx context.Context) error {
	ask, there := map[string][]action.Pin{}, map[string][]action.Pin{}
	for _, y := range a.from.Yanked {
		digest, ok := a.here[release{y.Chart, y.Version}]
		if !ok {
			continue
		}
		pin, reason := action.Pin{Chart: y.Chart, Version: y.Version, Digest: digest}, y.Reason
		if reason == "" || action.CheckText(reason) != nil {
			reason = "yanked where it was imported from"
		}
		if a.isYanked(pin) {
			there[reason] = append(there[reason], pin)
		} else {
			ask[reason] = append(ask[reason], pin)
		}
	}
	for _, reason := range slices.Sorted(maps.Keys(there)) {
		a.settle(Action{Outcome: There, Request: action.Request{Kind: action.Yank, Versions: there[reason], Reason: reason}})
	}
	for _, reason := range slices.Sorted(maps.Keys(ask)) {
		for pins := range slices.Chunk(ask[reason], action.MaxVersions) {
			if err := a.ask(ctx, action.Request{Kind: action.Yank, Versions: pins, Reason: reason}); err != nil {
				return err
			}
		}
	}
	return nil
}

// isYanked reports whether the version is yanked in the channel, or waits to be.
func (a *asking) isYanked(pin action.Pin) bool {
	_, is := a.head.State.FindYanked(pin.Chart, pin.Version)
	return is && a.published[release{pin.Chart, pin.Version}] == pin.Digest || a.yanked[pin]
}

// deprecate asks to mark a chart.
func (a *asking) deprecate(ctx context.Context, d action.Deprecation) error {
	r := action.Request{Kind: action.Deprecate, Chart: d.Chart, Reason: d.Message, Successor: d.Successor}
	if action.CheckText(r.Reason) != nil {
		r.Reason = ""
	}
	if check.CheckName(r.Successor) != nil || r.Successor == r.Chart {
		r.Successor = "" // a run would refuse all of it
	}
	_, is := a.head.State.FindDeprecated(d.Chart)
	if is || a.deprecated[d.Chart] { // perhaps with other words, which somebody has chosen here
		a.settle(Action{Outcome: There, Request: r})
		return nil
	}
	return a.ask(ctx, r)
}

func (a *asking) settle(what Action) { a.report.Actions = append(a.report.Actions, what) }

// ask puts a request into the drop area.
func (a *asking) ask(ctx context.Context, r action.Request) error {
	what := Action{Outcome: Taken, Request: r}
	switch {
	case !a.Config.Policy(a.Channel).Takes(r.Kind):
		what.Outcome, what.Lost = Refused, true
		what.Message = fmt.Sprintf("channel %s takes no %s from the drop area", a.Channel, r.Kind)
		what.Rule, what.Fix = notAllowed(a.Channel, r.Kind)
	case !a.DryRun:
		id, err := droparea.NewID()
		if err != nil {
			return err
		}
		r.Requester = maps.Clone(a.Uploader)
		if err := droparea.Ask(ctx, a.Drop, a.Channel, id, r); err != nil {
			return fmt.Errorf("%s not asked for: %w", r.Subject(), err)
		}
		what.ID = id
	}
	a.settle(what)
	return nil
}
