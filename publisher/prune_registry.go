package publisher

import (
	"context"
	"errors"
	"path"
	"time"

	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/registry"
	"github.com/portolan-charts/portolan/publisher/sweep"
)

// registryFiles removes a channel's files from the registry, once the channel has not been
// in it for the grace time. As long as it is, nothing is removed, since every digest may
// come back: equal bytes that are written again cannot be told from those that were there.
// Lists of tags go first, and then tags, so none names what is gone.
func (p *pruner) registryFiles(ctx context.Context, c *Channel, report *ChannelPrune) error {
	if c.IndexGeneration() == 0 || c.Registry().Since > 0 {
		return nil
	}
	var lists, tags, others []bucket.Entry
	for e, err := range p.site.List(ctx, path.Join(registry.Root, c.Name), bucket.Descendants) {
		if err != nil {
			return err
		}
		k, ok := registry.ParseKey(e.Key)
		switch {
		case !ok || k.Channel() != c.Name: // or of a channel whose name begins with this one's
		case k.Kind == registry.TagList:
			lists = append(lists, e)
		case k.Kind == registry.ByTag:
			tags = append(tags, e)
		default:
			others = append(others, e)
		}
	}
	if len(lists)+len(tags)+len(others) == 0 {
		return nil
	}
	left, err := c.leftRegistry(ctx)
	if err != nil || left.IsZero() {
		return err
	}
	if p.now.Sub(left) < p.Grace {
		report.RegistryUntil = left.Add(p.Grace)
		return nil
	}
	for _, some := range [][]bucket.Entry{lists, tags, others} {
		if err := p.stillLeft(ctx, c); err != nil {
			return err
		}
		r := sweep.New(ctx, p.site, p.Workers, p.DryRun)
		for _, e := range some {
			r.Remove(e, &report.Registry)
		}
		err := r.Wait(nil)
		r.RemoveFolders(2) // lists, tags and the like, and the repository
		if err != nil {
			return err
		}
	}
	return p.stillLeft(ctx, c)
}

var errBackInRegistry = errors.New("the channel was put into the registry again while its files there were removed: run 'portolan rebuild' on it")

// stillLeft makes sure that nobody has put the channel into the registry meanwhile.
func (p *pruner) stillLeft(ctx context.Context, c *Channel) error {
	if p.DryRun {
		return nil
	}
	err := c.Refresh(ctx)
	if err == nil && c.Registry().Since > 0 {
		err = errBackInRegistry
	}
	return err
}

// leftRegistry is when the channel left the registry; zero if it never was in it.
func (c *Channel) leftRegistry(ctx context.Context) (left time.Time, err error) {
	for r, err := range c.back(ctx) {
		if err != nil {
			return time.Time{}, err
		}
		in, ok := r.registry()
		switch {
		case !ok:
		case in.Since > 0:
			return left, nil
		default:
			left = r.Time
		}
	}
	return time.Time{}, nil
}
