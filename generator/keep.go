package generator

import (
	"fmt"
	"slices"

	"github.com/Masterminds/semver/v3"

	"github.com/portolan-charts/portolan/publisher"
)

// limit says which of a chart's releases, which are in the index's order, the
// index shows: the newest ones, as many as keep says, or all if that is 0. If
// these are all prereleases, the last of them makes room for the newest version
// that is not one: clients that want no prereleases would not find the chart.
func limit(chart string, all []published, keep int) publisher.Shown {
	h := publisher.Shown{Chart: chart, First: len(all)}
	if keep == 0 || len(all) <= keep {
		return h
	}
	h.First = keep
	if at := slices.IndexFunc(all, published.stable); at >= keep {
		h.First, h.Also = keep-1, at
	}
	return h
}

// stable reports whether the version is not a prerelease.
func (p published) stable() bool {
	v, err := semver.NewVersion(p.Version)
	return err != nil || v.Prerelease() == ""
}

// keep works out which versions the index shows: of the charts that change, and
// of all once the policy is another than the one that head was made with.
func (p *planner) keep(changed map[string][]published) error {
	for _, name := range p.toLimit(changed) {
		all, ok := changed[name]
		if !ok {
			var err error
			if all, err = p.catalog.releases(name); err != nil {
				return err
			}
		}
		shown := limit(name, all, p.policy.Keep)
		was := p.catalog.index.Shown(name)
		if ok {
			was = publisher.Shown{Chart: name, First: len(all)} // what it is if nothing is said
		}
		if shown != was {
			p.plan.shown = append(p.plan.shown, shown)
		}
	}
	return nil
}

// toLimit lists the charts of which it must be said, or may have to be, which
// versions the index shows.
func (p *planner) toLimit(changed map[string][]published) []string {
	var names []string
	for name := range changed {
		names = append(names, name)
	}
	head, err := p.catalog.index.Head()
	if err == nil && head.Keep != p.policy.Keep { // a new channel has no head
		for name := range p.catalog.index.Charts() {
			total := len(p.catalog.index.Lines(name))
			if _, ok := changed[name]; !ok && (total > p.policy.Keep && p.policy.Keep > 0 || p.catalog.index.Shown(name).First < total) {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return names
}

// noteOlder marks those outcomes whose release the index does not show.
func (p *planner) noteOlder(changed map[string][]published) error {
	if p.policy.Keep == 0 {
		return nil
	}
	for _, s := range p.slots {
		if len(s.group) == 0 || s.current == nil {
			continue
		}
		name := s.current.ref.name
		all, ok := changed[name]
		if !ok {
			var err error
			if all, err = p.catalog.releases(name); err != nil {
				return err
			}
		}
		at := slices.IndexFunc(all, func(r published) bool { return r.Version == s.current.ref.version })
		if !limit(name, all, p.policy.Keep).Has(at) {
			for _, o := range s.group {
				o.keep = p.policy.Keep
			}
		}
	}
	return nil
}

func warnOlder(version string, keep int) publisher.Warning {
	return publisher.Warning{Rule: "warn-older", Message: fmt.Sprintf(
		"the index shows the newest %d of the chart (keep: %d), and version %s is not among them: "+
			"clients find it at its URL, and in the older index that index.yaml names", keep, keep, version)}
}
