package generator

import (
	"context"
	"errors"
	"fmt"

	"github.com/portolan-charts/portolan/publisher"
)

// finishAll gives every decided upload its receipt and takes it out of the
// inbox. Head covers the decisions by now. Receipts come from the log: what an
// earlier run decided is not decided again, only put into words again.
func (r *channelRun) finishAll(ctx context.Context, uploads []*publisher.Upload, decided map[string]decision, before *history) error {
	receipts := make([]*publisher.Receipt, len(uploads))
	done := make([]bool, len(uploads))
	err := r.each(ctx, len(uploads), func(i int) (err error) {
		receipts[i], err = r.receipt(ctx, uploads[i], decided, before)
		if err == nil && receipts[i] != nil && !r.DryRun {
			err = publisher.WriteReceipt(ctx, r.Drop, uploads[i], receipts[i])
			done[i] = err == nil
		}
		return r.unfinished(uploads[i], err)
	})
	for _, receipt := range receipts {
		if receipt != nil {
			r.report.Receipts = append(r.report.Receipts, *receipt)
		}
	}
	// Apart from the receipts, so that a folder on disk flushes once for all.
	return errors.Join(err, r.each(ctx, len(uploads), func(i int) error {
		if !done[i] {
			return nil
		}
		return r.unfinished(uploads[i], publisher.Remove(ctx, r.Drop, uploads[i]))
	}))
}

func (r *channelRun) unfinished(u *publisher.Upload, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("upload %s is decided, but stays in the inbox until the next run: %w", u.ID, err)
}

// receipt returns the upload's receipt, nil if it is not decided.
func (r *channelRun) receipt(ctx context.Context, u *publisher.Upload, decided map[string]decision, before *history) (*publisher.Receipt, error) {
	if known := r.known[u.ID]; known != nil {
		return known, nil
	}
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
		} else if release, ok := r.catalog.find(o.ref); ok {
			o.problem = explain(p.Rule, o.ref, content{digest: release.Digest, created: release.Created}, p.Digest, r.Now())
		}
		o.chart = again.chart // for its warnings
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
