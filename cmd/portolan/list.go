package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/portolan-charts/portolan/generator/survey"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/channelname"
)

const helpList = `Usage:
    portolan list [--site URL] [CHANNEL [CHART]] [--versions] [--yanked]

List the channels of a site, with how many charts and versions each has; the
charts of a CHANNEL, each with its newest version; or the versions of a CHART,
newest first, with the beginning of each archive's SHA-256. With --versions or
--yanked, versions are listed for all charts, and for all channels if none is
named.

A version that is hidden by keep ('keep: N' in portolan.yaml), or yanked, is not
in index.yaml. The chart's own index lists those that are hidden by keep.

The list of one CHART also says which versions were promoted, and from which
channel. It takes one read for each version, so only the first 100 are looked
at; 'portolan log' tells of all.

Options:
    --site URL          Site (default ./site). It can be the   PORTOLAN_SITE
                        https:// URL of a published site, or
                        that of one channel.
    --ca-file FILE      Certificates of authorities to trust   PORTOLAN_CA_FILE
                        in addition to the system's.
    --versions          List versions.                         PORTOLAN_VERSIONS
    --yanked            List yanked versions only.        PORTOLAN_LIST_YANKED
` + optionsConfig + `

Exit codes:
    0 done, 1 failed, or there is no such channel or chart, 2 wrong settings,
    130 interrupted

Example:
    $ portolan list
    $ portolan list stable mychart
    $ portolan list --site https://charts.example.com stable --output json |
          jq --raw-output '.charts[] | .chart + " " + .newest'
`

func (p *program) list(ctx context.Context, args []string) error {
	f := newFlags("list")
	f.withSite()
	f.withConfig()
	f.withCAFile()
	versions := f.Bool("versions", false, "")
	yanked := f.Bool("yanked", false, "")
	if err := p.parse(f, args); err != nil {
		return err
	}
	if f.NArg() > 2 {
		return hint(usagef("list takes a channel and a chart, but got %d operands", f.NArg()), "see 'portolan list --help'")
	}
	channel, chart := f.Arg(0), f.Arg(1)
	if f.NArg() > 0 {
		if err := checkOperand(channel); err != nil {
			return err
		}
	}
	site, err := p.openSite(ctx, f)
	if err != nil {
		return err
	}
	if channel == "" && isWeb(f.site) {
		if site, err = f.webChannel(ctx, site, "name the channel, or give the URL of one"); err != nil {
			return err
		}
		channel = f.channels[0]
	}
	switch {
	case *versions || *yanked || chart != "":
		return p.listVersions(ctx, f, site, channel, chart, *yanked)
	case channel != "":
		return p.listCharts(ctx, f, site, channel)
	}
	return p.listChannels(ctx, f, site)
}

// checkOperand refuses an operand that cannot be the name of a channel on the site.
func checkOperand(channel string) error {
	if err := channelname.CheckOld(channel); err != nil {
		return wrongChannel(err, "")
	}
	return nil
}

func (p *program) listChannels(ctx context.Context, f *flags, site bucket.Store) error {
	all, err := survey.Channels(ctx, site)
	if err != nil {
		return err
	}
	p.found = map[string]any{"channels": all}
	var failures []error
	if !f.output.json {
		failures = append(failures, p.printChannels(all))
	}
	for _, c := range all {
		if c.Error != "" {
			failures = append(failures, fmt.Errorf("channel %s: %s", c.Channel, c.Error))
		}
	}
	return errors.Join(failures...)
}

func (p *program) listCharts(ctx context.Context, f *flags, site bucket.Store, channel string) error {
	c, err := survey.Open(ctx, site, channel)
	if err != nil {
		return f.noChannel(ctx, site, channel, err)
	}
	all, err := c.Charts()
	if err != nil {
		return err
	}
	if p.found = map[string]any{"charts": all}; f.output.json {
		return nil
	}
	return p.printCharts(all)
}

func (p *program) listVersions(ctx context.Context, f *flags, site bucket.Store, channel, chart string, yanked bool) error {
	all, err := f.versions(ctx, site, channel, chart)
	if err != nil {
		return err
	}
	if yanked {
		all = slices.DeleteFunc(all, func(v survey.Version) bool { return v.Yanked == nil })
	}
	if chart != "" {
		if err := survey.FindPromoted(ctx, site, all); err != nil {
			return err
		}
	}
	if p.found = map[string]any{"versions": all}; f.output.json {
		return nil
	}
	if chart != "" && len(all) > survey.MaxPromoted {
		p.say("note", fmt.Sprintf("whether versions were promoted is shown for the first %d; 'portolan log %s' tells of the others", survey.MaxPromoted, channel))
	}
	return p.printVersions(all, channel == "")
}

// versions returns the versions of a chart, of all charts of a channel, or of all channels.
func (f *flags) versions(ctx context.Context, site bucket.Store, channel, chart string) ([]survey.Version, error) {
	if channel == "" {
		return survey.Versions(ctx, site)
	}
	c, err := survey.Open(ctx, site, channel)
	if err != nil {
		return nil, f.noChannel(ctx, site, channel, err)
	}
	if chart == "" {
		return c.AllVersions()
	}
	all, err := c.Chart(chart)
	if missing := (*survey.ChartError)(nil); errors.As(err, &missing) {
		return nil, hint(err, "%s", missing.Fix())
	}
	return all, err
}

// noChannel says in plain words that a channel does not exist on the site.
func (f *flags) noChannel(ctx context.Context, site bucket.Store, channel string, err error) error {
	if !errors.Is(err, survey.ErrNoChannel) {
		return err
	}
	err = fmt.Errorf("no channel %s in %s", channel, f.site)
	if isWeb(f.site) {
		return hint(err, "check the name, and that --site has the channel's folder in it")
	}
	if near := survey.NearChannel(ctx, site, channel); near != "" {
		return hint(err, "did you mean %s? 'portolan list' lists the channels", near)
	}
	return hint(err, "'portolan list' lists the channels")
}
