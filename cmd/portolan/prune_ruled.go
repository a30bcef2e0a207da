package main

import (
	"time"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/publisher/days"
)

// yankedFor is for how long versions must have been yanked to be freed; nil frees none.
func (f *pruneFlags) yankedFor() (*time.Duration, error) {
	if f.yanked == "" {
		return nil, nil
	}
	d, err := days.Parse(f.yanked)
	if err != nil || d < 0 {
		return nil, usagef("%s: %q is not a time such as 90d or 12h", f.given["yanked"], f.yanked)
	}
	return &d, nil
}

// printRuled says which versions rules let go, and which are freed. A dry run names them.
func (p *program) printRuled(r *generator.PruneReport) {
	for _, c := range r.Retained {
		if r.DryRun {
			for _, v := range c.Versions {
				p.printf("would be yanked  %s %s  created %s, %s\n", plain(c.Channel+" "+v.Chart), plain(v.Version), timeText(v.Created), sizeText(v.Bytes))
			}
		}
		switch n := count(len(c.Versions), "version"); {
		case len(c.Versions) == 0 || c.Error != "" && !r.DryRun && c.Generation == 0:
		case r.DryRun:
			p.printf("%s: %s would be yanked: %s\n", c.Channel, n, c.Rule)
		default:
			p.printf("%s: %s yanked by generation %d: %s\n", c.Channel, n, c.Generation, c.Rule)
		}
	}
	if r.PruneReport == nil {
		return
	}
	for _, c := range r.Channels {
		bytes := int64(0)
		for _, v := range c.Freed {
			bytes += v.Bytes
			if r.DryRun {
				p.printf("would be freed   %s %s  yanked %s, %s: %s\n", plain(c.Channel+" "+v.Chart), plain(v.Version), timeText(v.Yanked), sizeText(v.Bytes), v.Reason)
			}
		}
		switch n := count(len(c.Freed), "version"); {
		case len(c.Freed) == 0:
		case r.DryRun:
			p.printf("%s: %s would be freed, with %s\n", c.Channel, n, sizeText(bytes))
		default:
			p.printf("%s: %s freed: the index of all versions lists them no more\n", c.Channel, n)
		}
		if !c.FreedUntil.IsZero() {
			p.printf("%s: files of freed versions stay for the grace time (--grace); the first can go at %s\n", c.Channel, timeText(c.FreedUntil))
		}
	}
	for _, made := range r.Pages {
		if made.PagesReport != nil {
			p.notePages(made.Channel, made.PagesReport)
		}
	}
}
