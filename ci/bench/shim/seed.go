package main

import (
	"context"
	"os"

	"github.com/portolan-charts/portolan/ci/bench/seed"
	"github.com/portolan-charts/portolan/publisher/bucket"
)

// seedSite makes a site whose channel has a number of versions. It has only the log
// and the index: uploads of other versions need nothing more.
func seedSite(ctx context.Context, folder string, versions int) error {
	if err := os.Mkdir(folder, 0o777); err != nil || versions == 0 {
		return err
	}
	site, err := bucket.Open(ctx, folder)
	if err != nil {
		return err
	}
	return seed.Channel(ctx, site, channel, versions)
}
