package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/portolan-charts/portolan/ci/bench/seed"
	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/generator/config"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
)

const (
	idleVersions = 100_000
	idleChannels = 200
	longestIdle  = 50 * time.Millisecond
)

// idle runs a generator that finds nothing to do.
func (b *bench) idle(ctx context.Context) error {
	w := &world{folder: filepath.Join(b.folder, "idle")}
	err := os.Mkdir(w.folder, 0o777)
	if err != nil {
		return err
	}
	if w.drop, err = bucket.Open(ctx, filepath.Join(w.folder, "drop")); err != nil {
		return err
	}
	if w.site, err = bucket.Open(ctx, filepath.Join(w.folder, "site")); err != nil {
		return err
	}
	say("making %d channels", idleChannels)
	for i := range idleChannels {
		name := fmt.Sprintf("channel-%03d", i)
		if err := seed.Channel(ctx, w.site, name, idleVersions/idleChannels); err != nil {
			return err
		}
		// Folders of a drop area stay after their uploads are gone.
		if err := os.MkdirAll(filepath.Join(w.folder, "drop", "inbox", name), 0o777); err != nil {
			return err
		}
	}
	ours, err := (&command{dir: w.folder, args: []string{b.portolan, "generate"}}).medianOf(ctx, nil)
	if err != nil {
		return err
	}
	var c buckettest.Counter
	if _, err := generator.Run(ctx, generator.Options{Drop: c.Of(w.drop), Site: c.Of(w.site), Config: &config.Config{}}); err != nil {
		return err
	}
	b.table.add(row{
		work: "nothing to do, 100,000 versions, 200 channels", goal: "≤ 50 ms, one listing of the inbox",
		figure: ours.String(), ratio: "operations " + c.String(),
		met: ours.Wall <= longestIdle && c.String() == "1: 1 list",
	})
	return remove(w.folder)
}
