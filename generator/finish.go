package generator

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/droparea"
	"github.com/portolan-charts/portolan/publisher/registry"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// finisher ends what a run has decided. Receipts come from the log: what an
// earlier run decided is not decided again, only put into words again.
type finisher struct {
	Options
	channel string
	reader  *reader
	catalog *catalog
	decided map[string]decision // by this run
	before  *history
}

// finish gives every decided upload its receipt, and adds it to given. It also returns the
// uploads that may leave the inbox. Head covers the decisions by now.
func (f *finisher) finish(ctx context.Context, uploads []*droparea.Upload, given []droparea.Receipt) (_ []droparea.Receipt, done []*droparea.Upload, err error) {
	receipts := make([]*droparea.Receipt, len(uploads))
	written := make([]bool, len(uploads))
	err = each(ctx, f.Workers, len(uploads), func(i int) (err error) {
		receipts[i], err = f.receipt(ctx, uploads[i])
		if err == nil && receipts[i] != nil && !f.DryRun {
			err = droparea.WriteReceipt(ctx, f.Drop, uploads[i], receipts[i])
			written[i] = err == nil
		}
		return unfinished(uploads[i], err)
	})
	for i, receipt := range receipts {
		if receipt != nil {
			given = append(given, reported(*receipt))
		}
		if written[i] {
			done = append(done, uploads[i])
		}
	}
	return given, done, err
}

// empty takes uploads that have their receipts out of the inbox. It comes after
// all receipts, so that a folder on disk flushes once for all.
func (o *Options) empty(ctx context.Context, uploads []*droparea.Upload) error {
	errs := droparea.Remove(ctx, o.Drop, o.Workers, uploads)
	for i, err := range errs {
		errs[i] = unfinished(uploads[i], err)
	}
	return joined(ctx, errs)
}

func unfinished(u *droparea.Upload, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("upload %s is decided, but stays in the inbox until the next run: %w", u.ID, err)
}

// receipt returns the upload's receipt, nil if it is not decided.
func (f *finisher) receipt(ctx context.Context, u *droparea.Upload) (*droparea.Receipt, error) {
	if known := f.before.receipts[u.ID]; known != nil {
		return known, nil
	}
	if d, ok := f.decided[u.ID]; ok {
		receipt := d.receipt(f.channel, d.generation, d.time)
		return &receipt, nil
	}
	if p, ok := f.before.decided[u.ID]; ok {
		return f.recall(ctx, u, p)
	}
	return nil, nil
}

// recall puts a decision of an earlier run, which did not get to write the
// receipt, into words: it reads a refused upload once more for the reason, but
// the verdict and the rule are those in the log, whatever they would be today.
func (f *finisher) recall(ctx context.Context, u *droparea.Upload, p past) (*droparea.Receipt, error) {
	if u.Action != nil {
		return f.recallAction(ctx, u, p)
	}
	request, err := droparea.ReadRequest(ctx, f.Drop, u)
	if err != nil {
		return nil, err
	}
	o := &outcome{candidate: &candidate{upload: u, request: request}, ruling: ruling{p.Verdict, p.Rule}}
	o.ref = ref{p.Chart, p.Version}
	if p.Verdict == verdict.Rejected {
		again, _, err := f.reader.readParts(ctx, u, request)
		if err != nil && !errors.Is(err, bucket.ErrNotFound) {
			return nil, err
		}
		o.problem = f.reason(again, p)
		o.chart = again.chart // for its warnings
	}
	if y, ok := f.catalog.state.FindYanked(p.Chart, p.Version); ok && (p.Verdict.Publishes() || p.Verdict == verdict.Unchanged) {
		o.yanked = &y
	}
	receipt := o.receipt(f.channel, p.record.Generation, p.record.Time)
	receipt.Digest, receipt.Arrival = p.Digest, p.Arrival
	if url := f.urlOf(p); url != "" {
		receipt.URL = f.channel + "/" + url
		receipt.Manifest = registry.Digest(p.record.ManifestAt(url))
	}
	return &receipt, nil
}

// reason says once more why an upload, which has been read again, was refused; nil if that
// cannot be seen any more.
func (f *finisher) reason(again *candidate, p past) *check.Problem {
	reasons := []*check.Problem{again.problem, again.signature.refusal}
	if again.chart != nil {
		reasons = append(reasons, f.planner().refuseGone(&outcome{candidate: again, ref: again.ref()}))
	}
	for _, problem := range reasons {
		if problem != nil && problem.Rule == p.Rule {
			return problem
		}
	}
	v := ref{p.Chart, p.Version}
	if release, ok := f.catalog.find(v); ok {
		return f.catalog.explain(p.Rule, v, content{digest: release.Digest, created: release.Created}, p.Digest, f.Now())
	}
	return nil
}

// planner is what would decide now.
func (f *finisher) planner() *planner {
	return newPlanner(f.Config.Policy(f.channel), f.Config.Wait(), f.Now(), f.catalog, newHistory(time.Time{}))
}

// urlOf finds where the content that was decided on is published: as its
// record says, or as the index does.
func (f *finisher) urlOf(p past) string {
	if p.Verdict == verdict.Rejected || p.Verdict == verdict.Superseded {
		return ""
	}
	if p.record.Change != nil {
		for _, line := range p.record.Change.Added {
			if release, err := parseLine(line.Text); err == nil && line.Chart == p.Chart && release.Version == p.Version {
				return release.URLs[0]
			}
		}
	}
	if release, ok := f.catalog.find(ref{p.Chart, p.Version}); ok {
		return release.URLs[0]
	}
	return ""
}
