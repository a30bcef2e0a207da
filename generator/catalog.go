package generator

import (
	"strings"
	"sync"

	"github.com/portolan-charts/portolan/publisher"
)

// catalog is what is published, as decisions need it: the index, and the
// descriptions of those releases that candidates may replace.
type catalog struct {
	index *publisher.Index
	lower map[string]string // chart names by their lower-case form

	mu    sync.Mutex
	infos map[string]*publisher.ReleaseInfo // by URL
}

func (c *catalog) info(url string) *publisher.ReleaseInfo {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.infos[url]
}

func (c *catalog) setInfo(url string, info *publisher.ReleaseInfo) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.infos[url] = info
}

func newCatalog(index *publisher.Index) *catalog {
	c := &catalog{index: index, lower: map[string]string{}, infos: map[string]*publisher.ReleaseInfo{}}
	for name := range index.Charts() {
		c.lower[strings.ToLower(name)] = name
	}
	return c
}

// find returns the published release of the version.
func (c *catalog) find(r ref) (published, bool) {
	for _, line := range c.index.Lines(r.name) {
		if !strings.Contains(line, r.version) {
			continue // much cheaper than parsing
		}
		if p, err := parseLine(line); err == nil && p.Version == r.version {
			return p, true
		}
	}
	return published{}, false
}

// next is the catalog after the plan has been committed.
func (c *catalog) next(index *publisher.Index, p *plan) *catalog {
	n := newCatalog(index)
	n.infos = c.infos
	for _, r := range p.releases {
		n.infos[r.url] = &publisher.ReleaseInfo{Digest: r.digest, Fingerprint: r.fingerprint, Provenance: r.provenance}
	}
	return n
}
