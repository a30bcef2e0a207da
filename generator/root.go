package generator

import (
	"context"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
)

// openChannel opens a channel, and finds out whether the site's root shows it, as it
// should or should not.
func openChannel(ctx context.Context, o *Options, name string) (*publisher.Channel, error) {
	atRoot := o.Config.RootChannel == name
	open := publisher.OpenChannel
	if atRoot {
		open = func(ctx context.Context, site bucket.Store, name string) (*publisher.Channel, error) {
			return publisher.OpenAtRoot(ctx, site, name, o.ReplaceRoot)
		}
	}
	c, err := open(ctx, o.Site, name)
	if err != nil {
		return nil, err
	}
	c.Workers, c.BeforeHead = o.Workers, o.outbox.before(name)
	if atRoot {
		return c, nil
	}
	return c, c.LeaveRoot(ctx)
}
