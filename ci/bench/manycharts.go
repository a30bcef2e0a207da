package main

import (
	"context"
	"os"
	"path/filepath"
)

// realCharts publishes versions of real charts that were copied into the inbox.
func (b *bench) realCharts(ctx context.Context, s *series) (*trial, error) {
	archives := filepath.Join(s.folder, "archives")
	if err := os.Mkdir(archives, 0o777); err != nil {
		return nil, err
	}
	if err := b.multiply(ctx, archives, b.size(2_000)); err != nil {
		return nil, err
	}
	files, err := os.ReadDir(archives)
	if err != nil {
		return nil, err
	}
	return b.manyCharts(s, thousands(len(files))+" real charts, copied in", archives, copyIn), nil
}

// syntheticCharts publishes charts that were uploaded.
func (b *bench) syntheticCharts(ctx context.Context, s *series) (*trial, error) {
	archives, err := b.synthetic(ctx)
	return b.manyCharts(s, thousands(b.size(10_000))+" synthetic charts, uploaded", archives, submit), err
}

// manyCharts publishes many charts on an empty site, with pages and without. Helm makes
// an index of the same files, and no more.
func (b *bench) manyCharts(s *series, charts, archives string, fill func(ctx context.Context, folder, archives string) error) *trial {
	publish := func(ctx context.Context, program string, args ...string) error {
		folder, err := s.fresh()
		if err != nil {
			return err
		}
		if err := fill(ctx, folder, archives); err != nil {
			return err
		}
		return s.run(ctx, program, b.generate(folder, args...))
	}
	const plain, pages, helm = "portolan", "with pages", "`helm repo index`"
	return &trial{
		round: func(ctx context.Context) error {
			if err := publish(ctx, plain, "--pages=false"); err != nil {
				return err
			}
			if err := s.run(ctx, helm, b.command("", b.helm, "repo", "index", archives)); err != nil {
				return err
			}
			if err := os.Remove(filepath.Join(archives, "index.yaml")); err != nil {
				return err
			}
			return publish(ctx, pages)
		},
		rows: func() []row {
			return []row{
				s.row(charts+" to an empty site, no pages", plain, helm, goal{cpu: 0.8, wall: 0.5, peak: 100 * mb}),
				s.row(charts+" to an empty site, with pages", pages, helm, goal{cpu: 2.5, peak: 150 * mb}),
			}
		},
	}
}
