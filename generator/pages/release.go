package pages

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/Masterminds/semver/v3"
	"golang.org/x/sync/errgroup"

	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/bucket"
)

// release is a line of the index.
type release struct {
	*check.Metadata
	Created time.Time `json:"created"`
	Digest  string    `json:"digest"`
	URLs    []string  `json:"urls"`

	line       string
	manifest   string // see VersionSummary
	older      bool   // the index does not list it, but newer ones
	prerelease bool

	yanked      *action.Yanked // nil if it is not
	deprecation *deprecation   // of its chart; nil if no action deprecated it
}

func parseRelease(line string) (*release, error) {
	r := &release{line: line}
	if err := json.Unmarshal([]byte(line), r); err != nil || r.Metadata == nil || len(r.URLs) != 1 {
		return nil, fmt.Errorf("an index line cannot be read: %.80s…", line)
	}
	v, err := semver.NewVersion(r.Version)
	r.prerelease = err == nil && v.Prerelease() != ""
	return r, nil
}

// parseReleases reads a chart's lines, some of which head may not list.
func parseReleases(lines []string, shown publisher.Shown) ([]*release, error) {
	all := make([]*release, len(lines))
	for i, line := range lines {
		var err error
		if all[i], err = parseRelease(line); err != nil {
			return nil, err
		}
		all[i].older = !shown.Has(i)
	}
	return all, nil
}

// newest returns the position of the newest release that is not a prerelease, or
// of the newest release if all are prereleases. It passes over yanked ones, unless all
// are. The releases are in the index's order.
func newest(all []*release) int {
	for _, fits := range []func(r *release) bool{
		func(r *release) bool { return r.yanked == nil && !r.prerelease },
		func(r *release) bool { return r.yanked == nil },
		func(r *release) bool { return !r.prerelease },
	} {
		if i := slices.IndexFunc(all, fits); i >= 0 {
			return i
		}
	}
	return 0
}

// predecessors returns the position of each release's predecessor, or -1: the highest
// lower release that was created no later, so that a release which comes later changes
// no other one's predecessor. Prereleases are skipped unless the release is one itself.
func predecessors(all []*release) []int {
	before := make([]int, len(all))
	var any, stable []int // positions that may be one, the last of which is nearest
	for i := len(all) - 1; i >= 0; i-- {
		created := all[i].Created
		any = notAfter(all, any, created)
		own := any
		if !all[i].prerelease {
			stable = notAfter(all, stable, created)
			own = stable
		}
		before[i] = -1
		if len(own) > 0 {
			before[i] = own[len(own)-1]
		}
		any = append(any, i)
		if !all[i].prerelease {
			stable = append(stable, i)
		}
	}
	return before
}

// notAfter drops the positions at the end whose releases were created after a time.
// Nor are they predecessors of any release before: the one of that time is nearer.
func notAfter(all []*release, positions []int, created time.Time) []int {
	for len(positions) > 0 && all[positions[len(positions)-1]].Created.After(created) {
		positions = positions[:len(positions)-1]
	}
	return positions
}

// setManifests notes which manifests versions have.
func setManifests(all []*release, versions []VersionSummary) {
	of := map[string]string{}
	for _, v := range versions {
		of[v.Version] = v.Manifest
	}
	for _, r := range all {
		r.manifest = of[r.Version]
	}
}

// summary describes a version, without what only its release.json says.
func (r *release) summary(chart string) VersionSummary {
	s := VersionSummary{
		Version: r.Version, AppVersion: r.AppVersion, KubeVersion: r.KubeVersion, Created: r.Created, Digest: r.Digest,
		Deprecated: r.Deprecated, Prerelease: badges(r.Metadata).Prerelease, Older: r.older,
		Archive: "../../" + escapePath(r.URLs[0]), Page: "../../" + escapePath(versionPage(chart, r.Version)),
	}
	if r.yanked != nil {
		s.Yanked = &YankedDoc{r.yanked.Reason, r.yanked.Time}
	}
	return s
}

