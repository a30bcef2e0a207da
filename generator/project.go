package generator

import (
	"context"
	"fmt"
)

// project makes the site show what is committed: head, and with pages, which the
// last batch of a run is for, also the pages. While one of the uploads is in the
// inbox, the next run does what this one did not get to.
func (r *channelRun) project(ctx context.Context, pages bool) error {
	if err := r.channel.Project(ctx); err != nil || r.Pages == nil || !pages {
		return err
	}
	report, err := r.Pages.Project(ctx, r.Site, r.channel)
	r.report.Pages = report
	if err != nil {
		return fmt.Errorf("pages: %w", err)
	}
	return nil
}
