package main

import (
	"context"
	"time"

	"github.com/portolan-charts/portolan/generator/ask"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
)

func (p *program) promote(ctx context.Context, args []string) error {
	f := newAskFlags("promote")
	allNewer := f.Bool("all-newer", false, "")
	if err := p.parse(f.flags, args); err != nil {
		return err
	}
	what, err := f.promotion(*allNewer)
	if err != nil {
		return err
	}
	return p.ask(ctx, f, what.To, func(site bucket.Store) (*ask.Plan, error) {
		odd, err := f.checkName(ctx, site, what.To)
		if err != nil {
			return nil, err
		}
		if odd != nil {
			p.say("warning", odd.Message)
		}
		what.Policy, what.Now = f.config.Policy(what.To), time.Now()
		return ask.Promote(ctx, site, what)
	})
}

// promotion is what the operands say.
func (f *askFlags) promotion(allNewer bool) (what ask.Promotion, err error) {
	const example = "for example: portolan promote dev stable mychart 1.2.3"
	switch {
	case f.NArg() < 3:
		return what, hint(usagef("promote needs a channel to take from, one to publish in, and a chart"), example)
	case f.NArg() == 3 && !allNewer:
		return what, hint(usagef("promote needs versions, or --all-newer"), example)
	case f.NArg() > 3 && allNewer:
		return what, usagef("%s takes no versions, but got %q", f.given["all-newer"], f.Arg(3))
	case f.Arg(0) == f.Arg(1):
		return what, usagef("channel %s cannot be promoted to itself", f.Arg(0))
	}
	if err := publisher.CheckChannel(f.Arg(0)); err != nil {
		return what, wrongChannel(err, "the channel to take from comes first, then the one to publish in")
	}
	return ask.Promotion{From: f.Arg(0), To: f.Arg(1), Chart: f.Arg(2), Versions: f.Args()[3:], AllNewer: allNewer}, checkTarget(f.Arg(1))
}
