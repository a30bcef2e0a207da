package main

import (
	"context"
	"io"
	"io/fs"
	"path/filepath"
	"strings"
)

// verify verifies a site, beside the least work that this needs, and with all its
// archives, beside a program that does nothing but hash them.
func (b *bench) verify(ctx context.Context, s *series) (*trial, error) {
	archives, err := b.synthetic(ctx)
	if err != nil {
		return nil, err
	}
	if err := submit(ctx, s.folder, archives); err != nil {
		return nil, err
	}
	if _, err := b.generate(s.folder, "--pages=false").run(ctx); err != nil {
		return nil, err
	}
	site := filepath.Join(s.folder, "site")
	const plain, least, deep, sums = "verify", "listing it and reading the log", "verify --deep", "`sha256sum` on all processors"
	verify := func(ctx context.Context, program string, args ...string) error {
		return s.run(ctx, program, b.command(s.folder, b.portolan, append([]string{"verify", "--pages=false"}, args...)...))
	}
	return &trial{
		round: func(ctx context.Context) error {
			if err := verify(ctx, plain); err != nil {
				return err
			}
			of, err := inProcess(func() error { return listAndRead(site) })
			if err != nil {
				return err
			}
			s.add(least, of)
			if err := verify(ctx, deep, "--deep"); err != nil {
				return err
			}
			return s.run(ctx, sums, b.command(site, "sh", "-c", `find . -name '*.tgz' -print0 | xargs -0 -n 100 -P "$(getconf _NPROCESSORS_ONLN)" sha256sum`))
		},
		rows: func() []row {
			versions := thousands(b.size(10_000)) + " versions"
			return []row{
				s.row("`verify` of "+versions, plain, least, goal{wall: 1.5}),
				s.row("`verify --deep` of "+versions, deep, sums, goal{wall: 1}),
			}
		},
	}, nil
}

// listAndRead lists a site, with the size of every file, and reads and hashes
// its log, head and snapshots.
func listAndRead(site string) error {
	return filepath.WalkDir(site, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if _, err := d.Info(); err != nil {
			return err
		}
		if strings.Contains(path, "/log/") || strings.HasSuffix(path, "index.yaml") {
			return hashFile(path, io.Discard)
		}
		return nil
	})
}
