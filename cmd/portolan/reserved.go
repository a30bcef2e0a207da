package main

import (
	"context"
	"log/slog"
	"slices"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
)

// noteReserved warns of a channel that the site has if its name was reserved later, and
// says how to move it.
func (p *program) noteReserved(channel string) {
	if reserved := publisher.Reserved(channel); reserved != nil {
		p.say("warning", reserved.Error()+": it takes no uploads until it is moved")
		p.say("hint", reserved.Fix())
	}
}

// noteReservedChannels looks for channels that noteReserved warns of, as far as that
// costs few requests. Where the site cannot be listed, status and verify cannot either.
func (p *program) noteReservedChannels(ctx context.Context, site bucket.Store) error {
	channels, err := publisher.ReservedChannels(ctx, site)
	if bucket.Denied(err) {
		return nil
	}
	for _, name := range channels {
		p.noteReserved(name)
	}
	return err
}

// hasPages reports whether a run looked at the site's pages, which know all channels.
func hasPages(r *generator.Report) bool {
	return slices.ContainsFunc(r.Channels, func(c generator.ChannelReport) bool { return c.Pages != nil })
}

// logReservedChannels is noteReservedChannels for a server's log. A store that does not
// answer yet does not keep the server from starting.
func logReservedChannels(ctx context.Context, site bucket.Store, log *slog.Logger) {
	channels, err := publisher.ReservedChannels(ctx, site)
	if err != nil && ctx.Err() == nil {
		log.Warn("cannot look for channels whose names were reserved", "error", err)
	}
	for _, name := range channels {
		reserved := publisher.Reserved(name)
		log.Warn(reserved.Error()+": it takes no uploads until it is moved", "channel", name, "fix", reserved.Fix())
	}
}
