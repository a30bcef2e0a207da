package main

import (
	"context"

	"github.com/portolan-charts/portolan/generator/ask"
	"github.com/portolan-charts/portolan/publisher/bucket"
)

const helpDeprecate = `Usage:
    portolan deprecate [--drop URL] [--site URL] CHANNEL CHART
                       [--message TEXT] [--successor CHART] [--dry-run] [--wait]

Ask for all versions of a chart to be marked as deprecated, also those that are
published later. index.yaml, the chart's pages and sites that search indexes,
such as Artifact Hub, show it; the pages also say what to use instead. Helm
itself warns only if Chart.yaml in the archive says so: set 'deprecated: true'
there in the next version, too. Nothing is hidden. 'portolan undeprecate' undoes
it. The next 'portolan generate' carries it out; asked once more, with another
text, it replaces the text.

Options:
    --message TEXT      What to tell users. It is public: one  PORTOLAN_MESSAGE
                        line of at most 500 bytes.
    --successor CHART   The chart to use instead.           PORTOLAN_SUCCESSOR
` + helpAsking + `
Example:
    $ portolan deprecate stable mychart --successor mychart2 \
          --message 'mychart2 has the same values'
`

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

const helpUndeprecate = `Usage:
    portolan undeprecate [--drop URL] [--site URL] CHANNEL CHART
                         [--dry-run] [--wait]

Ask for a chart not to be marked as deprecated any more. Versions whose own
Chart.yaml says 'deprecated: true' stay so. The next 'portolan generate' carries
it out.

Options:
` + helpAsking + `
Example:
    $ portolan undeprecate stable mychart
`

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