// chartSummary describes a chart by its newest version.
func (r *release) chartSummary(versions []VersionSummary, n int) ChartSummary {
	listed := 0
	for _, v := range versions {
		if v.Yanked == nil {
			listed++
		}
	}
	return ChartSummary{
		Name: r.Name, Version: r.Version, AppVersion: r.AppVersion, Description: shorten(plainLine(r.Description), maxDescription),
		Keywords: keywords(r.Metadata), Maintainers: listMaintainers(r.Metadata), Icon: webURL(r.Icon), Created: r.Created, Digest: r.Digest, Type: r.Type,
		Manifest: versions[n].Manifest, Deprecated: r.Deprecated, Prerelease: versions[n].Prerelease, Signed: versions[n].Signed, Versions: listed,
		API: "charts/" + escapePath(r.Name) + ".json", Page: "../" + escapePath(chartDir(r.Name)) + "/" + indexPage,
	}
}

// maxReads is how many descriptions of releases are read at the same time.
const maxReads = 16

// summarize describes a chart's releases. What the document already says of them is not
// read again.
func (p *pass) summarize(ctx context.Context, chart string, all []*release, had []VersionSummary) ([]VersionSummary, error) {
	known := map[string]VersionSummary{}
	for _, v := range had {
		known[v.Archive+" "+v.Digest] = v
	}
	versions := make([]VersionSummary, len(all))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(maxReads)
	for i, r := range all {
		versions[i] = r.summary(chart)
		had, ok := known[versions[i].Archive+" "+r.Digest]
		if ok {
			versions[i].Size, versions[i].Signed, versions[i].Signer, versions[i].Promoted = had.Size, had.Signed, had.Signer, had.Promoted
		}
		find := p.mayHaveManifest(r)
		if find && p.registry.same && had.Manifest != "" {
			versions[i].Manifest, find = had.Manifest, false
		}
		if !ok || find {
			group.Go(func() error { return p.findOut(ctx, r, &versions[i], !ok, find) })
		}
	}
	return versions, group.Wait()
}

// findOut adds what the files of a release say.
func (p *pass) findOut(ctx context.Context, r *release, v *VersionSummary, describe, manifest bool) (err error) {
	var known publisher.Manifest
	if describe {
		info, err := publisher.ReadRelease(ctx, p.site, p.channel.Name, r.URLs[0])
		if err == nil {
			v.Size, v.Signed, v.Signer, known = info.Size, info.Provenance != "", (*Signer)(info.Signer), info.Manifest
			if info.From != "" {
				v.Promoted = &Promotion{info.From, info.Arrival}
			}
		} else if !errors.Is(err, bucket.ErrNotFound) { // otherwise the size is not known
			return err
		}
	}
	if manifest {
		v.Manifest, err = p.manifestOf(ctx, r, known)
	}
	return err
}

const (
	maxDescription = 120 // characters of a description in a list
	maxKeywords    = 20  // keywords of a chart
	maxKeyword     = 40  // characters of a keyword
	maxListNames   = 5   // maintainers in a list
	maxListName    = 40  // characters of the name of one
	maxValueKeys   = 200 // bytes of the keys of values in a list
)

// keywords returns the keywords that pages and lists show. They are the same
// everywhere, since those on pages lead to lists.
func keywords(md *check.Metadata) []string {
	var some []string
	for _, k := range md.Keywords {
		k = shorten(strings.ToLower(plainLine(k)), maxKeyword)
		if k != "" && len(some) < maxKeywords && !slices.Contains(some, k) {
			some = append(some, k)
		}
	}
	return some
}

// listMaintainers returns the names of maintainers that lists show.
func listMaintainers(md *check.Metadata) []string {
	var some []string
	for _, m := range maintainers(md) {
		if name := shorten(plainLine(m.Name), maxListName); name != "" && len(some) < maxListNames {
			some = append(some, name)
		}
	}
	return some
}
