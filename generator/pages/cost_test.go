package pages

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/ci/testenv"
	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/templates"
)

// The cost of a chart grows no faster than the number of its versions.
func TestManyVersionsCost(t *testing.T) {
	for name, format := range map[string]string{"prereleases": "1.0.%d-rc", "stable": "1.0.%d"} {
		var lines []string
		for i := range 20_000 {
			version := fmt.Sprintf(format, i)
			lines = append(lines, fmt.Sprintf(`{"name":"a","version":%q,"created":"2026-01-01T00:00:00Z","digest":"d","urls":["charts/a/%s/u/a.tgz"]}`, version, version))
		}
		testenv.Cheap(t, name, func() {
			all, err := parseReleases(lines, publisher.Shown{First: len(lines)})
			if err != nil {
				t.Fatal(err)
			}
			if len(inputsOf(all)) != len(lines) {
				t.Errorf("%s: versions are missing", name)
			}
		})
	}
}

// A chart that makes the code for pages fail has a page with what the index says.
func TestPageFails(t *testing.T) {
	c := &chartPages{pass: &pass{Writer: &Writer{Options: Options{PageTime: time.Second}}}}
	problem := c.fill(context.Background(), &templates.ChartPage{}, nil, &check.Contents{})
	if !strings.Contains(problem, "made portolan fail") {
		t.Errorf("got %q", problem)
	}
}
