package main

import (
	"context"
	"fmt"
	"time"

	"github.com/portolan-charts/portolan/generator/ask"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/channelname"
)

const helpPromote = `Usage:
    portolan promote [--drop URL] [--site URL] FROM TO CHART
                     [VERSION... | --all-newer] [--dry-run] [--wait]

Ask for versions of the channel FROM to be published in the channel TO: the same
archive, byte for byte, with its provenance file. Nothing is built again. The
site is read to see which versions are meant, and what TO has of them. They are
printed with their digests: as new, as replaced if TO has other content for a
version ('duplicates: replace'), or as signed if TO lacks the provenance file
only. Versions that TO has with the same content are left out.

Then one action is put into the drop area, and its id is printed. The next
'portolan generate' carries it out, by the policy of TO; it is refused if a
version in FROM has got other content meanwhile. 'portolan yank' takes versions
back out of the lists of TO.

A VERSION is one that the chart has in FROM, such as 1.2.3, or a range in
quotes, such as '1.2.x' or '>=1.2.0 <1.3.0'; 'portolan help yank' says more.
Neither a range nor --all-newer takes yanked versions, nor prereleases, unless
the range names one.

The gates of TO ('promote' in portolan.yaml) are looked at beforehand: from,
soak, signed and dependencies. A version that one of them is closed to is
refused if it is named; a range and --all-newer leave it out, and say why. If
all it lacks is a dependency, a note says so: that may wait in the drop area.
The run looks at the gates again. Signatures are verified with the keys in
portolan.yaml, and without that file the gates are not known here.

Options:
    --all-newer         All versions of FROM that are higher  PORTOLAN_ALL_NEWER
                        than the highest one that TO lists.
` + helpAsking + `
Example:
    $ portolan promote dev stable mychart 1.2.3 --wait
    $ portolan promote dev stable mychart --all-newer --dry-run
`

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
		what.Policy, what.Keys, what.Now = f.config.Policy(what.To), f.config.Policy(what.From).Keyring, time.Now()
		plan, err := ask.Promote(ctx, site, what)
		if err == nil && f.config == nil && !plan.Idle {
			plan.Notes = append(plan.Notes, fmt.Sprintf("there is no portolan.yaml here: whether the gates and rules of channel %s let this in, only the run says", what.To))
		}
		return plan, err
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
	if err := channelname.Check(f.Arg(0)); err != nil {
		return what, wrongChannel(err, "the channel to take from comes first, then the one to publish in")
	}
	return ask.Promotion{From: f.Arg(0), To: f.Arg(1), Chart: f.Arg(2), Versions: f.Args()[3:], AllNewer: allNewer}, checkTarget(f.Arg(1))
}
