package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"

	"github.com/portolan-charts/portolan/publisher"
)

const (
	headerTime = 10 * time.Second // for a client to say what it wants
	idleTime   = 2 * time.Minute
	graceTime  = 5 * time.Second // for answers under way when it is stopped
)

func (p *program) preview(ctx context.Context, args []string) error {
	f := newFlags("preview")
	f.withSite()
	f.withConfig()
	listen := f.String("listen", "127.0.0.1:8080", "")
	if err := p.parse(f, args); err != nil {
		return err
	}
	if err := f.noOperands(); err != nil {
		return err
	}
	if _, _, err := net.SplitHostPort(*listen); err != nil {
		return hint(usagef("%s: %q is not an address to listen on", f.given["listen"], *listen),
			"write a host and a port, such as 127.0.0.1:8080, or 0.0.0.0:8080 for whoever reaches this machine")
	}
	site, err := p.openExisting(ctx, f, "site")
	if err != nil {
		return err
	}
	channels, err := publisher.Channels(ctx, site)
	if err != nil {
		return err
	}
	l, err := listenOn(ctx, *listen, "listen")
	if err != nil {
		return err
	}
	p.printPreview(f, "http://"+l.Addr().String(), channels)
	return p.serve(ctx, l, publisher.Handler(site, slog.New(slog.NewTextHandler(p.stderr, nil))))
}

// listenOn listens on the address that a flag gives.
func listenOn(ctx context.Context, address, flag string) (net.Listener, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, hint(usedAddress(address), "stop what uses it, or choose another address with --%s; port 0 picks a free one", flag)
	}
	return l, err
}

// usedAddress is the error of an address that something else listens on.
type usedAddress string

func (a usedAddress) Error() string { return string(a) + ": the address is in use" }

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
	p.say("note", "stop it with Ctrl-C")
}

// serve serves until the context ends, which is how a preview is meant to end.
func (p *program) serve(ctx context.Context, l net.Listener, h http.Handler) error {
	server := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: headerTime,
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    64 << 10,
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), graceTime)
	defer cancel()
	if err := server.Shutdown(grace); err != nil {
		server.Close()
	}
	return nil
}
