package publisher

import (
	"context"
	"errors"
	"path"
	"time"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

// keeping is what pruning a channel leaves.
type keeping struct {
	floor int // the oldest generation that is promised from now on; 0 if all are

	// from is the oldest generation whose files stay. It is before floor if
	// readers may have seen an earlier head a short time ago; 0 if all stay.
	from int

	folders map[string]bool // of the archives that this or a later generation names, in the channel
	freed   freed           // of these, what need not be there all the same

	kept Kept
}

func (k *keeping) keep(line string) { k.folders[path.Dir(lineOf(line).url())] = true }

// keeping goes back along the log until there is enough to keep. The kept generations
// name what the newest one names, and what was removed from the index since the oldest
// of them.
func (p *pruner) keeping(ctx context.Context, c *Channel) (*keeping, error) {
	k := &keeping{floor: c.Floor(), folders: map[string]bool{}}
	for chart := range c.index.Charts() {
		for _, line := range c.index.Lines(chart) {
			k.keep(line)
		}
	}
	k.kept.Why = KeptAll
	if p.Snapshots > 0 {
		k.kept.Why = KeptFew
	}
	for r, err := range c.back(ctx) {
		if err != nil {
			return nil, err
		}
		if r.Change == nil {
			continue
		}
		k.kept.Snapshots++
		enough := p.Snapshots > 0 && k.kept.Snapshots >= p.Snapshots
		if r.Generation <= k.floor || enough {
			shown, err := p.shown(ctx, c, r)
			if err != nil {
				return nil, err
			}
			if shown >= p.Grace && (r.Generation <= k.floor || shown >= p.Keep) {
				k.floor, k.from = max(k.floor, r.Generation), r.Generation
				if r.Base > 0 {
					k.kept.Why = KeptNewest
				}
				k.kept.Until = time.Time{}
				return k, nil
			}
			if r.Base > 0 { // there is one to be removed
				k.kept.Why = KeptYoung
			}
			if until := r.Time.Add(max(p.Grace, p.Keep)); k.kept.Until.IsZero() && r.Base > 0 {
				k.kept.Until = until
			}
		}
		if err := k.freed.add(ctx, p, c, r); err != nil {
			return nil, err
		}
		for _, l := range r.Change.Removed {
			if !k.freed.gone[version{l.Chart, lineVersion(l.Text)}] {
				k.keep(l.Text)
			}
		}
	}
	return k, nil
}

// shown is how long head has shown the record's generation or a later one; -1 if that is
// unknown. The record's own time is not enough: the generator that committed it may have
// died, and another may have moved head long after. But the snapshot is written when head
// is moved, and so is a head that is late.
func (p *pruner) shown(ctx context.Context, c *Channel, r *Record) (time.Duration, error) {
	since := r.Time
	if p.now.Sub(since) < p.Grace || c.head.generation < r.Generation {
		return -1, nil
	}
	snapshot, err := c.site.Get(ctx, snapshotKey(c.Name, r.Generation))
	if errors.Is(err, bucket.ErrNotFound) {
		return -1, nil
	}
	if err != nil {
		return -1, err
	}
	if m := snapshot.Entry.Modified; m.After(since) {
		since = m
	}
	if c.head.late && c.head.modified.After(since) {
		since = c.head.modified
	}
	return p.now.Sub(since), snapshot.Close()
}
