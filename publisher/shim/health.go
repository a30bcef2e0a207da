package shim

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

const (
	probeFresh   = 2 * time.Second // how long a probe's result is reused
	probeTimeout = 5 * time.Second
	probeKey     = "receipts/00000000-0000-0000-0000-000000000000.json" // no upload has this id
)

// health answers the probes for liveness and readiness.
func (s *Shim) health(a *answer, r *http.Request, to *route) error {
	if to.path == "readyz" {
		switch err := s.probe.do(r.Context()); {
		case errors.Is(err, errSpool):
			return fail(http.StatusServiceUnavailable, "disk", "free some space in the folder for temporary files (TMPDIR), and let this server write to it",
				"this server cannot keep uploads on its disk while it checks them").because(err).after(storePause)
		case err != nil:
			return storeFailure(err)
		}
	}
	return a.json(r, http.StatusOK, map[string]bool{"healthy": true}) // as ChartMuseum says it
}

// probe checks that the stores answer and that the disk has room for an upload.
// Anybody may ask, so it reuses its last result for [probeFresh].
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

// spoolable returns an error if an upload cannot be kept on disk while it is
// being checked.
func spoolable() error {
	s := &spool{}
	defer s.close()
	_, err := s.Write(make([]byte, inMemory+1)) // a single byte might fit on a disk that is full
	return err
}
