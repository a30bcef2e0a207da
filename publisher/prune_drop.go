package publisher

import (
	"context"
	"errors"
	"path"
	"strings"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

// pruneDrop removes old receipts, old refused uploads with their reasons, and files of
// pushes that no manifest has named in time. The keys of receipts have no channel, so they
// are only removed by a prune of all channels, and so are the files of pushes, which shims
// remove as well.
func (p *pruner) pruneDrop(ctx context.Context) error {
	// The receipt of an upload that was not cleaned up yet is still needed.
	waiting, err := p.waiting(ctx)
	if err != nil {
		return err
	}
	folders := []string{rejectedDir}
	if len(p.Channels) > 0 {
		folders = nil
		for _, name := range p.Channels {
			folders = append(folders, path.Join(rejectedDir, name))
		}
	}
	for _, folder := range folders {
		// The reason is removed last, so that no upload is kept without it.
		for _, reasons := range []bool{false, true} {
			err := p.pruneOld(ctx, folder, waiting, &p.report.Rejected, func(channel, ext string) bool {
				return p.concerns(channel) && (ext == requestExt) == reasons
			})
			if err != nil {
				return err
			}
		}
	}
	if len(p.Channels) > 0 {
		return nil
	}
	return errors.Join(
		p.pruneOld(ctx, receiptsDir, waiting, &p.report.Receipts, func(_, ext string) bool { return ext == requestExt }),
		RemovePushed(ctx, p.drop, p.now, p.DryRun, p.report.Leftovers.Add))
}

// concerns reports whether the channel is to be pruned. The folder of a channel may
// contain folders of others.
func (p *pruner) concerns(channel string) bool {
	for _, name := range p.Channels {
		if name == channel {
			return true
		}
	}
	return len(p.Channels) == 0
}

// pruneOld removes files of decided uploads from a folder of the drop area, if they are
// old enough and wanted says so.
func (p *pruner) pruneOld(ctx context.Context, folder string, waiting map[string]bool, freed *Freed, wanted func(channel, ext string) bool) error {
	r := New(ctx, p.drop, p.Workers, p.DryRun)
	for e, err := range p.drop.List(ctx, folder, bucket.Descendants) {
		if err != nil {
			return r.Wait(err)
		}
		_, below, _ := strings.Cut(e.Key, "/")
		id, ext, _ := strings.Cut(path.Base(below), ".")
		if _, ours := parseID(id); ours && !waiting[id] && p.now.Sub(e.Modified) >= p.Keep && wanted(path.Dir(below), "."+ext) {
			r.Remove(e, freed)
		}
	}
	return r.Wait(nil)
}

// pruneFolders removes what interrupted writes and deletions left in local folders.
// Buckets have no such leftovers that could be listed.
func (p *pruner) pruneFolders(ctx context.Context) error {
	for _, s := range []bucket.Store{p.drop, p.site} {
		disk, ok := s.(bucket.Folder)
		if !ok {
			continue
		}
		if err := disk.RemoveLeftovers(ctx, p.DryRun, p.report.Leftovers.Add); err != nil {
			return err
		}
	}
	return nil
}
