package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/generator/config"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/droparea"
	"github.com/portolan-charts/portolan/publisher/shim"
	"github.com/portolan-charts/portolan/publisher/shim/notify"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

func (p *program) shim(ctx context.Context, args []string) error {
	f := newShimFlags()
	if err := p.parse(f.flags, args); err != nil {
		return err
	}
	if err := f.noOperands(); err != nil {
		return err
	}
	configure(f.flags, "root-channel", &f.rootChannel, f.flags.rootChannel())
	log := slog.New(slog.NewJSONHandler(p.stderr, nil))
	o, err := f.options(log)
	if err != nil {
		return err
	}
	notifier, err := f.notifier(log)
	if err != nil {
		return err
	}
	if f.hasSite() {
		if err := f.apart(); err != nil {
			return err
		}
		if _, _, err := f.openBucket(ctx, "site"); err != nil { // before any folder is made
			return err
		}
	}
	if o.Drop, err = p.open(ctx, f.flags, "drop"); err != nil {
		return err
	}
	if f.hasSite() {
		if o.Site, err = p.openShimSite(ctx, f); err != nil {
			return err
		}
		o.Judge = judgesOf(f.config, o.Site)
	}
	return p.runShim(ctx, f, o, notifier, log)
}

// hasSite reports whether the shim has a site: it takes uploads without one, but
// needs one to publish.
func (f *shimFlags) hasSite() bool {
	return f.generate || f.Changed("site") || f.config != nil && f.config.Site != ""
}

// openShimSite opens the site, which only a shim that generates makes.
func (p *program) openShimSite(ctx context.Context, f *shimFlags) (bucket.Store, error) {
	if f.generate {
		return p.open(ctx, f.flags, "site")
	}
	return p.openExisting(ctx, f.flags, "site")
}

// rulesOf hands the shim what the generator knows.
func rulesOf(config *config.Config) shim.Rules {
	return shim.Rules{
		Check: func(channel string, chart, prov io.Reader) (*droparea.Offer, error) {
			o, err := generator.CheckOffer(config, channel, chart, prov)
			return o, refusal(err)
		},
		CheckAction: func(channel string, request *action.Request) error {
			return refusal(generator.CheckAction(config, channel, request))
		},
		MaxArchive: func(channel string) int64 {
			return config.Policy(channel).Checks.Limits.WithDefaults().Packed
		},
		OCI: func(channel string) bool { return config.Policy(channel).OCI },
	}
}

// judgesOf hands the shim what the generator says of uploads and actions beside what is
// published.
func judgesOf(config *config.Config, site bucket.Store) func(string, *publisher.Head) shim.Judge {
	return func(channel string, head *publisher.Head) shim.Judge {
		judge := generator.NewJudge(config, site, channel, head)
		return shim.Judge{
			Upload: func(ctx context.Context, o *droparea.Offer, force bool) error {
				return refusal(judge.Judge(ctx, o, force))
			},
			Action: func(r *action.Request) ([]verdict.Warning, error) {
				warnings, err := judge.JudgeAction(r)
				return warnings, refusal(err)
			},
			Source: func(r *action.Request) ([]verdict.Warning, error) {
				warnings, err := judge.JudgeSource(r)
				return warnings, refusal(err)
			},
		}
	}
}

// refusal makes the shim's error of the generator's.
func refusal(err error) error {
	if problem := (*check.Problem)(nil); errors.As(err, &problem) {
		return &shim.Refusal{Rule: problem.Rule, Message: problem.Message, Fix: problem.Fix}
	}
	return err
}

