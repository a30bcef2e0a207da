package generator

import (
	"cmp"
	"slices"
	"time"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// plan is what one record will say, and what must be on the site before it.
type plan struct {
	time       time.Time
	outcomes   []*outcome
	waiting    []*candidate // those of which a part has not come
	since      time.Time    // from when on records must be read before more can be decided; zero if none
	looksBack  *candidate   // the rollback that is next, if it must be found out first what it rolls back to
	releases   []*release   // new ones, in the order of charts and versions
	removed    []publisher.Line
	added      []publisher.Line
	shown      []publisher.Shown          // see keep
	hides      map[string]map[string]bool // versions by chart: whether they are yanked from now on
	marks      map[string]*mark           // charts that are deprecated or not from now on
	back       map[ref]published          // releases that versions get again
	promotions []*promotion
	slots      map[ref]*slot // the versions that it has looked at
}

// changes reports whether the plan changes anything, be it without a verdict.
func (p *plan) changes() bool { return len(p.outcomes) > 0 || len(p.shown) > 0 }

// clockStep is the precision of a record's time.
const clockStep = time.Millisecond

// changeIndex works out what the decisions change in the index, which shows the
// newest versions of each chart, as many as keep says; all if that is 0.
func (p *plan) changeIndex(c *catalog, keep int) error {
	if rounded := p.time.Truncate(clockStep); rounded.Before(p.time) {
		p.time = rounded.Add(clockStep)
	}
	p.time = p.time.UTC()
	changed, err := p.placeAll(c)
	if err != nil {
		return err
	}
	if err := p.markAll(c, changed); err != nil {
		return err
	}
	if err := p.putBack(c, changed); err != nil {
		return err
	}
	p.removed, p.added = c.index.Diff(linesOf(changed))
	if p.shown, err = p.showAll(c, keep, changed); err != nil {
		return err
	}
	for _, s := range p.slots {
		for _, o := range s.group {
			o.release, o.yanked, o.ended = s.current, s.yanked, s.ended
		}
	}
	for _, m := range p.promotions {
		m.settle()
	}
	for _, o := range p.outcomes {
		o.noteYanked(c.state)
	}
	err = p.noteOlder(c, keep, changed)
	p.slots = nil // what they are needed for is done, and there may be many
	return err
}

// placeAll puts the plan's releases among the published ones, and returns all those
// of the charts that change.
func (p *plan) placeAll(c *catalog) (map[string][]published, error) {
	slots := map[string][]*slot{} // by chart
	for _, r := range p.changedRefs() {
		s := p.slots[r]
		s.settle(p)
		s.current.markBy(c.state)
		slots[r.name] = append(slots[r.name], s)
		p.releases = append(p.releases, s.current)
	}
	changed := map[string][]published{}
	for name, s := range slots {
		all, err := c.releases(name)
		if err != nil {
			return nil, err
		}
		if changed[name], err = place(all, s, p.time); err != nil {
			return nil, err
		}
	}
	return changed, nil
}

// changedRefs lists the versions whose release is another than before.
func (p *plan) changedRefs() []ref {
	var refs []ref
	for r, s := range p.slots {
		if s.current != s.base {
			refs = append(refs, r)
		}
	}
	slices.SortFunc(refs, func(a, b ref) int {
		return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.version, b.version))
	})
	return refs
}

func linesOf(charts map[string][]published) map[string][]string {
	lines := make(map[string][]string, len(charts))
	for name, all := range charts {
		for _, p := range all {
			lines[name] = append(lines[name], p.line)
		}
	}
	return lines
}

// render sets the release's line.
func (r *release) render(now time.Time) (err error) {
	if r.created.IsZero() {
		r.created = now
	}
	if r.chart == nil {
		r.line, err = withURL(r.line, r.base.URLs[0], r.url)
		return err
	}
	md := *r.chart.chart.Metadata
	md.Deprecated = md.Deprecated || r.marked
	r.line, err = renderLine(&md, r.created, r.digest, r.url)
	return err
}

// decisions are the plan's verdicts as the log has them.
func (p *plan) decisions() []publisher.Decision {
	decisions := make([]publisher.Decision, 0, len(p.outcomes))
	for _, o := range p.outcomes {
		if o.act != nil {
			continue
		}
		d := publisher.Decision{
			Upload: o.upload.ID, Arrival: o.upload.Arrival,
			Chart: o.ref.name, Version: o.ref.version,
			Verdict: o.verdict, Rule: o.rule, Provenance: o.prov,
		}
		if o.chart != nil {
			d.Digest, d.Fingerprint, d.Size = o.chart.Digest, o.chart.Fingerprint, o.chart.Size
		}
		if o.verdict.Publishes() && o.release != nil && o.release.upload == o.upload.ID {
			d.Manifest = o.release.manifest().SHA256()
		}
		if o.verdict.Publishes() && o.release != nil {
			d.Restores, d.Deprecated = o.ended != nil, o.release.own
		}
		decisions = append(decisions, d)
	}
	return decisions
}

// left says what cannot be decided yet.
func (p *plan) left() []Waiting {
	var left []Waiting
	for _, c := range p.waiting {
		w := Waiting{ID: c.upload.ID, File: c.request.File, Reason: "it is a provenance file, and the chart that it names has not arrived yet"}
		switch {
		case c.asked != nil:
			w.Action, w.Reason = c.asked.Kind, c.awaits()
		case c.bare:
			w.Reason = "its uploader announced a provenance file, which has not arrived yet"
		}
		left = append(left, w)
	}
	return left
}

// slot is a version in the course of deciding.
type slot struct {
	base    *release       // what is published; nil if nothing is
	current *release       // what will be
	group   []*outcome     // of this plan, whose content is that of current
	yanked  *action.Yanked // what is said of the version if it is yanked, and stays so
	ended   *action.Yanked // what was said of the version if it was yanked, and is shown again
}

// displace makes room for newer content. What this plan would have published is
// superseded before anybody saw it, and what is published counts again; uploads
// of that stay unchanged.
func (s *slot) displace() {
	if s.current != s.base {
		for _, o := range s.group {
			o.ruling = ruling{verdict.Superseded, ruleLater}
		}
	}
	s.current, s.group = s.base, nil
}
