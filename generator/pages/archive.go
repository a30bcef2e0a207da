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
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
)

// reading is what was read from a release's archive.
type reading struct {
	contents *check.Contents // nil if the archive is missing or is not a valid chart
	keyID    string          // the key that signed its provenance file
}

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
	in, err := publisher.OpenArchive(ctx, c.site, c.channel.Name, c.all[i].URLs[0])
	if errors.Is(err, bucket.ErrNotFound) {
		return r, nil // the page then shows only what the index says
	}
	if err != nil {
		return nil, err
	}
	defer in.Close()
	r.contents, err = check.ReadContents(in, check.Options{Versions: "helm", Limits: check.MaxLimits()})
	var problem *check.Problem
	if err != nil && !errors.As(err, &problem) {
		return nil, fmt.Errorf("%s: %w", c.all[i].URLs[0], err)
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
