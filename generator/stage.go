package generator

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/registry"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// stager puts the releases of one batch on the site, where nothing names them yet.
type stager struct {
	drop, site bucket.Store
	channel    string
	workers    int
	manifests  *manifests

	mu      sync.Mutex
	claimed map[ref]bool
}

func newStager(o Options, channel string, m *manifests) *stager {
	return &stager{drop: o.Drop, site: o.Site, channel: channel, workers: o.Workers, manifests: m, claimed: map[ref]bool{}}
}

// early stages the candidate's chart right after it was read, if it is the first
// upload of its version in the batch. Should the plan decide otherwise, nothing
// names the files, and unstage removes them.
func (s *stager) early(ctx context.Context, c *candidate, p parts) error {
	if !s.claim(c.ref()) {
		return nil
	}
	files, err := newRelease(c, nil).files(c.chart, c.pushed(), p, s.manifests)
	if err != nil {
		return err
	}
	if err := s.put(ctx, c, files); err != nil {
		return err
	}
	c.staged, c.manifest = c.problem == nil, files.Info.Manifest
	return nil
}

// claim reports whether this is the first upload of the version in the batch.
func (s *stager) claim(v ref) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	first := !s.claimed[v]
	s.claimed[v] = true
	return first
}

// put writes the release's files. If other bytes lie in their place, then the
// upload is no longer what it was when it was first read, and is refused.
func (s *stager) put(ctx context.Context, c *candidate, files *publisher.Release) error {
	err := publisher.PutRelease(ctx, s.site, s.channel, files)
	if errors.Is(err, bucket.ErrConflict) || errors.Is(err, errOverwritten) {
		return c.refuse(rejectOverwritten(c.upload.ID))
	}
	return err
}

var errOverwritten = errors.New("it was overwritten while it was being published")

// provenance is the provenance file that signs the release, as it was checked:
// somebody may still write to it.
func (s *stager) provenance(ctx context.Context, rel *release) bucket.Body {
	key := rel.prov.upload.Prov.Key
	return func(w io.Writer) error {
		b, _, err := bucket.ReadAll(ctx, s.drop, key, check.MaxProvenance)
		if errors.Is(err, bucket.ErrTooLarge) {
			return bucket.About(key, errOverwritten)
		}
		if err != nil {
			return err
		}
		if sum := sha256.Sum256(b); hex.EncodeToString(sum[:]) != rel.provenance {
			return bucket.About(key, errOverwritten)
		}
		_, err = w.Write(b)
		return err
	}
}

// late stages a release whose chart has been read again for that.
func (s *stager) late(ctx context.Context, rel *release, again *candidate, p parts) error {
	if again.bare {
		return bucket.ErrNotFound // of the part that was there before
	}
	if again.problem != nil || again.chart.Digest != rel.chart.chart.Digest {
		return rel.chart.refuse(rejectOverwritten(rel.chart.upload.ID))
	}
	files, err := rel.files(again.chart, again.pushed(), p, s.manifests)
	if err != nil {
		return err
	}
	if rel.prov != nil {
		files.Prov = s.provenance(ctx, rel)
	}
	if err := s.put(ctx, rel.owner(), files); err != nil {
		return err
	}
	rel.made = files.Info.Manifest
	if rel.chart.staged = rel.prov == nil && rel.chart.problem == nil; rel.chart.staged {
		rel.chart.manifest = rel.made
	}
	return nil
}

// signed copies a published archive, of which info is the description, to the
// path of the provenance file that signs it.
func (s *stager) signed(ctx context.Context, rel *release, info *publisher.ReleaseInfo) error {
	if info == nil {
		return fmt.Errorf("the index names an archive that is missing: %s", rel.base.URLs[0])
	}
	config, err := configOfLine(rel.base.line, rel.marked, rel.own)
	if info.Config != "" { // the one that is published
		config, err = []byte(info.Config), nil
	}
	if err != nil {
		return err
	}
	cameAs(info, rel.prov.upload)
	info.Provenance = rel.provenance
	info.Signer, info.Warnings = rel.prov.signature.signer, rel.prov.signature.withWarning(info.Warnings)
	if info.Manifest, err = s.manifests.of(rel.ref, config, info, rel.prov.provSize); err != nil {
		return err
	}
	files := &publisher.Release{
		Chart: rel.ref.name, Version: rel.ref.version, Info: *info,
		Archive: publisher.CopyArchive(ctx, s.site, s.channel, rel.base.URLs[0], registry.Sum{SHA256: info.Digest, Size: info.Size}),
		Prov:    s.provenance(ctx, rel),
	}
	err = s.put(ctx, rel.prov, files)
	rel.made = files.Info.Manifest
	return err
}

// unstage removes what was staged early for charts that the plan, which is
// committed, does not publish. Their uploads are decided, so that nobody ever
// names these paths.
func (s *stager) unstage(ctx context.Context, p *plan) error {
	return each(ctx, s.workers, len(p.outcomes), func(i int) error {
		o := p.outcomes[i]
		if o.asked != nil {
			return s.uncopy(ctx, o)
		}
		if !o.staged || o.verdict.Publishes() && o.release.upload == o.upload.ID {
			return nil
		}
		return publisher.RemoveRelease(ctx, s.site, s.channel, publisher.ReleaseURL(o.ref.name, o.ref.version, o.upload.ID))
	})
}

// uncopy removes what was copied for a promotion that is decided, and not carried out.
func (s *stager) uncopy(ctx context.Context, o *outcome) error {
	if o.verdict == verdict.Accepted {
		return nil
	}
	return each(ctx, s.workers, len(o.asked.offers), func(i int) error {
		version := o.asked.offers[i].version
		if version == nil || !version.copied {
			return nil
		}
		r := version.ref()
		return publisher.RemoveRelease(ctx, s.site, s.channel, publisher.ReleaseURL(r.name, r.version, o.upload.ID))
	})
}

func rejectOverwritten(upload string) *check.Problem {
	return reject("upload-overwritten", "upload %s was overwritten while it was being published", upload)
}
