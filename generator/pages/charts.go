package pages

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/generator/values"
)

// charts returns what makes the pages of the charts that changed, chart by chart.
func (p *pass) charts() []generator.Part {
	var parts []generator.Part
	for name := range p.after.Charts() {
		if !p.after.lists(name) {
			if !p.unchanged(name) {
				parts = append(parts, p.part(name, unlisted))
			}
			continue
		}
		i := len(p.summaries)
		p.summaries = append(p.summaries, ChartSummary{})
		if s, ok := p.had[name]; ok && p.unchanged(name) && p.describes(s) {
			p.summaries[i] = s
			continue
		}
		parts = append(parts, p.part(name, i))
	}
	for _, name := range p.goneCharts() {
		parts = append(parts, func(ctx context.Context) (bool, error) { return true, p.removeChart(ctx, name) })
	}
	return parts
}

// goneCharts are the charts that have pages, or may have, and no version.
func (p *pass) goneCharts() (gone []string) {
	for name := range p.before.Charts() {
		if p.after.Lines(name) == nil {
			gone = append(gone, name)
		}
	}
	if p.again != "" && p.after.Lines(p.again) == nil && p.before.Lines(p.again) == nil {
		gone = append(gone, p.again)
	}
	return gone
}

// unlisted is the position of a chart that lists leave out.
const unlisted = -1

// part makes the pages of a chart, the i-th of those that are listed.
func (p *pass) part(name string, i int) generator.Part {
	var c *chartPages
	return func(ctx context.Context) (done bool, err error) {
		if c == nil {
			if c, err = p.chart(ctx, name); err != nil {
				return false, err
			}
			if i != unlisted {
				p.summaries[i] = c.all[c.newest].chartSummary(c.versions, c.newest)
				p.summaries[i].Values = c.keys
			}
		}
		if done, err = c.write(ctx); done || err != nil {
			c = nil // with what it holds of archives
		}
		return done, err
	}
}

// findKeys finds the keys of the newest version's values. Its archive is read only if the
// chart's document does not have the keys of the same one.
func (c *chartPages) findKeys(ctx context.Context, had ChartDoc) error {
	digest := c.all[c.newest].Digest
	if slices.ContainsFunc(had.Versions, func(v VersionSummary) bool { return v.Version == had.Version && v.Digest == digest }) {
		c.keys = had.Values
		return nil
	}
	r, err := c.contents(ctx, c.newest)
	if err != nil || r.archive == nil {
		return err
	}
	c.keys = values.Keys(ctx, r.archive.file, maxValueKeys)
	return ctx.Err()
}

// unchanged reports whether the pages of a chart are as they should be: it is the
// same as when they were made, and no pass was cut off that made others.
func (p *pass) unchanged(chart string) bool { return p.same(chart) && p.progress.earlier[chart] == "" }

// same reports whether a chart has the same versions as when its pages were made,
// and the index and the registry show the same ones.
func (p *pass) same(chart string) bool {
	return chart != p.again && !p.registry.moved(chart) && p.before.same(chart, p.after)
}

// describes reports whether the summary belongs to one of its chart's lines and counts
// them right: it may come from another generator, which showed another generation.
func (p *pass) describes(s ChartSummary) bool {
	lines := p.after.Lines(s.Name)
	return s.Versions == len(lines)-len(p.after.yanked(s.Name)) && s.Digest != "" &&
		slices.ContainsFunc(lines, func(line string) bool { return strings.Contains(line, s.Digest) })
}

// chart reads what a chart's pages are made from, and finds out which of them are
// to be made.
func (p *pass) chart(ctx context.Context, name string) (*chartPages, error) {
	c := &chartPages{pass: p, name: name, read: map[int]*reading{}, shared: newShared()}
	var err error
	if c.all, err = p.after.releases(name); err != nil {
		return nil, fmt.Errorf("chart %s: %w", name, err)
	}
	if c.had, err = p.before.releases(name); err != nil {
		return nil, fmt.Errorf("chart %s: %w", name, err)
	}
	var doc ChartDoc
	if !p.remake {
		if err := p.read(ctx, chartDoc(name), &doc); err != nil {
			return nil, err
		}
	}
	if c.versions, err = p.summarize(ctx, name, c.all, doc.Versions); err != nil {
		return nil, err
	}
	setManifests(c.all, c.versions)
	setManifests(c.had, doc.Versions)
	c.newest, c.before = newest(c.all), predecessors(c.all)
	c.gone = missing(c.had, c.all)
	if err := c.findKeys(ctx, doc); err != nil {
		return nil, err
	}
	if name == p.again {
		c.mark, c.had, c.unknown = p.mark(name, c.versions), nil, true
		return c, nil
	}
	c.made = p.unchanged(name) // and only its summary was missing
	c.resume(p.progress.earlier[name])
	return c, nil
}

// removeChart removes the pages of a chart that the channel no longer has.
func (p *pass) removeChart(ctx context.Context, name string) error {
	all, err := p.before.releases(name)
	if err != nil {
		return err
	}
	gone := []string{chartDoc(name)}
	for _, file := range chartFiles {
		gone = append(gone, path.Join(chartDir(name), file))
	}
	for n := 1; n <= lists(len(all)); n++ {
		gone = append(gone, versionList(name, n))
	}
	for _, r := range all {
		gone = append(gone, filesOf(name, r.Version)...)
	}
	for _, file := range gone {
		if err := p.remove(ctx, file); err != nil {
			return err
		}
	}
	return nil
}

// filesOf returns the files that a version may have.
func filesOf(chart, version string) []string {
	var files []string
	for _, name := range slices.Concat(versionPages, rawFiles) {
		files = append(files, path.Join(versionDir(chart, version), name))
	}
	return files
}

// remove removes a file of the channel.
func (p *pass) remove(ctx context.Context, name string) error {
	return p.discard(ctx, p.site, path.Join(p.channel.Name, name))
}
