package shim

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

const (
	probeFresh   = 2 * time.Second // for how long an answer of the buckets stands
	probeTimeout = 5 * time.Second
	probeKey     = "receipts/00000000-0000-0000-0000-000000000000.json" // of no upload
)

// health answers those who look whether the shim lives, and whether it is of use.
func (s *Shim) health(a *answer, r *http.Request, to *route) error {
	if to.path == "readyz" {
		switch err := s.probe.do(r.Context()); {
		case errors.Is(err, errSpool):
			return fail(http.StatusServiceUnavailable, "disk", "make room in the folder for temporary files (TMPDIR), and let this server write there",
				"uploads cannot be kept on this server's disk while they are checked").because(err).after(storePause)
		case err != nil:
			return storeFailure(err)
		}
	}
	return a.json(r, http.StatusOK, map[string]bool{"healthy": true}) // as ChartMuseum says it
}

// probe asks stores whether they answer, and makes sure that there is room for an
// upload: not more often than needed, since anybody may want to know.
type probe struct {
	stores []bucket.Store
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
	failures := []error{spoolable()}
	for _, store := range p.stores {
		in, err := store.Get(ctx, probeKey)
		switch {
		case err == nil:
			in.Close()
		case !errors.Is(err, bucket.ErrNotFound):
			failures = append(failures, err)
		}
	}
	p.at, p.err = time.Now(), errors.Join(failures...)
	return p.err
}

// spoolable says why no upload could be kept on disk while it is being checked.
func spoolable() error {
	s := &spool{memory: make([]byte, inMemory)} // one byte might fit where nothing else does
	defer s.close()
	return s.spill(strings.NewReader(""))
}
