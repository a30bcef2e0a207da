package generator

import (
	"context"
	"fmt"

	"github.com/portolan-charts/portolan/publisher"
)

// project makes the site show what is committed: head, and with pages, which the
// last batch of a run is for, also the pages. While one of the uploads is in the
// inbox, the next run does what this one did not get to.
func project(ctx context.Context, o *Options, c *publisher.Channel, pages bool) (*PagesReport, error) {
	if err := c.Project(ctx); err != nil || o.Pages == nil || !pages {
		return nil, err
	}
	report, err := o.Pages.Project(ctx, o.Site, c)
	if err != nil {
		return report, fmt.Errorf("pages: %w", err)
	}
	return report, nil
}
