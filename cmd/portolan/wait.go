package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/portolan-charts/portolan/publisher"
)

const pollEvery = 500 * time.Millisecond

// wait waits until every upload is decided, and prints the verdicts.
func (d *dropper) wait(ctx context.Context, timeout time.Duration) error {
	deadline := time.Now().Add(timeout)
	undecided := 0
	for _, r := range d.results {
		if r.ID == "" {
			continue
		}
		receipt, err := d.receipt(ctx, r.ID, deadline)
		if err != nil {
			return err
		}
		if receipt == nil {
			undecided++
			continue
		}
		r.Receipt, r.Verdict = receipt, receipt.Verdict
		r.Rule, r.Message, r.Fix = receipt.Rule, receipt.Message, receipt.Fix
		if !d.json {
			d.printVerdict(receipt)
		}
	}
	if undecided == 0 {
		return nil
	}
	return hint(fmt.Errorf("%s not decided after %s", count(undecided, "upload"), timeout),
		"they are safe in the drop area; 'portolan generate' decides them, and 'portolan status UPLOAD-ID' tells the verdict")
}

// receipt polls for one upload's receipt until the deadline; nil if there is
// none by then.
func (d *dropper) receipt(ctx context.Context, id string, deadline time.Time) (*publisher.Receipt, error) {
	for {
		receipt, err := publisher.ReadReceipt(ctx, d.store, id)
		if !errors.Is(err, publisher.ErrNotFound) && !publisher.Denied(err) {
			return receipt, err
		}
		left := time.Until(deadline)
		if left <= 0 {
			return nil, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(min(left, pollEvery)):
		}
	}
}

// printVerdict prints one receipt as a line, or three.
func (d *dropper) printVerdict(r *publisher.Receipt) {
	d.printf("%s%s, generation %d\n", verdictColumn(r.Verdict, false), subject(*r), r.Generation)
	if r.Verdict == publisher.Rejected {
		printReason(d.stdout, r.Message, r.Fix)
	}
}
