package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/portolan-charts/portolan/publisher"
)

const perChart = 10 // versions, newest first

// seed makes a site whose channel has so many versions. Only the log and the
// index are there: uploads of other versions need no more.
func seed(ctx context.Context, folder string, versions int) error {
	if err := os.Mkdir(folder, 0o777); err != nil || versions == 0 {
		return err
	}
	site, err := publisher.Open(ctx, folder)
	if err != nil {
		return err
	}
	c, err := publisher.OpenChannel(ctx, site, channel)
	if err != nil {
		return err
	}
	d := publisher.Draft{Time: time.Now().UTC(), Nonce: "bench"}
	charts := map[string][]string{}
	for i := range versions / perChart {
		name := chartName(i)
		for j := range perChart {
			line, err := indexLine(name, fmt.Sprintf("1.%d.0", perChart-j), d.Time)
			if err != nil {
				return err
			}
			charts[name] = append(charts[name], line)
		}
	}
	_, d.Added = c.Index().Diff(charts)
	if err := c.Commit(ctx, d); err != nil {
		return err
	}
	return c.Project(ctx)
}

func chartName(i int) string { return fmt.Sprintf("chart-%04d", i) }

// indexLine is a release as an index has it.
func indexLine(name, version string, created time.Time) (string, error) {
	id, err := publisher.NewID()
	if err != nil {
		return "", err
	}
	digest := strings.Repeat(strings.ReplaceAll(id, "-", ""), 2)
	b, err := json.Marshal(struct {
		Name        string    `json:"name"`
		Version     string    `json:"version"`
		Description string    `json:"description"`
		APIVersion  string    `json:"apiVersion"`
		Created     time.Time `json:"created"`
		Digest      string    `json:"digest"`
		URLs        []string  `json:"urls"`
	}{name, version, strings.Repeat("A chart to fill the index with. ", 6), "v2", created, digest, []string{publisher.ReleaseURL(name, version, id)}})
	return string(b), err
}
