package shim

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/droparea"
)

const (
	// maxPushed is how many bytes of blobs a shim lets wait for their manifests. Of what
	// is left of them, a party has at most half. A blob counts for at least leastPushed,
	// so that this limits their number, too.
	maxPushed   = 4 << 30
	leastPushed = 1 << 20

	tidyTime = 10 * time.Minute // for removing blobs
)

// pushes counts what waits for manifests that may never come. Blobs wait for one hour or
// two, see [droparea.KeepPushed], and count for as long, unless a manifest makes an upload
// of them. What is uploaded does not count: nor does it with other kinds of uploads.
type pushes struct {
	drop bucket.Store
	mu   sync.Mutex
	hour time.Time           // that now counts
	by   [2]map[string]int64 // bytes that have come in this hour, and in the one before, by party
	done [2]map[string]bool  // what was uploaded in these hours
	due  time.Time           // when old blobs are to be removed again
}

func newPushes(drop bucket.Store) *pushes {
	return &pushes{drop: drop, by: [2]map[string]int64{{}, {}}, done: [2]map[string]bool{{}, {}}}
}

// cost is how many bytes a blob of this size counts for.
func cost(size int64) int64 { return max(size, leastPushed) }

// take counts bytes, unless there are too many.
func (ps *pushes) take(party string, bytes int64, now time.Time) *failure {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	ps.turn(now)
	free := int64(maxPushed)
	for _, by := range ps.by {
		for _, n := range by {
			free -= n
		}
	}
	mine := ps.by[0][party] + ps.by[1][party]
	const hint = "let each push end with its manifest, and try again in an hour"
	switch {
	case bytes > free:
		return fail(http.StatusServiceUnavailable, "pushes", hint, "%s of blobs wait here for their manifests, the most that this server takes", humanize.IBytes(maxPushed)).after(droparea.PushedWait)
	case party != "" && mine+bytes > free-bytes:
		return fail(http.StatusTooManyRequests, "pushes", hint, "%s of your blobs wait here for their manifests, and the room that is left is kept for others", humanize.IBytes(uint64(mine))).after(droparea.PushedWait)
	}
	ps.by[0][party] += bytes
	return nil
}

// giveBack takes back what was counted: what was uploaded does not wait any more. It may
// have come to another shim, as some of what was counted here may be uploaded there. To
// upload the same once more costs a client next to nothing, so that goes on counting.
func (ps *pushes) giveBack(party string, bytes int64, what string) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if ps.done[0][what] || ps.done[1][what] {
		return
	}
	ps.done[0][what] = true
	for _, by := range ps.by {
		n := min(bytes, by[party])
		bytes -= n
		if by[party] -= n; by[party] == 0 {
			delete(by, party)
		}
	}
}

// turn goes on to this hour.
func (ps *pushes) turn(now time.Time) {
	hour := now.Truncate(droparea.PushedWait)
	if hour.Equal(ps.hour) {
		return
	}
	before, done := ps.by[0], ps.done[0]
	if hour.Sub(ps.hour) > droparea.PushedWait {
		before, done = map[string]int64{}, map[string]bool{}
	}
	ps.hour, ps.by, ps.done = hour, [2]map[string]int64{{}, before}, [2]map[string]bool{{}, done}
}

// tidy removes blobs that have waited long enough, once an hour, while pushes come.
func (ps *pushes) tidy(log *slog.Logger) {
	now := time.Now()
	ps.mu.Lock()
	due := !now.Before(ps.due)
	if due {
		ps.due = now.Add(droparea.PushedWait)
	}
	ps.mu.Unlock()
	if !due {
		return
	}
	go func() { // the client need not wait for it
		ctx, cancel := context.WithTimeout(context.Background(), tidyTime)
		defer cancel()
		if err := droparea.RemovePushed(ctx, ps.drop, now, false, func(int64) {}); err != nil {
			log.LogAttrs(ctx, slog.LevelWarn, "cannot remove old blobs of pushes from the drop area; 'portolan prune' removes them, too", causes(err)...)
		}
	}()
}
