package publisher

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/droparea"
	"github.com/portolan-charts/portolan/publisher/sweep"
)

// PruneOptions says what a prune keeps. It removes what no kept generation needs, but
// nothing that belongs to an undecided upload.
type PruneOptions struct {
	Channels  []string      // empty means all of the site, and receipts, which have no channel
	Snapshots int           // how many of the newest snapshots to keep at least; 0 keeps all
	Keep      time.Duration // how long to keep receipts, refused uploads, and what head showed
	Grace     time.Duration // how long to keep files that head named

	// Yanked frees the versions that have been yanked for that long; nil frees none.
	Yanked *time.Duration

	// Before spares what was yanked at this time or later, such as by the caller a moment
	// ago: a dry run would not have named it. Zero spares nothing.
	Before time.Time

	Show Show // of the versions that are left once some are freed

	// BeforeHead is that of a channel in which versions are freed; nil tells nobody. See
	// [TakeDownOptions.BeforeHead].
	BeforeHead func(channel string) func(ctx context.Context, shown, next int) error

	DryRun   bool // remove nothing, and commit nothing
	Workers  int  // files removed at the same time; 0 means two a processor
	Progress func(PruneProgress)

	// For tests, which own time.
	Now   func() time.Time
	Nonce func() string
}

// PruneProgress is the progress of pruning a channel.
type PruneProgress struct {
	Channel string
	Files   int // looked at
}

// PruneReport is what a prune removed, or would remove.
type PruneReport struct {
	DryRun    bool           `json:"dryRun"`
	Channels  []ChannelPrune `json:"channels"`
	Receipts  sweep.Freed    `json:"receipts"`
	Rejected  sweep.Freed    `json:"rejected"`  // refused uploads, with their reasons
	Leftovers sweep.Freed    `json:"leftovers"` // of interrupted writes and deletions, in local folders; and of pushes
}

// ChannelPrune is what a prune removed from one channel.
type ChannelPrune struct {
	Channel    string      `json:"channel"`
	Generation int         `json:"generation"` // the newest record
	Floor      int         `json:"floor"`      // the oldest generation that is kept; 0 if all are
	Snapshots  sweep.Freed `json:"snapshots"`
	States     sweep.Freed `json:"states"` // files of states that newer ones replaced, or that no record names
	Kept       Kept        `json:"kept"`
	Charts     sweep.Freed `json:"charts"`   // files of releases that were published once
	Orphans    sweep.Freed `json:"orphans"`  // files of uploads that were never published
	Registry   sweep.Freed `json:"registry"` // files there, once the channel is not in the registry any more

	Freed      []FreedVersion `json:"freed,omitempty"`     // versions that it freed, or would
	FreedFiles sweep.Freed    `json:"freedFiles"`          // files of versions that were freed before
	FreedUntil time.Time      `json:"freedUntil,omitzero"` // when the files of others may go

	Error string `json:"error,omitempty"`

	// RegistryUntil is when files in the registry may go, if the channel left it too recently.
	RegistryUntil time.Time `json:"registryUntil,omitzero"`
}

// Kept says why a prune keeps the snapshots of a channel that it keeps.
type Kept struct {
	Snapshots int        `json:"snapshots"`      // that were counted: all, or those that are kept
	Why       KeptReason `json:"why"`            // the first reason that holds
	Until     time.Time  `json:"until,omitzero"` // when the first of them may go, if they are too young
}

// KeptReason is why snapshots are kept.
type KeptReason string

// The reasons.
const (
	KeptAll    KeptReason = "all"    // no number was given
	KeptFew    KeptReason = "few"    // there are no more than that number
	KeptYoung  KeptReason = "young"  // head showed the older ones, or what they name, a short time ago
	KeptNewest KeptReason = "newest" // the older ones are gone, or go now
)

// Total is everything that was removed.
func (r *PruneReport) Total() sweep.Freed {
	var t sweep.Freed
	all := []sweep.Freed{r.Receipts, r.Rejected, r.Leftovers}
	for _, c := range r.Channels {
		all = append(all, c.Snapshots, c.States, c.Charts, c.Orphans, c.Registry, c.FreedFiles)
	}
	for _, f := range all {
		t.Files += f.Files
		t.Bytes += f.Bytes
	}
	return t
}

