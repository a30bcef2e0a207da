package shim

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/portolan-charts/portolan/publisher"
)

const (
	probeFresh   = 2 * time.Second // for how long an answer of the buckets stands
	probeTimeout = 5 * time.Second
	probeKey     = "receipts/00000000-0000-0000-0000-000000000000.json" // of no upload
)

// health answers those who look whether the shim lives, and whether it is of use.
func (s *Shim) health(a *answer, r *http.Request, to *route) error {
	if to.path == "readyz" {
		if err := s.probe.do(r.Context()); err != nil {
			return storeFailure(err)
		}
	}
	return a.json(r, http.StatusOK, map[string]bool{"healthy": true}) // as ChartMuseum says it
}

// probe asks stores whether they answer: not more often than needed, since
// anybody may want to know.
type probe struct {
	stores []publisher.Store
	mu     sync.Mutex
	at     time.Time
	err    error
}

func (p *probe) do(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if time.Since(p.at) < probeFresh {
		return p.err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), probeTimeout)
	defer cancel()
	var failures []error
	for _, store := range p.stores {
		in, err := store.Get(ctx, probeKey)
		switch {
		case err == nil:
			in.Close()
		case !errors.Is(err, publisher.ErrNotFound):
			failures = append(failures, err)
		}
	}
	p.at, p.err = time.Now(), errors.Join(failures...)
	return p.err
}
