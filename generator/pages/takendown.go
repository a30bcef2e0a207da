package pages

import (
	"context"
	"errors"
	"maps"
	"path"
	"slices"
	"sync"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
)

// TakenDown makes all pages of a chart again, and those that list it, after one of its
// versions was taken down, whatever is there: pages of other versions compare with that one.
// The version's own pages are removed already. TakenDown may be repeated after any failure. A
// channel without pages gets none.
//
// Cached are the keys of the files of which caches may have copies that show something of the
// version: those that this call wrote or removed; and, since a generator or an earlier call
// may have done so before it, the files of the chart, of the versions that compared with the
// one taken down, and of what lists the chart, as far as they are there or the chart is gone.
// If an earlier call committed the takedown, they are also all files that the version would
// have had: nothing tells any more which of these there were.
func (w *Writer) TakenDown(ctx context.Context, site bucket.Store, t *publisher.TakeDownReport) (report *generator.PagesReport, cached []string, err error) {
	c, err := publisher.OpenChannel(ctx, site, t.Channel)
	if err != nil {
		return nil, nil, err
	}
	p := w.pass(site, c)
	p.again = t.Chart
	there, err := p.exist(ctx, []string{path.Join(t.Channel, changesDoc), path.Join(t.Channel, chartDir(t.Chart), indexPage)})
	if err != nil || len(there) == 0 {
		return p.report, nil, err
	}
	removed := p.noteRemoved()
	all, err := p.project(ctx)
	if err == nil {
		err = p.make(ctx, all)
	}
	if err != nil {
		return p.report, nil, err
	}
	cached, err = p.mayShow(ctx, t)
	cached = slices.Concat(cached, p.report.Written, *removed)
	slices.Sort(cached)
	return p.report, slices.Compact(cached), err
}

// noteRemoved makes the pass note the keys of files that it removes and that were there.
func (p *pass) noteRemoved() *[]string {
	removed := new([]string)
	var mu sync.Mutex
	discard := p.discard
	p.discard = func(ctx context.Context, site bucket.Store, key string) error {
		there, err := p.exist(ctx, []string{key})
		if err != nil || len(there) == 0 {
			return err
		}
		mu.Lock()
		*removed = append(*removed, key)
		mu.Unlock()
		return discard(ctx, site, key)
	}
	return removed
}

// mayShow returns the keys of files that may have shown something of a version, as
// [Writer.TakenDown] says.
func (p *pass) mayShow(ctx context.Context, t *publisher.TakeDownReport) ([]string, error) {
	compared, err := p.comparedWith(ctx, t)
	if err != nil {
		return nil, err
	}
	chart := []string{chartDoc(t.Chart)}
	for _, name := range chartFiles {
		chart = append(chart, path.Join(chartDir(t.Chart), name))
	}
	names := []string{indexPage, searchFile, feedFile, sitemapFile, changesPage, channelDoc, changesDoc}
	charts, _, _, _ := p.after.counts()
	for n := range charts/chartsPerPage + 1 {
		names = append(names, listPage(n+1))
	}
	for n := 1; n <= lists(len(p.after.Lines(t.Chart))+1); n++ {
		names = append(names, versionList(t.Chart, n))
	}
	for _, version := range compared {
		names = append(names, filesOf(t.Chart, version)...)
	}
	cached, err := p.exist(ctx, append(p.keys(slices.Concat(chart, names)), siteDoc))
	if p.after.Lines(t.Chart) == nil {
		cached = append(cached, p.keys(chart)...)
	}
	if t.Before {
		cached = append(cached, p.keys(filesOf(t.Chart, t.Version))...)
	}
	return cached, err
}

// keys returns the keys of files of the channel.
func (p *pass) keys(names []string) []string {
	keys := make([]string, len(names))
	for i, name := range names {
		keys[i] = path.Join(p.channel.Name, name)
	}
	return keys
}

// exist returns those of the keys that exist.
func (p *pass) exist(ctx context.Context, keys []string) (there []string, err error) {
	for _, key := range keys {
		r, err := p.site.Get(ctx, key)
		if errors.Is(err, bucket.ErrNotFound) {
			continue
		}
		if err != nil {
			return there, err
		}
		r.Close()
		there = append(there, key)
	}
	return there, nil
}

// comparedWith returns the versions whose pages compared with the one that was taken down:
// those before which it came in the index before the takedown. If that index is pruned, these
// are all that the chart has.
func (p *pass) comparedWith(ctx context.Context, t *publisher.TakeDownReport) ([]string, error) {
	before := p.channel.IndexGeneration()
	for r, err := range p.channel.Changes(ctx, t.Generation-1) {
		if err != nil {
			return nil, err
		}
		before = r.Base
	}
	index, err := p.channel.At(ctx, before)
	pruned := errors.Is(err, bucket.ErrNotFound)
	if pruned {
		index, err = p.after.Index, nil
	}
	if err != nil {
		return nil, err
	}
	all, err := (&view{Index: index}).releases(t.Chart)
	if err != nil {
		return nil, err
	}
	compared := map[string]bool{}
	for i, before := range predecessors(all) {
		if pruned || before >= 0 && all[before].Version == t.Version {
			compared[all[i].Version] = true
		}
	}
	return slices.Sorted(maps.Keys(compared)), nil
}
