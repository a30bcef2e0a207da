package servers

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

// Outage is not one request that fails, but all from that one on.
const Outage Fault = -1

// At lets the k-th request go wrong, for [Server.Inject].
func At(k int, f Fault) func(Request) Fault {
	return func(r Request) Fault {
		switch {
		case f == Outage && r.N >= k:
			return Unavailable
		case f != Outage && r.N == k:
			return f
		}
		return None
	}
}

// FaultsOf are the faults of the k-th request. A lost answer is the one that
// tells a store that asks again from one that guesses, and an outage one that
// stops from one that goes on: each request has them. The others take turns,
// and all do if PORTOLAN_EVERY_FAULT is set, which takes some minutes.
func FaultsOf(k int) []Fault {
	if testing.Short() {
		return []Fault{Dropped}
	}
	others := []Fault{Half, Reset, Conflict, Refused, Stalled, TooMany, Broken, Unavailable}
	faults := []Fault{Outage, Dropped}
	if os.Getenv("PORTOLAN_EVERY_FAULT") != "" {
		return append(faults, others...)
	}
	return append(faults, others[k%len(others)])
}

// Open opens a bucket, or a folder of one, and waits however slow the server is.
func Open(ctx context.Context, url string) (bucket.Store, error) {
	s, err := bucket.Open(ctx, url)
	if err == nil {
		Await(s, None)
	}
	return s, err
}

// Await makes a store in a bucket patient: a server that is only slow is waited
// for. It gives up soon where the fault sees to it that waiting is in vain.
func Await(s bucket.Store, f Fault) {
	const never = 24 * time.Hour
	stall, total := never, never
	switch f {
	case Stalled:
		stall = 10 * time.Second // a slow answer is cut off, too, and asked for once more
	case Outage:
		// Google's SDK asks again without end, until it is cut off.
		stall, total = 2*time.Second, 200*time.Millisecond
	}
	s.(interface {
		Hasten(stall, total, wait time.Duration)
	}).Hasten(stall, total, 5*time.Millisecond)
}
