package shim

import (
	"net/http"
	"sync"
	"time"

	"github.com/jellydator/ttlcache/v3"

	"github.com/portolan-charts/portolan/publisher/shim/auth"
)

// A token for a pattern of channels, such as x/**, could invent one after the other, and
// channels are never removed. Those that its scopes name exactly, and those that exist,
// are not limited. A shim without a site does not know which channels exist, so it
// allows more.
const (
	inventedAtOnce = 100 // channels
	inventedEvery  = 5 * time.Minute
	unknownAtOnce  = 500
	unknownEvery   = time.Minute

	maxInventors = 1_000 // parties that are remembered
)

// inventions counts the channels that each party has invented.
type inventions struct {
	atOnce int
	every  time.Duration // after which there may be one more
	mu     sync.Mutex
	by     *ttlcache.Cache[string, *inventor]
}

// inventor is a party's allowance, and the channels that have taken from it.
type inventor struct {
	left     float64
	at       time.Time
	channels map[string]bool
}

func newInventions(site bool) *inventions {
	n := &inventions{atOnce: unknownAtOnce, every: unknownEvery, by: ttlcache.New(ttlcache.WithCapacity[string, *inventor](maxInventors))}
	if site {
		n.atOnce, n.every = inventedAtOnce, inventedEvery
	}
	return n
}

// take counts a channel once, and returns 0. If the party has invented too many already,
// it counts nothing, and returns how long to wait.
func (n *inventions) take(party, channel string, now time.Time) time.Duration {
	n.mu.Lock()
	defer n.mu.Unlock()
	kept, _ := n.by.GetOrSet(party, &inventor{float64(n.atOnce), now, map[string]bool{}})
	i := kept.Value()
	if passed := now.Sub(i.at); passed > 0 {
		i.left, i.at = min(i.left+float64(passed)/float64(n.every), float64(n.atOnce)), now
	}
	if i.channels[channel] {
		return 0
	}
	if i.left < 1 {
		return time.Duration((1 - i.left) * float64(n.every))
	}
	if len(i.channels) >= 2*n.atOnce { // most of them exist by now
		clear(i.channels)
	}
	i.left--
	i.channels[channel] = true
	return 0
}

// invent returns a failure if an upload, or what else the scope allows, would make one
// channel too many.
func (s *Shim) invent(who *auth.Identity, scope auth.Action, channel string, exists bool) error {
	party := who.Party()
	if party == "" || exists || who.Names(scope, channel) {
		return nil
	}
	wait := s.inventions.take(party, channel, time.Now())
	if wait == 0 {
		return nil
	}
	return fail(http.StatusTooManyRequests, "new-channels", "check the name of the channel, or ask for a token whose scope names it without * or **",
		"channel %s does not exist, and %s has sent something to many that did not", channel, who).after(wait)
}
