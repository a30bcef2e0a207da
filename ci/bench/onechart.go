package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/portolan-charts/portolan/ci/bench/seed"
	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
)

// sizes are the sizes of the channels into which one chart is published.
var sizes = []int{1_000, 10_000, 100_000}

// oneChart publishes single charts into channels of growing size.
func (b *bench) oneChart(ctx context.Context) error {
	for _, versions := range sizes {
		if err := b.oneInto(ctx, versions); err != nil {
			return fmt.Errorf("one chart into %d versions: %w", versions, err)
		}
	}
	return nil
}

func (b *bench) oneInto(ctx context.Context, versions int) error {
	w, err := b.newWorld(ctx, versions)
	if err != nil {
		return err
	}
	least, err := median(func() (cost, error) {
		flush()
		took, err := readHashWrite(w.index())
		return cost{Wall: took}, err
	})
	if err != nil {
		return err
	}
	generate := &command{dir: w.folder, args: []string{b.portolan, "generate"}}
	ours, err := generate.medianOf(ctx, func() error { return w.upload(ctx) })
	if err != nil {
		return err
	}
	size, err := w.size()
	if err != nil {
		return err
	}
	operations, err := w.operations(ctx)
	if err != nil {
		return err
	}
	b.growth.add(versions, size, ours, operations)
	switch versions {
	case 10_000:
		err = b.besideMerge(ctx, w, ours)
	case 100_000:
		b.table.add(row{
			work: "one chart into 100,000 versions, pages on", goal: "≤ 3× of reading, hashing and writing the index once; ≤ 150 MB beyond the index",
			figure: ours.String(), ratio: fmt.Sprintf("%s of %s; index %s", times(ours.Wall, least.Wall), least.wall(), megabytes(size)),
			met: ours.Wall <= 3*least.Wall && ours.Peak <= size+150*mb,
		})
	}
	if err != nil {
		return err
	}
	return remove(w.folder)
}

// besideMerge compares with Helm, which merges one chart into an index of the same
// releases.
func (b *bench) besideMerge(ctx context.Context, w *world, ours cost) error {
	folder := filepath.Join(w.folder, "helm")
	if err := os.Mkdir(folder, 0o777); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, "new-1.0.0.tgz"), charttest.Simple("new", "1.0.0"), 0o666); err != nil {
		return err
	}
	asYAML, err := b.inYAML(ctx, w.index(), folder)
	if err != nil {
		return err
	}
	merge := func(args ...string) (cost, error) {
		return (&command{args: append([]string{b.helm, "repo", "index", folder}, args...)}).medianOf(ctx, nil)
	}
	peer, err := merge("--merge", asYAML)
	if err != nil {
		return err
	}
	inJSON, err := merge("--json", "--merge", w.index())
	if err != nil {
		return err
	}
	b.table.add(row{
		work: "one chart into 10,000 versions, pages on", goal: "≤ 1/20 of the wall of `helm repo index --merge`, ≤ 100 MB",
		figure: ours.String(), ratio: fmt.Sprintf("%s of %s (in JSON: %s of %s)", times(ours.Wall, peer.Wall), peer, times(ours.Wall, inJSON.Wall), inJSON),
		met: ours.Wall <= peer.Wall/20 && ours.Peak <= 100*mb,
	})
	b.table.add(row{
		work: "ChartMuseum, 10,000 versions, as recorded elsewhere", goal: "cannot be built here", info: true,
		figure: "7.2 s and 662 MB to start, 1.8 s until an upload is seen", ratio: times(ours.Wall, chartMuseum),
	})
	return nil
}

// chartMuseum is the time that ChartMuseum 0.16.5 took with 10,000 versions until
// an upload was visible. It was measured once on another machine, because its
// module cannot be fetched under its name.
const chartMuseum = 1800 * time.Millisecond

// inYAML makes Helm write an index as YAML, and returns the file's path.
func (b *bench) inYAML(ctx context.Context, index, folder string) (string, error) {
	empty := filepath.Join(folder, "empty")
	if err := os.MkdirAll(empty, 0o777); err != nil {
		return "", err
	}
	_, err := (&command{args: []string{b.helm, "repo", "index", empty, "--merge", index}}).run(ctx)
	return filepath.Join(empty, "index.yaml"), err
}

// world is a site with one channel, and its drop area.
type world struct {
	folder     string
	drop, site bucket.Store
	uploads    int
}

// newWorld seeds a channel, and publishes its pages.
func (b *bench) newWorld(ctx context.Context, versions int) (*world, error) {
	w := &world{folder: filepath.Join(b.folder, fmt.Sprint(versions))}
	if err := os.Mkdir(w.folder, 0o777); err != nil {
		return nil, err
	}
	var err error
	if w.drop, err = bucket.Open(ctx, filepath.Join(w.folder, "drop")); err != nil {
		return nil, err
	}
	if w.site, err = bucket.Open(ctx, filepath.Join(w.folder, "site")); err != nil {
		return nil, err
	}
	say("making a channel with %d versions, and its pages", versions)
	if err := seed.Channel(ctx, w.site, channel, versions); err != nil {
		return nil, err
	}
	pages, err := (&command{dir: w.folder, args: []string{b.portolan, "generate", "--channel", channel}}).run(ctx)
	if err == nil {
		say("all pages of %d versions: %s", versions, pages)
	}
	return w, err
}

func (w *world) index() string { return filepath.Join(w.folder, "site", channel, "index.yaml") }

func (w *world) size() (int64, error) {
	info, err := os.Stat(w.index())
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// upload puts a new version of a chart into the inbox.
func (w *world) upload(ctx context.Context) error {
	w.uploads++
	name := seed.ChartName(seed.PerChart * w.uploads)
	id, err := publisher.NewID()
	if err != nil {
		return err
	}
	chart := bucket.Bytes(charttest.Simple(name, "2.0.0"))
	return publisher.Submit(ctx, w.drop, channel, id, publisher.Submission{Chart: chart})
}
