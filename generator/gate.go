package generator

import (
	"github.com/portolan-charts/portolan/generator/config"
	"github.com/portolan-charts/portolan/generator/gate"
)

// gates are those of the channel, for what an action promotes.
func (p *planner) gates(a *asked) *gate.Promotion {
	return &gate.Promotion{
		Gates: p.policy.Promote, From: a.From, To: p.catalog.channel, Now: p.now,
		Lists: func(chart string) []string { return p.lists(a, chart) },
	}
}

// lists returns the versions of a chart that the channel lists after what the plan has
// decided so far, or that the promotion brings. So it does not matter which of them are in
// one record.
func (p *planner) lists(a *asked, chart string) (versions []string) {
	for _, v := range a.Versions {
		if v.Chart == chart {
			versions = append(versions, v.Version)
		}
	}
	for r, s := range p.plan.slots {
		if r.name == chart && s.current != s.base && !s.base.same(s.current.content) {
			versions = append(versions, r.version)
		}
	}
	all, err := p.catalog.releases(chart)
	if err != nil {
		return versions // a plan that changes this chart reports it
	}
	yanked := p.plan.yanked(p.catalog, chart)
	for _, r := range all {
		if !yanked[r.Version] {
			versions = append(versions, r.Version)
		}
	}
	return versions
}

// CheckUploads returns a *check.Problem if the configuration does not let the channel take
// uploads: the site may not have it, or it takes promotions only.
func CheckUploads(c *config.Config, channel string) error {
	if err := CheckChannel(c, channel); err != nil {
		return err
	}
	if problem := gate.CheckUpload(c.Policy(channel).Promote, channel, "CHART VERSION"); problem != nil {
		return problem
	}
	return nil
}
