package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/droparea"
	"github.com/portolan-charts/portolan/publisher/pause"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

const (
	pollEvery = 500 * time.Millisecond
	lastLook  = 5 * time.Second // that a drop area has to answer, also when the time is up
)

// checkTimeout refuses a time to wait that cannot be.
func (f *flags) checkTimeout(timeout time.Duration) error {
	if timeout < 0 {
		return usagef("%s: %s must not be negative; write a time such as 90s or 10m", f.given["timeout"], timeout)
	}
	return nil
}

// wait waits until every upload is decided, and prints the verdicts.
func (d *dropper) wait(ctx context.Context, timeout time.Duration) error {
	deadline := time.Now().Add(timeout)
	undecided := 0
	for _, r := range d.results {
		if r.ID == "" {
			continue
		}
		receipt, err := waitFor(ctx, d.store, "upload", r.ID, deadline)
		if err != nil {
			if ctx.Err() != nil && isTerminal(d.stderr) {
				d.say("note", "the uploads stay in the drop area: "+decidedLater)
			}
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
	return undecidedAfter(timeout, count(undecided, "upload"), "they are")
}

// undecidedAfter is the error for what is not decided when the time is up.
func undecidedAfter(timeout time.Duration, what, they string) error {
	return hint(fmt.Errorf("%s not decided after %s", what, timeout), "%s safe in the drop area; %s", they, decidedLater)
}

const decidedLater = "'portolan generate' decides, and 'portolan status ID' tells the verdict"

// tellWhere tells a person where the uploads are, and what must happen to them. A script
// reads what is printed of each upload, and nothing more.
func (d *dropper) tellWhere(drop string, wait bool, timeout time.Duration) {
	uploads := 0
	for _, r := range d.results {
		if r.ID != "" {
			uploads++
		}
	}
	switch {
	case uploads == 0 || !isTerminal(d.stderr):
	case wait:
		d.say("note", fmt.Sprintf("%s in %s; waiting for 'portolan generate' to decide (up to %s)", count(uploads, "upload"), drop, timeout))
	default:
		d.say("note", fmt.Sprintf("%s in %s; 'portolan generate' decides", count(uploads, "upload"), drop))
	}
}

// warnOfDefault warns of an upload that will be lost with the job's machine, since no
// setting says where it should go.
func (p *program) warnOfDefault(f *flags) {
	inJob := os.Getenv("CI") != "" && os.Getenv("CI") != "false"
	if inJob && !f.Changed("drop") && f.given["drop"] == "--drop" {
		p.say("warning", fmt.Sprintf("nothing names the drop area, so %s of this job is used; set %s, or give --drop", f.drop, variable(f.command, "drop")))
	}
}

// waitFor polls for the receipt of one upload or action until the deadline. It
// returns nil if the receipt has not come by then.
func waitFor(ctx context.Context, drop bucket.Store, noun, id string, deadline time.Time) (*droparea.Receipt, error) {
	for {
		receipt, err := look(ctx, drop, noun, id, deadline)
		if !errors.Is(err, bucket.ErrNotFound) && !bucket.Denied(err) {
			return receipt, err
		}
		left := time.Until(deadline)
		if left <= 0 {
			return nil, nil
		}
		if err := pause.For(ctx, min(left, pollEvery)); err != nil {
			return nil, err
		}
	}
}

// look reads one receipt. A drop area that does not answer must not make it wait for
// longer than the deadline, and the last look that is due after it.
func look(ctx context.Context, drop bucket.Store, noun, id string, deadline time.Time) (*droparea.Receipt, error) {
	limited, cancel := context.WithTimeout(ctx, max(time.Until(deadline), lastLook))
	defer cancel()
	receipt, err := droparea.ReadReceipt(limited, drop, id)
	if err != nil && limited.Err() != nil && ctx.Err() == nil {
		return nil, hint(fmt.Errorf("%s %s: the drop area no longer answers, so the verdict is not known", noun, id),
			"it is safe in the drop area; 'portolan generate' decides it, and 'portolan status ID' tells the verdict")
	}
	return receipt, err
}

// printVerdict prints one receipt as a line, or three.
func (p *program) printVerdict(r *droparea.Receipt) {
	p.printf("%s%s, generation %d\n", verdictColumn(r.Verdict, false), subject(*r), r.Generation)
	if r.Verdict == verdict.Rejected || r.Action != nil && r.Verdict != verdict.Accepted {
		printReason(p.stdout, r.Message, r.Fix)
	}
	if r.Manifest != "" {
		p.printf("            manifest %s\n", r.Manifest)
	}
}
