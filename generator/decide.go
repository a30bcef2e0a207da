package generator

import (
	"slices"
	"strings"
	"time"

	"github.com/portolan-charts/portolan/generator/config"
	"github.com/portolan-charts/portolan/generator/gate"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// planner decides candidates one by one, in order of arrival.
type planner struct {
	policy  config.Policy
	wait    time.Duration // for how long a provenance file waits, or is waited for
	now     time.Time
	catalog *catalog
	history *history

	partial bool // some of what waits could not be read: it may be what an action names

	claims *claims           // nil if there are no actions
	lower  map[string]string // names that this plan adds
	bytes  int               // of new lines, roughly
	plan   *plan
}

// newPlanner returns what decides for one plan, at the time now, on what is published
// and what was decided before.
func newPlanner(policy config.Policy, wait time.Duration, now time.Time, c *catalog, h *history) *planner {
	return &planner{
		policy: policy, wait: wait, now: now, catalog: c, history: h,
		lower: map[string]string{},
		plan:  &plan{time: now, slots: map[ref]*slot{}, hides: map[string]map[string]bool{}, marks: map[string]*mark{}, back: map[ref]published{}},
	}
}

// decide makes the plan for as many of the candidates as fit one record. It
// is a function of its arguments: it reads nothing and writes nothing.
func (p *planner) decide(candidates []*candidate) (*plan, error) {
	slices.SortStableFunc(candidates, func(a, b *candidate) int { return a.arrival().compare(b.arrival()) })
	if slices.ContainsFunc(candidates, func(c *candidate) bool { return c.asked != nil }) {
		p.claims = newClaims()
	}
	for _, c := range candidates {
		if p.full(c) {
			break
		}
		if _, done := p.history.decided[c.upload.ID]; done {
			continue
		}
		o := &outcome{candidate: c, ref: c.ref()}
		if p.claims.clash(o) {
			break
		}
		if p.one(o); p.plan.looksBack != nil {
			break
		}
	}
	return p.plan, p.plan.changeIndex(p.catalog, p.policy.Keep)
}

// one decides one candidate, if that can be done now.
func (p *planner) one(o *outcome) {
	switch {
	case !p.due(o):
		p.plan.waiting = append(p.plan.waiting, o.candidate)
		return
	case o.upload.Earliest.Before(p.history.since):
		// The records that may have decided it have not been read: for what
		// only waits, they need not be.
		if p.plan.since.IsZero() || o.upload.Earliest.Before(p.plan.since) {
			p.plan.since = o.upload.Earliest
		}
		return
	case p.looksBack(o):
		p.plan.looksBack = o.candidate
		return
	case o.asked != nil:
		p.act(o)
	case o.candidate.problem != nil:
		o.reject(o.candidate.problem)
	case o.bare:
		o.reject(rejectProvMissing(o.ref, p.wait))
	case o.upload.Chart == nil:
		p.signature(o)
	default:
		p.chart(o)
	}
	p.plan.outcomes = append(p.plan.outcomes, o)
	p.claims.add(o)
	if o.upload.Arrival.After(p.plan.time) {
		p.plan.time = o.upload.Arrival
	}
}

// due reports whether an upload need not wait for its other part any more. Of a
// provenance file alone: it is faulty, its chart is there, or it has waited for
// long enough. An action waits in the same way for what it is about.
func (p *planner) due(o *outcome) bool {
	switch {
	case o.asked != nil:
		return p.dueAction(o)
	case o.upload.Chart != nil && !o.bare, p.now.Sub(o.upload.Arrival) >= p.wait:
		return true
	case o.bare:
		return false
	case o.awaited:
		return false // deciding now would decide about a chart under the same id
	}
	_, signed := p.signed(o)
	return signed || o.candidate.problem != nil || o.signature.refusal != nil
}

// publishesAlone reports whether the candidate's chart would be published if no
// other upload waited.
func (p *planner) publishesAlone(c *candidate) bool {
	if _, clash := p.clash(c.ref().name); clash {
		return false
	}
	if _, gone := p.catalog.state.FindGone(c.chart.Digest, c.chart.Fingerprint); gone {
		return false // least of all are its bytes to be on the site
	}
	base := p.slot(c.ref()).base
	return p.ruling(base, c).verdict.Publishes()
}

// chart decides an upload that has a chart.
func (p *planner) chart(o *outcome) {
	if problem := gate.CheckUpload(p.policy.Promote, p.catalog.channel, o.ref.String()); problem != nil {
		o.reject(problem)
		return
	}
	if other, clash := p.clash(o.ref.name); clash {
		o.reject(rejectNameCase(o.ref.name, other))
		return
	}
	if problem := p.refuseGone(o); problem != nil {
		o.reject(problem)
		return
	}
	switch {
	case after(p.history.settled, o.ref, o.arrival()):
		o.ruling = ruling{verdict.Superseded, ruleLaterAction}
		return
	case p.policy.Duplicates != config.Reject && after(p.history.latest, o.ref, o.arrival()):
		o.ruling = ruling{verdict.Superseded, ruleLater}
		return
	}
	s := p.slot(o.ref)
	r := p.ruling(s.current, o.candidate)
	if r.verdict == verdict.Replaced && !s.current.same(o.content()) {
		// It takes the place of whatever this plan held for the version,
		// so it is measured against what is published.
		if r = p.ruling(s.base, o.candidate); r.verdict != verdict.Rejected {
			s.displace()
		}
	}
	o.ruling = r
	switch {
	case r.verdict == verdict.Rejected && o.signature.refuses(r):
		o.reject(o.signature.refusal)
		return
	case r.verdict == verdict.Rejected:
		o.reject(p.catalog.explain(r.rule, o.ref, s.current.content, o.candidate.chart.Digest, p.now))
		return
	case r.verdict.Publishes():
		s.current = newRelease(o.candidate, s.current)
		p.lower[strings.ToLower(o.ref.name)] = o.ref.name
		p.bytes += o.weight
	}
	s.group = append(s.group, o)
}

// ruling is what the policy says of a chart, beside what there is of its version. Without
// a good signature, where the channel requires one, nothing is published; what is published
// already stays unchanged.
func (p *planner) ruling(current *release, c *candidate) ruling {
	r := rulingFor(p.policy, current.contentOrNil(), c.content(), c.request.Force)
	if refusal := c.signature.refusal; refusal != nil && r.verdict.Publishes() {
		return ruling{verdict.Rejected, refusal.Rule}
	}
	return r
}

// clash finds a chart whose name is this one but for case.
func (p *planner) clash(name string) (string, bool) {
	lower := strings.ToLower(name)
	for _, names := range []map[string]string{p.catalog.lower, p.lower} {
		if other, ok := names[lower]; ok && other != name {
			return other, true
		}
	}
	return "", false
}

// signature decides a provenance file that came alone.
func (p *planner) signature(o *outcome) {
	if problem := gate.CheckUpload(p.policy.Promote, p.catalog.channel, "CHART VERSION"); problem != nil {
		o.reject(problem)
		return
	}
	s, ok := p.signed(o)
	refusal := o.signature.refusal
	switch {
	case refusal != nil && (!ok || s.current.provenance == ""):
		o.reject(refusal)
		return
	case !ok || o.awaited:
		o.reject(rejectProvAlone(o.signs.File, p.wait))
		return
	}
	switch s.current.provenance {
	case "":
		o.ruling = ruling{verdict.Replaced, ruleSignature}
		s.current = s.current.signedBy(o.candidate)
		s.group = append(s.group, o)
	case o.prov:
		o.ruling = ruling{verdict.Unchanged, ruleSameContent}
		s.group = append(s.group, o)
	default:
		o.reject(p.catalog.explain("provenance-differs", o.ref, s.current.content, "", p.now))
	}
}

// signed finds the version whose archive a lone provenance file signs.
func (p *planner) signed(o *outcome) (*slot, bool) {
	for _, r := range o.refs() {
		if s := p.slot(r); s.current != nil && !s.current.missing && s.current.digest == o.signs.Digest {
			o.ref = r
			return s, true
		}
	}
	return nil, false
}

// slot returns the version's slot, at first with what is published.
func (p *planner) slot(r ref) *slot {
	if s := p.plan.slots[r]; s != nil {
		return s
	}
	s := &slot{}
	if line, ok := p.catalog.find(r); ok {
		s.base = &release{ref: r, url: line.URLs[0], base: &line, line: line.line}
		s.base.content = content{digest: line.Digest, created: line.Created}
		if info, ok := p.catalog.info(s.base.url); ok {
			s.base.fingerprint, s.base.provenance, s.base.missing = info.Fingerprint, info.Provenance, info.missing
		}
		if y, ok := p.catalog.state.FindYanked(r.name, r.version); ok {
			s.yanked = &y
		}
	}
	s.current = s.base
	p.plan.slots[r] = s
	return s
}
