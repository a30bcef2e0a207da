package auth

import (
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/jellydator/ttlcache/v3"
)

const (
	failuresAtOnce = 10              // what an address may get wrong before it must wait
	failureEvery   = 6 * time.Second // and one more after each of these
	maxAddresses   = 10_000          // that are remembered
)

// address is who is held to account for failures: a host, or for IPv6 the
// network of 64 bits, within which a host can call itself what it likes.
type address = netip.Prefix

// addressOf reads the RemoteAddr of a request. All whose address is unknown
// share one.
func addressOf(remote string) address {
	if host, _, err := net.SplitHostPort(remote); err == nil {
		remote = host
	}
	ip, err := netip.ParseAddr(remote)
	if err != nil {
		return address{}
	}
	ip = ip.Unmap().WithZone("")
	bits := ip.BitLen()
	if ip.Is6() {
		bits = 64
	}
	prefix, _ := ip.Prefix(bits) // fits any address
	return prefix
}

// throttle is a token bucket for each address, from which failures take. It is
// not one of golang.org/x/time/rate: an attempt must take from the bucket
// before it is checked, lest a thousand at the same time all count as the
// first, and a successful one put back what it took, which those cannot.
type throttle struct {
	mu      sync.Mutex
	buckets *ttlcache.Cache[address, *bucket]
}

type bucket struct {
	left float64 // failures
	at   time.Time
}

func newThrottle() *throttle {
	return &throttle{buckets: ttlcache.New(ttlcache.WithCapacity[address, *bucket](maxAddresses))}
}

// take counts a failure and returns 0; if there were too many, it does not, and
// returns how long to wait.
func (t *throttle) take(from address, now time.Time) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	kept, _ := t.buckets.GetOrSet(from, &bucket{failuresAtOnce, now})
	b := kept.Value()
	b.fill(now)
	if b.left < 1 {
		return b.wait()
	}
	b.left--
	return 0
}

// wait is how long until the address may fail again.
func (t *throttle) wait(from address, now time.Time) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	kept := t.buckets.Get(from)
	if kept == nil {
		return 0
	}
	b := kept.Value()
	b.fill(now)
	return b.wait()
}

// putBack takes back a failure that was none.
func (t *throttle) putBack(from address) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if kept := t.buckets.Get(from); kept != nil {
		b := kept.Value()
		b.left = min(b.left+1, failuresAtOnce)
	}
}

func (b *bucket) fill(now time.Time) {
	if passed := now.Sub(b.at); passed > 0 {
		b.left = min(b.left+float64(passed)/float64(failureEvery), failuresAtOnce)
		b.at = now
	}
}

func (b *bucket) wait() time.Duration {
	return max(0, time.Duration((1-b.left)*float64(failureEvery)))
}
