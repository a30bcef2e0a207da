package main

import (
	"context"
	"fmt"
)

// mostOperations is 520 for 100 charts, and one more for the index of each.
const mostOperations = 520 + 100

// operations counts what publishing charts in a new channel asks of the stores.
func (b *bench) operations(ctx context.Context, s *series) (*trial, error) {
	w, err := openWorld(ctx, s.folder)
	if err != nil {
		return nil, err
	}
	var r row
	return &trial{
		round: func(ctx context.Context) error {
			const charts = 100
			for range charts {
				if err := w.upload(ctx); err != nil {
					return err
				}
			}
			counter, err := w.operations(ctx, nil)
			r = row{
				work: fmt.Sprintf("operations on both stores, %d charts into a new channel, no pages", charts), figure: counter.String(),
				outcomes: []outcome{{goal: fmt.Sprintf("≤ %d", mostOperations), met: counter.Count("") <= mostOperations}},
			}
			return err
		},
		rows: func() []row { return []row{r} },
	}, nil
}
