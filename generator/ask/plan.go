package ask

import (
	"fmt"

	"github.com/portolan-charts/portolan/publisher/action"
)

// Plan is an action that can be asked for, and what it would do.
type Plan struct {
	Channel string         `json:"channel"`
	Request action.Request `json:"-"`
	Steps   []Step         `json:"versions"` // in the index's order; none if there is nothing to do
	Notes   []string       `json:"notes,omitempty"`
}

// Step is what an action would do to one version.
type Step struct {
	action.Pin
	Effect Effect `json:"effect"`
}

// Effect is what becomes of a version.
type Effect string

// The effects.
const (
	Hidden Effect = "hidden" // no list has it any more; its URL, digest and tag stay
	Listed Effect = "listed" // lists have it again
)

func newPlan(channel string, r action.Request) *Plan {
	return &Plan{Channel: channel, Request: r, Steps: []Step{}}
}

// Idle reports whether everything is already as the action would make it.
func (p *Plan) Idle() bool { return len(p.Steps) == 0 }

// leave notes which versions the action leaves out, and why.
func (p *Plan) leave(why string, s *shelf, versions []string) {
	if len(versions) > 0 {
		p.Notes = append(p.Notes, fmt.Sprintf("left out, since %s: %s %s", why, s.chart, s.list(versions)))
	}
}

// done names the plan's versions in its request, and makes sure that it can be asked for.
func (p *Plan) done() (*Plan, error) {
	if p.Idle() {
		return p, nil
	}
	for _, s := range p.Steps {
		p.Request.Versions = append(p.Request.Versions, s.Pin)
	}
	if err := p.Request.Check(); err != nil {
		return nil, &Error{err.Error(), "ask for fewer versions at a time"}
	}
	return p, nil
}

// Error says why there is nothing that could be asked for.
type Error struct {
	Message string
	fix     string
}

func (e *Error) Error() string { return e.Message }

// Fix says what to do about it; it is never empty.
func (e *Error) Fix() string { return e.fix }
