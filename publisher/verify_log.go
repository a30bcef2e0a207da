package publisher

import (
	"context"
	"errors"
	"time"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

const (
	fixNewer = "verify the site with the newest portolan; this one is too old to tell whether anything is damaged"
	fixRead  = "find out what keeps it from being read, and verify the site again"
)

// readLog follows the log and derives the index, from the first record on or from where
// the log ended when it was read before.
func (v *verifier) readLog(ctx context.Context) error {
	for n := v.result.Generation + 1; !v.broken; n++ {
		key := recordKey(v.name, n)
		b, entry, err := bucket.ReadAll(ctx, v.site, key, maxRecord)
		if errors.Is(err, bucket.ErrNotFound) {
			return nil
		}
		if err != nil {
			v.broken = true
			return v.unreadable(ctx, key, err)
		}
		v.readable()
		record, err := parseRecord(b, n)
		if err == nil {
			err = v.follow(record, entry.Modified)
		}
		if err != nil {
			v.broken = true
			fix := fixLog
			if errors.Is(err, errNewerFormat) {
				fix = fixNewer
			}
			v.fault(key, fix, "%v", err)
			return nil
		}
		v.last, v.sum = record, hexSHA256(b)
		v.result.Generation, v.result.Floor = n, record.Floor
	}
	return nil
}

// follow checks a record against the previous one, and applies its change.
func (v *verifier) follow(r *Record, written time.Time) error {
	if err := r.follows(v.last, v.sum); err != nil {
		return err
	}
	lines, foreign, err := v.decided.take(r)
	for _, f := range append(foreign, v.manifests.add(r)...) {
		v.fault(recordKey(v.name, r.Generation), fixForeign, "%v", f)
	}
	if err != nil {
		return err
	}
	for _, d := range r.Decisions {
		if d.Digest != "" {
			v.sizes[d.Digest] = d.Size
		}
	}
	for _, a := range r.Actions {
		for _, p := range a.Versions {
			if a.Publishes(p) {
				v.sizes[p.Digest] = p.Size
			}
		}
	}
	if v.state, err = r.proveState(v.last, v.state); err != nil || r.Change == nil {
		return err
	}
	v.takeAway(r)
	for _, l := range r.Change.Removed {
		if a := v.archives[v.name+"/"+lineOf(l.Text).url()]; a != nil {
			a.until = r.Generation
		}
	}
	for _, p := range lines {
		v.archives[v.name+"/"+p.line.url()] = &archive{digest: p.line.Digest, prov: p.provenance}
	}
	return v.derive(r, written)
}

// derive applies the record's change to the index.
func (v *verifier) derive(r *Record, written time.Time) error {
	index, err := v.index.Apply(r.Change)
	if err != nil {
		return err
	}
	if err := r.Change.proves(index); err != nil {
		return err
	}
	snapshotSHA, snapshotSize, err := index.sum(snapshotUp)
	if err != nil {
		return err
	}
	v.index = index
	v.touched.add(r)
	if written.Before(r.Time) { // the store does not say; records are written some time after they are made
		written = r.Time
	}
	v.snapshots = append(v.snapshots, snapshot{r.Generation, written, r.Change.SHA256, snapshotSHA, snapshotSize, r.Change.Older})
	return nil
}
