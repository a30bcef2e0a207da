package main

import (
	"context"
	"fmt"

	"github.com/portolan-charts/portolan/generator/ask"
	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/channelname"
)

const helpYank = `Usage:
    portolan yank [--drop URL] [--site URL] CHANNEL CHART VERSION...
                  --reason TEXT [--dry-run] [--wait]

Ask for versions of a chart to be hidden: no list but all/index.yaml has them
any more. 'portolan restore' undoes it.

A yanked version can still be installed from the repository CHANNEL/all, by
oci:// if the channel has that, and from its archive's URL. The repository
CHANNEL does not find it any more, not even by its number: neither 'helm pull
--version' does, nor 'helm dependency build' with a Chart.lock, nor Flux or Argo
CD. Users who pin versions should add CHANNEL/all. It exists from the first
generation on that hides something, and has all versions.

A version stays taken. With 'duplicates: reject', other content is refused. With
'duplicates: replace', the default, an upload with other content takes its
place, and is listed.

The site is read to see which versions are meant. They are printed with their
digests; then one action is put into the drop area, and its id is printed. The
next 'portolan generate' carries it out; it is refused if a version has got
other content meanwhile. Versions that are yanked already are left out. Other
channels that list the same archives are named, with the command that yanks them
there: at most 12 channels are read for that, those of the same project first.

A VERSION is one that the chart has, such as 1.2.3, or a range in quotes:
'1.2.x', '~1.2', '>=1.2.0 <1.3.0', '<1.0.0 || 2.0.x'. A range leaves out
prereleases unless it names one: '>=1.3.0-0 <1.3.0' has those of 1.3.0, and
'>=0.0.0-0' has all versions.

Options:
    --reason TEXT       Why. It is public: pages show it, and  PORTOLAN_REASON
                        the log keeps it. One line of at most
                        500 bytes.
` + helpAsking + `
Example:
    $ portolan yank stable mychart 1.2.3 --reason 'loses data on upgrade'
    $ portolan yank stable mychart '>=1.2.0 <1.2.4' --reason 'CVE-2027-1234'
`

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

const helpRestore = `Usage:
    portolan restore [--drop URL] [--site URL] CHANNEL CHART VERSION...
                     [--dry-run] [--wait]

Ask for yanked versions of a chart to be listed again. The site is read to see
which versions are meant. They are printed with their digests; then one action
is put into the drop area, and its id is printed. The next 'portolan generate'
carries it out. Versions that are not yanked are left out, and so are those that
only wait to be yanked. Other channels in which the same archives are yanked are
named, with the command that restores them there.

A VERSION is one that the chart has, such as 1.2.3, or a range in quotes, such
as '1.2.x' or '>=1.2.0 <1.3.0'; a range leaves out prereleases unless it names
one. 'portolan help yank' says more.

Options:
` + helpAsking + `
Example:
    $ portolan restore stable mychart 1.2.3 --wait
`

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
	if err := channelname.Check(channel); err != nil {
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
