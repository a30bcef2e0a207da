package generator

import (
	"context"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
)

// TakeDown takes a version down, as [publisher.TakeDown] does. Of those that are left, head
// lists as many as it may, by the rules of a run.
func TakeDown(ctx context.Context, site bucket.Store, o publisher.TakeDownOptions) (*publisher.TakeDownReport, error) {
	o.Show = showNewest
	return publisher.TakeDown(ctx, site, o)
}
