package generator

import (
	"context"
	"errors"
	"fmt"

	"github.com/portolan-charts/portolan/publisher"
)

// stageEarly puts the candidate's chart on the site right after it was read,
// if it would be published were it the only one. Should the plan decide
// otherwise, nothing names the files, and unstage removes them.
func (r *channelRun) stageEarly(ctx context.Context, c *candidate, archive, prov []byte) error {
	if r.DryRun {
		return nil
	}
	if !r.planner(nil).publishesAlone(c) || !r.claim(c.ref()) {
		return nil
	}
	files := (&outcome{candidate: c, ref: c.ref()}).newRelease(nil).describe(c.chart)
	files.Archive = publisher.Bytes(archive)
	if c.prov != "" {
		files.Prov = publisher.Bytes(prov)
	}
	if err := r.put(ctx, c, files); err != nil {
		return err
	}
	c.staged = c.problem == nil
	return nil
}

// claim reports whether this is the first upload of the version in the run.
func (r *channelRun) claim(v ref) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	first := !r.claimed[v]
	r.claimed[v] = true
	return first
}

// put writes the release's files. If other bytes lie in their place, then the
// upload is no longer what it was when it was first read, and is refused.
func (r *channelRun) put(ctx context.Context, c *candidate, files *publisher.Release) error {
	err := publisher.PutRelease(ctx, r.Site, r.channel.Name, files)
	if errors.Is(err, publisher.ErrConflict) {
		return c.refuse(reject("upload-overwritten", "upload %s was overwritten while it was being published", c.upload.ID))
	}
	return err
}

// stage puts on the site what the plan's releases need and is not there. It
// reports false if an upload turned out to be faulty, or to have been taken by
// another generator, so that the plan is void.
func (r *channelRun) stage(ctx context.Context, p *plan) (bool, error) {
	for _, release := range p.releases {
		if release.chart != nil && release.prov == nil && release.chart.staged {
			continue
		}
		var err error
		if release.chart == nil {
			err = r.stageSigned(ctx, release)
		} else {
			err = r.stageAgain(ctx, release)
		}
		if errors.Is(err, publisher.ErrNotFound) {
			release.owner().gone = true
			return false, nil
		}
		if err != nil {
			return false, err
		}
		if release.owner().problem != nil || release.chart != nil && release.chart.problem != nil {
			return false, nil
		}
	}
	return true, nil
}

// stageAgain reads the chart once more, to put it on the site.
func (r *channelRun) stageAgain(ctx context.Context, rel *release) error {
	again := &candidate{upload: rel.chart.upload, request: rel.chart.request}
	archive, prov, err := r.readParts(ctx, again)
	if err != nil {
		return err
	}
	if again.bare {
		return publisher.ErrNotFound // of the part that was there before
	}
	if again.problem != nil || again.chart.Digest != rel.chart.chart.Digest {
		return rel.chart.refuse(reject("upload-overwritten", "upload %s was overwritten while it was being published", rel.chart.upload.ID))
	}
	files := rel.describe(again.chart)
	files.Archive = publisher.Bytes(archive)
	switch {
	case rel.prov != nil:
		files.Prov = publisher.Copy(ctx, r.Drop, rel.prov.upload.Prov.Key)
	case again.prov != "":
		files.Prov = publisher.Bytes(prov)
	}
	if err := r.put(ctx, rel.owner(), files); err != nil {
		return err
	}
	rel.chart.staged = rel.prov == nil && rel.chart.problem == nil
	return nil
}

// stageSigned copies a published archive to the path of the provenance file
// that signs it.
func (r *channelRun) stageSigned(ctx context.Context, rel *release) error {
	info, err := r.released(ctx, *rel.base)
	if err != nil {
		return err
	}
	if info == nil {
		return fmt.Errorf("the index names an archive that is missing: %s", rel.base.URLs[0])
	}
	info.Upload, info.Arrival, info.Provenance = rel.prov.upload.ID, rel.prov.upload.Arrival, rel.provenance
	return r.put(ctx, rel.prov, &publisher.Release{
		Chart: rel.ref.name, Version: rel.ref.version, Info: *info,
		Archive: publisher.CopyArchive(ctx, r.Site, r.channel.Name, rel.base.URLs[0]),
		Prov:    publisher.Copy(ctx, r.Drop, rel.prov.upload.Prov.Key),
	})
}

// unstage removes what was put on the site early for charts that the plan, which
// is committed, does not publish. Their uploads are decided, so that nobody ever
// names these paths.
func (r *channelRun) unstage(ctx context.Context, p *plan) error {
	return r.each(ctx, len(p.outcomes), func(i int) error {
		o := p.outcomes[i]
		if !o.staged || o.verdict.Publishes() && o.release.upload == o.upload.ID {
			return nil
		}
		return publisher.RemoveRelease(ctx, r.Site, r.channel.Name, publisher.ReleaseURL(o.ref.name, o.ref.version, o.upload.ID))
	})
}
