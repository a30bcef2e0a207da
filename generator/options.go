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
	"github.com/portolan-charts/portolan/publisher/registry"
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
	Patience    *Patience // between the runs of one process; nil means that there is one run

	held   *Archives // what was read, for pages; nil if there are none
	outbox *outbox   // nil apart from runs

	// For tests, which own time and chance.
	Now   func() time.Time
	Nonce func() string
	Sleep func(context.Context, time.Duration) error

	manifest func(registry.Release) ([]byte, error) // makes manifests; nil is registry.New
}

// Pages makes what a site shows of a channel beside its index; the package pages
// does. Project is called once head shows the channel's newest generation, and
// returns what is to be made. It may be repeated after any failure, and makes up
// for what an earlier one did not get to. Archives that the run still holds need not be
// read again.
type Pages interface {
	Project(ctx context.Context, site bucket.Store, c *publisher.Channel, held *Archives) (*Projection, error)
}

// Projection is what is to be made of a channel's pages.
type Projection struct {
	Report *PagesReport
	Parts  []Part // in any order, also at the same time

	// Finish makes what lists the parts, once they are all done. Pause takes its
	// place if they are not: it notes how far they got, and the next projection
	// goes on from there.
	Finish, Pause func(context.Context) error
}

// Part makes the pages of one chart. If that takes long it returns false, so that
// other channels have their turn, and is called again.
type Part func(context.Context) (done bool, err error)

// PagesReport says what a run did to a channel's pages.
type PagesReport struct {
	Generation int      `json:"generation"` // that they show now
	Written    []string `json:"written"`    // keys of the files that were not as they should be

	// Mixed says that the pages were made with several versions of portolan, sets
	// of templates or settings: those that nothing has changed since stay as they are.
	Mixed bool `json:"mixed,omitempty"`

	// Problems are what the run got over: pages that could not be rendered.
	Problems []string `json:"problems,omitempty"`

	// Error is what kept the run from making all of them. The channel's uploads,
	// which have their receipts, stay in the inbox until a run has made them.
	Error string `json:"error,omitempty"`
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
	if o.manifest == nil {
		o.manifest = registry.New
	}
}
