package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// idle runs a generator that finds nothing to do.
func (b *bench) idle(ctx context.Context, s *series) (*trial, error) {
	w, err := openWorld(ctx, s.folder)
	if err != nil {
		return nil, err
	}
	const channels = 200
	versions := b.size(100_000)
	for i := range channels {
		name := fmt.Sprintf("channel-%03d", i)
		if err := seed(ctx, w.site, name, versions/channels); err != nil {
			return nil, err
		}
		// Folders of a drop area stay after their uploads are gone.
		if err := os.MkdirAll(filepath.Join(w.folder, "drop", "inbox", name), 0o777); err != nil {
			return nil, err
		}
	}
	counter, err := w.operations(ctx, nil)
	if err != nil {
		return nil, err
	}
	const program = "generate"
	return &trial{
		round: func(ctx context.Context) error { return s.run(ctx, program, b.generate(w.folder)) },
		rows: func() []row {
			work := fmt.Sprintf("nothing to do, %s versions, %d channels", thousands(versions), channels)
			r := s.row(work, program, "", goal{took: 50 * time.Millisecond})
			r.outcomes = append(r.outcomes, outcome{"one listing of the inbox", "operations " + counter.String(), counter.String() == "1: 1 list"})
			return []row{r}
		},
	}, nil
}
