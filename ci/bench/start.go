package main

import (
	"context"
	"time"
)

// start runs portolan with nothing to do but to start.
func (b *bench) start(_ context.Context, s *series) (*trial, error) {
	const program = "portolan version"
	return &trial{
		round: func(ctx context.Context) error {
			return s.run(ctx, program, b.command("", b.portolan, "version"))
		},
		rows: func() []row {
			return []row{s.row("starting: `portolan version`", program, "", goal{took: 40 * time.Millisecond, peak: 25 * mb})}
		},
	}, nil
}
