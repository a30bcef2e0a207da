package generator

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"runtime"
	"strings"

	"github.com/Masterminds/semver/v3"
	"golang.org/x/sync/errgroup"

	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
)

const (
	maxBundles     = 1000 // charts whose files are looked at; each takes one request
	maxConstraint  = 100  // bytes of a dependency's range; a longer one is not read
	bundledCharts  = "charts"
	dependencyMark = `"dependencies":[`
)

// Bundle is a version of a chart that may hold another chart in its archive.
type Bundle struct {
	Channel string `json:"channel"`
	Chart   string `json:"chart"`
	Version string `json:"version"`
	File    string `json:"file"` // the folder or the archive of the other chart, such as charts/web
}

// bundleSearch looks for charts that may hold a version of a chart.
type bundleSearch struct {
	site           bucket.Store
	chart, version string
	workers        int
	room           int // how many more charts it looks at
	found          []Bundle
	unseen         int
}

func (s *bundleSearch) run(ctx context.Context) error {
	s.found = []Bundle{}
	channels, err := publisher.Channels(ctx, s.site)
	if err != nil {
		return err
	}
	for _, name := range channels {
		head, err := publisher.ReadHead(ctx, s.site, name, nil)
		if errors.Is(err, bucket.ErrNotFound) || errors.Is(err, publisher.ErrNotOurs) {
			continue // it shows no chart of ours
		}
		if err != nil {
			return err
		}
		candidates, err := s.candidates(head.Index)
		if err == nil {
			err = s.look(ctx, name, candidates)
		}
		if err != nil {
			return fmt.Errorf("channel %s: %w", name, err)
		}
	}
	return nil
}

// dependent is a line of the index that names what its chart depends on.
type dependent struct {
	Name         string              `json:"name"`
	Version      string              `json:"version"`
	URLs         []string            `json:"urls"`
	Dependencies []*check.Dependency `json:"dependencies"`
}

// candidates are the charts of an index that depend on the version.
func (s *bundleSearch) candidates(index *publisher.Index) (all []dependent, err error) {
	for chart := range index.Charts() {
		for _, line := range index.Lines(chart) {
			if !strings.Contains(line, dependencyMark) || !strings.Contains(line, s.chart) {
				continue
			}
			var d dependent
			if err := json.Unmarshal([]byte(line), &d); err != nil || len(d.URLs) != 1 {
				return nil, fmt.Errorf("index line cannot be read: %.80s…", line)
			}
			if s.neededBy(&d) {
				all = append(all, d)
			}
		}
	}
	return all, nil
}

// neededBy reports whether a chart depends on the version.
func (s *bundleSearch) neededBy(d *dependent) bool {
	for _, dep := range d.Dependencies {
		if dep != nil && dep.Name == s.chart && mayFit(dep.Version, s.version) {
			return true
		}
	}
	return false
}

// mayFit reports whether a version is in a range, or one of them cannot be read.
func mayFit(constraint, version string) bool {
	if len(constraint) > maxConstraint {
		return true
	}
	allowed, err := semver.NewConstraint(constraint)
	if err != nil {
		return true
	}
	v, err := semver.NewVersion(version)
	return err != nil || allowed.Check(v)
}

// look looks at the files of a channel's candidates.
func (s *bundleSearch) look(ctx context.Context, channel string, all []dependent) error {
	some := all[:min(len(all), s.room)]
	s.room -= len(some)
	s.unseen += len(all) - len(some)
	files, unknown := make([]string, len(some)), make([]bool, len(some))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(cmp.Or(s.workers, 2*runtime.GOMAXPROCS(0)))
	for i, d := range some {
		group.Go(func() error {
			info, err := publisher.ReadRelease(ctx, s.site, channel, d.URLs[0])
			if errors.Is(err, bucket.ErrNotFound) {
				unknown[i] = true
				return nil
			}
			if err == nil {
				files[i] = s.bundled(info.Files)
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for i, d := range some {
		if unknown[i] {
			s.unseen++
		}
		if files[i] != "" {
			s.found = append(s.found, Bundle{channel, d.Name, d.Version, files[i]})
		}
	}
	return nil
}

// bundled is the folder or the archive of the chart in charts/; "" if it has neither.
func (s *bundleSearch) bundled(files []publisher.ReleaseFile) string {
	folder := path.Join(bundledCharts, s.chart)
	archive := fmt.Sprintf("%s-%s.tgz", folder, s.version)
	for _, f := range files {
		switch {
		case f.Path == archive:
			return archive
		case strings.HasPrefix(f.Path, folder+"/"):
			return folder
		}
	}
	return ""
}
