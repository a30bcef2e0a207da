package generator

import (
	"slices"
	"strings"
	"time"

	"github.com/portolan-charts/portolan/publisher"
)

// outcome is the verdict on one candidate.
type outcome struct {
	*candidate
	ruling
	ref     ref      // what it is about; zero if that is not known
	problem *Problem // if rejected
	sorted  []string // versions of equal precedence, worth a warning
	release *release // where its content is in the index afterwards; nil if it is not
}

// plan is what one record will say, and what must be on the site before it.
type plan struct {
	time     time.Time
	outcomes []*outcome
	waiting  []*candidate // provenance files whose chart has not come
	releases []*release   // new ones, in the order of charts and versions
	removed  []publisher.Line
	added    []publisher.Line
}

// planner decides candidates one by one, in order of arrival.
type planner struct {
	policy  Policy
	wait    time.Duration // for how long a provenance file waits
	now     time.Time
	catalog *catalog
	history *history

	slots map[ref]*slot
	lower map[string]string // names that this plan adds
	bytes int               // of new lines, roughly
	plan  *plan
}

// slot is a version in the course of deciding.
type slot struct {
	base    *release   // what is published; nil if nothing is
	current *release   // what will be
	group   []*outcome // of this plan, whose content is that of current
}

// decide makes the plan for as many of the candidates as fit one record. It
// is a function of its arguments: it reads nothing and writes nothing.
func (p *planner) decide(candidates []*candidate) (*plan, error) {
	p.slots, p.lower = map[ref]*slot{}, map[string]string{}
	p.plan = &plan{time: p.now}
	slices.SortStableFunc(candidates, func(a, b *candidate) int { return a.arrival().compare(b.arrival()) })
	for _, c := range candidates {
		if len(p.plan.outcomes) == publisher.MaxVerdicts || p.bytes > publisher.MaxLines {
			break
		}
		if _, done := p.history.decided[c.upload.ID]; done {
			continue
		}
		p.one(c)
	}
	return p.plan, p.finish()
}

// one decides one candidate.
func (p *planner) one(c *candidate) {
	o := &outcome{candidate: c, ref: c.ref()}
	switch {
	case c.problem != nil:
		o.reject(c.problem)
	case c.signs != nil:
		if !p.signature(o) {
			p.plan.waiting = append(p.plan.waiting, c)
			return
		}
	default:
		p.chart(o)
	}
	p.plan.outcomes = append(p.plan.outcomes, o)
	if c.upload.Arrival.After(p.plan.time) {
		p.plan.time = c.upload.Arrival
	}
}

// chart decides an upload that has a chart.
func (p *planner) chart(o *outcome) {
	if other, clash := p.clash(o.ref.name); clash {
		o.reject(rejectNameCase(o.ref.name, other))
		return
	}
	if last, ok := p.history.latest[o.ref]; ok && p.policy.Duplicates != Reject && last.compare(o.arrival()) > 0 {
		o.ruling = ruling{publisher.Superseded, ruleLater}
		return
	}
	s := p.slot(o.ref)
	force := o.request.Force
	r := p.policy.rule(s.current.contentOrNil(), o.content(), force)
	if r.verdict == publisher.Replaced && !s.current.same(o.content()) {
		// It takes the place of whatever this plan held for the version,
		// so it is measured against what is published.
		if r = p.policy.rule(s.base.contentOrNil(), o.content(), force); r.verdict != publisher.Rejected {
			s.displace()
		}
	}
	o.ruling = r
	switch {
	case r.verdict == publisher.Rejected:
		o.reject(p.explain(r.rule, o, s))
		return
	case r.verdict.Publishes():
		s.current = o.newRelease(s.current)
		p.lower[strings.ToLower(o.ref.name)] = o.ref.name
		p.bytes += o.chart.weight()
	}
	s.group = append(s.group, o)
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

// signature decides a provenance file that came alone. It reports false if the
// file has to wait for its chart.
func (p *planner) signature(o *outcome) bool {
	s, ok := p.signed(o)
	if !ok {
		if p.now.Sub(o.upload.Arrival) < p.wait {
			return false
		}
		o.reject(rejectProvAlone(o.signs.File, p.wait))
		return true
	}
	current := s.current
	switch current.provenance {
	case "":
		o.ruling = ruling{publisher.Replaced, ruleSignature}
		s.current = o.sign(current)
		s.group = append(s.group, o)
	case o.prov:
		o.ruling = ruling{publisher.Unchanged, ruleSameContent}
		s.group = append(s.group, o)
	default:
		o.reject(p.explain("provenance-differs", o, s))
	}
	return true
}

// signed finds the version whose archive a lone provenance file signs.
func (p *planner) signed(o *outcome) (*slot, bool) {
	for _, r := range o.refs() {
		if s := p.slot(r); s.current != nil && s.current.digest == o.signs.Digest {
			o.ref = r
			return s, true
		}
	}
	return nil, false
}

// slot returns the version's slot, at first with what is published.
func (p *planner) slot(r ref) *slot {
	if s := p.slots[r]; s != nil {
		return s
	}
	s := &slot{}
	if line, ok := p.catalog.find(r); ok {
		s.base = &release{ref: r, url: line.URLs[0], base: &line, line: line.line}
		s.base.content = content{digest: line.Digest, created: line.Created}
		if info := p.catalog.info(s.base.url); info != nil {
			s.base.fingerprint, s.base.provenance = info.Fingerprint, info.Provenance
		}
	}
	s.current = s.base
	p.slots[r] = s
	return s
}

// displace makes room for newer content: what this plan held is superseded
// before anybody saw it, and what is published counts again.
func (s *slot) displace() {
	for _, o := range s.group {
		o.ruling, o.release = ruling{publisher.Superseded, ruleLater}, nil
	}
	s.current, s.group = s.base, nil
}

func (o *outcome) reject(problem *Problem) {
	o.ruling = ruling{publisher.Rejected, problem.Rule}
	o.problem = problem
}
