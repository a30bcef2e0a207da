package publisher

import (
	"bufio"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

const (
	looks     = 5                      // at a head that does not show what was committed a moment ago
	firstLook = 500 * time.Millisecond // from the first look to the second; doubled before each later one

	// moment is how long after its commit a generation may take to reach head, and
	// on the web also to replace head's copies in caches.
	moment = 2 * time.Minute
)

// checkHead compares head with the newest generation. It reads head before the rest of
// the log, since head is written after its record. A generation that was committed a
// moment ago gets some time to reach head. It does not wait for generations that are
// committed meanwhile.
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
		// On the web, a head without its record may come from a cache.
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

// generationsIn returns how many of the snapshots a head with this SHA-256 covers: 0 if
// there is no head, and -1 if it does not belong to any generation.
func (v *verifier) generationsIn(sum string) int {
	if sum == "" {
		return 0
	}
	for i, s := range slices.Backward(v.snapshots) {
		if s.headSum == sum {
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
		v.fault(key, v.fixHead(), "its %d bytes with the SHA-256 %s are not those of any generation in the log", size, sum)
	case v.shown == 0:
		v.fault(key, v.fixHead(), "it is missing")
	default:
		newest := v.snapshots[len(v.snapshots)-1].generation
		v.fault(key, v.fixHead(), "it is generation %d, but generation %d is committed", v.snapshots[v.shown-1].generation, newest)
	}
}

// headGeneration is the generation in head's first line; 0 if it has none.
func (v *verifier) headGeneration(ctx context.Context) int {
	return generationIn(ctx, v.site, headKey(v.name))
}

// generationIn is the generation in the first line of an index; 0 if it has none.
func generationIn(ctx context.Context, site bucket.Store, key string) int {
	r, err := site.Get(ctx, key)
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
