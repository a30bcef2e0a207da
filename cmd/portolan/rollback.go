package main

import (
	"context"
	"strconv"

	"github.com/portolan-charts/portolan/generator/ask"
	"github.com/portolan-charts/portolan/publisher/bucket"
)

func (p *program) rollback(ctx context.Context, args []string) error {
	f := newAskFlags("rollback")
	reason := f.String("reason", "", "")
	if err := p.parse(f.flags, args); err != nil {
		return err
	}
	if f.NArg() != 2 {
		return hint(usagef("rollback needs a channel and the number of a generation, but got %s", count(f.NArg(), "operand")),
			"for example: portolan rollback stable 41")
	}
	channel := f.Arg(0)
	if err := checkTarget(channel); err != nil {
		return err
	}
	generation, err := strconv.Atoi(f.Arg(1))
	if err != nil || generation < 1 {
		return hint(usagef("%q is not the number of a generation", f.Arg(1)), "'portolan log %s' lists them", channel)
	}
	if err := f.checkText("reason", *reason); err != nil {
		return err
	}
	return p.ask(ctx, f, channel, func(site bucket.Store) (*ask.Plan, error) {
		return ask.Rollback(ctx, site, channel, generation, *reason)
	})
}
