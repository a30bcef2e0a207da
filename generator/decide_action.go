package generator

import (
	"cmp"
	"slices"
	"time"

	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/generator/config"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// actionWait is how long an action on what is not published waits for it.
const actionWait = 10 * time.Minute

// ActionEnds is until when an action waits for what is not published.
func ActionEnds(arrival time.Time) time.Time { return arrival.Add(actionWait) }

// maxLines is the most bytes of lines that one record changes.
var maxLines = publisher.MaxLines // a variable for tests

// Rules of actions' verdicts other than rejected.
const (
	ruleLaterAction = "later-action"     // superseded: an action that came later was decided before
	ruleAlready     = "action-unchanged" // unchanged: it is so already
	ruleRetain      = "retain"           // accepted: nobody asked for it but the channel's rule
)

// dueAction reports whether an action need not wait for what it names.
func (p *planner) dueAction(o *outcome) bool {
	switch {
	case o.asked.unread != nil:
		return false
	case p.now.Sub(o.upload.Arrival) >= actionWait && !p.partial, p.refuse(o) != nil:
		return true
	case o.asked.Kind == action.Promote:
		problem, _ := o.asked.unready()
		return problem == nil
	}
	_, unknown := p.unknown(o.asked)
	return !unknown
}

// refuse says why an action is refused, whatever is published.
func (p *planner) refuse(o *outcome) *check.Problem {
	if o.asked.rule != "" {
		return nil // the drop area may not carry it, but did not
	}
	if problem := cmp.Or(o.candidate.problem, checkKind(p.policy, o.asked.Kind)); problem != nil {
		return problem
	}
	if o.asked.Kind == action.Promote {
		if problem := p.gates(o.asked).CheckFrom(); problem != nil {
			return problem
		}
	}
	if problem, mayCome := o.asked.unready(); !mayCome {
		return problem
	}
	return nil
}

// refuseUnknown says what the action names that is not published; nil if everything is there.
func (p *planner) refuseUnknown(a *asked) *check.Problem {
	if a.Kind == action.Promote {
		problem, _ := a.unready()
		return problem
	}
	if r, unknown := p.unknown(a); unknown {
		return rejectUnknown(p.catalog, r)
	}
	return nil
}

// unknown finds a version, or a chart, that the action names and that is not published, if
// it may still come.
func (p *planner) unknown(a *asked) (r ref, unknown bool) {
	for _, v := range a.Versions {
		r := ref{v.Chart, v.Version}
		if _, ok := p.catalog.find(r); !ok && p.gone(v) == nil {
			return r, true
		}
	}
	return ref{name: a.Chart}, a.Chart != "" && len(p.catalog.index.Lines(a.Chart)) == 0
}

// gone says that the content which an action names is not to come back; nil if it is not so.
func (p *planner) gone(v action.Pin) *check.Problem {
	if t, ok := p.catalog.state.FindGone(v.Digest, ""); ok {
		return rejectGone(ref{v.Chart, v.Version}, t)
	}
	return nil
}

// act decides an action, as a whole.
func (p *planner) act(o *outcome) {
	o.act = &publisher.ActionDecision{ID: o.upload.ID, Arrival: o.upload.Arrival, Kind: o.asked.Kind}
	if problem := cmp.Or(p.refuse(o), p.refuseUnknown(o.asked)); problem != nil {
		o.reject(problem)
		return
	}
	if !p.stands(o) {
		return
	}
	switch o.asked.Kind {
	case action.Yank, action.Restore:
		p.hide(o, o.asked.Kind == action.Yank)
	case action.Deprecate:
		p.deprecate(o)
	case action.Undeprecate:
		p.undeprecate(o)
	case action.Promote:
		p.promote(o)
	case action.Rollback:
		p.rollback(o)
	}
}

// stands reports whether what the action names is still what its asker saw, and nothing
// that came later was decided before. Otherwise it decides the action.
func (p *planner) stands(o *outcome) bool {
	overtaken := ""
	for _, v := range o.asked.Versions {
		r := ref{v.Chart, v.Version}
		is, ok := p.catalog.find(r)
		switch {
		case o.asked.Kind == action.Promote: // it names what another channel has
		case !ok:
			o.reject(p.gone(v))
			return false
		case is.Digest == v.Digest:
		case after(p.history.latest, r, o.arrival()):
			overtaken = ruleLater
		case !after(p.history.acted, r, o.arrival()):
			o.reject(rejectDigest(r, is, v.Digest))
			return false
		}
	}
	against := p.against(o.asked.Kind)
	for _, r := range o.asked.refs() {
		if after(against, r, o.arrival()) {
			overtaken = ruleLaterAction
		}
	}
	if overtaken != "" {
		o.ruling = ruling{verdict.Superseded, overtaken}
	}
	return overtaken == ""
}

// against are the latest actions that undo what one of that kind does. Two yanks do not.
func (p *planner) against(kind action.Kind) map[ref]arrival {
	switch kind {
	case action.Yank:
		return p.history.restored
	case action.Restore:
		return p.history.settled
	}
	return p.history.acted
}

// hide yanks versions, or restores them.
func (p *planner) hide(o *outcome, yank bool) {
	changes := false
	for _, v := range o.asked.Versions {
		_, is := p.catalog.state.FindYanked(v.Chart, v.Version)
		changes = changes || is != yank
	}
	for _, v := range o.asked.Versions {
		o.act.Versions = append(o.act.Versions, publisher.ActionVersion{Pin: v})
	}
	if !p.changes(o, changes) {
		return
	}
	if yank {
		o.act.Reason = o.asked.Reason
	}
	for _, v := range o.asked.Versions {
		p.plan.hide(v.Chart, v.Version, yank)
	}
}

// changes decides an action by whether it changes anything.
func (p *planner) changes(o *outcome, is bool) bool {
	if o.act.Chart = o.asked.Chart; is {
		o.ruling = ruling{verdict.Accepted, o.asked.rule}
	} else {
		o.ruling = ruling{verdict.Unchanged, ruleAlready}
	}
	return is
}

// deprecate marks the versions of a chart.
func (p *planner) deprecate(o *outcome) {
	a := o.asked
	if n := p.linesSize(a.Chart); n > maxLines {
		o.reject(rejectTooLarge(a.Chart, n))
		return
	}
	before, is := p.catalog.state.FindDeprecated(a.Chart)
	if !p.changes(o, !is || before.Message != a.Reason || before.Successor != a.Successor) {
		return
	}
	o.act.Reason, o.act.Successor, o.act.Own = a.Reason, a.Successor, before.Own
	if is {
		return // its versions are marked
	}
	all, _ := p.catalog.releases(a.Chart) // see dueAction: there are some
	for _, r := range all {
		if r.Deprecated {
			o.act.Own = append(o.act.Own, r.Version)
		}
	}
	slices.Sort(o.act.Own)
	p.mark(a.Chart, &mark{on: true, own: o.act.Own})
}

// undeprecate takes the mark from the versions of a chart that do not have it themselves.
func (p *planner) undeprecate(o *outcome) {
	before, is := p.catalog.state.FindDeprecated(o.asked.Chart)
	if p.changes(o, is) {
		p.mark(o.asked.Chart, &mark{on: false, own: before.Own})
	}
}

func (p *planner) mark(chart string, m *mark) {
	p.plan.marks[chart] = m
	p.bytes += p.linesSize(chart)
}

// linesSize is how many bytes the chart's lines have.
func (p *planner) linesSize(chart string) int {
	n := 0
	for _, line := range p.catalog.index.Lines(chart) {
		n += len(line) + len(`,"deprecated":true`)
	}
	return n
}

// full reports whether the plan has to end before this candidate, which would be too much
// for its record.
func (p *planner) full(c *candidate) bool {
	if len(p.plan.outcomes) == publisher.MaxVerdicts || p.bytes > maxLines {
		return true
	}
	return c.asked != nil && p.bytes > 0 && p.bytes+p.linesSize(c.asked.Chart) > maxLines
}

// refuseGone says why an archive is refused for what was removed: its content, or, where
// versions are final, that of its version.
func (p *planner) refuseGone(o *outcome) *check.Problem {
	state := p.catalog.state
	if t, ok := state.FindGone(o.chart.Digest, o.chart.Fingerprint); ok {
		return rejectGone(o.ref, t)
	}
	if p.policy.Duplicates != config.Reject || o.request.Force {
		return nil
	}
	t, ok := state.FindGoneVersion(o.ref.name, o.ref.version)
	if _, is := p.catalog.find(o.ref); !ok || is {
		return nil
	}
	return reject("version-exists", "%s was published, and %s: other content cannot take its place", o.ref, goneText(t))
}