// Prune removes what is not needed any more from the site and the drop area. It may be
// repeated after any failure, and generators may run meanwhile. A failure in one channel
// does not stop the others. The report says what was removed, even if Prune returns an
// error.
func Prune(ctx context.Context, drop, site bucket.Store, o PruneOptions) (*PruneReport, error) {
	p := &pruner{PruneOptions: o, drop: drop, site: site}
	p.setDefaults()
	p.report = &PruneReport{DryRun: o.DryRun, Channels: []ChannelPrune{}}
	channels := o.Channels
	if len(channels) == 0 {
		var err error
		if channels, err = Channels(ctx, site); err != nil {
			return p.report, err
		}
	}
	var failures []error
	for _, name := range channels {
		p.report.Channels = append(p.report.Channels, ChannelPrune{Channel: name})
		c := &p.report.Channels[len(p.report.Channels)-1]
		if err := p.channel(ctx, c); err != nil {
			c.Error = err.Error()
			failures = append(failures, fmt.Errorf("channel %s: %w", name, err))
		}
	}
	return p.report, errors.Join(append(failures, p.dropArea(ctx), p.pruneFolders(ctx))...)
}

// pruner is one prune.
type pruner struct {
	PruneOptions
	drop, site bucket.Store
	now        time.Time
	report     *PruneReport
}

func (p *pruner) setDefaults() {
	p.Workers = cmp.Or(p.Workers, 2*runtime.GOMAXPROCS(0))
	if p.Progress == nil {
		p.Progress = func(PruneProgress) {}
	}
	if p.Now == nil {
		p.Now = time.Now
	}
	if p.Nonce == nil {
		p.Nonce = rand.Text
	}
	p.now = p.Now()
}

// channel prunes one channel. The log up to the newest record that it knows decides what
// it removes, and later records cannot change that: a file that no kept generation names
// and whose upload is decided will never be named again, since an upload is decided once,
// and no other upload has its path.
func (p *pruner) channel(ctx context.Context, report *ChannelPrune) error {
	if err := p.free(ctx, report); err != nil {
		return err
	}
	c, k, err := p.raiseFloor(ctx, report.Channel)
	if err != nil {
		return err
	}
	report.Generation, report.Floor, report.Kept, report.FreedUntil = c.Generation(), k.floor, k.kept, k.freed.until
	if err := p.snapshots(ctx, c, k, report); err != nil {
		return err
	}
	if err := p.states(ctx, c, report); err != nil {
		return err
	}
	if err := p.probes(ctx, c); err != nil {
		return err
	}
	if err := p.registryFiles(ctx, c, report); err != nil {
		return err
	}
	return p.chartFiles(ctx, c, k, report)
}

// raiseFloor decides what to keep, and writes that into the log before anything is
// removed. If a generator commits first, it decides again.
func (p *pruner) raiseFloor(ctx context.Context, name string) (*Channel, *keeping, error) {
	for {
		c, err := openShown(ctx, p.site, name)
		if err == nil {
			err = c.compareEnd(ctx) // a lost record could have named anything
		}
		if err != nil {
			return nil, nil, err
		}
		if c.Generation() == 0 {
			return nil, nil, errNoChannel
		}
		k, err := p.keeping(ctx, c)
		if err != nil || p.DryRun {
			return c, k, err
		}
		// A head that is behind may name what is to go, and so may what follows from the
		// log as head does, and the site's root.
		c.Workers = p.Workers
		if p.Yanked != nil && p.BeforeHead != nil {
			c.BeforeHead = p.BeforeHead(name)
		}
		if err := c.touchIndex(ctx); err != nil {
			return nil, nil, err
		}
		known := c.Generation()
		if err := c.Project(ctx); err != nil {
			return nil, nil, err
		}
		if c.Generation() > known {
			continue // what is kept does not fit the log that it knows now
		}
		if k.floor == c.Floor() {
			return c, k, nil
		}
		d := c.draftAt(p.now, p.Nonce())
		d.Floor = k.floor
		err = c.Commit(ctx, d)
		if !errors.Is(err, bucket.ErrConflict) {
			return c, k, err
		}
	}
}

// dropArea prunes the drop area.
func (p *pruner) dropArea(ctx context.Context) error {
	freed, err := droparea.Prune(ctx, p.drop, droparea.PruneOptions{Channels: p.Channels, Keep: p.Keep, Now: p.now, DryRun: p.DryRun, Workers: p.Workers})
	p.report.Receipts, p.report.Rejected = freed.Receipts, freed.Rejected
	p.report.Leftovers.Files += freed.Pushed.Files
	p.report.Leftovers.Bytes += freed.Pushed.Bytes
	return err
}

// pruneFolders removes what interrupted writes and deletions left in local folders.
// Buckets have no such leftovers that could be listed.
func (p *pruner) pruneFolders(ctx context.Context) error {
	for _, s := range []bucket.Store{p.drop, p.site} {
		disk, ok := s.(bucket.Folder)
		if !ok {
			continue
		}
		if err := disk.RemoveLeftovers(ctx, p.DryRun, p.report.Leftovers.Add); err != nil {
			return err
		}
	}
	return nil
}
