package publisher

import (
	"context"
	"fmt"
	"path"
	"sync"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

// restoreRegistry puts into the registry again what never changes there, of every version
// that a kept generation names: from its release.json or oci.json, and its archive. A
// manifest that is not the one in the log is not written.
func (b *rebuilder) restoreRegistry(ctx context.Context) error {
	releases := b.manifests.all(b.report.Floor)
	var mu sync.Mutex
	return b.each(ctx, len(releases), func(ctx context.Context, i int) error {
		r := releases[i]
		written, err := b.restoreManifest(ctx, r)
		mu.Lock()
		defer mu.Unlock()
		b.report.Written = append(b.report.Written, written...)
		if unrestorable(err) {
			b.lose(r, err)
			return nil
		}
		return err
	})
}

// lose notes a version that cannot be put into the registry again. Its tag stays as it is.
func (b *rebuilder) lose(r *registryRelease, err error) {
	if b.lost++; b.lost == 1 {
		b.firstLost = bucket.About(path.Join(b.Name, r.url), reason(err))
	}
	if r.until == 0 {
		delete(b.touched.tags, version{r.chart, r.version()})
	}
}

// lostManifests is the error about what could not be put into the registry again.
func (b *rebuilder) lostManifests() error {
	if b.lost == 0 {
		return nil
	}
	return fmt.Errorf("%d versions could not be put into the registry again, the first because of %w: restore its folder from a copy; "+
		"or upload the chart again once its archive is missing", b.lost, b.firstLost)
}
