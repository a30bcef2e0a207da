package generator

import (
	"cmp"
	"context"
	"crypto/rand"
	"runtime"
	"time"

	"github.com/portolan-charts/portolan/generator/config"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/pause"
)

// Options says what a run works on. The zero value of every field but Drop and
// Site works.
type Options struct {
	Drop, Site  bucket.Store
	Config      *config.Config // nil means the defaults
	Channels    []string       // empty means all
	Pages       Pages          // nil means that there are none
	DryRun      bool           // decide, say what would happen, and write nothing
	ReplaceRoot bool           // the root channel takes the place of any other file in the site's root, also if it has no uploads
	Workers     int            // uploads read at the same time; 0 means one a processor
	Progress    func(Progress)

	// For tests, which own time and chance.
	Now   func() time.Time
	Nonce func() string
	Sleep func(context.Context, time.Duration) error
}

// Pages makes what a site shows of a channel beside its index; the package pages
// does. Project is called once head shows the channel's newest generation. It may
// be repeated after any failure, and makes up for what an earlier one did not get to.
type Pages interface {
	Project(ctx context.Context, site bucket.Store, c *publisher.Channel) (*PagesReport, error)
}

// PagesReport says what a run did to a channel's pages.
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

func (o *Options) setDefaults() {
	if o.Config == nil {
		o.Config = &config.Config{}
	}
	o.Workers = cmp.Or(o.Workers, o.Config.Workers, runtime.GOMAXPROCS(0))
	if o.Progress == nil {
		o.Progress = func(Progress) {}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Nonce == nil {
		o.Nonce = rand.Text
	}
	if o.Sleep == nil {
		o.Sleep = pause.For
	}
}
