package generator

import (
	"cmp"
	"slices"
	"time"

	"github.com/portolan-charts/portolan/publisher"
)

// clockStep is the precision of a record's time.
const clockStep = time.Millisecond

// finish works out what the decisions change in the index.
func (p *planner) finish() error {
	if rounded := p.plan.time.Truncate(clockStep); rounded.Before(p.plan.time) {
		p.plan.time = rounded.Add(clockStep)
	}
	p.plan.time = p.plan.time.UTC()
	changed := map[string][]string{} // by chart
	for _, r := range p.changedRefs() {
		s := p.slots[r]
		lines, ok := changed[r.name]
		if !ok {
			lines = slices.Clone(p.catalog.index.Lines(r.name))
		}
		lines, err := s.place(r, lines, p.plan.time)
		if err != nil {
			return err
		}
		changed[r.name] = lines
		p.plan.releases = append(p.plan.releases, s.current)
	}
	p.plan.removed, p.plan.added = p.catalog.index.Diff(changed)
	for _, s := range p.slots {
		for _, o := range s.group {
			o.release = s.current
		}
	}
	return nil
}

// changedRefs lists the versions whose release is another than before.
func (p *planner) changedRefs() []ref {
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

// place puts the slot's release into its chart's lines, in the place of the
// one that it replaces. The other lines stay in their order, whatever it is.
func (s *slot) place(r ref, lines []string, now time.Time) ([]string, error) {
	if err := s.current.render(now); err != nil {
		return nil, err
	}
	if s.base != nil {
		if i := slices.Index(lines, s.base.line); i >= 0 {
			lines = slices.Delete(lines, i, i+1)
		}
	}
	mine, err := parseLine(s.current.line)
	if err != nil {
		return nil, err
	}
	at := len(lines)
	for i, line := range lines {
		other, err := parseLine(line)
		if err != nil {
			return nil, err
		}
		if compareReleases(mine, other) < 0 {
			at = min(at, i)
		}
		if compareVersions(mine.Version, other.Version) == 0 {
			for _, o := range s.group {
				o.sorted = append(o.sorted, other.Version)
			}
		}
	}
	return slices.Insert(lines, at, s.current.line), nil
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
	r.line, err = renderLine(r.chart.chart.Metadata, r.created, r.digest, r.url)
	return err
}

// decisions are the plan's verdicts as the log has them.
func (p *plan) decisions() []publisher.Decision {
	decisions := make([]publisher.Decision, len(p.outcomes))
	for i, o := range p.outcomes {
		d := publisher.Decision{
			Upload: o.upload.ID, Arrival: o.upload.Arrival,
			Chart: o.ref.name, Version: o.ref.version,
			Verdict: o.verdict, Rule: o.rule, Provenance: o.prov,
		}
		if o.chart != nil {
			d.Digest, d.Fingerprint, d.Size = o.chart.Digest, o.chart.Fingerprint, o.chart.Size
		}
		decisions[i] = d
	}
	return decisions
}

// weight is about how many bytes the chart's line takes in the index.
func (c *Chart) weight() int {
	line, err := renderLine(c.Metadata, time.Time{}, c.Digest, "")
	if err != nil {
		return 0 // it will fail where that is reported
	}
	return len(line)
}
