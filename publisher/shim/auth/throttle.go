package auth

import (
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/jellydator/ttlcache/v3"
)

const (
	failuresAtOnce = 10              // failures of one credential from an address before it must wait
	failureEvery   = 6 * time.Second // after which it may fail once more
	maxSources     = 10_000          // sources of failures that are remembered
)

// allowance is how often something may fail.
type allowance struct {
	atOnce float64
	every  time.Duration // after which it may fail once more
}

var (
	// again is for the same credential: a token, or the password of a user.
	again = allowance{failuresAtOnce, failureEvery}

	// fresh are for credentials that have not been tried before, whatever they are:
	// many, since the good ones of all others who share the address are among them.
	// A password costs the processor up to a second. Tokens cost requests to GitLab,
	// which may refuse to answer more than a few hundred bad ones a minute.
	freshPasswords = allowance{50, 2 * time.Second}
	freshTokens    = allowance{100, 600 * time.Millisecond}
)

// source is what failures are counted for.
type source struct {
	from address
	what digest // of the credential; or of what is counted together
}

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

// throttle is a token bucket for each source, from which failures take. An attempt
// must take from the bucket before it is checked, since otherwise a thousand at the
// same time would all count as the first, and put back what it took if it succeeds.
// The buckets of golang.org/x/time/rate cannot do that.
type throttle struct {
	mu      sync.Mutex
	buckets *ttlcache.Cache[source, *bucket]
}

type bucket struct {
	allowance
	left float64 // failures
	at   time.Time
}

func newThrottle() *throttle {
	return &throttle{buckets: ttlcache.New(ttlcache.WithCapacity[source, *bucket](maxSources))}
}

// take counts a failure and returns 0. If there were too many already, it counts
// nothing, and returns how long to wait.
func (t *throttle) take(from source, most allowance, now time.Time) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	kept, _ := t.buckets.GetOrSet(from, &bucket{allowance: most, left: most.atOnce, at: now})
	b := kept.Value()
	b.fill(now)
	if b.left < 1 {
		return b.wait()
	}
	b.left--
	return 0
}

// wait returns how long until the source may fail again.
func (t *throttle) wait(from source, now time.Time) time.Duration {
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
func (t *throttle) putBack(from source) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if kept := t.buckets.Get(from); kept != nil {
		b := kept.Value()
		b.left = min(b.left+1, b.atOnce)
	}
}

func (b *bucket) fill(now time.Time) {
	if passed := now.Sub(b.at); passed > 0 {
		b.left = min(b.left+float64(passed)/float64(b.every), b.atOnce)
		b.at = now
	}
}

func (b *bucket) wait() time.Duration {
	return max(0, time.Duration((1-b.left)*float64(b.every)))
}
