package gate

import (
	"strings"

	"github.com/portolan-charts/portolan/generator/check"
)

// TooLarge is the rule of what is too much for one action.
const TooLarge = "action-too-large"

// checkDependencies refuses a version that depends on charts of this site which the channel
// does not have.
func (p *Promotion) checkDependencies(v *Version) *check.Problem {
	d := p.Missing(v)
	switch {
	case d == nil:
		return nil
	case p.exhausted():
		return &check.Problem{Rule: TooLarge, Fix: "promote fewer versions at a time",
			Message: "the versions depend on too many ranges of too many versions to compare them for one action"}
	}
	return reject("gate-dependencies", "%s depends on %s %s of %s, and channel %s has no such version", v,
		check.Quote(d.Name), check.Quote(d.Version), check.Quote(d.Repository), p.To)
}

// Missing returns what the version depends on that is on this site and must be in the
// channel, but is not; nil if nothing is missing.
func (p *Promotion) Missing(v *Version) *check.Dependency {
	if !p.Gates.Dependencies {
		return nil
	}
	for _, d := range v.Dependencies {
		if d != nil && p.onSite(d.Repository) && !p.has(d.Name, d.Version) {
			return d
		}
	}
	return nil
}

// onSite reports whether a repository is a channel of this site.
func (p *Promotion) onSite(repository string) bool {
	base := strings.TrimSuffix(p.Gates.Site, "/")
	if base == "" {
		return false
	}
	_, host, _ := strings.Cut(base, "://")
	for _, scheme := range []string{"https://", "http://", "oci://"} {
		if strings.HasPrefix(repository+"/", scheme+host+"/") {
			return true
		}
	}
	return false
}
