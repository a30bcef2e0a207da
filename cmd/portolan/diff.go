package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/portolan-charts/portolan/generator/survey"
)

const helpDiff = `Usage:
    portolan diff [--site URL] CHANNEL GENERATION [GENERATION]

Show how two generations of a CHANNEL differ: the versions that the second has
and the first has not (+), those that have other content (~, with the beginnings
of both digests), those that were yanked or restored in between and charts that
were deprecated or are no longer (~), and versions that are gone (-). A single
GENERATION is compared with the newest one; 0 is the empty channel before the
first.

The snapshots of both must be there: 'portolan prune' removes old ones.

Options:
` + optionsServed + `

Exit codes:
    0 done, whether they differ or not, 1 failed, or there is no such channel or
    generation, 2 wrong settings, 130 interrupted

Example:
    $ portolan diff stable 0 1
`

func (p *program) diff(ctx context.Context, args []string) error {
	f := newFlags("diff")
	f.withSite()
	f.withConfig()
	f.withCAFile()
	if err := p.parse(f, args); err != nil {
		return err
	}
	if f.NArg() < 2 || f.NArg() > 3 {
		return hint(usagef("diff takes a channel and one or two generations, but got %s", count(f.NArg(), "operand")), "for example: portolan diff stable 41 42")
	}
	channel := f.Arg(0)
	if err := checkOperand(channel); err != nil {
		return err
	}
	from, err := generation(f.Arg(1))
	to := -1
	if f.NArg() == 3 && err == nil {
		to, err = generation(f.Arg(2))
	}
	if err != nil {
		return err
	}
	site, err := p.openSite(ctx, f)
	if err != nil {
		return err
	}
	d, err := survey.Diff(ctx, site, channel, from, to)
	if gone := (*survey.GenerationError)(nil); errors.As(err, &gone) {
		return hint(err, "%s", gone.Fix())
	}
	if err != nil {
		return f.noChannel(ctx, site, channel, err)
	}
	if p.found = d; !f.output.json {
		p.printDiff(d)
	}
	return nil
}

// generation reads the number of a generation.
func generation(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, hint(usagef("%q is not the number of a generation", text), "'portolan log CHANNEL' lists them; 0 is the channel before the first")
	}
	return n, nil
}

func (p *program) printDiff(d *survey.Difference) {
	w := bufio.NewWriter(p.stdout)
	if len(d.Changes) == 0 {
		fmt.Fprintf(w, "no difference between generations %d and %d\n", d.From.Generation, d.To.Generation)
	}
	for _, c := range d.Changes {
		fmt.Fprintln(w, changeText(c))
	}
	w.Flush() // p.stdout remembers an error
}

// changeText is one change in one line.
func changeText(c survey.Change) string {
	subject := versionText(c.Chart, c.Version)
	switch c.What {
	case survey.IsYanked:
		return fmt.Sprintf("~ %s  yanked: %s", subject, short(c.Reason, maxProse))
	case survey.Restored:
		return fmt.Sprintf("~ %s  restored", subject)
	case survey.Deprecated:
		return fmt.Sprintf("~ %s  %s", subject, deprecationText(c.Reason, c.Successor))
	case survey.Undeprecated:
		return fmt.Sprintf("~ %s  no longer deprecated", subject)
	case survey.Changed:
		return fmt.Sprintf("~ %s  %s → %s", subject, cut(c.Was), cut(c.Digest))
	}
	return fmt.Sprintf("%s %s  %s%s", sign(c.What), subject, cut(c.Digest), aside(c.What))
}
