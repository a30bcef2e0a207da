package publisher

import (
	"context"
	"errors"
	"maps"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

// list lists the chart files while the log is read; or when they are asked for, if only
// one file is to be read at a time. The caller calls stop when they are not needed any
// more.
func (v *verifier) list(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	v.listed = sync.OnceValues(func() (map[string]int64, error) { return v.listFiles(ctx) })
	if v.Workers == 1 {
		return cancel
	}
	var group sync.WaitGroup
	group.Go(func() { _, _ = v.listed() })
	return func() {
		cancel()
		group.Wait()
	}
}

// listFiles returns the sizes of all chart files, by their keys; nil if the site cannot
// be listed. Those of different charts are listed at the same time in a local folder. In a
// bucket, one listing takes the fewest requests.
func (v *verifier) listFiles(ctx context.Context) (map[string]int64, error) {
	folder := v.name + "/" + chartsDir
	if _, disk := v.site.(bucket.Folder); !disk {
		sizes, _, err := v.sizesIn(ctx, folder, bucket.Descendants)
		return sizes, err
	}
	all, charts, err := v.sizesIn(ctx, folder, bucket.Children)
	if err != nil {
		return all, err
	}
	var mu sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(v.Workers)
	for _, chart := range charts {
		group.Go(func() error {
			sizes, _, err := v.sizesIn(ctx, chart, bucket.Descendants)
			mu.Lock()
			defer mu.Unlock()
			maps.Copy(all, sizes)
			return err
		})
	}
	err = group.Wait()
	return all, err
}

// sizesIn returns the sizes of the files in a folder, and the folders in it.
func (v *verifier) sizesIn(ctx context.Context, folder string, depth bucket.Depth) (sizes map[string]int64, folders []string, err error) {
	sizes = map[string]int64{}
	for e, err := range v.site.List(ctx, folder, depth) {
		switch {
		case errors.Is(err, errors.ErrUnsupported):
			return nil, nil, nil
		case err != nil:
			return sizes, folders, err
		case e.Dir:
			folders = append(folders, e.Key)
		default:
			sizes[e.Key] = e.Size
		}
	}
	return sizes, folders, nil
}
