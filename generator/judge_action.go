package generator

import (
	"fmt"

	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// JudgeAction looks for what an action in the judge's channel names. It returns a
// *check.Problem if nothing can make it be there: content that was removed does not come
// back, and no chart can have a name that breaks the rules. If it only is not there now,
// the channel may still get it before a run decides the action: by an upload that waits in
// the inbox or comes within ten minutes, or by another action. Then there is a warning.
func (j *Judge) JudgeAction(r *action.Request) ([]verdict.Warning, error) {
	if problem := j.gone(r.Versions); problem != nil {
		return nil, problem
	}
	switch r.Kind {
	case action.Promote:
		return nil, nil // it names what another channel has, see JudgeSource
	case action.Rollback:
		return j.generation(r.Generation)
	case action.Deprecate, action.Undeprecate:
		return j.chart(r.Chart)
	}
	return j.named(r.Versions, false)
}

// JudgeSource is like JudgeAction for what an action in another channel promotes from the
// judge's.
func (j *Judge) JudgeSource(r *action.Request) ([]verdict.Warning, error) {
	return j.named(r.Versions, true)
}

// gone says which content is not to come back. Both lists may be long, so it goes through
// each once.
func (j *Judge) gone(pins []action.Pin) *check.Problem {
	state := j.catalog.state
	if state == nil || len(state.Gone) == 0 {
		return nil
	}
	by := map[string]action.Pin{}
	for _, v := range pins {
		by[v.Digest] = v
	}
	for _, t := range state.Gone {
		if v, ok := by[t.Digest]; ok {
			return rejectGone(ref{v.Chart, v.Version}, t)
		}
	}
	return nil
}

func (j *Judge) generation(n int) ([]verdict.Warning, error) {
	h, err := j.catalog.index.Header()
	if err != nil || n <= h.Generation {
		return nil, err
	}
	return j.warn(fmt.Sprintf("generation %d is not in channel %s, which shows %d", n, j.catalog.channel, h.Generation), unlessChanged), nil
}

func (j *Judge) chart(name string) ([]verdict.Warning, error) {
	r := ref{name: name}
	switch {
	case len(j.catalog.index.Lines(name)) > 0:
		return nil, nil
	case check.CheckName(name) != nil:
		return nil, rejectImpossible(r, j.catalog.channel)
	}
	return j.absent([]ref{r}), nil
}

// named looks for versions in the judge's channel. What is promoted from it must also not be
// yanked.
func (j *Judge) named(pins []action.Pin, promoted bool) (all []verdict.Warning, err error) {
	var absent, changed, yanked []ref
	for _, v := range pins {
		r := ref{v.Chart, v.Version}
		is, ok := j.catalog.find(r)
		_, hidden := j.catalog.state.FindYanked(r.name, r.version)
		switch {
		case !ok && (check.CheckName(r.name) != nil || !check.ParseVersion(r.version).Semantic()):
			return nil, rejectImpossible(r, j.catalog.channel)
		case !ok:
			absent = append(absent, r)
		case is.Digest != v.Digest:
			changed = append(changed, r)
		case hidden && promoted:
			yanked = append(yanked, r)
		}
	}
	if len(absent) > 0 {
		all = j.absent(absent)
	}
	if len(changed) > 0 {
		all = append(all, j.warn(fmt.Sprintf("other content than the action names is published in channel %s as %s", j.catalog.channel, nameVersions(changed)), unlessChanged)...)
	}
	if len(yanked) > 0 {
		all = append(all, j.warn(fmt.Sprintf("channel %s has yanked %s", j.catalog.channel, nameVersions(yanked)), unlessChanged)...)
	}
	return all, nil
}

const unlessChanged = "unless that changes before a run decides the action, it is refused"

// absent warns of what is not published.
func (j *Judge) absent(refs []ref) []verdict.Warning {
	text := fmt.Sprintf("channel %s does not have %s now", j.catalog.channel, nameVersions(refs))
	if near := j.catalog.nearest(refs[0]); len(refs) == 1 && near != "" {
		text += fmt.Sprintf(" (perhaps %s is meant)", near)
	}
	return j.warn(text, fmt.Sprintf("the action waits for that for %.0f minutes, and is then refused", actionWait.Minutes()))
}

func (j *Judge) warn(what, then string) []verdict.Warning {
	return []verdict.Warning{{Rule: "warn-action", Message: what + ": " + then}}
}

// rejectImpossible says why an action would wait in vain for what it names.
func rejectImpossible(r ref, channel string) *check.Problem {
	what := "a chart's name and version"
	if r.version == "" {
		what = "a chart's name"
	}
	return reject("action-unknown", "%s is not published in channel %s, and never will be: it is not %s", r, channel, what)
}
