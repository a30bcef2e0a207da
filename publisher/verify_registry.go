package publisher

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/registry"
)

// fixRegistry says what to do about a file of the registry.
func (v *verifier) fixRegistry() string {
	return fmt.Sprintf("run 'portolan rebuild --channel %s', which puts it into the registry again", v.name)
}

// checkRegistry looks at what never changes in the registry: the manifests that the log
// names, and all that they name. Tags and lists of tags follow from the log: see
// checkDerived.
func (v *verifier) checkRegistry(ctx context.Context) error {
	if v.broken {
		return nil
	}
	releases := v.manifests.all(v.result.Floor)
	v.mu.Lock()
	v.total += len(releases)
	v.mu.Unlock()
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(v.Workers)
	for _, r := range releases {
		group.Go(func() error {
			defer v.step()
			return v.checkManifest(ctx, r)
		})
	}
	return group.Wait()
}

// checkManifest checks one version's files. Its record may just have been committed, but
// what never changes is written before that.
func (v *verifier) checkManifest(ctx context.Context, r *registryRelease) error {
	repository := registry.Repository(v.name, r.chart)
	text, err := v.readSmall(ctx, registry.ManifestKey(repository, r.manifest), registry.MaxManifest, r.manifest)
	if text == nil || err != nil {
		return err
	}
	m, err := registry.Parse(text)
	if err != nil {
		v.fault(registry.ManifestKey(repository, r.manifest), fixForeign, "it is what the log names, but %v", err)
		return nil
	}
	v.mu.Lock()
	v.result.Manifests++
	v.mu.Unlock()
	none := registry.SumOf([]byte(registry.NoReferrers))
	if _, err := v.readSmall(ctx, registry.ReferrersKey(repository, r.manifest), none.Size, none.SHA256); err != nil {
		return err
	}
	for _, blob := range []registry.Sum{m.Archive, m.Provenance, m.Config} {
		if blob == (registry.Sum{}) || !v.once(registry.BlobKey(repository, blob.SHA256)) {
			continue
		}
		if err := v.checkBlob(ctx, registry.BlobKey(repository, blob.SHA256), blob); err != nil {
			return err
		}
	}
	return nil
}

// readSmall reads a file that must have a SHA-256. It returns nil if it has not.
func (v *verifier) readSmall(ctx context.Context, key string, limit int64, sum string) ([]byte, error) {
	b, _, err := bucket.ReadAll(ctx, v.site, key, limit)
	switch {
	case errors.Is(err, bucket.ErrNotFound):
		v.fault(key, v.fixRegistry(), "it is missing")
		return nil, nil
	case err != nil && !errors.Is(err, bucket.ErrTooLarge):
		return nil, v.unreadable(ctx, key, err)
	case err != nil || hexSHA256(b) != sum:
		v.fault(key, v.fixRegistry(), "its %d bytes do not have the SHA-256 %s", len(b), sum)
		return nil, nil
	}
	v.readable()
	return b, nil
}

// checkBlob checks a blob's size, and with Deep its SHA-256.
func (v *verifier) checkBlob(ctx context.Context, key string, want registry.Sum) error {
	fits := true
	sum, err := v.examine(ctx, key, want.SHA256, func(size int64) bool {
		if fits = size == want.Size; !fits {
			v.fault(key, v.fixRegistry(), "it has %d bytes, not %d", size, want.Size)
		}
		return fits
	})
	switch {
	case errors.Is(err, bucket.ErrNotFound):
		v.fault(key, v.fixRegistry(), "it is missing")
	case err != nil:
		return v.unreadable(ctx, key, err)
	case fits && sum != want.SHA256:
		v.fault(key, v.fixRegistry(), "its SHA-256 is %s", sum)
	}
	return nil
}

// once reports whether a key is asked for the first time: versions may share blobs.
func (v *verifier) once(key string) bool {
	_, twice := v.blobs.LoadOrStore(key, true)
	return !twice
}
