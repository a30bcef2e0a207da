package publisher

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

const (
	fixHead     = "'portolan generate --channel' with this channel writes head anew; so does 'portolan rebuild --channel', if that is not enough"
	fixSnapshot = "'portolan rebuild --channel' with this channel writes it anew from the log"
	fixFile     = "restore the file from a copy; or upload the chart again: that gives it a new path, while older snapshots keep naming this one"
)

const (
	looks     = 5                      // at a head that does not show what was committed a moment ago
	firstLook = 500 * time.Millisecond // from the first look to the second; doubled before each later one

	// moment is how long after its commit a generation may take to reach
	// head, and over the web also to get past head's copies in caches.
	moment = 2 * time.Minute
)

// checkHead compares head with the newest generation. It is read before the log
// is read on, since it is written after its record. A generation that was
// committed a moment ago gets some time to reach head; later ones, which were
// committed meanwhile, are not waited for.
func (v *verifier) checkHead(ctx context.Context) error {
	committed := len(v.snapshots)
	for look, pause := 1, firstLook; !v.broken; look, pause = look+1, 2*pause {
		sum, size, err := v.hash(ctx, headKey(v.name))
		if err != nil && !errors.Is(err, bucket.ErrNotFound) {
			v.shown = len(v.snapshots)
			return v.unreadable(ctx, headKey(v.name), err)
		}
		if err := v.readLog(ctx); err != nil {
			return err
		}
		if v.shown = v.generationsIn(sum); v.shown >= committed {
			return nil
		}
		recent := v.shown >= 0 && v.Now().Sub(v.snapshots[v.shown].time) < moment
		if recent && v.unlisted {
			return nil
		}
		// A head without its record may come from a cache; a store has none.
		if later := recent || v.shown < 0 && v.unlisted; !later || look == looks {
			v.faultHead(ctx, sum, size)
			break
		}
		if err := v.Sleep(ctx, pause); err != nil {
			return err
		}
	}
	v.shown = len(v.snapshots)
	return nil
}

// generationsIn returns how many of the snapshots a head with this SHA-256
// covers; 0 if there is no head, and -1 if it is not that of any generation.
func (v *verifier) generationsIn(sum string) int {
	if sum == "" {
		return 0
	}
	for i, s := range slices.Backward(v.snapshots) {
		if s.head == sum {
			return i + 1
		}
	}
	return -1
}

func (v *verifier) faultHead(ctx context.Context, sum string, size int64) {
	key := headKey(v.name)
	switch n := v.headGeneration(ctx); {
	case v.shown < 0 && n > v.result.Generation:
		v.fault(recordKey(v.name, n), fixLog, "head says that it is this generation, but the log ends at %d", v.result.Generation)
	case v.shown < 0:
		v.fault(key, fixHead, "its %d bytes with the SHA-256 %s are not those of any generation in the log", size, sum)
	case v.shown == 0:
		v.fault(key, fixHead, "it is missing")
	default:
		newest := v.snapshots[len(v.snapshots)-1].generation
		v.fault(key, fixHead, "it is generation %d, but generation %d is committed", v.snapshots[v.shown-1].generation, newest)
	}
}

// headGeneration is the generation that head says it is; 0 if it says none.
func (v *verifier) headGeneration(ctx context.Context) int {
	r, err := v.site.Get(ctx, headKey(v.name))
	if err != nil {
		return 0
	}
	defer r.Close()
	line, err := bufio.NewReader(io.LimitReader(r, maxHeader)).ReadString('\n')
	if err != nil {
		return 0
	}
	n, err := parseHeader(strings.TrimSuffix(line, "\n"))
	if err != nil {
		return 0
	}
	return n
}

const maxHeader = 64 << 10 // bytes of an index's first line

// hash returns the SHA-256, in hex, and the size of an object.
func (v *verifier) hash(ctx context.Context, key string) (string, int64, error) {
	r, err := v.site.Get(ctx, key)
	if err != nil {
		return "", 0, err
	}
	defer r.Close()
	return v.hashAll(r)
}

func (v *verifier) hashAll(r io.Reader) (string, int64, error) {
	h := sha256.New()
	n, err := io.Copy(h, r)
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

// checkSnapshot compares a file of a snapshot with its record, and reports if it
// is right; shown says that head covers it, and so that it must be there.
func (v *verifier) checkSnapshot(ctx context.Context, key string, want Sum, shown bool) (bool, error) {
	defer v.step()
	sum, size, err := v.hash(ctx, key)
	switch {
	case errors.Is(err, bucket.ErrNotFound):
		if shown {
			v.fault(key, fixSnapshot, "it is missing")
		}
	case err != nil:
		return false, v.unreadable(ctx, key, err)
	case sum != want.SHA256:
		v.fault(key, fixSnapshot, "its %d bytes with the SHA-256 %s are not those of the log: %d bytes, %s", size, sum, want.Size, want.SHA256)
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
		if listed, err = v.list(ctx); err != nil {
			return err
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

// list returns the sizes of all chart files, as far as the site can be listed.
func (v *verifier) list(ctx context.Context) (map[string]int64, error) {
	sizes := map[string]int64{}
	folder := v.name + "/" + chartsDir
	for e, err := range v.site.List(ctx, folder, bucket.Descendants) {
		if errors.Is(err, errors.ErrUnsupported) {
			break
		}
		if err != nil {
			return sizes, v.unreadable(ctx, folder, err)
		}
		sizes[e.Key] = e.Size
	}
	return sizes, nil
}

// checkListed checks an archive by the listing alone, and reports if that is
// enough: what a listing misses can be there all the same.
func (v *verifier) checkListed(key string, listed map[string]int64) bool {
	size, ok := listed[key]
	if _, prov := listed[key+".prov"]; !ok || !prov && v.archives[key].prov != "" {
		return false
	}
	v.checkSize(key, size)
	return true
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
	err := v.readFile(ctx, key, a.digest, "it is named by the index or a snapshot, but missing",
		func(size int64) bool { return v.checkSize(key, size) })
	if err != nil || a.prov == "" {
		return err
	}
	return v.readFile(ctx, key+".prov", a.prov, "the log says that the chart is signed, but its provenance file is missing",
		func(int64) bool { return true })
}

// readFile opens a file, looks at its size, and with Deep at its SHA-256.
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

// header tells of an object without asking for its bytes, on a web site.
type header interface {
	Head(context.Context, string) (bucket.Entry, error)
}

// examine looks at a file's size and, with Deep and if that fits, returns its
// SHA-256. Otherwise it returns digest.
func (v *verifier) examine(ctx context.Context, key, digest string, fits func(size int64) bool) (sum string, err error) {
	if web, ok := v.site.(header); ok {
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

func (v *verifier) sizeOnWeb(ctx context.Context, web header, key string) (int64, error) {
	e, err := web.Head(ctx, key)
	if err == nil && e.Size < 0 { // the server does not say
		_, e.Size, err = v.hash(ctx, key)
	}
	if err == nil {
		v.readable()
	}
	return e.Size, err
}
