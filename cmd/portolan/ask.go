package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/portolan-charts/portolan/generator/ask"
	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/droparea"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// helpAsking ends the help of all commands that ask for an action.
const helpAsking = `    --dry-run           Only print what would be asked for.    PORTOLAN_DRY_RUN
    --wait              Wait for the verdict and print it.     PORTOLAN_WAIT
    --timeout TIME      How long to wait (default 10m). PORTOLAN_DROP_TIMEOUT
    --drop URL          Drop area (default ./drop).            PORTOLAN_DROP
` + optionsServed + `

Exit codes:
    0 asked for, or nothing to do, 1 failed, there is no such version, or not
    decided in time, 2 wrong settings, 3 rejected: at once, or (with --wait) by
    the run, 130 interrupted
`

// askFlags are the flags of a command that asks for an action.
type askFlags struct {
	*flags
	dryRun, wait *bool
	timeout      *time.Duration
}

func newAskFlags(command string) *askFlags {
	f := &askFlags{flags: newFlags(command)}
	f.withDrop()
	f.withSite()
	f.withConfig()
	f.withCAFile()
	f.dryRun = f.Bool("dry-run", false, "")
	f.wait = f.Bool("wait", false, "")
	f.timeout = f.Duration("timeout", 10*time.Minute, "")
	return f
}

// asked is what was asked for, and what became of it.
type asked struct {
	ID      string          `json:"id,omitempty"` // "" if there was nothing to do, or it is a dry run
	Action  action.Kind     `json:"action"`
	DryRun  bool            `json:"dryRun,omitempty"`
	Verdict verdict.Verdict `json:"verdict,omitempty"` // waiting is not decided yet; "" in a dry run
	*ask.Plan
	Chart      string `json:"chart,omitempty"` // that is deprecated, or not any more
	Reason     string `json:"reason,omitempty"`
	Successor  string `json:"successor,omitempty"`
	From       string `json:"from,omitempty"`       // the channel that is promoted from
	Generation int    `json:"generation,omitempty"` // that is rolled back to

	Rule    string            `json:"rule,omitempty"` // why it was rejected
	Message string            `json:"message,omitempty"`
	Fix     string            `json:"fix,omitempty"`
	Receipt *droparea.Receipt `json:"receipt,omitempty"`
}

// ask plans an action by what the site has, prints the plan, and puts it into the drop
// area.
func (p *program) ask(ctx context.Context, f *askFlags, channel string, plan func(site bucket.Store) (*ask.Plan, error)) error {
	if err := errors.Join(f.checkTimeout(*f.timeout), f.apart()); err != nil {
		return err
	}
	if err := f.checkAllowed(channel); err != nil {
		return err
	}
	site, err := p.openSite(ctx, f.flags)
	if err != nil {
		return err
	}
	a, err := p.plan(f, channel, plan, site)
	if p.found = a; err != nil {
		return err
	}
	if !f.output.json {
		if err := p.printPlan(a.Plan); err != nil {
			return err
		}
	}
	switch {
	case a.Idle:
		a.Verdict = verdict.Unchanged
		return nil
	case *f.dryRun:
		return nil
	}
	drop, err := p.open(ctx, f.flags, "drop")
	if err != nil {
		return err
	}
	p.warnOfDefault(f.flags)
	return p.putAction(ctx, f, drop, a)
}

// plan works out what the action is to do. What a run would refuse is refused at once.
func (p *program) plan(f *askFlags, channel string, plan func(site bucket.Store) (*ask.Plan, error), site bucket.Store) (*asked, error) {
	planned, err := plan(site)
	if err == nil {
		err = planned.Check(f.config)
	}
	wrong, usage := (*ask.Error)(nil), (*usageError)(nil)
	switch {
	case err == nil:
		r := planned.Request
		return &asked{
			Action: r.Kind, DryRun: *f.dryRun, Plan: planned,
			Chart: r.Chart, Reason: r.Reason, Successor: r.Successor, From: r.From, Generation: r.Generation,
		}, nil
	case errors.As(err, &wrong) && wrong.Rule != "":
		if !f.output.json {
			p.complain(hint(err, "%s", wrong.Fix()))
		}
		return &asked{
			Action: action.Kind(f.command), DryRun: *f.dryRun, Plan: &ask.Plan{Channel: channel, Steps: []ask.Step{}},
			Verdict: verdict.Rejected, Rule: wrong.Rule, Message: wrong.Message, Fix: wrong.Fix(),
		}, errRejected
	case errors.As(err, &wrong):
		return nil, hint(err, "%s", wrong.Fix())
	case errors.As(err, &usage):
		return nil, err
	}
	return nil, fmt.Errorf("the site is needed to see which versions are meant: %w", err)
}

// putAction puts a planned action into the drop area.
func (p *program) putAction(ctx context.Context, f *askFlags, drop bucket.Store, a *asked) error {
	id, err := droparea.NewID()
	if err != nil {
		return err
	}
	a.Request.Requester = whoAsks(f.command)
	if err := droparea.Ask(ctx, drop, a.Channel, id, a.Request); err != nil {
		return fmt.Errorf("not asked for: %w", err)
	}
	a.ID, a.Verdict = id, verdictWaiting
	if !f.output.json {
		p.printf("%s  %s  %s\n", id, a.Channel, plain(a.Request.Subject()))
	}
	if *f.wait {
		return p.awaitAction(ctx, f, drop, a)
	}
	if !f.output.json {
		p.say("note", fmt.Sprintf("'portolan generate' decides, and 'portolan status %s' tells the verdict", id))
	}
	return nil
}

// awaitAction waits for the verdict on an action, and prints it.
func (p *program) awaitAction(ctx context.Context, f *askFlags, drop bucket.Store, a *asked) error {
	if isTerminal(p.stderr) {
		p.say("note", fmt.Sprintf("waiting for 'portolan generate' to decide (up to %s)", *f.timeout))
	}
	receipt, err := waitFor(ctx, drop, "action", a.ID, time.Now().Add(*f.timeout))
	if err != nil {
		if ctx.Err() != nil && isTerminal(p.stderr) {
			p.say("note", "the action stays in the drop area: "+decidedLater)
		}
		return err
	}
	if receipt == nil {
		return undecidedAfter(*f.timeout, "action "+a.ID, "it is")
	}
	a.Receipt, a.Verdict = receipt, receipt.Verdict
	a.Rule, a.Message, a.Fix = receipt.Rule, receipt.Message, receipt.Fix
	if !f.output.json {
		p.printVerdict(receipt)
		for _, w := range receipt.Warnings {
			p.say("warning", w.Message)
		}
	}
	if receipt.Verdict == verdict.Rejected {
		return errRejected
	}
	return nil
}
