package generator

import (
	"fmt"
	"strings"
	"time"

	"github.com/Masterminds/semver/v3"

	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/generator/config"
	"github.com/portolan-charts/portolan/publisher/days"
	"github.com/portolan-charts/portolan/publisher/pattern"
)

// gate says which gate of the channel is closed to a version, and when or by what it would
// open; nil if all are open.
func (p *planner) gate(a *asked, version *outcome) *check.Problem {
	gates, from := p.policy.Promote, version.candidate.origin
	allowed := len(gates.From) == 0
	for _, name := range gates.From {
		allowed = allowed || pattern.MatchesChannel(name, from.channel)
	}
	if !allowed {
		return reject("gate-from", "channel %s takes promotions from %s only, not from %s", p.catalog.channel, strings.Join(gates.From, ", "), from.channel)
	}
	if opens := from.since().Add(gates.Soak); gates.Soak > 0 && p.now.Before(opens) {
		return reject("gate-soak", "%s came to channel %s at %s, and is to stay there for %s: this gate opens at %s",
			version.ref, from.channel, timeText(from.since()), days.Format(gates.Soak), timeText(opens))
	}
	if gates.Signed && version.signature.signer == nil && from.info.Signer == nil {
		return reject("gate-signed", "%s has no signature that was verified with the keys of channel %s or %s", version.ref, p.catalog.channel, from.channel)
	}
	if gates.Dependencies {
		return p.gateDependencies(a, version)
	}
	return nil
}

func timeText(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// gateDependencies refuses a version that depends on charts of this site which the channel
// does not have.
func (p *planner) gateDependencies(a *asked, version *outcome) *check.Problem {
	for _, d := range version.candidate.chart.Metadata.Dependencies {
		if d == nil || !p.onSite(d.Repository) || p.has(a, d.Name, d.Version) {
			continue
		}
		return reject("gate-dependencies", "%s depends on %s %s of %s, and channel %s has no such version", version.ref,
			check.Quote(d.Name), check.Quote(d.Version), check.Quote(d.Repository), p.catalog.channel)
	}
	return nil
}

// onSite reports whether a repository is a channel of this site.
func (p *planner) onSite(repository string) bool {
	base := strings.TrimSuffix(p.policy.Promote.Site, "/")
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

// has reports whether the channel shows a version of a chart that fits, or the promotion
// brings one.
func (p *planner) has(a *asked, chart, versions string) bool {
	fits, err := semver.NewConstraint(versions)
	if err != nil {
		return false
	}
	matches := func(text string) bool {
		v, err := semver.NewVersion(text)
		return err == nil && fits.Check(v)
	}
	for _, v := range a.Versions {
		if v.Chart == chart && matches(v.Version) {
			return true
		}
	}
	all, err := p.catalog.releases(chart)
	if err != nil {
		return false
	}
	yanked := p.catalog.state.YankedOf(chart)
	for _, r := range all {
		if !yanked[r.Version] && matches(r.Version) {
			return true
		}
	}
	return false
}

// CheckUploads returns a *check.Problem if the configuration does not let the channel take
// uploads: the site may not have it, or it takes promotions only.
func CheckUploads(c *config.Config, channel string) error {
	if err := CheckChannel(c, channel); err != nil {
		return err
	}
	if problem := promotesOnly(c.Policy(channel), channel, "CHART VERSION"); problem != nil {
		return problem
	}
	return nil
}

// promotesOnly refuses an upload of what is named so to a channel that takes promotions
// only; nil if it takes uploads.
func promotesOnly(p config.Policy, channel, name string) *check.Problem {
	if !p.Promote.Only {
		return nil
	}
	to, from := "another channel", "FROM"
	if names := p.Promote.From; len(names) > 0 {
		to = "channel " + strings.Join(names, " or ")
		if len(names) == 1 && !strings.Contains(names[0], "*") {
			from = names[0]
		}
	}
	problem := reject("promote-only", "channel %s takes no uploads, only promotions", channel)
	problem.Fix = fmt.Sprintf("upload to %s, and promote it from there: portolan promote %s %s %s", to, from, channel, name)
	return problem
}
