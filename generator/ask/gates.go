package ask

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/generator/gate"
	"github.com/portolan-charts/portolan/generator/survey"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/days"
)

// gates are those of the target. lists returns the versions of a chart that are there, or come.
func (what Promotion) gates(lists func(chart string) []string) *gate.Promotion {
	return &gate.Promotion{Gates: what.Policy.Promote, From: what.From, To: what.To, Now: what.Now, Lists: lists}
}

// listed returns the versions of a chart that are not yanked.
func listed(c *survey.Contents, chart string) (versions []string) {
	all, err := c.Versions(chart)
	if err != nil {
		return nil // a run cannot read them either
	}
	for _, v := range all {
		if v.State != survey.Yanked {
			versions = append(versions, v.Version)
		}
	}
	return versions
}

// brought returns the versions of a chart that are asked for.
func brought(chosen []version, chart string) (versions []string) {
	for _, v := range chosen {
		if v.Chart == chart && v.yanked == nil {
			versions = append(versions, v.Version)
		}
	}
	return versions
}

// examine notes what the gates ask of a version. It reads no more than they need.
func (p *promotion) examine(ctx context.Context, site bucket.Store, c *comparison, info *publisher.ReleaseInfo) error {
	c.gated = gate.Version{Chart: c.Chart, Version: c.Version, Created: c.created, Info: info}
	if p.Policy.Promote.Dependencies {
		var line struct {
			Dependencies []*check.Dependency `json:"dependencies"`
		}
		if err := json.Unmarshal([]byte(c.line), &line); err != nil {
			return fmt.Errorf("channel %s: the index line of %s %s cannot be read: %v", p.From, c.Chart, c.Version, err)
		}
		c.gated.Dependencies = line.Dependencies
	}
	unsigned := info.Upload != "" && info.Provenance == ""
	if !p.Policy.Promote.Signed || p.Policy.Keyring == nil && p.Keys == nil || c.relation == same || unsigned {
		return nil
	}
	prov, err := provenance(ctx, site, p.From, c.url)
	if err != nil || prov == nil {
		return err
	}
	since := c.gated.Since()
	c.gated.Revoked = p.Policy.Keyring.Revokes(prov, since) || p.Keys.Revokes(prov, since)
	if p.Policy.Keyring != nil {
		_, err = p.Policy.Keyring.Verify(prov, since)
		c.gated.Verified = err == nil
	}
	return nil
}

// provenance reads the provenance file of a release; nil if it has none.
func provenance(ctx context.Context, site bucket.Store, channel, url string) ([]byte, error) {
	in, err := publisher.OpenArchive(ctx, site, channel, url+".prov")
	if errors.Is(err, bucket.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer in.Close()
	return io.ReadAll(io.LimitReader(in, check.MaxProvenance+1))
}

// stop refuses a version that a gate is closed to if it is named, and leaves it out otherwise.
func (p *promotion) stop(c comparison, closed *check.Problem, named bool) error {
	switch {
	case named, closed.Rule == gate.TooLarge:
		return refusedBy(closed)
	case closed.Rule == "gate-soak":
		p.soaking = append(p.soaking, fmt.Sprintf("%s (from %s on)", c.Version, p.gates.Opens(&c.gated).UTC().Format(time.RFC3339)))
	case closed.Rule == "gate-signed":
		p.unverified = append(p.unverified, c.Version)
	default:
		d := p.gates.Missing(&c.gated)
		p.lacking = append(p.lacking, fmt.Sprintf("%s (%s)", c.Version, check.Quote(d.Name+" "+d.Version)))
	}
	return nil
}

// mayOpen reports whether what waits in the drop area, which is not looked at here, may open
// a gate: it may bring what the version depends on.
func mayOpen(closed *check.Problem) bool { return closed.Rule == "gate-dependencies" }

// leaveGated notes which versions gates are closed to.
func (p *promotion) leaveGated() {
	p.plan.leave(fmt.Sprintf("%s takes what has been in %s for %s", p.To, p.From, days.Format(p.Policy.Promote.Soak)), p.from, p.soaking)
	p.plan.leave(fmt.Sprintf("no signature was verified with the keys of %s or %s", p.To, p.From), p.from, p.unverified)
	p.plan.leave(fmt.Sprintf("what it depends on is not in %s", p.To), p.from, p.lacking)
}
