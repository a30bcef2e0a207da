package main

import (
	"context"
	"errors"
	"log/slog"
	"path"
	"strings"
	"time"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/registry"
	"github.com/portolan-charts/portolan/publisher/shim"
)

// maxTags is the largest list of tags that is looked at for an example, in bytes.
const maxTags = 1 << 20

// graceTime is what answers under way get when a preview is stopped.
const graceTime = 5 * time.Second

const helpPreview = `Usage:
    portolan preview [--site URL] [--listen ADDRESS]

Serve a site as a content delivery network would, with content types, cache
headers and ETags, so that you can try it before you publish it. Press Ctrl-C to
stop.

Options:
    --site URL          Site (default ./site).                 PORTOLAN_SITE
    --listen ADDRESS    Where (default 127.0.0.1:8080; port 0  PORTOLAN_LISTEN
                        picks a free one).
` + optionsConfig + `

Exit codes:
    0 ended by Ctrl-C, 1 failed, 2 wrong settings

Example:
    $ portolan preview --site ./site
    $ helm repo add stable http://127.0.0.1:8080/stable
`

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
	p.printPreview(f, "http://"+reachable(l.Addr().String()), channels, func(channel string) string {
		return registryChart(ctx, site, channel)
	})
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

// registryChart returns a chart of the channel that can be read by oci://, or "". An error
// is no matter here: only an example is missing then.
func registryChart(ctx context.Context, site bucket.Store, channel string) string {
	for folder, err := range site.List(ctx, path.Join(registry.Root, channel), bucket.Children) {
		if err != nil {
			return ""
		}
		chart := path.Base(folder.Key)
		b, _, err := bucket.ReadAll(ctx, site, registry.TagsKey(registry.Repository(channel, chart)), maxTags)
		if err != nil {
			continue
		}
		if list, err := registry.ParseTags(b); err == nil && len(list.Tags) > 0 { // none if all is yanked
			return chart
		}
	}
	return ""
}

// printPreview says how to read the channels; chart returns one of a channel's charts that
// can be read by oci://, or "".
func (p *program) printPreview(f *flags, url string, channels []string, chart func(channel string) string) {
	if f.output.json {
		p.printJSON(map[string]any{"url": url, "channels": append([]string{}, channels...)})
		return
	}
	p.printf("serving %s on %s\n", plain(f.site), url)
	for _, channel := range channels {
		p.printf("  helm repo add %s %s/%s\n", strings.ReplaceAll(channel, "/", "-"), url, channel)
		if name := chart(channel); name != "" {
			p.printf("  helm pull oci://%s/%s/%s --plain-http\n", strings.TrimPrefix(url, "http://"), channel, name)
		}
	}
	if len(channels) == 0 {
		p.say("note", "the site has no channels yet")
	}
	p.say("note", "press Ctrl-C to stop")
}
