package publisher

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/portolan-charts/portolan/publisher/action"
)

// freed is what a prune knows of versions that were freed, from the records that it has read:
// those before are so old that everything of theirs may go.
type freed struct {
	over  bool             // the grace time after a record that freed some has passed, and so it has after those before
	gone  map[version]bool // by records after which it has passed
	young map[version]bool // by others
	until time.Time        // when the files of the first of these may go
}

// add adds an earlier record.
func (f *freed) add(ctx context.Context, p *pruner, c *Channel, r *Record) error {
	versions := r.gone(action.Free)
	if len(versions) == 0 {
		return nil
	}
	if !f.over {
		shown, err := p.shown(ctx, c, r)
		if err != nil {
			return err
		}
		f.over = shown >= p.Grace
	}
	into := &f.gone
	if !f.over {
		into, f.until = &f.young, r.Time.Add(p.Grace)
	}
	if *into == nil {
		*into = map[version]bool{}
	}
	maps.Copy(*into, versions)
	return nil
}

// due reports whether a version was freed, and so long ago that its files may go.
func (f *freed) due(c *Channel, v version) bool {
	return !f.young[v] && slices.ContainsFunc(c.state.GoneOf(v.chart, v.version), func(t action.Tombstone) bool { return t.Kind == action.Free })
}

// removeFreed removes the files of versions that were freed, with what the registry has of
// them, and returns the other files. What is in the registry goes first: as long as any file
// of a version is left, a prune looks there again.
func (p *pruner) removeFreed(ctx context.Context, c *Channel, k *keeping, some []candidate, report *ChannelPrune) (others []candidate, err error) {
	folders := map[version]map[string]*folder{} // by upload
	for _, f := range some {
		v := releaseVersion(f.entry.Key)
		if !k.freed.due(c, v) {
			continue
		}
		if folders[v] == nil {
			folders[v] = map[string]*folder{}
		}
		if folders[v][f.upload] == nil {
			folders[v][f.upload] = &folder{upload: f.upload}
		}
		folders[v][f.upload].files = append(folders[v][f.upload].files, f.entry)
	}
	if len(folders) == 0 {
		return some, nil
	}
	versions := map[version]bool{}
	for v := range folders {
		versions[v] = true
	}
	pasts := newPasts(versions, removals...)
	if err := c.readPasts(ctx, pasts); err != nil {
		return nil, err
	}
	if err := p.freshen(ctx, c, touched{charts: pasts.charts}); err != nil {
		return nil, err
	}
	went := map[string]bool{} // uploads
	if err := p.removeRemains(ctx, c, pasts, folders, went, report); err != nil {
		return nil, err
	}
	if pasts.registry {
		if err := p.showShared(ctx, c); err != nil {
			return nil, err
		}
	}
	return slices.DeleteFunc(slices.Clone(some), func(f candidate) bool { return went[f.upload] }), nil
}

// removeRemains removes what is left of versions, several at a time, and notes the uploads
// whose files are gone.
func (p *pruner) removeRemains(ctx context.Context, c *Channel, pasts *pasts, folders map[version]map[string]*folder, went map[string]bool, report *ChannelPrune) error {
	var mu sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(p.Workers)
	for v, uploads := range folders {
		group.Go(func() error {
			r := &remains{
				site: p.site, channel: c, at: v, past: pasts.versions[v], buried: map[string]bool{}, keys: map[string]bool{},
				stays:   true, // the record has seen to its tag
				workers: 1, dry: p.DryRun,
			}
			for _, t := range c.state.GoneOf(v.chart, v.version) {
				r.buried[t.Digest], r.buried[t.Fingerprint] = true, true
			}
			for _, f := range uploads {
				r.folders = append(r.folders, *f)
			}
			err := r.removeAll(ctx, pasts.registry)
			mu.Lock()
			defer mu.Unlock()
			for _, e := range r.removed {
				report.FreedFiles.Add(e.Size)
			}
			for _, f := range r.folders {
				went[f.upload] = f.goes
			}
			return err
		})
	}
	return group.Wait()
}

// removeAll removes the files of the uploads that go.
func (r *remains) removeAll(ctx context.Context, registry bool) (err error) {
	for i, f := range r.folders {
		if r.folders[i].goes, err = r.goes(ctx, f); err != nil {
			return err
		}
	}
	if registry {
		if err := r.removeRegistry(ctx); err != nil {
			return err
		}
	}
	for _, f := range r.folders {
		if f.goes {
			if err := r.removeFolder(ctx, f); err != nil {
				return err
			}
		}
	}
	return nil
}

// showShared makes the site show the newest generation: one that has just published one of
// the versions again gets back what both contents share in the registry.
func (p *pruner) showShared(ctx context.Context, c *Channel) error {
	if p.DryRun {
		return nil
	}
	now := *c
	err := now.Refresh(ctx)
	if err == nil {
		err = now.Project(ctx)
	}
	return err
}
