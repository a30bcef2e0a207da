package ask

import (
	"context"
	"errors"

	"golang.org/x/sync/errgroup"

	"github.com/portolan-charts/portolan/generator/gate"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/bucket"
)

// comparison is a version, and what another channel has in its place.
type comparison struct {
	version
	is       *version // nil if the other channel does not have it
	relation relation
	gone     *action.Tombstone // why its content is not to come to the other channel; nil if it may
	gated    gate.Version      // what the gates of the other channel ask of it
}

// relation is how what one channel has differs from what another one has.
type relation int

const (
	different    relation = iota // another archive
	same                         // the same content, if perhaps packed at another time
	unsigned                     // this very archive, without the provenance file
	signedByElse                 // this very archive, with another provenance file
)

// maxReads is how many descriptions are read at the same time.
const maxReads = 16

// compareAll compares the versions with what the target has.
func (p *promotion) compareAll(ctx context.Context, site bucket.Store, versions []version) ([]comparison, error) {
	there := make(map[string]*version, len(p.to.versions))
	for i, v := range p.to.versions {
		there[v.Version] = &p.to.versions[i]
	}
	all := make([]comparison, len(versions))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(maxReads)
	for i, v := range versions {
		all[i] = comparison{version: v, is: there[v.Version]}
		if v.yanked == nil {
			group.Go(func() error { return p.compare(ctx, site, &all[i]) })
		}
	}
	return all, group.Wait()
}

// compare reads as much of the descriptions as it takes to compare two releases, and to
// judge whether the gates let one in.
func (p *promotion) compare(ctx context.Context, site bucket.Store, c *comparison) error {
	if c.is != nil && c.Digest == c.is.Digest {
		c.relation = same
	}
	source, err := &publisher.ReleaseInfo{}, error(nil)
	if gates := p.Policy.Promote; c.is != nil || p.to.hasGone() || gates.Soak > 0 || gates.Signed {
		if source, err = describe(ctx, site, p.From, c.url); err != nil {
			return err
		}
	}
	if gone, ok := p.to.state.FindGone(c.Digest, source.Fingerprint); ok {
		c.gone = &gone
	}
	if c.is != nil && (c.relation != same || source.Provenance != "") {
		target, err := describe(ctx, site, p.To, c.is.url)
		if err != nil {
			return err
		}
		c.relation = relate(c.relation, source, target)
	}
	return p.examine(ctx, site, c, source)
}

// relate looks at more than the digests. A signed archive is better than an unsigned one of
// the same content.
func relate(r relation, source, target *publisher.ReleaseInfo) relation {
	signs := source.Provenance != "" && target.Upload != "" && target.Provenance == ""
	switch {
	case r == same && signs:
		return unsigned
	case r == same && target.Provenance != "" && target.Provenance != source.Provenance:
		return signedByElse
	case r == different && source.Fingerprint != "" && source.Fingerprint == target.Fingerprint && !signs:
		return same
	}
	return r
}

// describe reads the description of a release. It is empty if it is not there.
func describe(ctx context.Context, site bucket.Store, channel, url string) (*publisher.ReleaseInfo, error) {
	info, err := publisher.ReadRelease(ctx, site, channel, url)
	if errors.Is(err, bucket.ErrNotFound) {
		return &publisher.ReleaseInfo{}, nil
	}
	return info, err
}
