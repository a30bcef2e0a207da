package shim

import (
	"net/http"
	"sync"
	"time"
)

// places are for uploads under way, or for other requests that take long. A party that
// has some gets another only while more than that are free. So one alone has at most
// half of them, two have a third each, and a party that comes later still finds one. The
// party "" need not share.
type places struct {
	total int
	mu    sync.Mutex
	taken int
	by    map[string]int // taken, by party
}

func newPlaces(total int) *places { return &places{total: total, by: map[string]int{}} }

// take takes a place for an upload. The caller must give it back.
func (p *places) take(party string) *failure {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch free, mine := p.total-p.taken, p.by[party]; {
	case free <= 0:
		return fail(http.StatusServiceUnavailable, "busy", "try again in a moment", "%d uploads are under way, the most that this server takes at once", p.total).after(busyPause)
	case party != "" && mine >= free:
		return fail(http.StatusTooManyRequests, "share", "try again when one of them has ended",
			"%d of your uploads are under way, and the %d places that are left are kept for others", mine, free).after(busyPause)
	}
	p.taken++
	p.by[party]++
	return nil
}

// giveBack gives back what take took.
func (p *places) giveBack(party string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.taken--
	if p.by[party]--; p.by[party] == 0 {
		delete(p.by, party)
	}
}

// inUse returns how many uploads are under way.
func (p *places) inUse() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.taken
}

// maxRise is how many times the slowest rate rises at most. Uploads that share one line
// slow each other down, and must not all be cut off for that.
const maxRise = 16

// rise returns how many times faster than usual an upload must be: once while half of
// the places are free, and more often the fewer are.
func (p *places) rise() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return max(1, min(p.total/(p.total-p.taken+1), maxRise))
}

const (
	leastTime = 5 * time.Minute // for an upload of any size
	slowLine  = 32 << 10        // bytes a second, for which an upload gets more time
)

// timeFor returns how long an upload of this size may take in all.
func timeFor(size int64) time.Duration {
	return leastTime + time.Duration(size/slowLine)*time.Second
}
