package main

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
	"github.com/portolan-charts/portolan/publisher/droparea"
)

// perChart is the number of versions of each chart, from 1.10.0 down to 1.1.0.
const perChart = 10

// chartName returns the name of the i-th chart.
func chartName(i int) string { return fmt.Sprintf("chart-%05d", i) }

// seed creates a channel with a number of versions, a multiple of perChart, from log
// records alone, without archives: an index of any size in seconds. As in a real
// channel, no record adds more than one run decides, and the newest record is small.
func seed(ctx context.Context, site bucket.Store, channel string, versions int) error {
	c, err := publisher.OpenChannel(ctx, site, channel)
	if err != nil {
		return err
	}
	at := time.Now().UTC().Truncate(time.Second)
	for from := 0; from < versions; {
		to := min(from+publisher.MaxVerdicts, versions-perChart)
		if to <= from {
			to = versions
		}
		if err := addCharts(ctx, c, at, from/perChart, to/perChart); err != nil {
			return err
		}
		from = to
	}
	return c.Project(ctx)
}

// addCharts commits the charts with numbers from from up to, but not including, to.
func addCharts(ctx context.Context, c *publisher.Channel, at time.Time, from, to int) error {
	charts := map[string][]string{}
	for i := from; i < to; i++ {
		name := chartName(i)
		for j := range perChart {
			line, err := indexLine(name, fmt.Sprintf("1.%d.0", perChart-j), at)
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

// indexLine returns a release's line in the index, with the fields that most real
// charts have.
func indexLine(name, version string, created time.Time) (string, error) {
	id, err := droparea.NewID()
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
