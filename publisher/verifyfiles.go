package publisher

import (
	"context"
	"errors"
	"maps"
	"slices"

	"golang.org/x/sync/errgroup"
)

// checkSnapshots compares every snapshot with its record.
func (v *verifier) checkSnapshots(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(v.Workers)
	for _, s := range v.snapshots {
		group.Go(func() error { return v.checkSnapshot(ctx, s) })
	}
	return group.Wait()
}

func (v *verifier) checkSnapshot(ctx context.Context, s snapshot) error {
	defer v.step()
	key := snapshotKey(v.name, s.generation)
	sum, size, err := v.hash(ctx, key)
	switch {
	case errors.Is(err, ErrNotFound):
		v.fault(key, fixSnapshot, "it is missing")
	case err != nil:
		return err
	case sum != s.sha256:
		v.fault(key, fixSnapshot, "its %d bytes with the SHA-256 %s are not those of the log: %d bytes, %s", size, sum, s.size, s.sha256)
	default:
		v.mu.Lock()
		v.result.Snapshots++
		v.mu.Unlock()
	}
	return nil
}

const fixSnapshot = "delete head and the snapshot; the next run that publishes writes both anew from the log"

// step counts a file as done.
func (v *verifier) step() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.done++
	v.Progress(VerifyProgress{v.name, v.done, len(v.snapshots) + len(v.archives)})
}

// checkArchives looks at every archive that some generation names.
func (v *verifier) checkArchives(ctx context.Context) error {
	listed, err := v.list(ctx)
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(v.Workers)
	for _, key := range slices.Sorted(maps.Keys(v.archives)) {
		group.Go(func() error {
			defer v.step()
			if v.Deep || listed == nil {
				return v.readArchive(ctx, key)
			}
			v.checkListed(key, listed)
			return nil
		})
	}
	return group.Wait()
}

// list returns the sizes of all chart files, or nil if the site cannot be listed.
func (v *verifier) list(ctx context.Context) (map[string]int64, error) {
	sizes := map[string]int64{}
	for e, err := range v.site.List(ctx, v.name+"/"+chartsDir, Descendants) {
		if errors.Is(err, errors.ErrUnsupported) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		sizes[e.Key] = e.Size
	}
	return sizes, nil
}

func (v *verifier) checkListed(key string, listed map[string]int64) {
	size, ok := listed[key]
	if !ok {
		v.fault(key, fixFile, "it is named by the index or a snapshot, but missing")
		return
	}
	v.checkSize(key, size)
	if _, ok := listed[key+".prov"]; !ok && v.archives[key].prov != "" {
		v.fault(key+".prov", fixFile, "the log says that the chart is signed, but its provenance file is missing")
	}
}

// checkSize compares an archive's size with the log, and reports if it fits.
func (v *verifier) checkSize(key string, size int64) bool {
	if want, known := v.sizes[v.archives[key].digest]; known && size != want {
		v.fault(key, fixFile, "it has %d bytes, not the %d of the log", size, want)
		return false
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.result.Bytes += size
	return true
}

// readArchive opens an archive, and with Deep hashes it.
func (v *verifier) readArchive(ctx context.Context, key string) error {
	a := v.archives[key]
	if err := v.readFile(ctx, key, a.digest, func(size int64) bool { return v.checkSize(key, size) }); err != nil {
		return err
	}
	if a.prov == "" {
		return nil
	}
	return v.readFile(ctx, key+".prov", a.prov, func(int64) bool { return true })
}

// readFile opens a file, looks at its size, and with Deep at its SHA-256.
func (v *verifier) readFile(ctx context.Context, key, digest string, fits func(size int64) bool) error {
	size, err := v.sizeOf(ctx, key)
	if errors.Is(err, ErrNotFound) {
		v.fault(key, fixFile, "it is named by the index or a snapshot, but missing")
		return nil
	}
	if err != nil || !fits(size) || !v.Deep {
		return err
	}
	sum, _, err := v.hash(ctx, key)
	if err == nil && sum != digest {
		v.fault(key, fixFile, "its SHA-256 is %s, not %s", sum, digest)
	}
	return err
}

// sizeOf returns the size of a file, on a web site without asking for its bytes.
func (v *verifier) sizeOf(ctx context.Context, key string) (int64, error) {
	if web, ok := v.site.(interface {
		Head(context.Context, string) (Entry, error)
	}); ok {
		e, err := web.Head(ctx, key)
		if err == nil && e.Size < 0 { // the server does not say
			_, e.Size, err = v.hash(ctx, key)
		}
		return e.Size, err
	}
	r, err := v.site.Get(ctx, key)
	if err != nil {
		return 0, err
	}
	return r.Entry.Size, r.Close()
}
