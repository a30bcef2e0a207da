package generator

import (
	"context"
	"time"

	"github.com/portolan-charts/portolan/generator/config"
	"github.com/portolan-charts/portolan/publisher"
)

// Options says what a run works on. The zero value of every field but Drop and
// Site works.
type Options struct {
	Drop, Site publisher.Store
	Config     *config.Config // nil means the defaults
	Channels   []string       // empty means all
	Pages      Pages          // nil means that there are none
	DryRun     bool           // decide, say what would happen, and write nothing
	Workers    int            // uploads read at the same time; 0 means one a processor
	Progress   func(Progress)

	// For tests, which own time and chance.
	Now   func() time.Time
	Nonce func() string
	Sleep func(context.Context, time.Duration) error
}

// Pages makes what a site shows of a channel beside its index; the package pages
// does. Project is called once head shows the channel's newest generation. It may
// be repeated after any failure, and makes up for what an earlier one did not get to.
type Pages interface {
	Project(ctx context.Context, site publisher.Store, c *publisher.Channel) (*PagesReport, error)
}

// PagesReport is what became of a channel's pages.
type PagesReport struct {
	Generation int      `json:"generation"` // that they show now
	Written    []string `json:"written"`    // keys of the files that were not as they should be

	// Mixed says that the pages were made with several versions of portolan, sets
	// of templates or settings: those that nothing has changed since stay as they are.
	Mixed bool `json:"mixed,omitempty"`

	// Problems are what the run got over: pages that could not be rendered.
	Problems []string `json:"problems,omitempty"`
}

// Progress says how far a run is with one channel.
type Progress struct {
	Channel     string
	Done, Total int // uploads
}

// Report is what a run did, or with DryRun would do.
type Report struct {
	DryRun   bool                `json:"dryRun,omitempty"`
	Channels []ChannelReport     `json:"channels"`
	Ignored  []publisher.Ignored `json:"ignored"` // files in the inbox that are no uploads
}

// ChannelReport is what a run did to one channel.
type ChannelReport struct {
	Channel string `json:"channel"`

	// Before and After are the newest generation when the run began and when it
	// ended. They are equal if nothing was committed.
	Before int `json:"before"`
	After  int `json:"after"`

	// Head is what was wrong with head when the run began; "" if nothing was.
	Head string `json:"head,omitempty"`

	// Older is how many versions of the channel the index does not list.
	Older int `json:"older,omitempty"`

	Budget   *Budget             `json:"budget,omitempty"`  // nil if the index is far from what clients refuse
	Pages    *PagesReport        `json:"pages,omitempty"`   // nil if there are none
	Receipts []publisher.Receipt `json:"receipts"`          // in the order of arrival
	Waiting  []Waiting           `json:"waiting,omitempty"` // what stays in the inbox for now
	Error    string              `json:"error,omitempty"`   // what stopped the run in this channel
}

// Waiting is something in the inbox that cannot be decided yet, and why.
type Waiting struct {
	ID     string `json:"id,omitempty"` // "" if it has none yet
	File   string `json:"file,omitempty"`
	Reason string `json:"reason"`
}

// Count returns how many uploads got the verdict.
func (r *Report) Count(v publisher.Verdict) int {
	n := 0
	for _, c := range r.Channels {
		for _, receipt := range c.Receipts {
			if receipt.Verdict == v {
				n++
			}
		}
	}
	return n
}
