package main

import (
	"context"
	"path/filepath"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/generator/config"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
	"github.com/portolan-charts/portolan/publisher/droparea"
)

// world is a site and its drop area, in a folder.
type world struct {
	folder     string
	drop, site bucket.Store
	uploads    int
}

func openWorld(ctx context.Context, folder string) (*world, error) {
	w := &world{folder: folder}
	var err error
	if w.drop, err = bucket.Open(ctx, filepath.Join(folder, "drop")); err != nil {
		return nil, err
	}
	w.site, err = bucket.Open(ctx, filepath.Join(folder, "site"))
	return w, err
}

// upload uploads a new version of another chart each time.
func (w *world) upload(ctx context.Context) error {
	name := chartName(w.uploads)
	w.uploads++
	id, err := droparea.NewID()
	if err != nil {
		return err
	}
	chart := bucket.Bytes(charttest.Simple(name, "2.0.0"))
	return droparea.Submit(ctx, w.drop, channel, id, droparea.Submission{Chart: chart})
}

// operations publishes in this process, and returns the operations on both stores.
func (w *world) operations(ctx context.Context, pages generator.Pages) (*buckettest.Counter, error) {
	var c buckettest.Counter
	_, err := generator.Run(ctx, generator.Options{Drop: c.Of(w.drop), Site: c.Of(w.site), Config: &config.Config{}, Pages: pages})
	return &c, err
}
