package generator

import (
	"slices"
	"strings"
	"sync"

	"github.com/portolan-charts/portolan/publisher"
)

// catalog is what is published, as decisions need it: the index, and the
// descriptions of those releases that candidates may replace. What it has
// parsed or been told it keeps, for any number of readers at a time.
type catalog struct {
	index *publisher.Index
	lower map[string]string // chart names by their lower-case form

	mu     sync.Mutex
	charts map[string][]published // by name, in the index's order
	known  map[string]known       // by URL
}

// known is what is known of a published release beyond the index.
type known struct {
	*publisher.ReleaseInfo
	missing bool // the archive is not there
}

func newCatalog(index *publisher.Index) *catalog {
	c := &catalog{index: index, lower: map[string]string{}, charts: map[string][]published{}, known: map[string]known{}}
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
	}
	c.charts[chart] = all
	return all, nil
}

// find returns the published release of the version.
func (c *catalog) find(r ref) (published, bool) {
	all, err := c.releases(r.name)
	if err != nil {
		return published{}, false // whoever changes this chart will be told
	}
	i := slices.IndexFunc(all, func(p published) bool { return p.Version == r.version })
	if i < 0 {
		return published{}, false
	}
	return all[i], true
}

// next is the catalog after the plan has been committed.
func (c *catalog) next(index *publisher.Index, p *plan) *catalog {
	n := newCatalog(index)
	n.known = c.known
	for _, r := range p.releases {
		n.known[r.url] = known{ReleaseInfo: &publisher.ReleaseInfo{Digest: r.digest, Fingerprint: r.fingerprint, Provenance: r.provenance}}
	}
	return n
}
