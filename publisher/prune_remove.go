package publisher

import (
	"context"
	"errors"
	"maps"
	"path"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

// remover removes files, several at a time, and counts them.
type remover struct {
	store bucket.Store
	ctx   context.Context
	dry   bool
	group *errgroup.Group

	mu      sync.Mutex
	folders map[string]bool // that files were removed from
}

func (p *pruner) remover(ctx context.Context, s bucket.Store) *remover {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(p.Workers)
	return &remover{store: s, ctx: ctx, dry: p.DryRun, group: group, folders: map[string]bool{}}
}

// remove removes a file if it is still the version that was listed.
func (r *remover) remove(e bucket.Entry, freed *Freed) {
	if r.dry {
		freed.add(e.Size)
		return
	}
	r.group.Go(func() error {
		err := r.store.Delete(r.ctx, e.Key, e.Token)
		if errors.Is(err, bucket.ErrConflict) {
			return nil // another writer has just replaced it
		}
		if err != nil {
			return err
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		freed.add(e.Size)
		r.folders[path.Dir(e.Key)] = true
		return nil
	})
}

// wait waits until everything is removed. It returns failure, which kept the caller from
// removing more, or else the first error of the removals.
func (r *remover) wait(failure error) error {
	err := r.group.Wait()
	if failure != nil {
		return failure
	}
	return err
}

// removeFolders removes the folders that became empty, if the store has folders. No
// writer may be about to write into them.
func (r *remover) removeFolders() {
	disk, ok := r.store.(bucket.Folder)
	if !ok {
		return
	}
	for _, folder := range slices.Backward(slices.Sorted(maps.Keys(r.folders))) { // those within others first
		disk.RemoveEmpty(folder)
	}
}
