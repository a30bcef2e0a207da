package generator

import (
	"slices"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// mark is what an action makes of the lines of a chart's versions, but of those that are
// deprecated by themselves.
type mark struct {
	on  bool
	own []string // sorted
}

// hide notes that a version is to be yanked, or not to be any more.
func (p *plan) hide(chart, version string, yank bool) {
	if p.hides[chart] == nil {
		p.hides[chart] = map[string]bool{}
	}
	p.hides[chart][version] = yank
}

// yanked are the versions of a chart that are yanked after the plan.
func (p *plan) yanked(c *catalog, chart string) map[string]bool {
	yanked := c.state.YankedOf(chart)
	for version, is := range p.hides[chart] {
		yanked[version] = is
	}
	return yanked
}

// markAll adds the charts whose lines get or lose the mark to those that change.
func (p *plan) markAll(c *catalog, changed map[string][]published) error {
	for name, m := range p.marks {
		all, err := c.releases(name)
		if err != nil {
			return err
		}
		marked, differs := slices.Clone(all), false
		for i, r := range marked {
			if _, own := slices.BinarySearch(m.own, r.Version); own || r.Deprecated == m.on {
				continue
			}
			if marked[i].line, err = withDeprecated(r.line, m.on); err != nil {
				return err
			}
			marked[i].Deprecated, differs = m.on, true
		}
		if differs {
			changed[name] = marked
		}
	}
	return nil
}

// putBack adds the charts of which versions get earlier releases again to those that change.
func (p *plan) putBack(c *catalog, changed map[string][]published) error {
	for r, earlier := range p.back {
		all, ok := changed[r.name]
		if !ok {
			releases, err := c.releases(r.name)
			if err != nil {
				return err
			}
			all = slices.Clone(releases)
		}
		at := slices.IndexFunc(all, func(is published) bool { return is.Version == r.version })
		all[at] = earlier
		changed[r.name] = all
	}
	return nil
}

// lists are the versions that an action publishes or lists again.
func (o *outcome) lists() (refs []ref) {
	if o.act == nil || o.verdict != verdict.Accepted || o.act.Kind != action.Promote && o.act.Kind != action.Restore {
		return nil
	}
	for _, v := range o.act.Versions {
		refs = append(refs, ref{v.Chart, v.Version})
	}
	return refs
}

// settle notes what becomes of a yanked version that gets a new release: with other
// content it is shown again.
func (s *slot) settle(p *plan) {
	if s.yanked == nil || s.current == s.base || s.current.same(s.base.content) {
		return
	}
	s.yanked, s.ended = nil, s.yanked
	p.hide(s.base.ref.name, s.base.ref.version, false)
}

// markBy marks a new release as deprecated if an action says so of its chart.
func (r *release) markBy(state *action.State) {
	_, r.marked = state.FindDeprecated(r.ref.name)
	switch {
	case !r.marked:
	case r.chart != nil:
		r.own = r.chart.chart.Metadata.Deprecated
	default:
		r.own = state.Owns(r.ref.name, r.ref.version)
	}
}

// actions are the plan's verdicts on actions as the log has them.
func (p *plan) actions() []publisher.ActionDecision {
	for _, m := range p.promotions {
		m.outcome.act.Versions[m.at].Manifest = m.release.manifest().SHA256()
	}
	var actions []publisher.ActionDecision
	for _, o := range p.outcomes {
		if o.act != nil {
			o.act.Verdict, o.act.Rule = o.verdict, o.rule
			actions = append(actions, *o.act)
		}
	}
	return actions
}
