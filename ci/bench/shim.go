package main

import (
	"context"
	"fmt"
	"time"
)

// shim measures how many small charts clients upload to a shim that publishes them at
// the same time. Before that, the channel has only a log and an index: uploads of other
// versions need nothing more.
func (b *bench) shim(_ context.Context, s *series) (*trial, error) {
	const clients, leastRate = 16, 400
	versions, span := b.size(10_000), time.Duration(b.size(int(5*time.Second)))
	var all []*uploads
	return &trial{
		round: func(ctx context.Context) error {
			folder, err := s.fresh()
			if err != nil {
				return err
			}
			w, err := openWorld(ctx, folder)
			if err != nil {
				return err
			}
			if err := seed(ctx, w.site, channel, versions); err != nil {
				return err
			}
			shim, err := startServer(ctx, folder, b.portolan, "--generate")
			if err != nil {
				return err
			}
			u, err := shim.load(ctx, clients, versions/perChart, span)
			if err := shim.kill(err); err != nil {
				return err
			}
			all = append(all, u)
			return nil
		},
		rows: func() []row {
			rate := middle(all, (*uploads).rate)
			percentile := func(n int) time.Duration {
				return middle(all, func(u *uploads) time.Duration { return u.percentile(n) })
			}
			return []row{{
				work: fmt.Sprintf("shim `--generate`, %s versions, %d clients", thousands(versions), clients),
				figure: fmt.Sprintf("%.0f uploads/s, p50 %v, p99 %v, %s", rate, percentile(50), percentile(99),
					megabytes(middle(all, func(u *uploads) int64 { return u.peak }))),
				outcomes: []outcome{{goal: fmt.Sprintf("≥ %d uploads/s", leastRate), met: rate >= leastRate}},
			}}
		},
	}, nil
}
