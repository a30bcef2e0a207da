package pages

import (
	"context"
	"path"
	"time"

	"github.com/portolan-charts/portolan/publisher/pause"
)

// chartPages makes the pages of one chart.
type chartPages struct {
	*pass
	name     string
	all      []*release // in the index's order: newest first
	had      []*release // when pages were made last, as far as those are known
	gone     []string   // versions that there were then, and are no longer
	versions []VersionSummary
	keys     []string // of the newest version's values
	newest   int      // position of the newest release
	before   []int    // positions of the releases' predecessors, or -1
	mark     string   // see pass.mark
	next     int      // position of the release whose page is the next one
	made     bool     // all pages are made
	unknown  bool     // which pages are there

	read   map[int]*reading // archives that are needed again, by position
	shared *shared
}

// missing returns the versions of had that there are no longer.
func missing(had, all []*release) (gone []string) {
	there := map[string]bool{}
	for _, r := range all {
		there[r.Version] = true
	}
	for _, r := range had {
		if !there[r.Version] {
			gone = append(gone, r.Version)
		}
	}
	return gone
}

// resume goes on from where a pass was cut off. If that made other pages, nobody
// knows which of them are there, so all are made, by the next pass too if this one is
// cut off in turn.
func (c *chartPages) resume(earlier string) {
	c.mark = c.pass.mark(c.name, c.versions)
	if earlier == "" {
		return
	}
	versions, all, same := versionsOf(earlier, c.mark)
	switch {
	case !same:
		c.unknown = true
	case earlier == c.mark:
		c.made = true
	default:
		c.next, c.unknown = min(versions, len(c.all)), all
	}
	if c.unknown {
		c.had = nil
	}
}

// partly is the mark of the chart as far as it is.
func (c *chartPages) partly() string { return partly(c.mark, c.next, c.unknown) }

// write writes those of a chart's pages that change. It returns false if it has
// used up its turn.
func (c *chartPages) write(ctx context.Context) (done bool, err error) {
	if c.made {
		return true, nil
	}
	switch done, err := c.writeVersions(ctx); {
	case err != nil:
		c.progress.set(c.name, c.partly())
		return false, err
	case !done:
		return false, c.note(ctx, c.name, c.partly())
	}
	for _, write := range []func(context.Context) error{
		c.versionsPage, c.writeLists, c.versionsDoc, c.changelog, c.comparison, c.badge, c.feed, c.owner, c.chartDoc,
	} {
		if err := write(ctx); err != nil {
			return false, err
		}
	}
	return true, c.note(ctx, c.name, c.mark)
}

// badge writes the chart's badge.
func (c *chartPages) badge(ctx context.Context) error {
	version := c.all[c.newest].Version
	if c.all[c.newest].yanked != nil {
		version = "yanked"
	}
	return c.put(ctx, path.Join(chartDir(c.name), badgeFile), badge("helm", version))
}

// chartDoc writes the chart's document for programs.
func (c *chartPages) chartDoc(ctx context.Context) error {
	keyring, err := c.keyringURL(ctx)
	if err != nil {
		return err
	}
	doc := ChartDoc{
		Schema: c.schema(1, "chart"), Channel: c.channel.Name, Repository: c.absolute(c.channel.Name), OCI: c.oci(), Name: c.name,
		Version: c.all[c.newest].Version, Page: "../../" + escapePath(chartDir(c.name)) + "/" + indexPage, Values: c.keys, Keyring: keyring, Versions: c.versions,
	}
	if d := c.all[c.newest].deprecation; d != nil {
		doc.Deprecation = &DeprecationDoc{d.Message, d.Successor, d.Time}
	}
	return c.putDoc(ctx, path.Join(c.channel.Name, chartDoc(c.name)), doc)
}

// inputs are what a version's pages are made from, besides the look. The pages are
// made again if they change. What later versions change is not among them: pages
// take that from versions.json.
type inputs struct {
	line, predecessor string
	manifest          string // only the overview shows it
	said              string // what actions say of it
}

// onlyOverview reports whether pages besides the overview are the same as with other inputs.
func (in inputs) onlyOverview(other inputs) bool {
	in.manifest = other.manifest
	return in == other
}

func inputsOf(all []*release) map[string]inputs {
	of := map[string]inputs{}
	for i, before := range predecessors(all) {
		in := inputs{line: all[i].line, manifest: all[i].manifest, said: all[i].said()}
		if before >= 0 {
			in.predecessor = all[before].line
		}
		of[all[i].Version] = in
	}
	return of
}

// writeVersions writes the pages of the versions whose inputs have changed, and
// the chart's own page, until its turn is over. It removes the files of versions
// that are gone.
func (c *chartPages) writeVersions(ctx context.Context) (done bool, err error) {
	before, after := inputsOf(c.had), inputsOf(c.all)
	began, first := time.Now(), c.next
	for c.next < len(c.all) {
		start := time.Now()
		if c.next > first && start.Sub(began) > c.Turn {
			return false, nil
		}
		i, version := c.next, c.all[c.next].Version
		delete(c.read, i-1)
		was, had := before[version]
		now := after[version]
		due := duePages{overview: was != now, others: !was.onlyOverview(now), replaced: had}
		due.chart = i == c.newest && (due.overview || c.had[newest(c.had)].Version != version)
		if err := c.writeVersion(ctx, i, due); err != nil {
			return false, err
		}
		c.next++
		if err := c.rest(ctx, time.Since(start)); err != nil {
			return false, err
		}
	}
	for _, version := range c.gone {
		for _, file := range filesOf(c.name, version) {
			if err := c.remove(ctx, file); err != nil {
				return false, err
			}
		}
	}
	return true, nil
}

const (
	maxRest    = time.Second // the longest that pages rest before those of the next version
	maxWaiters = 3           // of whom each adds to a rest
)

// rest gives way to those who wait: it takes as long as the work before it, for each of
// them. So one gets half of the time, and many get three quarters of it. Pages that
// somebody waits for are made all the same.
func (p *pass) rest(ctx context.Context, worked time.Duration) error {
	waiters := 0
	if p.GiveWay != nil {
		waiters = min(p.GiveWay(), maxWaiters)
	}
	if waiters == 0 {
		return nil
	}
	return pause.For(ctx, min(time.Duration(waiters)*worked, maxRest))
}