// runShim serves until the context ends.
func (p *program) runShim(ctx context.Context, f *shimFlags, o shim.Options, notifier *notify.Notifier, log *slog.Logger) error {
	generating, writer, err := f.generating(o, log)
	if err != nil {
		return err
	}
	o.Uploaded = func(channel string) {
		if generating != nil {
			generating.Want()
		}
		if notifier != nil {
			notifier.Uploaded(channel)
		}
	}
	l, err := p.listenFor(ctx, f, log)
	if err != nil {
		return err
	}
	o.Local = f.auth == "" && isLoopback(l.Addr().String())
	s := shim.New(o)
	if writer != nil {
		writer.GiveWay = s.Receiving // clients wait for their answers, and nobody for a page
	}
	var background sync.WaitGroup
	defer background.Wait()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	if f.metrics != "" {
		m, err := f.listen(ctx, "metrics-listen")
		if err != nil {
			l.Close()
			return err
		}
		log.Info("serving metrics", "address", m.Addr().String())
		background.Go(func() { serveMetrics(ctx, m, s, log) })
	}
	if generating != nil {
		background.Go(func() { generating.Run(ctx, s, f.grace) })
	}
	if notifier != nil { // until the last upload is answered
		lasting, end := context.WithCancel(context.WithoutCancel(ctx))
		defer end()
		background.Go(func() { notifier.Run(lasting, func(e notify.Event, err error) { s.Notified(e.Uploads, err) }) })
	}
	if o.Site != nil {
		background.Go(func() { logReservedChannels(ctx, o.Site, log) })
	}
	p.printShim(f, o, l.Addr().String(), log)
	return shim.Serve(ctx, l, s, log, f.grace)
}

// serveMetrics serves the shim's metrics until the context ends.
func serveMetrics(ctx context.Context, l net.Listener, s *shim.Shim, log *slog.Logger) {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", s.Metrics())
	shim.Serve(ctx, l, mux, log, time.Second)
}

// listenFor listens where the flags say, with TLS if they ask for it.
func (p *program) listenFor(ctx context.Context, f *shimFlags, log *slog.Logger) (net.Listener, error) {
	var certificate *shim.Certificate
	if f.tlsCert != "" {
		var err error
		if certificate, err = shim.LoadCertificate(f.tlsCert, f.tlsKey, log); err != nil {
			return nil, fmt.Errorf("--tls-cert %s, --tls-key %s: %v", f.tlsCert, f.tlsKey, err)
		}
	}
	l, err := f.listen(ctx, "listen")
	if err != nil || certificate == nil {
		return l, err
	}
	return tls.NewListener(l, certificate.Config()), nil
}

// registryHost is the host of a URL at which there can be a registry, and the flag that
// Helm needs there.
func registryHost(root string) (host, flag string, ok bool) {
	scheme, host, _ := strings.Cut(root, "://")
	if scheme == "http" {
		flag = " --plain-http"
	}
	return host, flag, !strings.Contains(host, "/")
}

// printShim says where the shim is, and what one does with it.
func (p *program) printShim(f *shimFlags, o shim.Options, address string, log *slog.Logger) {
	log.Info("listening", "address", address, "drop", plain(f.drop), "generate", f.generate)
	root := "http://" + reachable(address)
	if f.tlsCert != "" {
		root = "https://" + reachable(address)
	}
	if o.PublicURL != nil {
		root = strings.TrimSuffix(o.PublicURL.String(), "/")
	}
	if f.output.json {
		p.printJSON(map[string]any{"url": root, "address": address})
		return
	}
	p.printf("taking uploads on %s for %s\n", root, plain(f.drop))
	user, login := "", ""
	if f.auth != "" {
		user, login = " --user NAME:TOKEN", " --username NAME --password TOKEN"
	}
	p.printf("  curl --fail-with-body%s --form 'chart=@mychart-0.1.0.tgz' %s/api/%s/charts\n", user, root, f.rootChannel)
	p.printf("  helm cm-push mychart-0.1.0.tgz %s/%s%s\n", root, f.rootChannel, login)
	if host, flag, ok := registryHost(root); ok && o.OCI(f.rootChannel) {
		if f.auth != "" {
			p.printf("  helm registry login %s%s\n", host, flag)
		}
		p.printf("  helm push mychart-0.1.0.tgz oci://%s/%s%s\n", host, f.rootChannel, flag)
	}
	if o.Site != nil {
		p.printf("serving %s\n", plain(f.site))
		p.printf("  helm repo add %s %s/%s\n", strings.ReplaceAll(f.rootChannel, "/", "-"), root, f.rootChannel)
	}
	if f.auth == "" {
		log.Warn("there is no --auth: everybody who can reach this address may upload", "address", address)
	}
	if !f.generate {
		log.Info("'portolan generate' publishes what is uploaded; with --generate this command does, too")
	}
}
