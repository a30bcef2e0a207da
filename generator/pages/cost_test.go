package pages

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/ci/testenv"
	"github.com/portolan-charts/portolan/publisher"
)

// The cost of a chart grows no faster than the number of its versions.
func TestManyVersionsCost(t *testing.T) {
	for name, format := range map[string]string{"prereleases": "1.0.%d-rc", "stable": "1.0.%d", "in an odd order": "1.1.%d"} {
		var lines []string
		for i := range 20_000 {
			version, second := fmt.Sprintf(format, i), 0
			if name == "in an odd order" {
				second = min(i, 20_000-i) / 500
			}
			lines = append(lines, fmt.Sprintf(`{"name":"a","version":%q,"created":"2026-01-01T00:00:%02dZ","digest":"d","urls":["charts/a/%s/u/a.tgz"]}`, version, second, version))
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
	problem := c.fill(context.Background(), &versionContent{}, nil, &archive{})
	if !strings.Contains(problem, "made portolan fail") {
		t.Errorf("got %q", problem)
	}
}

// A release's predecessor is the highest lower one that was created no later.
func TestPredecessors(t *testing.T) {
	for _, tt := range []struct{ name, releases, want string }{
		{"in order", "1.2.0 3, 1.1.0 2, 1.0.0 1", "1 2 -1"},
		{"at once", "1.2.0 1, 1.1.0 1, 1.0.0 1", "1 2 -1"},
		{"a backport", "1.1.0 2, 1.0.5 3, 1.0.4 1", "2 2 -1"},
		{"backports of two lines", "2.0.0 1, 1.1.1 5, 1.1.0 3, 1.0.1 4, 1.0.0 2", "-1 2 4 4 -1"},
		{"the other way round", "1.2.0 1, 1.1.0 2, 1.0.0 3", "-1 -1 -1"},
		{"prereleases", "1.1.0 4, 1.1.0-rc.2 3, 1.1.0-rc.1 2, 1.0.0 1", "3 2 3 -1"},
		{"a prerelease between backports", "1.1.0-rc.1 2, 1.0.5 3, 1.0.4 1", "2 2 -1"},
		{"prereleases alone", "1.1.0-rc.1 2, 1.0.0-rc.1 1", "1 -1"},
	} {
		var lines []string
		for _, release := range strings.Split(tt.releases, ", ") {
			version, day, _ := strings.Cut(release, " ")
			lines = append(lines, fmt.Sprintf(`{"name":"a","version":%q,"created":"2026-01-0%sT00:00:00Z","digest":"d","urls":["charts/a/%s/u/a.tgz"]}`, version, day, version))
		}
		all, err := parseReleases(lines, publisher.Shown{First: len(lines)})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Trim(fmt.Sprint(predecessors(all)), "[]"); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
}
