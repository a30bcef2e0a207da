package main

import "context"

// importFolder imports a folder of archives, and publishes what was imported.
func (b *bench) importFolder(ctx context.Context, s *series) (*trial, error) {
	archives, err := b.synthetic(ctx)
	const program, peer = "import", "`generate` of what it imported, no pages"
	return &trial{
		round: func(ctx context.Context) error {
			folder, err := s.fresh()
			if err != nil {
				return err
			}
			if err := s.run(ctx, program, b.command(folder, b.portolan, "import", "--from", archives, channel)); err != nil {
				return err
			}
			return s.run(ctx, peer, b.generate(folder, "--pages=false"))
		},
		rows: func() []row {
			return []row{s.row("`import` of a folder of "+thousands(b.size(10_000))+" charts", program, peer, goal{wall: 1.3})}
		},
	}, err
}
