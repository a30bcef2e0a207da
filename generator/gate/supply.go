package gate

import (
	"github.com/Masterminds/semver/v3"
)

// maxCompares bounds what the ranges of one promotion's dependencies are compared with, in
// bytes of the ranges. It may name thousands of versions, each with hundreds of dependencies
// on charts with thousands of versions.
var maxCompares = 64 << 20 // a variable for tests

// supply is what the channel has, with the promotion, for versions that depend on it. Many of
// these depend on the same, which is looked for once.
type supply struct {
	charts   map[string]*stock
	found    map[[2]string]bool // by chart and range
	compared int                // at most maxCompares
}

// stock are the versions of a chart that can be read.
type stock struct {
	all    []*semver.Version
	byText map[string]*semver.Version
}

// has reports whether there is a version of a chart that fits the range.
func (p *Promotion) has(chart, versions string) bool {
	if p.supply == nil {
		p.supply = &supply{charts: map[string]*stock{}, found: map[[2]string]bool{}}
	}
	key := [2]string{chart, versions}
	found, known := p.supply.found[key]
	if !known {
		found = p.find(chart, versions)
		p.supply.found[key] = found
	}
	return found
}

// exhausted reports whether there was too much to compare.
func (p *Promotion) exhausted() bool { return p.supply != nil && p.supply.compared > maxCompares }

func (p *Promotion) find(chart, versions string) bool {
	fits, err := semver.NewConstraint(versions)
	if err != nil {
		return false
	}
	of := p.of(chart)
	if v := of.byText[versions]; v != nil && fits.Check(v) { // one version, and not a range
		return true
	}
	for _, v := range of.all {
		if p.supply.compared += len(versions); p.exhausted() {
			return false
		}
		if fits.Check(v) {
			return true
		}
	}
	return false
}

// of returns the versions of a chart, which are asked for once.
func (p *Promotion) of(chart string) *stock {
	if is := p.supply.charts[chart]; is != nil {
		return is
	}
	is := &stock{byText: map[string]*semver.Version{}}
	for _, text := range p.Lists(chart) {
		if v, err := semver.NewVersion(text); err == nil {
			is.all, is.byText[text] = append(is.all, v), v
		}
	}
	p.supply.charts[chart] = is
	return is
}
