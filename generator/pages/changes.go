package pages

import (
	"context"

	"github.com/portolan-charts/portolan/templates"
)

// describeChanges fills in how a version differs from the one before, if there is one.
func describeChanges(ctx context.Context, p *templates.ChangesPage, before, c *archive) {
	if before != nil {
		p.Against = compare(ctx, before, c)
	}
}

// changed returns how many things differ.
func changed(d *templates.Difference) int {
	if d == nil {
		return 0
	}
	n := len(d.ValuesAdded) + len(d.ValuesRemoved) + len(d.ValuesChanged) + len(d.ValuesRetyped) + d.ValuesMore +
		len(d.CRDsAdded) + len(d.CRDsRemoved) + len(d.CRDsChanged) +
		len(d.DependenciesAdded) + len(d.DependenciesRemoved) + len(d.DependenciesChanged) +
		len(d.ImagesAdded) + len(d.ImagesRemoved) + len(d.ImagesChanged) + len(d.Files) + d.More + len(d.Other)
	for _, p := range []*templates.Pair{d.AppVersion, d.KubeVersion, d.Type} {
		if p != nil {
			n++
		}
	}
	return n
}
