// Package seed makes sites for the benchmarks from log records alone, without
// archives: an index of any size in seconds.
package seed

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"helm.sh/helm/v3/pkg/chart"

	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
)

// PerChart is how many versions each chart has, from 1.10.0 down to 1.1.0.
const PerChart = 10

// ChartName is what the i-th chart is called.
func ChartName(i int) string { return fmt.Sprintf("chart-%05d", i) }

// Channel gives a channel that does not exist yet so many versions, a multiple
// of PerChart. As in a real one, no record adds more than a run decides, and the newest is a small
// one.
func Channel(ctx context.Context, site bucket.Store, channel string, versions int) error {
	c, err := publisher.OpenChannel(ctx, site, channel)
	if err != nil {
		return err
	}
	at := time.Now().UTC().Truncate(time.Second)
	for from := 0; from < versions; {
		to := min(from+publisher.MaxVerdicts, versions-PerChart)
		if to <= from {
			to = versions
		}
		if err := add(ctx, c, at, from/PerChart, to/PerChart); err != nil {
			return err
		}
		from = to
	}
	return c.Project(ctx)
}

// add commits the charts numbered from one up to the other.
func add(ctx context.Context, c *publisher.Channel, at time.Time, from, to int) error {
	charts := map[string][]string{}
	for i := from; i < to; i++ {
		name := ChartName(i)
		for j := range PerChart {
			line, err := indexLine(name, fmt.Sprintf("1.%d.0", PerChart-j), at)
			if err != nil {
				return err
			}
			charts[name] = append(charts[name], line)
		}
	}
	d := publisher.Draft{Time: at, Nonce: "bench"}
	_, d.Added = c.Index().Diff(charts)
	return c.Commit(ctx, d)
}

// indexLine is a release as an index has it, with the fields that most real
// ones have.
func indexLine(name, version string, created time.Time) (string, error) {
	id, err := publisher.NewID()
	if err != nil {
		return "", err
	}
	md := &check.Metadata{
		APIVersion: "v2", Name: name, Version: version, AppVersion: version, Type: "application", KubeVersion: "^1.25.0-0",
		Description: "A chart to fill the index with", Keywords: []string{"bench", "index"},
		Home: "https://example.com/" + name, Sources: []string{"https://git.example.com/" + name},
		Maintainers: []*chart.Maintainer{{Name: "ops", Email: "ops@example.com"}},
	}
	digest := strings.Repeat(strings.ReplaceAll(id, "-", ""), 2)
	b, err := json.Marshal(struct {
		*check.Metadata
		Created time.Time `json:"created"`
		Digest  string    `json:"digest"`
		URLs    []string  `json:"urls"`
	}{md, created, digest, []string{publisher.ReleaseURL(name, version, id)}})
	return string(b), err
}
