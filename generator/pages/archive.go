package pages

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"

	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/generator/values"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/templates"
)

// reading is what was read from a release's archive.
type reading struct {
	archive *archive // nil if it is missing or is not a valid chart
	keyID   string   // the key that signed its provenance file
}

// An archive is what pages are made from, with its files by path.
type archive struct {
	*check.Contents
	file    *values.File // nil if absent
	sizes   map[string]int64
	sums    map[string]sum
	texts   map[string][]byte // of the chart's own templates and definitions, as far as they were kept
	kinds   map[string][]string
	sources map[string]bool // templates and definitions of the chart itself

	named    []templates.Image // by its values
	searched bool              // for these
}

func archiveOf(c *check.Contents, s *shared) *archive {
	a := &archive{
		Contents: c, file: s.file(c.Values), sizes: map[string]int64{}, sums: map[string]sum{},
		texts: map[string][]byte{}, kinds: map[string][]string{}, sources: map[string]bool{},
	}
	for i, f := range c.Files {
		a.sizes[f.Path], a.sums[f.Path] = f.Size, c.Sums[i]
	}
	for _, s := range c.Sources {
		a.texts[s.Path] = s.Text
	}
	for _, t := range c.Kinds {
		a.kinds[t.Path] = t.Kinds
	}
	for _, name := range slices.Concat(c.Templates, c.CRDs) {
		a.sources[name] = true
	}
	return a
}

func (a *archive) has(name string) bool { _, ok := a.sums[name]; return ok }

// rank orders files by how much they matter, those first that are not in the archive.
func (a *archive) rank(name string) int { return sourceRank(name, a.kinds[name]) }

// maxReadings is how many archives are held in memory for the pages of one chart.
const maxReadings = 3

// contents reads the archive of the release at the position. The pages of that version
// need it, and so do those of the version after it. Where versions were created in an odd
// order, others lie between the two, and the archive may be read twice.
func (c *chartPages) contents(ctx context.Context, i int) (*reading, error) {
	if i < 0 {
		return &reading{}, nil
	}
	if r, ok := c.read[i]; ok {
		return r, nil
	}
	r := &reading{}
	contents, err := c.open(ctx, i)
	switch {
	case errors.Is(err, bucket.ErrNotFound):
		return r, nil // the page then shows only what the index says
	case err != nil:
		return nil, err
	case contents != nil:
		r.archive = archiveOf(contents, c.shared)
	}
	if c.versions[i].Signed {
		if r.keyID, err = c.keyID(ctx, i); err != nil {
			return nil, err
		}
	}
	if c.read[i] = r; len(c.read) > maxReadings {
		delete(c.read, slices.Max(slices.Collect(maps.Keys(c.read))))
	}
	return r, nil
}

// open returns what is in the archive of the release at the position, which the run may
// still hold; nil if it is not a valid chart.
func (c *chartPages) open(ctx context.Context, i int) (*check.Contents, error) {
	if contents := c.held.Take(c.all[i].Digest); contents != nil {
		return contents, nil
	}
	in, err := publisher.OpenArchive(ctx, c.site, c.channel.Name, c.all[i].URLs[0])
	if err != nil {
		return nil, err
	}
	defer in.Close()
	contents, err := check.ReadContents(in, check.Options{Versions: "helm", Limits: check.MaxLimits()})
	var problem *check.Problem
	if err != nil && !errors.As(err, &problem) {
		return nil, fmt.Errorf("%s: %w", c.all[i].URLs[0], err)
	}
	return contents, nil
}

// keyID returns the key that signed the release's provenance file, or "" if the
// file does not say.
func (c *chartPages) keyID(ctx context.Context, i int) (string, error) {
	key := path.Join(c.channel.Name, c.all[i].URLs[0]+".prov")
	b, _, err := publisher.ReadFile(ctx, c.site, key, check.MaxProvenance)
	if err != nil || b == nil {
		return "", err
	}
	prov, err := check.ReadProvenance(bytes.NewReader(b))
	if err != nil {
		return "", nil // accepted under other rules
	}
	return prov.KeyID, nil
}
