package pages

import (
	"context"
	"slices"
	"sync"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/templates"
)

// keyring is whether the channel publishes keys, which a pass looks up once.
type keyring struct {
	look  sync.Once
	there bool
	err   error
}

// hasKeyring reports whether the channel publishes keys.
func (p *pass) hasKeyring(ctx context.Context) (bool, error) {
	k := &p.keyring
	k.look.Do(func() { k.there, k.err = publisher.HasKeyring(ctx, p.site, p.channel.Name) })
	return k.there, k.err
}

// signer returns who signed the release at the position, and whether the channel has the
// keys to verify that; nil if nobody has verified it.
func (c *chartPages) signer(ctx context.Context, i int) (s *templates.Signer, keys bool, err error) {
	signer := c.versions[i].Signer
	if signer == nil {
		return nil, false, nil
	}
	keys, err = c.hasKeyring(ctx)
	return &templates.Signer{Fingerprint: signer.Fingerprint, Identity: signer.Identity}, keys, err
}

// keyringURL returns the URL of the channel's keys, relative to the chart's document; "" if
// no version was verified with them.
func (c *chartPages) keyringURL(ctx context.Context) (string, error) {
	if !slices.ContainsFunc(c.versions, func(v VersionSummary) bool { return v.Signer != nil }) {
		return "", nil
	}
	if keys, err := c.hasKeyring(ctx); !keys {
		return "", err
	}
	return relative(chartDoc(c.name), publisher.KeyringURL), nil
}
