package main

import (
	"context"
	"os"
	"path/filepath"
)

// importFolder imports a folder of archives, and publishes what was imported.
func (b *bench) importFolder(ctx context.Context, s *series) (*trial, error) {
	archives, err := b.synthetic(ctx)
	const program, peer = "import", "`generate` of what it imported, no pages"
	folder := filepath.Join(s.folder, "imported")
	return &trial{
		round: func(ctx context.Context) error {
			if err := os.Mkdir(folder, 0o777); err != nil {
				return err
			}
			if err := s.run(ctx, program, b.command(folder, b.portolan, "import", "--from", archives, channel)); err != nil {
				return err
			}
			if err := s.run(ctx, peer, b.generate(folder, "--pages=false")); err != nil {
				return err
			}
			return remove(ctx, folder)
		},
		rows: func() []row {
			return []row{s.row("`import` of a folder of "+thousands(b.size(10_000))+" charts", program, peer, goal{wall: 1.3})}
		},
	}, err
}
