package main

import (
	"context"
	"log/slog"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/channelname"
)

// noteReserved warns of a channel that the site has if its name was reserved later, and
// says how to move it.
func (p *program) noteReserved(channel string) {
	if reserved := channelname.Reserved(channel); reserved != nil {
		p.say("warning", reserved.Error()+": it takes no uploads until it is moved")
		p.say("hint", reserved.Fix())
	}
}

// noteReservedChannels looks in folders of the site's root for channels that noteReserved
// warns of, as far as that costs few requests. That it cannot look is no failure of what was
// asked for.
func (p *program) noteReservedChannels(ctx context.Context, site bucket.Store, folders []string) {
	channels, err := publisher.ReservedChannels(ctx, site, folders)
	if err != nil && ctx.Err() == nil {
		p.say("note", "cannot look for channels whose names were reserved: "+oneLine(err.Error()))
	}
	for _, name := range channels {
		p.noteReserved(name)
	}
}

// lookForReserved is noteReservedChannels for all of a site. Where it cannot be listed,
// status and verify cannot either.
func (p *program) lookForReserved(ctx context.Context, site bucket.Store) {
	folders, err := publisher.RootFolders(ctx, site)
	if err == nil {
		p.noteReservedChannels(ctx, site, folders)
	} else if !bucket.Denied(err) && ctx.Err() == nil {
		p.complain(err)
	}
}

// logReservedChannels is noteReservedChannels for a server's log. A store that does not
// answer yet does not keep the server from starting.
func logReservedChannels(ctx context.Context, site bucket.Store, log *slog.Logger) {
	folders, err := publisher.RootFolders(ctx, site)
	var channels []string
	if err == nil {
		channels, err = publisher.ReservedChannels(ctx, site, folders)
	}
	if err != nil && ctx.Err() == nil {
		log.Warn("cannot look for channels whose names were reserved", "error", err)
	}
	for _, name := range channels {
		reserved := channelname.Reserved(name)
		log.Warn(reserved.Error()+": it takes no uploads until it is moved", "channel", name, "fix", reserved.Fix())
	}
}
