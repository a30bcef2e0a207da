package importer

import (
	"time"

	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/publisher/action"
)

// Outcome says how the import of one entry ended.
type Outcome string

// Outcomes.
const (
	Taken     Outcome = "taken"
	There     Outcome = "there"     // already published, or waiting in the inbox
	Differs   Outcome = "differs"   // from what the index says, or from what is published
	Refused   Outcome = "refused"   // by a rule
	Unfetched Outcome = "unfetched" // the archive cannot be fetched
	Broken    Outcome = "broken"    // the entry cannot be used
	Duplicate Outcome = "duplicate" // the version is listed twice
)

// Outcomes returns all outcomes, in the order in which reports show them.
func Outcomes() []Outcome {
	return []Outcome{Taken, There, Differs, Refused, Unfetched, Broken, Duplicate}
}

// Result says how the import of one entry ended, and why.
type Result struct {
	Chart   string          `json:"chart,omitempty"`
	Version string          `json:"version,omitempty"`
	Outcome Outcome         `json:"outcome"`
	ID      string          `json:"id,omitempty"` // of the upload
	URL     string          `json:"url,omitempty"`
	Digest  string          `json:"digest,omitempty"` // of the archive
	Created time.Time       `json:"created,omitzero"` // according to the old index
	Rule    string          `json:"rule,omitempty"`
	Message string          `json:"message,omitempty"`
	Fix     string          `json:"fix,omitempty"`
	Warn    []check.Warning `json:"warnings,omitempty"`

	// Unsigned says why the chart's provenance file was left out, if it was. The
	// chart itself may be taken nevertheless.
	Unsigned string `json:"signatureLeftOut,omitempty"`

	// Remade says why the chart's manifest in its registry was left out, if it was. A
	// registry of portolan's then has another one, with another digest.
	Remade string `json:"manifestLeftOut,omitempty"`

	// Lost reports whether the channel will lack something that the repository has.
	Lost bool `json:"lost"`

	here string // the digest that the channel has of it, or will have; "" if it will not have it
}

// Action says what became of an action that makes the channel what another portolan's is:
// it is asked for (Taken), there already or waiting (There), or Refused.
type Action struct {
	Outcome Outcome `json:"outcome"`
	ID      string  `json:"id,omitempty"` // of the action
	action.Request
	Rule    string `json:"rule,omitempty"`
	Message string `json:"message,omitempty"`
	Fix     string `json:"fix,omitempty"`
	Lost    bool   `json:"lost"` // the channel will lack it
}

// Report says what an import did.
type Report struct {
	From    string   `json:"from"`
	Channel string   `json:"channel"`
	DryRun  bool     `json:"dryRun"`
	Notes   []string `json:"notes,omitempty"` // on where the charts were found
	Results []Result `json:"charts"`
	Actions []Action `json:"actions,omitempty"` // in the order in which they are asked for

	// Warnings are about what will be wrong in the channel, though nothing is left out.
	Warnings []string `json:"warnings,omitempty"`
}

// Count returns the number of entries with the outcome.
func (r *Report) Count(o Outcome) int {
	n := 0
	for _, result := range r.Results {
		if result.Outcome == o {
			n++
		}
	}
	return n
}

// Asked returns the number of actions with the outcome.
func (r *Report) Asked(o Outcome) int {
	n := 0
	for _, a := range r.Actions {
		if a.Outcome == o {
			n++
		}
	}
	return n
}

// Lost returns the number of entries and actions that the channel will lack.
func (r *Report) Lost() int {
	n := 0
	for _, a := range r.Actions {
		if a.Lost {
			n++
		}
	}
	for _, result := range r.Results {
		if result.Lost {
			n++
		}
	}
	return n
}

func newResult(e Entry) Result {
	return Result{Chart: e.Name, Version: e.Version, URL: shown(e.URL), Created: e.Created.UTC()}
}
