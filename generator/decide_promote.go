package generator

import (
	"strings"

	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/generator/config"
	"github.com/portolan-charts/portolan/generator/gate"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// promotion is a version that the plan promotes.
type promotion struct {
	outcome *outcome
	at      int // of it among the outcome's versions
	slot    *slot
	release *release
}

// promote decides about a promotion: all of its versions are published, or none.
func (p *planner) promote(o *outcome) {
	verdicts := make([]ruling, len(o.asked.offers))
	publishes, gates := false, p.gates(o.asked)
	for i, offer := range o.asked.offers {
		version := &outcome{candidate: offer.version, ref: offer.version.ref()}
		if problem := p.refuseOffer(version, gates); problem != nil {
			o.reject(problem)
			return
		}
		if p.policy.Duplicates != config.Reject && after(p.history.latest, version.ref, o.arrival()) {
			o.ruling = ruling{verdict.Superseded, ruleLater}
			return
		}
		verdicts[i] = version.ruling
		publishes = publishes || verdicts[i].verdict.Publishes()
	}
	p.changes(o, publishes)
	for i, offer := range o.asked.offers {
		v := publisher.ActionVersion{Pin: o.asked.Versions[i], From: o.asked.From}
		if verdicts[i].verdict.Publishes() {
			p.place(&promotion{outcome: o, at: i, slot: p.slot(offer.version.ref())}, offer.version)
			v.Fingerprint, v.Size, v.Provenance = offer.version.chart.Fingerprint, offer.version.chart.Size, offer.version.prov
		} else {
			v.Unchanged = true
		}
		o.act.Versions = append(o.act.Versions, v)
	}
}

// place makes a promoted version the one that is published.
func (p *planner) place(m *promotion, version *candidate) {
	m.slot.current = newRelease(version, m.slot.current)
	m.release = m.slot.current
	p.lower[strings.ToLower(m.release.ref.name)] = m.release.ref.name
	p.bytes += version.weight
	p.plan.promotions = append(p.plan.promotions, m)
}

// refuseOffer says what the channel has against a version; nil if nothing. Otherwise the
// version has its ruling.
func (p *planner) refuseOffer(version *outcome, gates *gate.Promotion) *check.Problem {
	if problem := gates.Check(version.origin.version(version.candidate)); problem != nil {
		return problem
	}
	if other, clash := p.clash(version.ref.name); clash {
		return rejectNameCase(version.ref.name, other)
	}
	if problem := p.refuseGone(version); problem != nil {
		return problem
	}
	s := p.slot(version.ref)
	version.ruling = p.ruling(s.current, version.candidate)
	switch {
	case version.verdict != verdict.Rejected:
		return nil
	case version.signature.refuses(version.ruling):
		return version.signature.refusal
	}
	return p.catalog.explain(version.rule, version.ref, s.current.content, version.candidate.chart.Digest, p.now)
}

// unready says why a promotion cannot be decided yet, or is to be refused whatever is
// published here; nil if neither.
func (a *asked) unready() (problem *check.Problem, mayCome bool) {
	for _, offer := range a.offers {
		switch {
		case offer.version != nil && offer.version.problem != nil:
			return offer.version.problem, false
		case offer.problem != nil && !offer.mayCome:
			return offer.problem, false
		case offer.problem != nil && problem == nil:
			problem, mayCome = offer.problem, true
		}
	}
	return problem, mayCome
}

// noteYanked notes which of the versions that an action promotes are yanked, and stay so:
// their content was there before.
func (o *outcome) noteYanked(state *action.State) {
	if o.act == nil || o.act.Kind != action.Promote {
		return
	}
	for _, v := range o.act.Versions {
		if y, ok := state.FindYanked(v.Chart, v.Version); ok && !v.Restores {
			o.hidden = append(o.hidden, y)
		}
	}
}

// settle notes what has become of the version that was there before.
func (m *promotion) settle() {
	v := &m.outcome.act.Versions[m.at]
	v.Restores, v.Deprecated = m.slot.ended != nil, m.release.own
}
