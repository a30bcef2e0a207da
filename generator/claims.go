package generator

import (
	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// claims are the versions that a plan has decided about, and the charts, which have no
// version here. A record never has both an upload and an action about the same version, nor
// two actions, so that the order within a record does not matter: the plan ends before the
// second one, which the next record decides. A rollback has a record for itself. A nil one
// claims nothing.
type claims struct{ uploads, actions map[ref]bool }

func newClaims() *claims { return &claims{map[ref]bool{}, map[ref]bool{}} }

// clash reports whether the plan has to end before this outcome.
func (c *claims) clash(o *outcome) bool {
	switch {
	case c == nil:
		return false
	case c.actions[wholeChannel]:
		return true
	case o.asked != nil && o.asked.Kind == action.Rollback:
		return len(c.uploads)+len(c.actions) > 0
	}
	if o.asked == nil {
		for _, r := range o.refs() {
			if c.actions[r] || c.actions[ref{name: r.name}] {
				return true
			}
		}
		return false
	}
	for _, r := range o.asked.refs() {
		if c.uploads[r] || c.actions[r] {
			return true
		}
	}
	return false
}

// add adds what the outcome is about. What is refused changes nothing.
func (c *claims) add(o *outcome) {
	switch {
	case c == nil || o.verdict == verdict.Rejected:
	case o.asked == nil:
		c.uploads[o.ref], c.uploads[ref{name: o.ref.name}] = true, true
	default:
		for _, r := range o.asked.refs() {
			c.actions[r] = true
		}
	}
}
