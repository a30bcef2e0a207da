package generator

import (
	"context"
	"fmt"
	"strings"

	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/generator/config"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/spelling"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// CheckChannel returns a *check.Problem if the configuration does not let the site have
// the channel.
func CheckChannel(c *config.Config, channel string) error {
	if c.Allows(channel) {
		return nil
	}
	p := reject("channel-unknown", "channel %q is not one of those that the site may have: %s", channel, strings.Join(c.OnlyChannels, ", "))
	if near := spelling.Nearest(channel, c.OnlyChannels); near != "" && !strings.Contains(near, "*") {
		p.Fix = fmt.Sprintf("did you mean %s? Otherwise %s", near, p.Fix)
	}
	return p
}

// CheckNewChannel is [CheckChannel] for a channel that the site does not have. It also
// compares the name with those of the site's channels: one that differs in case alone is
// a problem, and one that is a slip away is worth a warning; both are nil otherwise, and
// where the site may not be listed. Any other error is the site's.
func CheckNewChannel(ctx context.Context, c *config.Config, site bucket.Store, channel string) (*verdict.Warning, error) {
	if err := CheckChannel(c, channel); err != nil {
		return nil, err
	}
	inCase, aSlip, err := publisher.Alike(ctx, site, channel)
	switch {
	case bucket.Denied(err):
		return nil, nil
	case err != nil:
		return nil, err
	case inCase != "":
		p := reject("channel-case", "channel %q differs from the channel %q only in case", channel, inCase)
		p.Fix = fmt.Sprintf("did you mean %s? Otherwise %s", inCase, p.Fix)
		return nil, p
	case aSlip != "":
		return &verdict.Warning{Rule: "warn-channel", Message: fmt.Sprintf(
			"channel %s is new, and its name is almost that of %s; did you mean that?", channel, aSlip)}, nil
	}
	return nil, nil
}

// nameJudge says what is wrong with the name of a run's channel.
type nameJudge struct {
	problem *check.Problem
	warning *verdict.Warning
}

// judgeName compares a channel's name with the configuration and, if nothing was published
// in the channel before, with the site's other channels.
func judgeName(ctx context.Context, o *Options, channel *publisher.Channel) (n nameJudge, err error) {
	if channel.IndexGeneration() > 0 {
		err = CheckChannel(o.Config, channel.Name)
	} else {
		n.warning, err = CheckNewChannel(ctx, o.Config, o.Site, channel.Name)
	}
	c := &candidate{}
	err = c.refuse(err)
	n.problem = c.problem
	return n, err
}
