package main

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/shim"
)

// graceTime is what answers under way get when a preview is stopped.
const graceTime = 5 * time.Second

func (p *program) preview(ctx context.Context, args []string) error {
	f := newFlags("preview")
	f.withSite()
	f.withConfig()
	f.String("listen", "127.0.0.1:8080", "")
	if err := p.parse(f, args); err != nil {
		return err
	}
	if err := f.noOperands(); err != nil {
		return err
	}
	if err := f.checkAddress("listen"); err != nil {
		return err
	}
	site, err := p.openExisting(ctx, f, "site")
	if err != nil {
		return err
	}
	channels, err := publisher.Channels(ctx, site)
	if err != nil {
		return err
	}
	if channels, err = withIndex(ctx, site, channels); err != nil {
		return err
	}
	l, err := f.listen(ctx, "listen")
	if err != nil {
		return err
	}
	p.printPreview(f, "http://"+reachable(l.Addr().String()), channels)
	for _, name := range channels {
		p.noteReserved(name)
	}
	log := slog.New(slog.NewTextHandler(p.stderr, nil))
	handler := publisher.Handler(site, log)
	if isLoopback(l.Addr().String()) {
		handler = shim.Local(handler)
	}
	if err := shim.Serve(ctx, l, handler, log, graceTime); !errors.Is(err, shim.ErrBrokenOff) {
		return err
	}
	return nil // a preview may end like that
}

func (p *program) printPreview(f *flags, url string, channels []string) {
	if f.output.json {
		p.printJSON(map[string]any{"url": url, "channels": append([]string{}, channels...)})
		return
	}
	p.printf("serving %s on %s\n", plain(f.site), url)
	for _, channel := range channels {
		p.printf("  helm repo add %s %s/%s\n", strings.ReplaceAll(channel, "/", "-"), url, channel)
	}
	if len(channels) == 0 {
		p.say("note", "the site has no channels yet")
	}
	p.say("note", "press Ctrl-C to stop")
}
