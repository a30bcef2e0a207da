package droparea

import (
	"context"
	"errors"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/sweep"
)

// PruneOptions says what a prune of the drop area keeps.
type PruneOptions struct {
	Channels []string // empty means all, and what has no channel: receipts, and files of pushes
	Keep     time.Duration
	Now      time.Time
	DryRun   bool // remove nothing
	Workers  int  // files removed at the same time
}

// Pruned is what a prune of the drop area removed.
type Pruned struct {
	Receipts sweep.Freed
	Rejected sweep.Freed // refused uploads, with their reasons
	Pushed   sweep.Freed // files of pushes
}

// Prune removes old receipts, old refused uploads with their reasons, and files of
// pushes that no manifest has named in time. The keys of receipts have no channel, so they
// are only removed by a prune of all channels, and so are the files of pushes, which shims
// remove as well. It says what was removed even if it fails.
func Prune(ctx context.Context, drop bucket.Store, o PruneOptions) (freed Pruned, err error) {
	// The receipt of an upload that was not cleaned up yet is still needed.
	waiting, err := WaitingIDs(ctx, drop)
	if err != nil {
		return freed, err
	}
	p := pruner{o, drop, waiting}
	folders := []string{rejectedDir}
	if len(o.Channels) > 0 {
		folders = nil
		for _, name := range o.Channels {
			folders = append(folders, path.Join(rejectedDir, name))
		}
	}
	for _, folder := range folders {
		// The reason is removed last, so that no upload is kept without it.
		for _, reasons := range []bool{false, true} {
			err := p.removeOld(ctx, folder, &freed.Rejected, func(channel, ext string) bool {
				return p.concerns(channel) && (ext == requestExt) == reasons
			})
			if err != nil {
				return freed, err
			}
		}
	}
	if len(o.Channels) > 0 {
		return freed, nil
	}
	return freed, errors.Join(
		p.removeOld(ctx, receiptsDir, &freed.Receipts, func(_, ext string) bool { return ext == requestExt }),
		RemovePushed(ctx, drop, o.Now, o.DryRun, freed.Pushed.Add))
}

// WaitingIDs returns the names, without endings, of the files in the inbox.
func WaitingIDs(ctx context.Context, drop bucket.Store) (map[string]bool, error) {
	names := map[string]bool{}
	for e, err := range drop.List(ctx, inboxDir, bucket.Descendants) {
		if err != nil {
			return nil, err
		}
		name, _, _ := strings.Cut(path.Base(e.Key), ".")
		names[name] = true
	}
	return names, nil
}

// pruner is one prune of the drop area.
type pruner struct {
	PruneOptions
	drop    bucket.Store
	waiting map[string]bool
}

// concerns reports whether the channel is to be pruned. The folder of a channel may
// contain folders of others.
func (p *pruner) concerns(channel string) bool {
	return len(p.Channels) == 0 || slices.Contains(p.Channels, channel)
}

// removeOld removes files of decided uploads from a folder of the drop area, if they are
// old enough and wanted says so.
func (p *pruner) removeOld(ctx context.Context, folder string, freed *sweep.Freed, wanted func(channel, ext string) bool) error {
	r := sweep.New(ctx, p.drop, p.Workers, p.DryRun)
	for e, err := range p.drop.List(ctx, folder, bucket.Descendants) {
		if err != nil {
			return r.Wait(err)
		}
		_, below, _ := strings.Cut(e.Key, "/")
		id, ext, _ := strings.Cut(path.Base(below), ".")
		if IsID(id) && !p.waiting[id] && p.Now.Sub(e.Modified) >= p.Keep && wanted(path.Dir(below), "."+ext) {
			r.Remove(e, freed)
		}
	}
	return r.Wait(nil)
}
