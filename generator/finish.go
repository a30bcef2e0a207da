package generator

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/portolan-charts/portolan/publisher"
)

// finishAll gives every decided upload its receipt and takes it out of the
// inbox. Head covers the decisions by now. Receipts come from the log: what an
// earlier run decided is not decided again, only put into words again.
func (r *channelRun) finishAll(ctx context.Context, uploads []*publisher.Upload, decided map[string]decision, before *history) error {
	var group errgroup.Group
	group.SetLimit(r.Workers)
	receipts := make([]*publisher.Receipt, len(uploads))
	for i, u := range uploads {
		group.Go(func() error {
			receipt, err := r.receipt(ctx, u, decided, before)
			if err != nil || receipt == nil {
				return err
			}
			receipts[i] = receipt
			if r.DryRun {
				return nil
			}
			if err := publisher.Finish(ctx, r.Drop, u, receipt); err != nil {
				return fmt.Errorf("upload %s is %s, but could not be taken out of the inbox: %w", u.ID, receipt.Verdict, err)
			}
			return nil
		})
	}
	err := group.Wait()
	for _, receipt := range receipts {
		if receipt != nil {
			r.report.Receipts = append(r.report.Receipts, *receipt)
		}
	}
	return err
}

// receipt returns the upload's receipt, nil if it is not decided.
func (r *channelRun) receipt(ctx context.Context, u *publisher.Upload, decided map[string]decision, before *history) (*publisher.Receipt, error) {
	if d, ok := decided[u.ID]; ok {
		receipt := d.receipt(r.channel.Name, d.generation, d.time)
		return &receipt, nil
	}
	if p, ok := before.decided[u.ID]; ok {
		return r.recall(ctx, u, p)
	}
	return nil, nil
}

// recall puts a decision of an earlier run, which did not get to write the
// receipt, into words: it reads a refused upload once more for the reason, but
// the verdict and the rule are those in the log, whatever they would be today.
func (r *channelRun) recall(ctx context.Context, u *publisher.Upload, p past) (*publisher.Receipt, error) {
	request, err := publisher.ReadRequest(ctx, r.Drop, u)
	if err != nil {
		return nil, err
	}
	o := &outcome{candidate: &candidate{upload: u, request: request}, ruling: ruling{p.Verdict, p.Rule}}
	o.ref = ref{p.Chart, p.Version}
	if p.Verdict == publisher.Rejected {
		again := &candidate{upload: u, request: request}
		if _, _, err := r.readParts(ctx, again); err != nil && !errors.Is(err, publisher.ErrNotFound) {
			return nil, err
		}
		if again.problem != nil && again.problem.Rule == p.Rule {
			o.problem = again.problem
		}
	}
	receipt := o.receipt(r.channel.Name, p.record.Generation, p.record.Time)
	receipt.Digest, receipt.Arrival = p.Digest, p.Arrival
	if url := r.urlOf(p); url != "" {
		receipt.URL = r.channel.Name + "/" + url
	}
	return &receipt, nil
}

// urlOf finds where the content that was decided on is published: as its
// record says, or as the index does.
func (r *channelRun) urlOf(p past) string {
	if p.Verdict == publisher.Rejected || p.Verdict == publisher.Superseded {
		return ""
	}
	if p.record.Change != nil {
		for _, line := range p.record.Change.Added {
			if release, err := parseLine(line.Text); err == nil && line.Chart == p.Chart && release.Version == p.Version {
				return release.URLs[0]
			}
		}
	}
	if release, ok := r.catalog.find(ref{p.Chart, p.Version}); ok {
		return release.URLs[0]
	}
	return ""
}
