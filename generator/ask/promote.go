package ask

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/Masterminds/semver/v3"

	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/generator/config"
	"github.com/portolan-charts/portolan/generator/gate"
	"github.com/portolan-charts/portolan/generator/survey"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/bucket"
)

// Promotion says what is to be published in another channel.
type Promotion struct {
	From, To, Chart string
	Versions        []string // see the package comment

	// AllNewer stands for all versions that are above the highest one that is listed in
	// To. Like a range, it leaves out prereleases.
	AllNewer bool

	Policy config.Policy  // of To
	Keys   *check.Keyring // of From; nil if it has none
	Now    time.Time
}

// Promote plans to publish versions of one channel in another. Those that are there with
// the same content are left out. Errors are as those of [Yank].
func Promote(ctx context.Context, site bucket.Store, what Promotion) (*Plan, error) {
	if closed := what.gates(nil).CheckFrom(); closed != nil {
		return nil, refusedBy(closed)
	}
	from, err := openChart(ctx, site, what.From, what.Chart)
	if err != nil {
		return nil, err
	}
	c, err := publisher.OpenChannel(ctx, site, what.To)
	if err != nil {
		return nil, err
	}
	to, err := takeAny(survey.Newest(c), what.Chart) // it may be the channel's first
	if err != nil {
		return nil, err
	}
	p := &promotion{Promotion: what, from: from, to: to, plan: newPlan(what.To, action.Request{Kind: action.Promote, From: what.From})}
	chosen, err := p.choose()
	if err != nil {
		return nil, err
	}
	p.gates = what.gates(func(chart string) []string { return append(listed(survey.Newest(c), chart), brought(chosen, chart)...) })
	compared, err := p.compareAll(ctx, site, chosen)
	if err != nil {
		return nil, err
	}
	return p.make(compared)
}

// promotion is a Promotion in the making.
type promotion struct {
	Promotion
	from, to *shelf
	gates    *gate.Promotion
	plan     *Plan

	same, yanked, stillYanked    []string // versions that are left out
	soaking, unverified, lacking []string // those that a gate is closed to
}

// make plans what is done with each version.
func (p *promotion) make(compared []comparison) (*Plan, error) {
	for _, c := range compared {
		if err := p.step(c); err != nil {
			return nil, err
		}
	}
	p.plan.leave("yanked in "+p.From, p.from, p.yanked)
	p.plan.leave("in "+p.To+" already", p.from, p.same)
	p.plan.leave(fmt.Sprintf("yanked in %s, where 'portolan restore' lists them again", p.To), p.from, p.stillYanked)
	p.leaveGated()
	return p.plan.ofVersions()
}

// choose returns the versions that are asked for.
func (p *promotion) choose() ([]version, error) {
	if !p.AllNewer {
		return p.from.resolve(p.Versions)
	}
	var highest *semver.Version
	for _, v := range p.to.versions {
		if v.yanked == nil && v.semantic != nil && (highest == nil || highest.LessThan(v.semantic)) {
			highest = v.semantic
		}
	}
	var chosen []version
	var early []string
	for _, v := range p.from.versions {
		switch {
		case v.semantic == nil || highest != nil && !highest.LessThan(v.semantic):
		case v.semantic.Prerelease() != "":
			early = append(early, v.Version)
		default:
			chosen = append(chosen, v)
		}
	}
	p.plan.leave("prereleases have to be named", p.from, early)
	return chosen, nil
}

// step plans what is done with one version.
func (p *promotion) step(c comparison) error {
	v := c.version
	named := slices.Contains(p.Versions, v.Version)
	switch {
	case v.yanked != nil && named:
		return refused("promote-yanked", fmt.Sprintf("%s %s is yanked in %s: %s", v.Chart, v.Version, p.From, v.yanked.Reason),
			"promote another version, or restore it first")
	case v.yanked != nil:
		p.yanked = append(p.yanked, v.Version)
	case c.gone != nil:
		return refused("content-gone", fmt.Sprintf("%s %s: this content %s", v.Chart, v.Version, goneFrom(p.To, *c.gone)), "leave it out: what is gone does not come back")
	case c.is != nil && c.relation == same && c.is.yanked != nil:
		p.stillYanked = append(p.stillYanked, v.Version)
	case c.is != nil && c.relation == same:
		p.same = append(p.same, v.Version)
	default:
		closed := p.gates.Check(&c.gated)
		if closed != nil && !(named && mayOpen(closed)) {
			return p.stop(c, closed, named)
		}
		if closed != nil {
			p.plan.Notes = append(p.plan.Notes, fmt.Sprintf("%s: a run refuses the promotion, unless what waits before it brings one", closed.Message))
		}
		return p.publish(c)
	}
	return nil
}

// publish notes a version that the target does not have, or has otherwise.
func (p *promotion) publish(c comparison) error {
	v := c.version
	step := Step{Pin: v.Pin, Effect: New}
	gone, wasThere := p.to.state.FindGoneVersion(v.Chart, v.Version)
	final := p.Policy.Duplicates == config.Reject
	switch {
	case c.is == nil && wasThere && final:
		return refused("version-exists", fmt.Sprintf("%s %s %s, and the channel has 'duplicates: reject'", v.Chart, v.Version, goneFrom(p.To, gone)),
			"leave it out, or publish the content under a new version")
	case c.is == nil:
	case c.relation == unsigned:
		step.Effect = Signed
	case c.relation == signedByElse:
		return refused("provenance-differs", fmt.Sprintf("%s %s is in %s with another provenance file", v.Chart, v.Version, p.To), "leave it out: the first signature of an archive stands")
	case final:
		return refused("version-exists", fmt.Sprintf("%s %s is in %s with another archive, and the channel has 'duplicates: reject'", v.Chart, v.Version, p.To),
			"leave it out, or publish the content under a new version")
	default:
		step.Effect, step.Was = Replaced, c.is.Digest
	}
	p.plan.Steps = append(p.plan.Steps, step)
	return nil
}
