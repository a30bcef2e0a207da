package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/generator/pages"
	reporting "github.com/portolan-charts/portolan/generator/report"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/shim"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// generating returns what runs the generator beside the shim, and what writes pages
// then; nil for what there is not to be.
func (f *shimFlags) generating(o shim.Options, log *slog.Logger) (*shim.Generating, *pages.Writer, error) {
	if !f.generate {
		return nil, nil, nil
	}
	if err := f.checkReceivers(); err != nil {
		return nil, nil, err
	}
	w, err := f.writer()
	if err != nil {
		return nil, nil, err
	}
	return shim.NewGenerating(f.run(o, pagesOf(w), log)), w, nil
}

// run is the generator's run, as the shim has it made.
func (f *shimFlags) run(o shim.Options, pages generator.Pages, log *slog.Logger) func(context.Context) error {
	told, unread := map[string]string{}, map[string]string{}
	said := "" // of pages that fail
	patience := &generator.Patience{First: time.Minute, Last: 15 * time.Minute}
	return func(ctx context.Context) error {
		drop, site := bucket.Fresh(o.Drop), bucket.Fresh(o.Site)
		report, err := generator.Run(ctx, generator.Options{Drop: drop, Site: site, Config: f.config, Workers: f.workers, Pages: pages, Patience: patience})
		if report == nil {
			return err
		}
		for _, c := range report.Channels {
			verdicts := map[verdict.Verdict]int{}
			for _, r := range c.Receipts {
				verdicts[r.Verdict]++
			}
			if left := c.RootLeft; left != told[c.Channel] && left != "" {
				log.Warn("site's root", "channel", c.Channel, "problem", left)
			}
			told[c.Channel] = c.RootLeft
			if left := c.RegistryLeft; left != unread[c.Channel] && left != "" {
				log.Warn("registry", "channel", c.Channel, "problem", left)
			}
			unread[c.Channel] = c.RegistryLeft
			for _, t := range c.Told {
				if t.Error != "" {
					log.Warn("receiver", "channel", c.Channel, "problem", reporting.Untold(t))
				}
			}
			if len(verdicts) > 0 {
				log.Info("published", "channel", c.Channel, "generation", c.After, "verdicts", verdicts)
			}
		}
		if err == nil || !report.OnlyPages() {
			said = ""
			return err
		}
		if text := lasting(err); text != said {
			log.Error("pages", "error", err.Error())
			said = text
		}
		return nil // uploads are decided at the usual pace all the same
	}
}
