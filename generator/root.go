package generator

import (
	"context"

	"github.com/portolan-charts/portolan/publisher"
)

// openChannel opens a channel, and finds out whether the site's root shows it, as it
// should or should not.
func openChannel(ctx context.Context, o *Options, name string) (*publisher.Channel, error) {
	if o.Config.RootChannel == name {
		return publisher.OpenAtRoot(ctx, o.Site, name, o.ReplaceRoot)
	}
	c, err := publisher.OpenChannel(ctx, o.Site, name)
	if err != nil {
		return nil, err
	}
	return c, c.LeaveRoot(ctx)
}
