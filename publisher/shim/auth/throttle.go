package auth

import (
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/jellydator/ttlcache/v3"
)

const (
	failuresAtOnce = 10              // failures of an address before it must wait
	failureEvery   = 6 * time.Second // after which it may fail once more
	maxAddresses   = 10_000          // addresses that are remembered
)

// address is what failures are counted for: a host, or for IPv6 its /64 network,
// since a host can choose any address in that.
type address = netip.Prefix

// addressOf parses the RemoteAddr of a request. Requests with an unknown address
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
	prefix, _ := ip.Prefix(bits) // bits is valid for any address
	return prefix
}

// throttle is a token bucket for each address, from which failures take. An attempt
// must take from the bucket before it is checked, since otherwise a thousand at the
// same time would all count as the first, and put back what it took if it succeeds.
// The buckets of golang.org/x/time/rate cannot do that.
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

// take counts a failure and returns 0. If there were too many already, it counts
// nothing, and returns how long to wait.
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

// wait returns how long until the address may fail again.
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

// putBack undoes a take, if the attempt did not fail.
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
