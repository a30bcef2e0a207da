package pages

import (
	"cmp"
	"path"
	"slices"
	"time"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// changesOf returns what a record did to the channel.
func changesOf(r *publisher.Record) (GenerationDoc, error) {
	g := GenerationDoc{Generation: r.Generation, Time: r.Time, Events: []EventDoc{}}
	events, err := lineEvents(r.Change)
	if err != nil {
		return g, err
	}
	for _, a := range r.Actions {
		if a.Verdict != verdict.Accepted {
			continue
		}
		g.RolledBack = max(g.RolledBack, a.Generation)
		events.act(a)
	}
	for _, e := range events {
		g.Events = append(g.Events, e)
	}
	slices.SortFunc(g.Events, func(a, b EventDoc) int {
		return cmp.Or(cmp.Compare(a.Chart, b.Chart), cmp.Compare(a.Version, b.Version))
	})
	g.More = max(0, len(g.Events)-maxEvents)
	g.Events = g.Events[:len(g.Events)-g.More]
	return g, nil
}

// events are what a record did, by chart and version. The version is "" for what is said
// of a whole chart.
type events map[[2]string]EventDoc

// lineEvents returns what happened to lines of the index. A line that names the same
// archive as before was only marked, or shows another position of its chart.
func lineEvents(c *publisher.Change) (events, error) {
	all := events{}
	urls := map[[2]string]string{} // of removed lines
	for _, l := range c.Removed {
		r, err := parseRelease(l.Text)
		if err != nil {
			return nil, err
		}
		of := [2]string{l.Chart, r.Version}
		urls[of], all[of] = r.URLs[0], EventDoc{Chart: l.Chart, Version: r.Version, What: removed}
	}
	for _, l := range c.Added {
		r, err := parseRelease(l.Text)
		if err != nil {
			return nil, err
		}
		of := [2]string{l.Chart, r.Version}
		switch url, was := urls[of]; {
		case !was:
			all[of] = EventDoc{Chart: l.Chart, Version: r.Version, What: added}
		case url == r.URLs[0]:
			delete(all, of)
		default:
			all[of] = EventDoc{Chart: l.Chart, Version: r.Version, What: replaced}
		}
	}
	return all, nil
}

// act adds what an action did that lines do not say.
func (all events) act(a publisher.ActionDecision) {
	what := map[action.Kind]string{
		action.Deprecate: deprecated, action.Undeprecate: undeprecated, action.Yank: yanked, action.Rollback: yanked, action.Restore: restored,
	}[a.Kind]
	if a.Chart != "" {
		all[[2]string{a.Chart}] = EventDoc{Chart: a.Chart, What: what, Action: string(a.Kind), Reason: shorten(a.Reason, maxDescription)}
	}
	for _, v := range a.Versions {
		of := [2]string{v.Chart, v.Version}
		e, moved := all[of]
		if !moved {
			if what == "" || v.Upload != "" && !v.Restores {
				continue // it was so before
			}
			e = EventDoc{Chart: v.Chart, Version: v.Version, What: what}
			if v.Restores {
				e.What = restored
			}
		}
		e.Action, e.Reason, e.From = string(a.Kind), shorten(a.Reason, maxDescription), v.From
		all[of] = e
	}
}

// eventPage is the page of what an event is about; "" if that page was removed.
func (p *pass) eventPage(g GenerationDoc, e EventDoc) string {
	switch {
	case e.Version == "" && p.after.Lines(e.Chart) != nil:
		return path.Join(chartDir(e.Chart), indexPage)
	case e.Version == "" || e.What == removed || !g.Time.After(p.gone()[[2]string{e.Chart, e.Version}]):
		return ""
	}
	return versionPage(e.Chart, e.Version)
}

// gone is when versions were removed last, by chart and version.
func (p *pass) gone() map[[2]string]time.Time {
	if p.buried == nil {
		p.buried = map[[2]string]time.Time{}
		if p.after.state != nil {
			for _, t := range p.after.state.Gone {
				of := [2]string{t.Chart, t.Version}
				if p.buried[of].Before(t.Time) {
					p.buried[of] = t.Time
				}
			}
		}
	}
	return p.buried
}
