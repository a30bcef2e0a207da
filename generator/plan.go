package generator

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/portolan-charts/portolan/publisher"
)

// candidate is an upload that has been read and waits for its verdict.
type candidate struct {
	upload  *publisher.Upload
	request publisher.Request
	chart   *Chart      // nil if there is none, or it was refused
	prov    string      // SHA-256 of the provenance file; "" if there is none
	signs   *Provenance // what a provenance file alone names
	problem *Problem    // why it was refused
	staged  bool        // its files are on the site
	gone    bool        // another generator has taken it out of the inbox
}

// name and version are those of the chart, if it could be read.
func (c *candidate) nameVersion() (name, version string) {
	if c.chart == nil {
		return "", ""
	}
	return c.chart.Metadata.Name, c.chart.Metadata.Version
}

func (c *candidate) content() content {
	return content{digest: c.chart.Digest, fingerprint: c.chart.Fingerprint, provenance: c.prov}
}

// ref is a chart's name and version. Versions are told apart by their text:
// 1.2.3 and v1.2.3 are two.
type ref struct{ name, version string }

// refs are the versions that the candidate may be about. The file name in a
// provenance file does not say where the chart's name ends, so every dash counts.
func (c *candidate) refs() []ref {
	switch {
	case c.chart != nil:
		return []ref{{c.chart.Metadata.Name, c.chart.Metadata.Version}}
	case c.signs == nil:
		return nil
	}
	var refs []ref
	base := strings.TrimSuffix(c.signs.File, ".tgz")
	if len(base) > maxNameVersion+len("-") {
		return nil
	}
	for i, b := range base {
		if b == '-' {
			refs = append(refs, ref{base[:i], base[i+1:]})
		}
	}
	return refs
}

// catalog is what is published, as decisions need it: the index, and the
// descriptions of those releases that candidates may replace.
type catalog struct {
	index *publisher.Index
	lower map[string]string // chart names by their lower-case form

	mu    sync.Mutex
	infos map[string]*publisher.ReleaseInfo // by URL
}

func (c *catalog) info(url string) *publisher.ReleaseInfo {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.infos[url]
}

func (c *catalog) setInfo(url string, info *publisher.ReleaseInfo) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.infos[url] = info
}

func newCatalog(index *publisher.Index) *catalog {
	c := &catalog{index: index, lower: map[string]string{}, infos: map[string]*publisher.ReleaseInfo{}}
	for name := range index.Charts() {
		c.lower[strings.ToLower(name)] = name
	}
	return c
}

// find returns the published release of the version.
func (c *catalog) find(r ref) (published, bool) {
	for _, line := range c.index.Lines(r.name) {
		if !strings.Contains(line, r.version) {
			continue // much cheaper than parsing
		}
		if p, err := parseLine(line); err == nil && p.Version == r.version {
			return p, true
		}
	}
	return published{}, false
}

// history is what the log's later records say about the candidates.
type history struct {
	decided map[string]past // by upload
	latest  map[ref]arrival // the latest upload of a version that was decided, and not rejected
}

// past is a decision that the log has.
type past struct {
	publisher.Decision
	record *publisher.Record
}

// arrival orders uploads: by time, then by id.
type arrival struct {
	at time.Time
	id string
}

func (a arrival) compare(b arrival) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.id, b.id)) }

func newHistory(records []*publisher.Record) *history {
	h := &history{decided: map[string]past{}, latest: map[ref]arrival{}}
	for _, r := range records {
		for _, d := range r.Decisions {
			h.decided[d.Upload] = past{d, r}
			// A signature that came later says nothing about the content.
			if d.Verdict == publisher.Rejected || d.Fingerprint == "" {
				continue
			}
			v, a := ref{d.Chart, d.Version}, arrival{d.Arrival, d.Upload}
			if last, ok := h.latest[v]; !ok || a.compare(last) > 0 {
				h.latest[v] = a
			}
		}
	}
	return h
}

// outcome is the verdict on one candidate.
type outcome struct {
	*candidate
	ruling
	ref     ref      // what it is about; zero if that is not known
	problem *Problem // if rejected
	sorted  []string // versions of equal precedence, worth a warning
	release *release // where its content is in the index afterwards; nil if it is not
}

// release is a chart version in the index that is to be: one that is there
// already, or one that a candidate of this run brings.
type release struct {
	content
	ref    ref
	url    string
	upload string     // whose path it lies under; "" for what was there before
	chart  *candidate // whose archive it is; nil for what was there before
	prov   *candidate // who brings the provenance file, if not chart
	base   *published // what was there before, if the archive is that one's
	line   string     // the line of that, or its own once rendered
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

func (c *candidate) arrival() arrival { return arrival{c.upload.Arrival, c.upload.ID} }

// one decides one candidate.
func (p *planner) one(c *candidate) {
	o := &outcome{candidate: c}
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
	o.ref.name, o.ref.version = o.candidate.nameVersion()
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

func (r *release) contentOrNil() *content {
	if r == nil {
		return nil
	}
	return &r.content
}

func (r *release) same(c content) bool { return r != nil && r.content.same(c) }

// newRelease is the release that the candidate's chart makes. Content that is
// published already, and only gets its signature, keeps its date.
func (o *outcome) newRelease(current *release) *release {
	r := &release{content: o.content(), ref: o.ref, upload: o.upload.ID, chart: o.candidate}
	r.url = publisher.ReleaseURL(o.ref.name, o.ref.version, o.upload.ID)
	if current.same(r.content) {
		r.created = current.created
	}
	return r
}

// sign is the release r, signed by the candidate's provenance file. It has a
// path of its own, since paths belong to one upload.
func (o *outcome) sign(r *release) *release {
	signed := *r
	signed.provenance = o.prov
	signed.upload = o.upload.ID
	signed.prov = o.candidate
	signed.url = publisher.ReleaseURL(o.ref.name, o.ref.version, o.upload.ID)
	return &signed
}

func (o *outcome) reject(problem *Problem) {
	o.ruling = ruling{publisher.Rejected, problem.Rule}
	o.problem = problem
}
