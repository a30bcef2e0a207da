package generator

import (
	"context"
	"slices"

	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/droparea"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// recallAction is recall for an action. What it has done is what the log says, whatever
// lies in the inbox by now. It returns nil if another generator has taken that out.
func (f *finisher) recallAction(ctx context.Context, u *droparea.Upload, p past) (*droparea.Receipt, error) {
	c, err := f.reader.readAction(ctx, u)
	if c == nil || err != nil {
		return nil, err
	}
	o := &outcome{candidate: c, ruling: ruling{p.Verdict, p.Rule}}
	switch {
	case p.Verdict == verdict.Rejected:
		o.problem = f.explainAgain(c, p.Rule)
	case p.action != nil:
		c.asked, o.act = c.asked.as(p.action), p.action
		o.noteYanked(f.catalog.state)
	}
	receipt := o.receipt(f.channel, p.record.Generation, p.record.Time)
	receipt.Arrival = p.Arrival
	return &receipt, nil
}

// explainAgain says once more why an action was refused by the rule; nil if that cannot be
// seen any more.
func (f *finisher) explainAgain(c *candidate, rule string) *check.Problem {
	again := &outcome{candidate: c}
	f.planner().act(again)
	if again.rule != rule {
		return nil
	}
	return again.problem
}

// as is the action as the log has it; who asked is not there.
func (a *asked) as(d *publisher.ActionDecision) *asked {
	r := a.Request
	r.Kind, r.Chart, r.Generation = d.Kind, d.Chart, d.Generation
	if d.Kind == action.Rollback { // its versions are not what was asked for
		return &asked{Request: r}
	}
	if d.Verdict == verdict.Accepted {
		r.Reason, r.Successor = d.Reason, d.Successor
	}
	if d.Verdict == verdict.Accepted || d.Verdict == verdict.Unchanged {
		r.Versions = nil
		for _, v := range d.Versions {
			r.Versions = append(r.Versions, v.Pin)
		}
	}
	return &asked{Request: r}
}

// maxReported is how many versions of an action a report names.
const maxReported = 100

// reported is a receipt as the report has it: a run holds all of these.
func reported(r droparea.Receipt) droparea.Receipt {
	if r.Action != nil && len(r.Action.Versions) > maxReported {
		short := *r.Action
		short.Versions = slices.Clone(short.Versions[:maxReported])
		r.Action = &short
	}
	return r
}
