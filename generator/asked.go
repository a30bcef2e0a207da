package generator

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/generator/config"
	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/channelname"
	"github.com/portolan-charts/portolan/publisher/droparea"
)

// asked is what a candidate asks for that brings no archive.
type asked struct {
	action.Request
	rule   string    // of the channel that asks for it; "" if the drop area carried it
	back   *shownAt  // what is rolled back to; nil unless it is being decided
	offers []offered // what is promoted, by the place among Versions; if some cannot be, perhaps these alone
	unread error     // why neither is known: the generation, or the channel that they come from, cannot be read
}

// wholeChannel stands for all versions among those that an action is about.
var wholeChannel = ref{}

// refs are the versions that the action names, and the chart, which has no version.
func (a *asked) refs() []ref {
	if a.Kind == action.Rollback {
		return []ref{wholeChannel}
	}
	refs := make([]ref, 0, len(a.Versions)+1)
	for _, v := range a.Versions {
		refs = append(refs, ref{v.Chart, v.Version})
	}
	if a.Chart != "" {
		refs = append(refs, ref{name: a.Chart})
	}
	return refs
}

// CheckAction finds what a run would refuse in a request for an action, whatever is
// published. The error is nil or a *check.Problem.
func CheckAction(c *config.Config, channel string, request *action.Request) error {
	if err := CheckChannel(c, channel); err != nil {
		return err
	}
	if problem := cmp.Or(checkNames(request), checkKind(c.Policy(channel), request.Kind)); problem != nil {
		return problem
	}
	return nil
}

// checkNames says why the successor of a deprecated chart, or the channel to promote from,
// cannot be one.
func checkNames(request *action.Request) *check.Problem {
	if s := request.Successor; s != "" && (check.CheckName(s) != nil || s == request.Chart) {
		return reject("action-malformed", "the successor of chart %s cannot be %s", check.Quote(request.Chart), check.Quote(s))
	}
	if err := channelname.Check(request.From); request.From != "" && err != nil {
		return reject("action-malformed", "it cannot promote from there: %s", check.Foreign(err)) // which names the channel
	}
	return nil
}

// checkKind says why the drop area cannot carry an action of a kind.
func checkKind(p config.Policy, kind action.Kind) *check.Problem {
	if !p.Takes(kind) {
		return reject("action-not-allowed", "the channel takes no %s from the drop area", kind)
	}
	return nil
}

// readAction reads what an action asks for. It returns nil if another generator has taken
// it out of the inbox. A fault of it is in the candidate.
func (r *reader) readAction(ctx context.Context, u *droparea.Upload) (*candidate, error) {
	request, fault, err := droparea.ReadAction(ctx, r.drop, u)
	if errors.Is(err, bucket.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	c := &candidate{upload: u, weight: int(u.Action.Size), odd: r.name.warning, problem: r.name.problem}
	if fault != nil {
		c.problem = reject("action-malformed", "%s", check.Foreign(fault))
	} else if problem := checkNames(&request); problem != nil {
		c.problem = problem
	}
	if c.problem != nil { // nothing is known of what it says, which is kept as a file
		kind := request.Kind
		if !slices.Contains(action.Asked, kind) {
			kind = ""
		}
		request = action.Request{Kind: kind}
	}
	c.asked = &asked{Request: request}
	return c, nil
}
