package generator

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"strings"
	"sync"

	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/bucket"
)

// catalog is what is published, as decisions need it: the index, and the
// descriptions of those releases that candidates may replace. What it has
// parsed or been told it keeps, for any number of readers at a time.
type catalog struct {
	site    bucket.Store
	channel string
	index   *publisher.Index
	state   *action.State     // what actions have made of it
	newest  int               // the newest generation
	floor   int               // the oldest that is kept; 0 if all are
	lower   map[string]string // chart names by their lower-case form

	mu     sync.Mutex
	charts map[string][]published // by name, in the index's order
	places map[ref]int            // of those
	known  map[string]known       // by URL
}

// known is what is known of a published release beyond the index.
type known struct {
	*publisher.ReleaseInfo
	missing bool   // the archive is not there
	pin     string // digest of its manifest, if release.json has that
}

func newCatalog(site bucket.Store, channel string, index *publisher.Index, state *action.State) *catalog {
	c := &catalog{
		site: site, channel: channel, index: index, state: state,
		lower: map[string]string{}, charts: map[string][]published{}, places: map[ref]int{}, known: map[string]known{},
	}
	for name := range index.Charts() {
		c.lower[strings.ToLower(name)] = name
	}
	return c
}

func (c *catalog) info(url string) (known, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k, ok := c.known[url]
	return k, ok
}

func (c *catalog) setInfo(url string, k known) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.known[url] = k
}

// releases returns the published releases of a chart, in the index's order. The
// caller must not change the slice.
func (c *catalog) releases(chart string) ([]published, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if all, ok := c.charts[chart]; ok {
		return all, nil
	}
	lines := c.index.Lines(chart)
	all := make([]published, len(lines))
	for i, line := range lines {
		var err error
		if all[i], err = parseLine(line); err != nil {
			return nil, err
		}
		c.places[ref{chart, all[i].Version}] = i
	}
	c.charts[chart] = all
	return all, nil
}

// find returns the published release of the version.
func (c *catalog) find(r ref) (published, bool) {
	all, err := c.releases(r.name)
	if err != nil {
		return published{}, false // a plan that changes this chart reports it
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	i, ok := c.places[r]
	if !ok {
		return published{}, false
	}
	return all[i], true
}

// catalogOf is the catalog of the newest generation of a channel.
func catalogOf(site bucket.Store, channel *publisher.Channel) *catalog {
	c := newCatalog(site, channel.Name, channel.Index(), channel.State())
	c.newest, c.floor = channel.Generation(), channel.Floor()
	return c
}

// at is the catalog of another generation, with nothing looked up yet.
func (c *catalog) at(channel *publisher.Channel) *catalog {
	return catalogOf(c.site, channel)
}

// next is the catalog of the generation that has these new releases.
func (c *catalog) next(channel *publisher.Channel, releases []*release) *catalog {
	n := c.at(channel)
	n.known = c.known
	for _, r := range releases {
		n.known[r.url] = known{
			ReleaseInfo: &publisher.ReleaseInfo{Digest: r.digest, Fingerprint: r.fingerprint, Provenance: r.provenance},
			pin:         r.manifest().Digest(),
		}
	}
	return n
}

// lookUp makes sure that the catalog knows what is published of the versions
// that the candidate may be about.
func (c *catalog) lookUp(ctx context.Context, about *candidate) error {
	for _, v := range about.refs() {
		release, ok := c.find(v)
		if !ok {
			continue
		}
		url := release.URLs[0]
		k, ok := c.info(url)
		if !ok {
			info, err := c.released(ctx, release)
			if err != nil {
				return err
			}
			if k.ReleaseInfo, k.missing = info, info == nil; info != nil {
				k.pin = info.Manifest.Digest()
			}
		}
		// A chart that is uploaded once more may be meant to restore it.
		if about.chart != nil && about.chart.Digest == release.Digest && !k.missing {
			var err error
			if k.missing, err = c.missing(ctx, url); err != nil {
				return err
			}
		}
		if k.missing {
			k.ReleaseInfo = &publisher.ReleaseInfo{Digest: release.Digest}
		}
		c.setInfo(url, k)
	}
	return nil
}

// missing reports whether a published archive is not there.
func (c *catalog) missing(ctx context.Context, url string) (bool, error) {
	in, err := publisher.OpenArchive(ctx, c.site, c.channel, url)
	if errors.Is(err, bucket.ErrNotFound) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	return false, in.Close()
}

// released returns the description of a published release, nil if that is not
// there at all.
func (c *catalog) released(ctx context.Context, p published) (*publisher.ReleaseInfo, error) {
	info, err := publisher.ReadRelease(ctx, c.site, c.channel, p.URLs[0])
	if errors.Is(err, bucket.ErrNotFound) {
		info, err = c.describe(ctx, p)
	}
	if errors.Is(err, bucket.ErrNotFound) {
		return nil, nil
	}
	return info, err
}

// describe reads from the archive what its release.json should have said.
func (c *catalog) describe(ctx context.Context, p published) (*publisher.ReleaseInfo, error) {
	info := &publisher.ReleaseInfo{Digest: p.Digest}
	in, err := publisher.OpenArchive(ctx, c.site, c.channel, p.URLs[0])
	if err != nil {
		return nil, err
	}
	defer in.Close()
	info.Size = in.Entry.Size
	chart, err := check.Archive(in, check.Options{Versions: "helm"})
	var problem *check.Problem
	switch {
	case errors.As(err, &problem):
		// Published under other rules; its digest has to do.
	case err != nil:
		return nil, err
	default:
		info.Fingerprint = chart.Fingerprint
	}
	prov, err := publisher.OpenArchive(ctx, c.site, c.channel, p.URLs[0]+".prov")
	if errors.Is(err, bucket.ErrNotFound) {
		return info, nil
	}
	if err != nil {
		return nil, err
	}
	defer prov.Close()
	h := sha256.New()
	_, err = io.Copy(h, prov)
	info.Provenance = hex.EncodeToString(h.Sum(nil))
	return info, err
}
