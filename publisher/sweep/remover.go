// Package sweep removes many objects and counts them.
package sweep

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

// Remover removes files, several at a time, and counts them.
type Remover struct {
	store bucket.Store
	ctx   context.Context
	dry   bool
	group *errgroup.Group

	mu      sync.Mutex
	folders map[string]bool // that files were removed from
}

// New begins to remove files of a store, as many at a time as there are workers. If dry is
// set, it only counts them.
func New(ctx context.Context, s bucket.Store, workers int, dry bool) *Remover {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(workers)
	return &Remover{store: s, ctx: ctx, dry: dry, group: group, folders: map[string]bool{}}
}

// Remove removes a file if it is still the version that was listed.
func (r *Remover) Remove(e bucket.Entry, freed *Freed) {
	if r.dry {
		freed.Add(e.Size)
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
		freed.Add(e.Size)
		r.folders[path.Dir(e.Key)] = true
		return nil
	})
}

// Wait waits until everything is removed. It returns failure, which kept the caller from
// removing more, or else the first error of the removals.
func (r *Remover) Wait(failure error) error {
	err := r.group.Wait()
	if failure != nil {
		return failure
	}
	return err
}

// RemoveFolders removes the folders that became empty, if the store has folders: at one
// level those that files were removed from, at two also those in which these lie. No writer
// may be about to write into them.
func (r *Remover) RemoveFolders(levels int) {
	disk, ok := r.store.(bucket.Folder)
	if !ok {
		return
	}
	folders := map[string]bool{}
	for folder := range r.folders {
		for range levels {
			folders[folder] = true
			folder = path.Dir(folder)
		}
	}
	for _, folder := range slices.Backward(slices.Sorted(maps.Keys(folders))) { // those within others first
		disk.RemoveEmpty(folder)
	}
}

// Freed is how much was removed.
type Freed struct {
	Files int   `json:"files"`
	Bytes int64 `json:"bytes"`
}

// Add counts a file of that size.
func (f *Freed) Add(bytes int64) {
	f.Files++
	f.Bytes += bytes
}
