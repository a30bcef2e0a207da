package generator

import (
	"fmt"
	"strings"
	"time"

	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/droparea"
	"github.com/portolan-charts/portolan/publisher/spelling"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// actionReceipt tells who asked for an action what became of it.
func (o *outcome) actionReceipt(channel string, generation int, decided time.Time) droparea.Receipt {
	request := o.asked.Request
	r := droparea.Receipt{
		ID: o.upload.ID, Channel: channel, Verdict: o.verdict, Rule: o.rule,
		Chart: request.Chart, Generation: generation, Arrival: o.upload.Arrival, Decided: decided, Action: &request,
		About: request.Subject(),
	}
	if len(request.Versions) == 1 {
		r.Chart, r.Version, r.Digest = request.Versions[0].Chart, request.Versions[0].Version, request.Versions[0].Digest
	}
	if o.odd != nil {
		r.Warnings = append(r.Warnings, *o.odd)
	}
	if len(o.older) > 0 {
		r.Warnings = append(r.Warnings, warnOlder(o.older, o.keep))
	}
	if len(o.hidden) > 0 {
		r.Warnings = append(r.Warnings, warnHidden(channel, o.hidden))
	}
	r.Message, r.Fix = Describe(o.rule)
	switch {
	case o.problem != nil:
		r.Message, r.Fix = o.problem.Message, o.problem.Fix
	case o.verdict == verdict.Accepted:
		r.Message = o.asked.done()
	case o.verdict == verdict.Unchanged:
		r.Message = o.asked.wasDone()
	}
	return r
}

// done says what an accepted action has done.
func (a *asked) done() string {
	switch a.Kind {
	case action.Yank:
		return fmt.Sprintf("%s: %s", a.subject(" is yanked", " are yanked"), a.plural("lists hide it, its URL stays", "lists hide them, their URLs stay"))
	case action.Restore:
		return a.subject(" is listed again", " are listed again")
	case action.Deprecate:
		return fmt.Sprintf("all versions of %s are marked as deprecated, also later ones", a.Chart)
	case action.Undeprecate:
		return fmt.Sprintf("%s is not deprecated any more, but for versions whose Chart.yaml says so", a.Chart)
	case action.Promote:
		return a.subject(" is", " are") + fmt.Sprintf(" published as in channel %s", a.From)
	case action.Rollback:
		return fmt.Sprintf("the channel shows what generation %d showed; what was yanked, deprecated or removed since stays so", a.Generation)
	}
	return ""
}

// wasDone says why an action that is unchanged has nothing to do.
func (a *asked) wasDone() string {
	switch a.Kind {
	case action.Yank:
		return a.subject(" is yanked already", " are yanked already")
	case action.Restore:
		return a.subject(" is not yanked", " are not yanked")
	case action.Deprecate:
		return fmt.Sprintf("%s is deprecated already, with the same text", a.Chart)
	case action.Undeprecate:
		return fmt.Sprintf("%s is not deprecated, but for versions whose Chart.yaml says so", a.Chart)
	case action.Promote:
		return a.subject(" is", " are") + fmt.Sprintf(" published already as in channel %s", a.From)
	case action.Rollback:
		return fmt.Sprintf("the channel shows what generation %d showed already", a.Generation)
	}
	return ""
}

// subject names the versions of an action, and says something of them.
func (a *asked) subject(one, many string) string {
	return nameVersions(a.refs()) + a.plural(one, many)
}

func (a *asked) plural(one, many string) string {
	if len(a.Versions) == 1 {
		return one
	}
	return many
}

// nameVersions names versions: "alpha 1.0.0 and 1.1.0", "alpha 1.0.0, beta 2.0.0 and 7 more".
func nameVersions(refs []ref) string {
	var names []string
	for i, r := range refs[:min(len(refs), maxNamed)] {
		if i > 0 && refs[i-1].name == r.name {
			names = append(names, r.version)
		} else {
			names = append(names, r.String())
		}
	}
	return check.List(names, maxNamed, len(refs)-len(names))
}

// String is how texts name the version, or the chart if it has none. Both are quoted if
// they are not what charts and versions can be called.
func (r ref) String() string {
	s := strings.TrimSpace(r.name + " " + r.version)
	if check.CheckName(r.name) != nil || strings.ContainsFunc(r.version, func(c rune) bool { return c <= ' ' || c > '~' }) || len(s) > check.MaxNameVersion+1 {
		return check.Quote(s)
	}
	return s
}

// awaits says what an action waits for.
func (c *candidate) awaits() string {
	if c.asked.unread != nil && c.asked.Kind == action.Rollback {
		return fmt.Sprintf("it asks to roll back to generation %d, which cannot be read", c.asked.Generation)
	}
	if c.asked.unread != nil {
		return fmt.Sprintf("it asks to %s, and channel %s cannot be read", c.asked.Kind, c.asked.From)
	}
	return fmt.Sprintf("it asks to %s %s, and not all of that is published yet; it waits for that until %s, and is then refused",
		c.asked.Kind, nameVersions(c.asked.refs()), timeText(ActionEnds(c.upload.Arrival)))
}

// maxCompared is how many names are compared with one that is not known.
const maxCompared = 1000

func rejectUnknown(c *catalog, r ref) *check.Problem {
	problem := reject("action-unknown", "%s is not published in channel %s, nor was it within %s", r, c.channel, actionWait)
	if near := c.nearest(r); near != "" {
		problem.Fix += fmt.Sprintf("; perhaps %s is meant", near)
	}
	return problem
}

// nearest is the version, or the chart, that may be meant by one that is not published; ""
// if none is spelt alike.
func (c *catalog) nearest(r ref) string {
	word, known := r.version, []string(nil)
	if all, _ := c.releases(r.name); len(all) > 0 {
		for _, p := range all[:min(len(all), maxCompared)] {
			known = append(known, p.Version)
		}
	} else {
		word = r.name
		for name := range c.index.Charts() {
			if known = append(known, name); len(known) == maxCompared {
				break
			}
		}
	}
	if len(word) > check.MaxNameVersion {
		return ""
	}
	return spelling.Nearest(word, known)
}

func rejectDigest(r ref, is published, digest string) *check.Problem {
	return reject("action-digest", "the SHA-256 of %s is %s, not %s, as the action says", r, is.Digest, digest)
}

func rejectTooLarge(chart string, size int) *check.Problem {
	problem := reject("action-too-large", "the lines of %s have %d bytes, and one record takes %d", chart, size, maxLines)
	problem.Fix = "free versions first, with 'portolan prune --yanked', or write deprecated: true into Chart.yaml of the next one"
	return problem
}

func rejectGone(r ref, t action.Tombstone) *check.Problem {
	return reject("content-gone", "%s: this content %s", r, goneText(t))
}

// goneText says why content is not to come back: it …
func goneText(t action.Tombstone) string {
	text := t.Fate() + " " + timeText(t.Time)
	if t.Reason != "" {
		text += ": " + t.Reason
	}
	return text
}

// warnHidden says which promoted versions stay yanked.
func warnHidden(channel string, all []action.Yanked) verdict.Warning {
	refs := make([]ref, len(all))
	for i, y := range all {
		refs[i] = ref{y.Chart, y.Version}
	}
	if len(all) == 1 {
		return warnYanked(refs[0], channel, all[0])
	}
	return verdict.Warning{Rule: "warn-yanked", Message: fmt.Sprintf(
		"%s are yanked, and lists go on hiding them: 'portolan restore' lists them again", nameVersions(refs))}
}

func warnYanked(r ref, channel string, y action.Yanked) verdict.Warning {
	return verdict.Warning{Rule: "warn-yanked", Message: fmt.Sprintf(
		"%s was yanked %s (%s), and lists go on hiding it: 'portolan restore %s %s %s' lists it again",
		r, timeText(y.Time), y.Reason, channel, r.name, r.version)}
}

func warnEnded(r ref, channel string, y action.Yanked) verdict.Warning {
	return verdict.Warning{Rule: "warn-yank-ended", Message: fmt.Sprintf(
		"%s was yanked %s (%s); this is other content, so lists show it again: 'portolan yank %s %s %s' hides it",
		r, timeText(y.Time), y.Reason, channel, r.name, r.version)}
}

func timeText(t time.Time) string { return t.UTC().Format(time.RFC3339) }
