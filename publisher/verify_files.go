package publisher

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

// fixFile says what to do about a file that nothing else can be made into.
const fixFile = "restore the file from a copy; or upload the chart again, which gives it a new path: " +
	"older snapshots keep naming the lost file until 'portolan prune --keep-snapshots N' removes them"

// fixHead says what to do about head, which each run on the channel restores.
func (v *verifier) fixHead() string {
	return fmt.Sprintf("run 'portolan generate --channel %s', or 'portolan rebuild --channel %[1]s': both restore it from the log", v.name)
}

// fixSnapshot says what to do about a snapshot.
func (v *verifier) fixSnapshot() string {
	return fmt.Sprintf("run 'portolan rebuild --channel %s', which restores it from the log", v.name)
}

// hash returns the SHA-256, in hex, and the size of an object.
func (v *verifier) hash(ctx context.Context, key string) (string, int64, error) {
	r, err := v.site.Get(ctx, key)
	if err != nil {
		return "", 0, err
	}
	defer r.Close()
	return v.hashAll(r)
}

// buffers are what files are read into.
var buffers = sync.Pool{New: func() any { return new([64 << 10]byte) }}

func (v *verifier) hashAll(r io.Reader) (string, int64, error) {
	buffer := buffers.Get().(*[64 << 10]byte)
	defer buffers.Put(buffer)
	h := sha256.New()
	n, err := io.CopyBuffer(h, r, buffer[:])
	if err != nil {
		return "", 0, err
	}
	v.readable()
	return hex.EncodeToString(h.Sum(nil)), n, nil
}

// checkSnapshots compares every snapshot with its record.
func (v *verifier) checkSnapshots(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(v.Workers)
	for i, s := range v.snapshots {
		if s.generation < v.result.Floor {
			continue
		}
		group.Go(func() error {
			right, err := v.checkSnapshot(ctx, snapshotKey(v.name, s.generation), Sum{s.sha256, s.size}, i < v.shown)
			if err == nil && s.older != nil {
				var rest bool
				rest, err = v.checkSnapshot(ctx, olderKey(v.name, s.generation), *s.older, i < v.shown)
				right = right && rest
			}
			if right {
				v.mu.Lock()
				v.result.Snapshots++
				v.mu.Unlock()
			}
			return err
		})
	}
	return group.Wait()
}

// checkSnapshot compares a file of a snapshot with its record, and reports whether it is
// right. If head covers it, shown is set and the file must exist.
func (v *verifier) checkSnapshot(ctx context.Context, key string, want Sum, shown bool) (bool, error) {
	defer v.step()
	sum, size, err := v.hash(ctx, key)
	switch {
	case errors.Is(err, bucket.ErrNotFound):
		if shown {
			v.fault(key, v.fixSnapshot(), "it is missing")
		}
	case err != nil:
		return false, v.unreadable(ctx, key, err)
	case sum != want.SHA256:
		v.fault(key, v.fixSnapshot(), "its %d bytes with the SHA-256 %s are not those of the log: %d bytes, %s", size, sum, want.Size, want.SHA256)
	default:
		return true, nil
	}
	return false, nil
}

// step counts a file as done.
func (v *verifier) step() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.done++
	v.Progress(VerifyProgress{v.name, v.done, v.total})
}

// checkArchives looks at every archive that some generation names.
func (v *verifier) checkArchives(ctx context.Context) error {
	var listed map[string]int64
	if !v.Deep { // which reads them all
		var err error
		if listed, err = v.listed(); err != nil {
			if err = v.unreadable(ctx, v.name+"/"+chartsDir, err); err != nil {
				return err
			}
		}
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(v.Workers)
	for _, key := range slices.Sorted(maps.Keys(v.archives)) {
		if !v.kept(v.archives[key]) {
			continue
		}
		group.Go(func() error {
			defer v.step()
			if v.Deep || !v.checkListed(key, listed) {
				return v.readArchive(ctx, key)
			}
			return nil
		})
	}
	return group.Wait()
}

// checkListed checks an archive by the listing alone, and reports whether that is enough:
// a file that the listing lacks may exist all the same.
func (v *verifier) checkListed(key string, listed map[string]int64) bool {
	size, ok := listed[key]
	if _, prov := listed[key+".prov"]; !ok || !prov && v.archives[key].prov != "" {
		return false
	}
	v.checkSize(key, size)
	return true
}

// checkSize compares an archive's size with the log, and reports whether it fits.
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
	err := v.readFile(ctx, key, a.digest, "it is named by the index or a snapshot, but missing",
		func(size int64) bool { return v.checkSize(key, size) })
	if err != nil || a.prov == "" {
		return err
	}
	return v.readFile(ctx, key+".prov", a.prov, "the log says that the chart is signed, but its provenance file is missing",
		func(int64) bool { return true })
}

// readFile opens a file and checks its size, and with Deep its SHA-256.
func (v *verifier) readFile(ctx context.Context, key, digest, missing string, fits func(size int64) bool) error {
	sum, err := v.examine(ctx, key, digest, fits)
	switch {
	case errors.Is(err, bucket.ErrNotFound):
		v.fault(key, fixFile, "%s", missing)
	case err != nil:
		return v.unreadable(ctx, key, err)
	case sum != digest:
		v.fault(key, fixFile, "its SHA-256 is %s, not %s", sum, digest)
	}
	return nil
}

// stater describes an object without asking for its bytes. A web site can.
type stater interface {
	Stat(context.Context, string) (bucket.Entry, error)
}

// examine checks a file's size. With Deep, and if the size fits, it returns the file's
// SHA-256; otherwise it returns digest.
func (v *verifier) examine(ctx context.Context, key, digest string, fits func(size int64) bool) (sum string, err error) {
	if web, ok := v.site.(stater); ok {
		size, err := v.sizeOnWeb(ctx, web, key)
		if err != nil || !fits(size) || !v.Deep {
			return digest, err
		}
		sum, _, err = v.hash(ctx, key)
		return sum, err
	}
	r, err := v.site.Get(ctx, key)
	if err != nil {
		return "", err
	}
	defer r.Close()
	if !fits(r.Entry.Size) || !v.Deep {
		v.readable()
		return digest, nil
	}
	sum, _, err = v.hashAll(r)
	return sum, err
}

func (v *verifier) sizeOnWeb(ctx context.Context, web stater, key string) (int64, error) {
	e, err := web.Stat(ctx, key)
	if err == nil && e.Size < 0 { // the server does not send it
		_, e.Size, err = v.hash(ctx, key)
	}
	if err == nil {
		v.readable()
	}
	return e.Size, err
}
