package main

import (
	"context"
	"fmt"

	"github.com/portolan-charts/portolan/generator/ask"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/bucket"
)

func (p *program) yank(ctx context.Context, args []string) error {
	f := newAskFlags("yank")
	reason := f.String("reason", "", "")
	if err := p.parse(f.flags, args); err != nil {
		return err
	}
	const example = "portolan yank stable mychart 1.2.3 --reason 'loses data on upgrade'"
	channel, chart, versions, err := f.versionOperands(example)
	if err != nil {
		return err
	}
	if *reason == "" {
		return hint(usagef("yank needs --reason: it is public, and the chart's page shows it"), "for example: %s", example)
	}
	if err := f.checkText("reason", *reason); err != nil {
		return err
	}
	return p.ask(ctx, f, channel, func(site bucket.Store) (*ask.Plan, error) {
		return ask.Yank(ctx, site, channel, chart, versions, *reason)
	})
}

func (p *program) restore(ctx context.Context, args []string) error {
	f := newAskFlags("restore")
	if err := p.parse(f.flags, args); err != nil {
		return err
	}
	channel, chart, versions, err := f.versionOperands("portolan restore stable mychart 1.2.3")
	if err != nil {
		return err
	}
	return p.ask(ctx, f, channel, func(site bucket.Store) (*ask.Plan, error) {
		return ask.Restore(ctx, site, channel, chart, versions)
	})
}

// versionOperands are a channel, a chart and at least one version of it.
func (f *askFlags) versionOperands(example string) (channel, chart string, versions []string, err error) {
	if f.NArg() < 3 {
		return "", "", nil, hint(usagef("%s needs a channel, a chart and at least one version", f.command), "for example: %s", example)
	}
	return f.Arg(0), f.Arg(1), f.Args()[2:], checkTarget(f.Arg(0))
}

// checkTarget refuses what cannot be the name of the channel that an action changes.
func checkTarget(channel string) error {
	if err := publisher.CheckChannel(channel); err != nil {
		return wrongChannel(err, "the channel comes first, then what is in it")
	}
	return nil
}

// checkText refuses a text that cannot be in the log.
func (f *askFlags) checkText(flag, text string) error {
	if err := action.CheckText(text); err != nil {
		return wrongSetting(fmt.Errorf("%s: %v", f.given[flag], err))
	}
	return nil
}
