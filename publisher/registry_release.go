package publisher

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"

	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/droparea"
	"github.com/portolan-charts/portolan/publisher/registry"
)

// Manifest is a version's manifest in the registry and its config, byte for byte. They are
// in the version's release.json; or in an oci.json beside it, if that was written before
// the channel was in the registry. The first ones stand, whatever a later portolan would
// make, and the log has the SHA-256 of the manifest.
type Manifest struct {
	Manifest string `json:"manifest,omitempty"`
	Config   string `json:"config,omitempty"`
}

// SHA256 is that of the manifest, in hex; "" without one.
func (m Manifest) SHA256() string {
	if m.Manifest == "" {
		return ""
	}
	return hexSHA256([]byte(m.Manifest))
}

// Digest is the digest of the manifest, as clients of registries write it; "" if there is
// none.
func (m Manifest) Digest() string { return registry.Digest(m.SHA256()) }

// manifestFile is where a manifest lies that release.json lacks.
const manifestFile = "oci.json"

func manifestKey(archive string) string { return path.Join(path.Dir(archive), manifestFile) }

// maxManifest bounds an oci.json, in bytes.
const maxManifest = droparea.MaxRequest

// ReadManifest returns the manifest of the release whose archive lies at url in the
// channel. It fails with ErrNotFound if it has none.
func ReadManifest(ctx context.Context, site bucket.Store, channel, url string) (Manifest, error) {
	info, err := ReadRelease(ctx, site, channel, url)
	if err == nil && info.Manifest.Manifest != "" {
		return info.Manifest, nil
	}
	if err != nil && !errors.Is(err, bucket.ErrNotFound) {
		return Manifest{}, err
	}
	return readManifestFile(ctx, site, manifestKey(path.Join(channel, url)))
}

func readManifestFile(ctx context.Context, site bucket.Store, key string) (m Manifest, err error) {
	b, _, err := bucket.ReadAll(ctx, site, key, maxManifest)
	if err != nil && !errors.Is(err, bucket.ErrTooLarge) {
		return Manifest{}, err
	}
	if err == nil {
		err = json.Unmarshal(b, &m)
	}
	if err != nil || m.Manifest == "" {
		return Manifest{}, bucket.About(key, bucket.ErrNotFound)
	}
	return m, nil
}

// KeepManifest notes the manifest of a release whose release.json has none, and returns
// the one that stands.
func KeepManifest(ctx context.Context, site bucket.Store, channel, url string, m Manifest) (Manifest, error) {
	key := manifestKey(path.Join(channel, url))
	b, err := json.Marshal(m)
	if err != nil {
		return Manifest{}, fmt.Errorf("encoding %s: %v", key, err)
	}
	err = site.Create(ctx, bucket.Object{Key: key, Body: bucket.Bytes(append(b, '\n')), ContentType: typeJSON, CacheControl: forever, Deferred: true})
	if errors.Is(err, bucket.ErrConflict) {
		return readManifestFile(ctx, site, key)
	}
	return m, err
}

// PutManifest puts into the registry what never changes of a release: its archive, its
// provenance file, its config and its manifest. Nothing names them until a record does.
// The archive lies at url in the channel, and is not looked at where it can be linked or
// copied: see [CheckManifest]. PutManifest may be repeated.
func PutManifest(ctx context.Context, site bucket.Store, channel, chart, url string, m Manifest) error {
	files, err := manifestFiles(ctx, site, channel, chart, url, m)
	if err != nil {
		return err
	}
	for _, o := range files {
		o.Deferred = true
		err := site.Create(ctx, o)
		if errors.Is(err, bucket.ErrConflict) { // its key is made from its bytes, so what lies there is damaged
			_, err = bucket.Restore(ctx, site, o, false)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// CheckManifest makes sure that the archive at url in the channel, and its provenance file,
// are those of the manifest. It fails with ErrUnsound if one of them is damaged.
func CheckManifest(ctx context.Context, site bucket.Store, channel, chart, url string, m Manifest) error {
	files, err := manifestFiles(ctx, site, channel, chart, url, m)
	if err != nil {
		return err
	}
	for _, o := range files {
		if err := o.CheckFrom(); err != nil {
			return err
		}
	}
	return nil
}

// manifestFiles are the files of a release in the registry. But for the last one, which
// says that nothing refers to the manifest, they never change.
func manifestFiles(ctx context.Context, site bucket.Store, channel, chart, url string, m Manifest) ([]bucket.Object, error) {
	parsed, err := registry.Parse([]byte(m.Manifest))
	if err != nil {
		return nil, fmt.Errorf("%s: %v", path.Join(channel, url), err)
	}
	repository, archive, sum := registry.Repository(channel, chart), path.Join(channel, url), m.SHA256()
	files := []bucket.Object{registryFile(registry.BlobKey(repository, parsed.Archive.SHA256), CopyArchive(ctx, site, channel, url, parsed.Archive))}
	files[0].From = archive
	if p := parsed.Provenance; p != (registry.Sum{}) {
		file := registryFile(registry.BlobKey(repository, p.SHA256), copySound(ctx, site, archive+".prov", p))
		file.From = archive + ".prov"
		files = append(files, file)
	}
	return append(files,
		registryFile(registry.BlobKey(repository, parsed.Config.SHA256), sound(bucket.Bytes([]byte(m.Config)), parsed.Config)),
		registryFile(registry.ManifestKey(repository, sum), bucket.Bytes([]byte(m.Manifest))),
		registryFile(registry.ReferrersKey(repository, sum), bucket.Bytes([]byte(registry.NoReferrers)))), nil
}

// registryFile is a file of the registry, with the type and the age that its key says.
func registryFile(key string, body bucket.Body) bucket.Object {
	return bucket.Object{Key: key, Body: body, ContentType: contentType(key), CacheControl: cacheControl(key)}
}

// ErrUnsound says that a file of a release is damaged.
var ErrUnsound = errors.New("it is damaged")

// copySound is the file with the key, if it has that sum.
func copySound(ctx context.Context, site bucket.Store, key string, want registry.Sum) bucket.Body {
	body := sound(bucket.Copy(ctx, site, key), want)
	return func(w io.Writer) error {
		err := body(w)
		if errors.Is(err, ErrUnsound) {
			return bucket.About(key, err) // and not about its copy
		}
		return err
	}
}

// sound is the body, if it has that sum: what lies under a digest must never be anything
// else.
func sound(body bucket.Body, want registry.Sum) bucket.Body {
	return func(w io.Writer) error {
		h := sha256.New()
		counter := &countingWriter{w: io.MultiWriter(w, h)}
		if err := body(counter); err != nil {
			return err
		}
		if got := (registry.Sum{SHA256: hex.EncodeToString(h.Sum(nil)), Size: counter.n}); got != want {
			return fmt.Errorf("%w: it has %d bytes with the SHA-256 %s, not %d with %s", ErrUnsound, got.Size, got.SHA256, want.Size, want.SHA256)
		}
		return nil
	}
}
