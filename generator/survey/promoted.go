package survey

import (
	"context"
	"errors"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
)

// MaxPromoted is how many versions [FindPromoted] looks at.
const MaxPromoted = 100

// FindPromoted notes which of the versions were promoted from another channel. No index says
// so: it reads the descriptions of the first [MaxPromoted] versions, each of which is a file.
// Of one without a description nothing is noted.
func FindPromoted(ctx context.Context, site bucket.Store, versions []Version) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(readers)
	for i := range versions[:min(len(versions), MaxPromoted)] {
		group.Go(func() error {
			v := &versions[i]
			info, err := publisher.ReadRelease(ctx, site, v.Channel, strings.TrimPrefix(v.URL, v.Channel+"/"))
			if errors.Is(err, bucket.ErrNotFound) {
				return nil
			}
			if err == nil {
				v.From = info.From
			}
			return err
		})
	}
	return group.Wait()
}
