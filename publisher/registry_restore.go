package publisher

import (
	"context"
	"errors"

	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/registry"
)

var errNotItsManifest = errors.New("neither its release.json nor its oci.json has the manifest that the log names")

// unrestorable reports whether an error says that a manifest cannot be made again, however
// often it is tried.
func unrestorable(err error) bool {
	return errors.Is(err, bucket.ErrNotFound) || errors.Is(err, errNotItsManifest)
}

// restoreManifest writes what a release has in the registry, where it is missing or damaged.
func (c *Channel) restoreManifest(ctx context.Context, r *registryRelease) (written []string, err error) {
	m, err := c.manifestOf(ctx, r)
	if err != nil {
		return nil, err
	}
	files, err := manifestFiles(ctx, c.site, c.Name, r.chart, r.url, m)
	if err != nil {
		return nil, err
	}
	for _, o := range files {
		wrote, err := bucket.Restore(ctx, c.site, o, false)
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
func (c *Channel) manifestOf(ctx context.Context, r *registryRelease) (Manifest, error) {
	m, err := ReadManifest(ctx, c.site, c.Name, r.url)
	if err == nil && m.SHA256() == r.manifest {
		return m, nil
	}
	if err != nil && !errors.Is(err, bucket.ErrNotFound) {
		return m, err
	}
	repository := registry.Repository(c.Name, r.chart)
	text, _, err := bucket.ReadAll(ctx, c.site, registry.ManifestKey(repository, r.manifest), registry.MaxManifest)
	if err != nil || hexSHA256(text) != r.manifest {
		return m, errNotItsManifest
	}
	parsed, err := registry.Parse(text)
	if err != nil {
		return m, errNotItsManifest
	}
	config, _, err := bucket.ReadAll(ctx, c.site, registry.BlobKey(repository, parsed.Config.SHA256), registry.MaxConfig)
	return Manifest{string(text), string(config)}, err
}

// restoreReturned makes sure that what is in the registry is there of versions that were
// taken down or freed once, and have other content now: a takedown may have removed what
// both contents share, such as their Chart.yaml, after it was staged and before its record.
func (c *Channel) restoreReturned(ctx context.Context) error {
	for v, touch := range c.touched.tags {
		if _, gone := c.state.FindGoneVersion(v.chart, v.version); !gone || touch.manifest == "" {
			continue
		}
		if url := c.index.urlOf(v); url != "" {
			_, err := c.restoreManifest(ctx, &registryRelease{chart: v.chart, url: url, manifest: touch.manifest})
			if err != nil && !unrestorable(err) && !errors.Is(err, ErrUnsound) {
				return err
			}
		}
	}
	return nil
}
