package generator

import (
	"context"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
)

// TakeDownReport is what a takedown did, and which charts may hold a copy.
type TakeDownReport struct {
	*publisher.TakeDownReport

	// Bundles are the charts of all channels that may have the version in charts/; see
	// [TakeDown].
	Bundles []Bundle `json:"bundles"`

	// Unseen is how many more charts depend on it, of which nobody looked at the files:
	// because they were too many, or because nothing says what these are.
	Unseen int `json:"unseen,omitempty"`
}

// TakeDown takes a version down, as [publisher.TakeDown] does. Of those that are left, head
// lists as many as it may, by the rules of a run.
//
// Then it looks for charts that may hold the version: those of the indexes of all channels
// that depend on it, by name and range, and whose archives have a folder charts/CHART or an
// archive charts/CHART-VERSION.tgz. What version a folder has is not looked up, nor what is
// in the charts that charts/ holds. They stay: each has its own takedown.
func TakeDown(ctx context.Context, site bucket.Store, o publisher.TakeDownOptions) (*TakeDownReport, error) {
	o.Show = showNewest
	done, err := publisher.TakeDown(ctx, site, o)
	r := &TakeDownReport{TakeDownReport: done, Bundles: []Bundle{}}
	if err != nil {
		return r, err
	}
	s := &bundleSearch{site: site, chart: o.Chart, version: o.Version, workers: o.Workers, room: maxBundles}
	err = s.run(ctx)
	r.Bundles, r.Unseen = s.found, s.unseen
	return r, err
}
