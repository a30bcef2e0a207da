package publisher

import (
	"context"
	"errors"
	"maps"

	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/registry"
)

// removeRegistry removes what the registry has of the version. None of it can come back
// under its digest, except the config, which is Chart.yaml: other content of the version may
// have the same, and keeps it or gets it back, see [Channel.restoreReturned]. The tag goes
// first, so that it never leads to what is gone, and manifests last, since they say what
// there is.
func (r *remains) removeRegistry(ctx context.Context) error {
	if registry.CheckVersion(r.channel.Name, r.at.chart, r.at.version) != nil {
		return nil // it never had any of this
	}
	blobs, manifests, err := r.inRegistry(ctx)
	if err != nil {
		return err
	}
	repository := registry.Repository(r.channel.Name, r.at.chart)
	tag := registry.TagKey(repository, registry.Tag(r.at.version))
	var tags, first, last []string
	for sum, logged := range blobs {
		first = append(first, registry.BlobKey(repository, sum))
		if logged {
			r.note(registry.BlobKey(repository, sum))
		}
	}
	for sum, logged := range manifests {
		first = append(first, registry.ReferrersKey(repository, sum))
		last = append(last, registry.ManifestKey(repository, sum))
		if logged {
			r.note(registry.ReferrersKey(repository, sum), registry.ManifestKey(repository, sum), tag)
		}
	}
	if !r.stays {
		tags = append(tags, tag)
	}
	for _, keys := range [][]string{tags, first, last} {
		there, err := r.there(ctx, keys)
		if err == nil {
			err = r.remove(ctx, there)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// inRegistry returns the SHA-256 of the blobs and manifests that only uploads have that go,
// and of each whether the log says that the registry had it.
func (r *remains) inRegistry(ctx context.Context) (blobs, manifests map[string]bool, err error) {
	blobs, manifests = map[string]bool{}, map[string]bool{}
	used := map[string]bool{"": true}
	for id, u := range r.past.uploads {
		if r.past.gone(id) {
			addSum(blobs, u.digest, len(u.manifests) > 0)
			addSum(blobs, u.provenance, len(u.manifests) > 0)
		}
		for _, sum := range u.manifests {
			text, err := r.manifestText(ctx, u.url, sum)
			if err != nil {
				return nil, nil, err
			}
			if r.past.gone(id) {
				manifests[sum] = true
				maps.Copy(blobs, blobsOf(text))
			} else {
				used[sum] = true
				maps.Copy(used, blobsOf(text))
			}
		}
	}
	for _, f := range r.folders { // also those that were never published
		m, err := ReadManifest(ctx, r.site, r.channel.Name, ReleaseURL(r.at.chart, r.at.version, f.upload))
		switch {
		case errors.Is(err, bucket.ErrNotFound):
		case err != nil:
			return nil, nil, err
		case f.goes:
			addSum(manifests, m.SHA256(), false)
			for sum := range blobsOf(m.Manifest) {
				addSum(blobs, sum, false)
			}
		default:
			used[m.SHA256()] = true
			maps.Copy(used, blobsOf(m.Manifest))
		}
	}
	for _, sums := range []map[string]bool{blobs, manifests} {
		maps.DeleteFunc(sums, func(sum string, _ bool) bool { return used[sum] })
	}
	return blobs, manifests, nil
}

// addSum adds a sum, and that the log has it, if it does.
func addSum(to map[string]bool, sum string, logged bool) { to[sum] = to[sum] || logged }

// manifestText is a manifest of an upload; "" if neither the registry nor the upload's folder
// has it any more.
func (r *remains) manifestText(ctx context.Context, url, sum string) (string, error) {
	m, err := ReadManifest(ctx, r.site, r.channel.Name, url)
	if err == nil && m.SHA256() == sum {
		return m.Manifest, nil
	}
	if err != nil && !errors.Is(err, bucket.ErrNotFound) {
		return "", err
	}
	key := registry.ManifestKey(registry.Repository(r.channel.Name, r.at.chart), sum)
	text, _, err := bucket.ReadAll(ctx, r.site, key, registry.MaxManifest)
	if errors.Is(err, bucket.ErrNotFound) || errors.Is(err, bucket.ErrTooLarge) {
		return "", nil
	}
	return string(text), err
}

// blobsOf are the SHA-256 of what a manifest names.
func blobsOf(manifest string) map[string]bool {
	m, err := registry.Parse([]byte(manifest))
	if err != nil {
		return nil
	}
	return map[string]bool{m.Archive.SHA256: true, m.Provenance.SHA256: true, m.Config.SHA256: true}
}
