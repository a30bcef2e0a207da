package ask

import (
	"fmt"

	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/generator/config"
	"github.com/portolan-charts/portolan/publisher/action"
)

// Plan is an action that can be asked for, and what it would do.
type Plan struct {
	Channel string         `json:"channel"`
	Request action.Request `json:"-"`
	Steps   []Step         `json:"versions"`         // in the index's order
	Copies  []Copy         `json:"copies,omitempty"` // in other channels, of what is yanked or restored
	Notes   []string       `json:"notes,omitempty"`  // such as what is left out, and why
	Idle    bool           `json:"-"`                // everything is as the action would make it

	about []action.Pin // the versions that are meant to be yanked or restored, also those that are so already
}

// Step is what an action would do to one version.
type Step struct {
	action.Pin
	Effect Effect `json:"effect"`
	Was    string `json:"was,omitempty"` // the digest of what it replaces
}

// Effect is what an action does to a version.
type Effect string

// The effects.
const (
	Hidden       Effect = "hidden"       // no list but all/ has it any more; its URL, digest and tag stay
	Listed       Effect = "listed"       // lists have it again
	Deprecated   Effect = "deprecated"   // lists say that it is
	Undeprecated Effect = "undeprecated" // lists do not say so any more
	New          Effect = "new"          // the channel gets it
	Replaced     Effect = "replaced"     // the channel gets other content for it
	PutBack      Effect = "put back"     // the channel gets the content that it had
	Signed       Effect = "signed"       // the channel gets the provenance file for what it has
)

func newPlan(channel string, r action.Request) *Plan {
	return &Plan{Channel: channel, Request: r, Steps: []Step{}}
}

// leave notes which versions the action leaves out, and in a few words, why.
func (p *Plan) leave(why string, s *shelf, versions []string) {
	if len(versions) > 0 {
		p.Notes = append(p.Notes, fmt.Sprintf("left out (%s): %s %s", why, s.chart, s.list(versions)))
	}
}

// ofVersions names the plan's versions in its request, and makes sure that it can be asked
// for.
func (p *Plan) ofVersions() (*Plan, error) {
	for _, s := range p.Steps {
		p.Request.Versions = append(p.Request.Versions, s.Pin)
	}
	if p.Idle = len(p.Steps) == 0; p.Idle {
		return p, nil
	}
	if err := p.Request.Check(); err != nil {
		return nil, wrong(err.Error(), p.divide())
	}
	return p, nil
}

// divide says how to ask for less.
func (p *Plan) divide() string {
	fix := "ask for fewer versions at a time"
	if len(p.Steps) > action.MaxVersions {
		middle := p.Steps[len(p.Steps)/2].Version
		fix += fmt.Sprintf(", such as '<%s' and then '>=%s'", middle, middle)
	}
	return fix
}

// Check returns an [*Error] if a run with this configuration would not take the action from
// the drop area.
func (p *Plan) Check(c *config.Config) error {
	kind := p.Request.Kind
	if c.Policy(p.Channel).Takes(kind) {
		return nil
	}
	return refused("action-not-allowed", fmt.Sprintf("channel %s takes no %s from the drop area", p.Channel, kind),
		fmt.Sprintf("add %s to actions: {drop: […]} of the channel in portolan.yaml", kind))
}

// Error says why there is nothing that could be asked for.
type Error struct {
	Message string
	Rule    string // by which a run would refuse the action; "" if there is nothing to refuse
	fix     string
}

func (e *Error) Error() string { return e.Message }

// Fix says what to do about it; it is never empty.
func (e *Error) Fix() string { return e.fix }

func wrong(message, fix string) *Error { return &Error{Message: message, fix: fix} }

func refused(rule, message, fix string) *Error { return &Error{message, rule, fix} }

// refusedBy is the error for what a run would refuse for a problem.
func refusedBy(p *check.Problem) *Error { return refused(p.Rule, p.Message, p.Fix) }
