package publisher

import (
	"context"
	"errors"
	"fmt"
	"path"
	"sync"

	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/registry"
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
		if errors.Is(err, bucket.ErrNotFound) || errors.Is(err, errNotItsManifest) {
			b.lose(r, err)
			return nil
		}
		return err
	})
}

var errNotItsManifest = errors.New("neither its release.json nor its oci.json has the manifest that the log names")

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

func (b *rebuilder) restoreManifest(ctx context.Context, r *registryRelease) (written []string, err error) {
	m, err := b.manifestOf(ctx, r)
	if err != nil {
		return nil, err
	}
	files, err := manifestFiles(ctx, b.site, b.Name, r.chart, r.url, m)
	if err != nil {
		return nil, err
	}
	for _, o := range files {
		wrote, err := restore(ctx, b.site, o, false)
		if err != nil {
			return written, err
		}
		if wrote {
			written = append(written, o.Key)
		}
	}
	return written, nil
}

// manifestOf is the manifest of a release: the one beside its archive, or else what is in
// the registry, if that is the one in the log.
func (b *rebuilder) manifestOf(ctx context.Context, r *registryRelease) (Manifest, error) {
	m, err := ReadManifest(ctx, b.site, b.Name, r.url)
	if err == nil && m.SHA256() == r.manifest {
		return m, nil
	}
	if err != nil && !errors.Is(err, bucket.ErrNotFound) {
		return m, err
	}
	repository := registry.Repository(b.Name, r.chart)
	text, _, err := bucket.ReadAll(ctx, b.site, registry.ManifestKey(repository, r.manifest), registry.MaxManifest)
	if err != nil || hexSHA256(text) != r.manifest {
		return m, errNotItsManifest
	}
	parsed, err := registry.Parse(text)
	if err != nil {
		return m, errNotItsManifest
	}
	config, _, err := bucket.ReadAll(ctx, b.site, registry.BlobKey(repository, parsed.Config.SHA256), registry.MaxConfig)
	return Manifest{string(text), string(config)}, err
}
