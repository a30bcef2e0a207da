package publisher

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"time"

	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/registry"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// maxRelease is the largest release.json, in bytes: 10,000 files of 1 KiB names.
const maxRelease = 16 << 20

// ReleaseInfo is release.json: what the index has no room for. It is written once,
// beside the archive. The first one stands, whatever a later portolan would write.
type ReleaseInfo struct {
	Upload      string            `json:"upload"`
	Arrival     time.Time         `json:"arrival"`
	Received    time.Time         `json:"received,omitzero"` // when the store got it, if that is much later than Arrival
	From        string            `json:"from,omitempty"`    // the channel that it was promoted from; then Upload and Arrival are those of the action
	Digest      string            `json:"digest"`            // SHA-256 of the archive, in hex
	Size        int64             `json:"size"`              // of the archive, in bytes
	Fingerprint string            `json:"fingerprint"`       // equal for archives of the same content
	Provenance  string            `json:"provenance,omitempty"`
	Signer      *Signer           `json:"signer,omitempty"` // nil unless its provenance file was verified
	Warnings    []verdict.Warning `json:"warnings,omitempty"`
	Files       []ReleaseFile     `json:"files,omitempty"`
	Manifest                      // in the registry; its texts are "" if it has none
}

// Since is when the release came to its channel; zero if that is not known.
func (i *ReleaseInfo) Since() time.Time {
	if i.Received.After(i.Arrival) {
		return i.Received
	}
	return i.Arrival
}

// Signer is the owner of a key of the channel's keyrings that made a release's
// provenance file.
type Signer struct {
	Fingerprint string `json:"fingerprint"`        // of the primary key, in capital hex digits
	Identity    string `json:"identity,omitempty"` // that the key names, such as "Ann <ann@example.com>"; printable and short
}

// ReleaseFile is a file in the archive.
type ReleaseFile struct {
	Path string `json:"path"`
	Size int64  `json:"size"` // bytes
}

// Release is a chart to be put on the site.
type Release struct {
	Chart, Version string
	Archive        bucket.Body
	Prov           bucket.Body // nil if absent
	Info           ReleaseInfo
}

// URL is where the release's archive lies, relative to its channel.
func (r *Release) URL() string { return ReleaseURL(r.Chart, r.Version, r.Info.Upload) }

// PutRelease writes a release's files into the channel. Nothing names them until a record
// does. It may be repeated. If the release has a manifest, r has the one that stands
// afterwards. It fails with ErrConflict if different bytes are there: then the upload was
// overwritten after it had been read, and must not be published.
func PutRelease(ctx context.Context, site bucket.Store, channel string, r *Release) error {
	key := path.Join(channel, r.URL())
	info, err := json.Marshal(r.Info)
	if err != nil {
		return fmt.Errorf("encoding %s: %v", releaseFile, err)
	}
	object := bucket.Object{Key: key, Body: r.Archive, ContentType: typeChart, CacheControl: forever, Deferred: true}
	if err := site.Create(ctx, object); err != nil {
		return err
	}
	if r.Prov != nil {
		object := bucket.Object{Key: key + ".prov", Body: r.Prov, ContentType: typeText, CacheControl: forever, Deferred: true}
		if err := site.Create(ctx, object); err != nil {
			return err
		}
	}
	err = site.Create(ctx, bucket.Object{
		Key: releaseKey(key), Body: bucket.Bytes(append(info, '\n')), ContentType: typeJSON, CacheControl: forever, Deferred: true,
	})
	if errors.Is(err, bucket.ErrConflict) {
		r.Info.Manifest, err = standing(ctx, site, channel, r)
	}
	return err
}

// standing is the manifest of a release that has a release.json already.
func standing(ctx context.Context, site bucket.Store, channel string, r *Release) (Manifest, error) {
	if r.Info.Manifest.Manifest == "" {
		return Manifest{}, nil
	}
	m, err := ReadManifest(ctx, site, channel, r.URL())
	if errors.Is(err, bucket.ErrNotFound) { // it was written by a generator that had the registry turned off
		return KeepManifest(ctx, site, channel, r.URL(), r.Info.Manifest)
	}
	return m, err
}

// RemoveRelease removes a release's files from the site. Its upload must be decided, and
// no generation may name it.
func RemoveRelease(ctx context.Context, site bucket.Store, channel, url string) error {
	key := path.Join(channel, url)
	for _, k := range []string{key + ".prov", releaseKey(key), key} {
		if err := site.Delete(ctx, k, ""); err != nil {
			return err
		}
	}
	return nil
}

// ReadRelease returns the description of the release whose archive lies at url in the
// channel. It fails with ErrNotFound if there is no description that can be read.
func ReadRelease(ctx context.Context, site bucket.Store, channel, url string) (*ReleaseInfo, error) {
	key := releaseKey(path.Join(channel, url))
	b, _, err := bucket.ReadAll(ctx, site, key, maxRelease)
	if errors.Is(err, bucket.ErrTooLarge) {
		return nil, bucket.About(key, bucket.ErrNotFound)
	}
	if err != nil {
		return nil, err
	}
	var info ReleaseInfo
	if err := json.Unmarshal(b, &info); err != nil {
		return nil, bucket.About(key, bucket.ErrNotFound)
	}
	return &info, nil
}

// OpenArchive opens the archive that lies at url in the channel.
func OpenArchive(ctx context.Context, site bucket.Store, channel, url string) (*bucket.Reader, error) {
	return site.Get(ctx, path.Join(channel, url))
}

// ArchiveSizes returns the size of each archive of the channel, by its URL, whether or not
// anything names it.
func ArchiveSizes(ctx context.Context, site bucket.Store, channel string) (map[string]int64, error) {
	sizes := map[string]int64{}
	for e, err := range site.List(ctx, path.Join(channel, chartsDir), bucket.Descendants) {
		if err != nil {
			return nil, err
		}
		if strings.HasSuffix(e.Key, chartExt) {
			sizes[strings.TrimPrefix(e.Key, channel+"/")] = e.Size
		}
	}
	return sizes, nil
}

// CopyArchive is the archive that lies at url in the channel. The site promises that it
// exists, so if it is missing, the error is not ErrNotFound. It is ErrUnsound if the archive
// is damaged.
func CopyArchive(ctx context.Context, site bucket.Store, channel, url string, want registry.Sum) bucket.Body {
	body := copySound(ctx, site, path.Join(channel, url), want)
	return func(w io.Writer) error {
		err := body(w)
		if errors.Is(err, bucket.ErrNotFound) {
			return fmt.Errorf("the index names an archive that is missing: %v", err)
		}
		return err
	}
}

func releaseKey(archive string) string { return path.Join(path.Dir(archive), releaseFile) }
