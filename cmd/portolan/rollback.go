package main

import (
	"context"
	"strconv"

	"github.com/portolan-charts/portolan/generator/ask"
	"github.com/portolan-charts/portolan/publisher/bucket"
)

const helpRollback = `Usage:
    portolan rollback [--drop URL] [--site URL] CHANNEL GENERATION
                      [--reason TEXT] [--dry-run] [--wait]

Ask for a channel to list what it listed at an earlier generation, of which the
snapshot is still kept. Versions that it did not list then are yanked: see
'portolan help yank' for who still gets them. Versions that have got other
content since get back what they had. Versions that were yanked or removed since
stay so, and charts that were deprecated since, too. 'portolan log' lists the
generations.

The command reads the site and prints what will change. Then one action is put
into the drop area, and its id is printed. The next 'portolan generate' carries
it out in a new generation, by what the channel has then. To undo it, roll back
to the generation before the new one, such as 42 if it made 43: what a rollback
has hidden is listed again.

Options:
    --reason TEXT       Why. It is public: pages show it, and  PORTOLAN_REASON
                        the log keeps it.
` + helpAsking + `
Example:
    $ portolan rollback stable 41 --dry-run
`

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
