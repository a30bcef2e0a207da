package publisher

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/days"
	"github.com/portolan-charts/portolan/publisher/droparea"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// Versions that have been yanked for long can be freed, with everything that was ever
// published as them. First a record takes their lines out of the index, so that nothing but
// snapshots names them, and says that their content is not to come back. Once the grace time
// after that has passed, prunes remove their files, whatever snapshots name: see
// prune_freed.go.

// FreedVersion is a version that a prune frees, or would free.
type FreedVersion struct {
	Chart   string    `json:"chart"`
	Version string    `json:"version"`
	Yanked  time.Time `json:"yanked"`
	Reason  string    `json:"reason"` // of the yank
	Bytes   int64     `json:"bytes"`  // of its files among the channel's charts

	line releaseLine
}

// maxFreed is the most versions that one record frees.
var maxFreed = action.MaxVersions // a variable for tests

// free commits that the versions which have been yanked for long are freed. If a generator
// commits first, it looks again. Head shows it once the floor is raised.
func (p *pruner) free(ctx context.Context, report *ChannelPrune) error {
	if p.Yanked == nil {
		return nil
	}
	for {
		c, err := openShown(ctx, p.site, report.Channel)
		if err != nil {
			return err
		}
		if err = p.freeIn(ctx, c, report); !errors.Is(err, bucket.ErrConflict) {
			return err
		}
	}
}

// freeIn commits as many records as it takes.
func (p *pruner) freeIn(ctx context.Context, c *Channel, report *ChannelPrune) error {
	for some := p.yankedLong(c); len(some) > 0; some = p.yankedLong(c) {
		known := c.Generation()
		if err := c.compareEnd(ctx); err != nil { // a lost record could have restored it
			return err
		}
		if c.Generation() > known {
			continue
		}
		d, err := p.draftFree(ctx, c, some)
		switch {
		case err != nil:
		case p.DryRun:
			err = c.Pretend(d)
		default:
			err = c.Commit(ctx, d)
		}
		if err != nil {
			return err
		}
		report.Freed = append(report.Freed, some...)
	}
	return nil
}

// yankedLong are the versions that have been yanked for long enough, as many as a record
// frees.
func (p *pruner) yankedLong(c *Channel) (some []FreedVersion) {
	if c.state == nil {
		return nil
	}
	lines := map[string]string{} // by version, of one chart
	chart, bytes := "", 0
	for _, y := range c.state.Yanked {
		if p.now.Sub(y.Time) < *p.Yanked || !p.Before.IsZero() && !y.Time.Before(p.Before) {
			continue
		}
		if y.Chart != chart {
			chart = y.Chart
			clear(lines)
			for _, line := range c.index.Lines(chart) {
				lines[lineVersion(line)] = line
			}
		}
		line, ok := lines[y.Version]
		if !ok {
			continue
		}
		if bytes += len(line); len(some) == maxFreed || bytes > MaxLines && len(some) > 0 {
			break
		}
		some = append(some, FreedVersion{y.Chart, y.Version, y.Time, y.Reason, 0, lineOf(line)})
	}
	return some
}

// draftFree is the record that frees versions.
func (p *pruner) draftFree(ctx context.Context, c *Channel, some []FreedVersion) (Draft, error) {
	id, err := droparea.NewID()
	if err != nil {
		return Draft{}, err
	}
	d := c.draftAt(p.now, p.Nonce())
	a := ActionDecision{ID: id, Arrival: d.Time, Kind: action.Free, Verdict: verdict.Accepted, Reason: fmt.Sprintf("it was yanked for %s or longer", days.Format(*p.Yanked))}
	if a.Versions, err = p.contents(ctx, c, some); err != nil {
		return Draft{}, err
	}
	d.Actions = []ActionDecision{a}
	gone := map[version]bool{}
	for _, v := range some {
		gone[version{v.Chart, v.Version}] = true
	}
	err = c.withoutVersions(&d, gone, p.Show)
	return d, err
}

// contents are what is published as the versions.
func (p *pruner) contents(ctx context.Context, c *Channel, some []FreedVersion) ([]ActionVersion, error) {
	all := make([]ActionVersion, len(some))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(p.Workers)
	for i, v := range some {
		all[i].Pin = action.Pin{Chart: v.Chart, Version: v.Version, Digest: v.line.Digest}
		group.Go(func() error {
			info, err := ReadRelease(ctx, p.site, c.Name, v.line.url())
			if errors.Is(err, bucket.ErrNotFound) {
				return nil // its digest has to do
			}
			if err == nil {
				all[i].Fingerprint = info.Fingerprint
			}
			return err
		})
	}
	return all, group.Wait()
}
