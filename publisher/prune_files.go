package publisher

import (
	"context"
	"path"
	"strings"

	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/droparea"
	"github.com/portolan-charts/portolan/publisher/sweep"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// maxCandidates is how many files are held while the log is searched for their
// uploads.
const maxCandidates = 30_000

// candidate is a chart file that no kept generation names.
type candidate struct {
	entry         bucket.Entry
	chart, upload string
}

// snapshots removes the snapshots of generations that are not kept.
func (p *pruner) snapshots(ctx context.Context, c *Channel, k *keeping, report *ChannelPrune) error {
	if k.from == 0 {
		return nil
	}
	r := sweep.New(ctx, p.site, p.Workers, p.DryRun)
	defer r.RemoveFolders(1)
	for e, err := range p.site.List(ctx, path.Join(c.Name, snapshotsDir), bucket.Descendants) {
		if err != nil {
			return r.Wait(err)
		}
		if n := snapshotNumber(c.Name, e.Key); n > 0 && n < k.from {
			r.Remove(e, &report.Snapshots)
		}
	}
	return r.Wait(nil)
}

// probes removes what processes that died while they probed the store left there.
func (p *pruner) probes(ctx context.Context, c *Channel) error {
	r := sweep.New(ctx, p.site, p.Workers, p.DryRun)
	for e, err := range p.site.List(ctx, c.Name, bucket.Children) {
		if err != nil {
			return r.Wait(err)
		}
		if !e.Dir && strings.HasPrefix(path.Base(e.Key), bucket.ProbePrefix) && p.now.Sub(e.Modified) > p.Grace {
			r.Remove(e, &p.report.Leftovers)
		}
	}
	return r.Wait(nil)
}

// chartFiles removes the files that no kept generation names, of uploads that
// are decided. Others may be about to be published.
func (p *pruner) chartFiles(ctx context.Context, c *Channel, k *keeping, report *ChannelPrune) error {
	var some []candidate
	files, freed := 0, map[version]*FreedVersion{}
	for i, v := range report.Freed {
		freed[version{v.Chart, v.Version}] = &report.Freed[i]
	}
	for e, err := range p.site.List(ctx, path.Join(c.Name, chartsDir), bucket.Descendants) {
		if err != nil {
			return err
		}
		files++
		p.Progress(PruneProgress{c.Name, files})
		rel := strings.TrimPrefix(e.Key, c.Name+"/")
		chart, upload, ok := chartFile(rel)
		if v := freed[releaseVersion(rel)]; ok && v != nil {
			v.Bytes += e.Size
		}
		if !ok || k.folders[path.Dir(rel)] {
			continue
		}
		if some = append(some, candidate{e, chart, upload}); len(some) == maxCandidates {
			if err := p.removeUnkept(ctx, c, k, some, report); err != nil {
				return err
			}
			some = some[:0]
		}
	}
	return p.removeUnkept(ctx, c, k, some, report)
}

// chartFile returns the chart and the upload that a file below charts/ belongs to, if
// portolan writes such a file.
func chartFile(rel string) (chart, upload string, ok bool) {
	parts := strings.Split(rel, "/")
	if len(parts) != 5 {
		return "", "", false
	}
	archive := parts[1] + "-" + parts[2] + chartExt
	return parts[1], parts[3], droparea.IsID(parts[3]) && (parts[4] == archive || parts[4] == archive+".prov" || parts[4] == releaseFile || parts[4] == manifestFile)
}

// removeUnkept removes the files of versions that were freed, and of the others those whose
// uploads are decided.
func (p *pruner) removeUnkept(ctx context.Context, c *Channel, k *keeping, some []candidate, report *ChannelPrune) error {
	others, err := p.removeFreed(ctx, c, k, some, report)
	if err != nil {
		return err
	}
	return p.removeDecided(ctx, c, others, report)
}

// removeDecided removes the files whose uploads are decided in the channel's log. A
// release that was published was removed from the index before the oldest generation
// that is kept.
func (p *pruner) removeDecided(ctx context.Context, c *Channel, some []candidate, report *ChannelPrune) error {
	verdicts, changed, err := c.verdicts(ctx, some)
	if err != nil {
		return err
	}
	if err := p.spareWaiting(ctx, verdicts); err != nil {
		return err
	}
	if err := p.freshen(ctx, c, touched{charts: changed}); err != nil {
		return err
	}
	r := sweep.New(ctx, p.site, p.Workers, p.DryRun)
	defer r.RemoveFolders(1)
	for _, f := range some {
		switch v, decided := verdicts[f.upload]; {
		case !decided:
		case v.Publishes():
			r.Remove(f.entry, &report.Charts)
		default:
			r.Remove(f.entry, &report.Orphans)
		}
	}
	return r.Wait(nil)
}

// freshen writes the files that follow from the log and depend on what was touched once
// more, if they are not right: an old one names what is about to be removed.
func (p *pruner) freshen(ctx context.Context, c *Channel, t touched) error {
	if p.DryRun {
		return nil
	}
	now := *c // it may read later records, which must not decide what is removed
	now.touched = t
	return now.Project(ctx)
}

// spareWaiting removes the verdicts on uploads that are in the inbox: somebody may have
// put back uploads whose receipts are gone.
func (p *pruner) spareWaiting(ctx context.Context, verdicts map[string]verdict.Verdict) error {
	if len(verdicts) == 0 {
		return nil
	}
	waiting, err := droparea.WaitingIDs(ctx, p.drop)
	for id := range waiting {
		delete(verdicts, id)
	}
	return err
}

// verdicts searches the log for the uploads that the files belong to. On the way it passes
// the last changes of the charts that have published one of them: it returns these as well.
func (c *Channel) verdicts(ctx context.Context, some []candidate) (map[string]verdict.Verdict, map[string]touch, error) {
	wanted, charts := map[string]bool{}, map[string]bool{}
	for _, f := range some {
		wanted[f.upload] = true
		charts[f.chart] = true
	}
	verdicts, changed := map[string]verdict.Verdict{}, map[string]touch{}
	if len(wanted) == 0 {
		return verdicts, changed, nil
	}
	for r, err := range c.back(ctx) {
		if err != nil {
			return nil, nil, err
		}
		noteTouched(changed, charts, r)
		for _, d := range r.Decisions {
			if wanted[d.Upload] {
				verdicts[d.Upload] = d.Verdict
			}
		}
		for _, a := range r.Actions {
			if wanted[a.ID] {
				verdicts[a.ID] = a.Verdict
			}
		}
		if len(verdicts) == len(wanted) {
			break
		}
	}
	return verdicts, changed, nil
}

// noteTouched notes what a record changed of these charts, unless it is known that a later one
// did.
func noteTouched(changed map[string]touch, charts map[string]bool, r *Record) {
	now := touched{}
	now.add(r)
	for name, t := range now.charts {
		if charts[name] && changed[name].generation < t.generation {
			changed[name] = t
		}
	}
}
