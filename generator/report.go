package generator

import (
	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/droparea"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// Report is what a run did, or with DryRun would do.
type Report struct {
	DryRun   bool               `json:"dryRun,omitempty"`
	Channels []ChannelReport    `json:"channels"`
	Ignored  []droparea.Ignored `json:"ignored"` // files in the inbox that are not uploads
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

	// AtRoot says that the index in the site's root shows this channel as well.
	AtRoot bool `json:"atRoot,omitempty"`

	// Root is what was wrong with the index in the site's root, if that shows this
	// channel; "" if nothing was. RootLeft is why it does not show this channel
	// although it should, or the reverse; "" if it is as it should be.
	Root     string `json:"root,omitempty"`
	RootLeft string `json:"rootLeft,omitempty"`

	// RegistryLeft is why nobody can read the channel in the registry although it should
	// be there; "" if it is as it should be.
	RegistryLeft string `json:"registryLeft,omitempty"`

	// OutOfRegistry says that the run took the channel out of the registry.
	OutOfRegistry bool `json:"outOfRegistry,omitempty"`

	// Completed is how many versions that were published before got a manifest in the
	// registry.
	Completed int `json:"completed,omitempty"`

	// Older is how many versions of the channel the index does not list, since it has
	// newer ones of their charts. Yanked ones are not among them.
	Older int `json:"older,omitempty"`

	// Yanked is how many versions of the channel are yanked.
	Yanked int `json:"yanked,omitempty"`

	Budget   *Budget            `json:"budget,omitempty"`  // nil if the index is far from what clients refuse
	Pages    *PagesReport       `json:"pages,omitempty"`   // nil if there are none
	Receipts []droparea.Receipt `json:"receipts"`          // in the order of arrival
	Waiting  []Waiting          `json:"waiting,omitempty"` // what stays in the inbox for now
	Told     []Telling          `json:"told,omitempty"`    // receivers that were told of it, or should have been
	Error    string             `json:"error,omitempty"`   // what stopped the run in this channel
}

// Waiting is something in the inbox that cannot be decided yet, and why.
type Waiting struct {
	ID     string      `json:"id,omitempty"` // "" as long as it has none
	File   string      `json:"file,omitempty"`
	Action action.Kind `json:"action,omitempty"` // "" if it is an upload
	Reason string      `json:"reason"`
}

// Name names it for people: by its file, or by its id.
func (w Waiting) Name() string {
	switch {
	case w.Action != "":
		return "action " + w.ID
	case w.File != "":
		return w.File
	}
	return "upload " + w.ID
}

// OnlyPages reports whether nothing went wrong but pages: everything was decided
// that could be, and is published.
func (r *Report) OnlyPages() bool {
	only := false
	for _, c := range r.Channels {
		switch {
		case c.Error == "":
		case c.Pages == nil || c.Pages.Error != c.Error:
			return false
		default:
			only = true
		}
	}
	return only
}

// Count returns how many uploads got the verdict.
func (r *Report) Count(v verdict.Verdict) int {
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
