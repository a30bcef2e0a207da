package survey

import (
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// Action is an action that was decided. If it was not accepted, little more than its kind is
// known: the log says no more.
type Action struct {
	ID         string          `json:"id"`
	Kind       action.Kind     `json:"kind"`
	About      string          `json:"about"` // what was asked for, in a few words: yank web 1.2.3
	Verdict    verdict.Verdict `json:"verdict"`
	Rule       string          `json:"rule,omitempty"`
	Reason     string          `json:"reason,omitempty"`     // of a yank; the message of a deprecation
	Chart      string          `json:"chart,omitempty"`      // that was deprecated or undeprecated
	Successor  string          `json:"successor,omitempty"`  // of a deprecated chart
	From       string          `json:"from,omitempty"`       // the channel that was promoted from
	Generation int             `json:"generation,omitempty"` // that was rolled back to
	Versions   []action.Pin    `json:"versions,omitempty"`   // that it was about; of a rollback, those that it hid
	Restored   []action.Pin    `json:"restored,omitempty"`   // that a rollback listed again
}

func actionOf(d publisher.ActionDecision) Action {
	a := Action{
		ID: d.ID, Kind: d.Kind, Verdict: d.Verdict, Rule: d.Rule, Reason: d.Reason,
		Chart: d.Chart, Successor: d.Successor, Generation: d.Generation,
	}
	for _, v := range d.Versions {
		switch {
		case d.Kind != action.Rollback, !v.Restores && v.Upload == "":
			a.Versions = append(a.Versions, v.Pin)
		case v.Restores:
			a.Restored = append(a.Restored, v.Pin)
		}
		a.From = v.From // all come from one channel
	}
	a.About = string(a.Kind)
	if a.Verdict == verdict.Accepted {
		a.About = action.Request{Kind: a.Kind, Chart: a.Chart, From: a.From, Versions: a.Versions, Generation: a.Generation}.Subject()
	}
	return a
}
