package main

import (
	"context"

	"github.com/portolan-charts/portolan/generator/ask"
	"github.com/portolan-charts/portolan/publisher/bucket"
)

func (p *program) deprecate(ctx context.Context, args []string) error {
	f := newAskFlags("deprecate")
	message := f.String("message", "", "")
	successor := f.String("successor", "", "")
	if err := p.parse(f.flags, args); err != nil {
		return err
	}
	channel, chart, err := f.chartOperands("portolan deprecate stable mychart --successor mychart2")
	if err != nil {
		return err
	}
	if err := f.checkText("message", *message); err != nil {
		return err
	}
	return p.ask(ctx, f, channel, func(site bucket.Store) (*ask.Plan, error) {
		return ask.Deprecate(ctx, site, channel, chart, *message, *successor)
	})
}

func (p *program) undeprecate(ctx context.Context, args []string) error {
	f := newAskFlags("undeprecate")
	if err := p.parse(f.flags, args); err != nil {
		return err
	}
	channel, chart, err := f.chartOperands("portolan undeprecate stable mychart")
	if err != nil {
		return err
	}
	return p.ask(ctx, f, channel, func(site bucket.Store) (*ask.Plan, error) {
		return ask.Undeprecate(ctx, site, channel, chart)
	})
}

// chartOperands are a channel and a chart.
func (f *askFlags) chartOperands(example string) (channel, chart string, err error) {
	if f.NArg() != 2 {
		return "", "", hint(usagef("%s needs a channel and a chart, but got %s", f.command, count(f.NArg(), "operand")), "for example: %s", example)
	}
	return f.Arg(0), f.Arg(1), checkTarget(f.Arg(0))
}
