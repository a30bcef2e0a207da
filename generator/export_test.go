package generator

import (
	"context"
	"testing"

	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/registry"
)

// SetMaxHeld has runs hold smaller indexes until the test ends.
func SetMaxHeld(t *testing.T, bytes int64) {
	was := maxHeld
	maxHeld = bytes
	t.Cleanup(func() { maxHeld = was })
}

// SetIndexBudget has runs warn of smaller indexes until the test ends.
func SetIndexBudget(t *testing.T, bytes int64) {
	was := indexBudget
	indexBudget = bytes
	t.Cleanup(func() { indexBudget = was })
}

// Apart is the order in which workers take uploads.
func Apart(i, workers, n int) int { return apart(i, workers, n) }

// MakeManifests lets another function make manifests, as another build of portolan would.
func MakeManifests(o *Options, f func(registry.Release) ([]byte, error)) { o.manifest = f }

// SetMaxLines lets records change fewer bytes of lines until the test ends.
func SetMaxLines(t *testing.T, bytes int) {
	was := maxLines
	maxLines = bytes
	t.Cleanup(func() { maxLines = was })
}

// SetMaxUnshown has runs commit fewer generations before head shows them, until the test ends.
func SetMaxUnshown(t *testing.T, n int) {
	was := maxUnshown
	maxUnshown = n
	t.Cleanup(func() { maxUnshown = was })
}

// SetMaxRetained has actions that rules ask for name fewer versions until the test ends.
func SetMaxRetained(t *testing.T, n int) {
	was := maxRetained
	maxRetained = n
	t.Cleanup(func() { maxRetained = was })
}

// FindBundles looks at the files of at most so many charts.
func FindBundles(ctx context.Context, site bucket.Store, chart, version string, room int) ([]Bundle, int, error) {
	s := &bundleSearch{site: site, chart: chart, version: version, room: room}
	err := s.run(ctx)
	return s.found, s.unseen, err
}
