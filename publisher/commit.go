package publisher

import (
	"context"
	"fmt"
	"time"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

// Draft is what a generator wants to commit.
type Draft struct {
	Time        time.Time
	Decisions   []Decision
	Actions     []ActionDecision
	Removed     []Line // see [Index.Diff]
	Added       []Line
	Shown       []Shown // see [Change.Shown]
	Keep        int     // see [Header.Keep]
	ContextPath string
	Nonce       string
	Floor       int             // 0 leaves it where it is
	Registry    *RegistryChange // see [Channel.RegistryDraft]
	RegistryAll bool            // likewise
	Texts       []string        // the manifests that it gives to versions, which need not be read then
}

// Commit makes the draft the channel's next generation. If another generator was
// faster, it fails with ErrConflict and leaves the channel as it was; the caller then
// refreshes the channel and decides again.
//
// Everything that the new index names must be in the store before. When Commit returns
// nil, the decisions stand. After an error other than ErrConflict, only the next run can
// tell whether they stand.
func (c *Channel) Commit(ctx context.Context, d Draft) error {
	record := &Record{
		Generation: c.Generation() + 1,
		Parent:     c.sum,
		Base:       c.IndexGeneration(),
		Floor:      max(d.Floor, c.Floor()),
		Nonce:      d.Nonce,
		Time:       d.Time,
		Decisions:  d.Decisions,
		Actions:    d.Actions,
		Registry:   d.Registry,
	}
	state, stateFile, err := record.nextState(c)
	if err != nil {
		return err
	}
	next, err := record.describe(ctx, c, d)
	if err != nil {
		return err
	}
	record.Format = record.format()
	if err := record.check(record.Generation); err != nil {
		return bucket.About(recordKey(c.Name, record.Generation), err)
	}
	sum, err := record.fits()
	if err != nil {
		return bucket.About(recordKey(c.Name, record.Generation), err)
	}
	if err := c.probeNew(ctx); err != nil {
		return err
	}
	touched := c.touched.clone()
	touched.add(record)
	c.registry.hold(d.Texts)
	if err := c.foresee(ctx, next, state, touched); err != nil {
		return err
	}
	if err := c.putState(ctx, record.State, stateFile); err != nil {
		return err
	}
	// The commit point. Everything that the record refers to is durable, and
	// nothing of it is visible. Once the record exists, everything that follows
	// can be done again by anyone from the record alone.
	err = c.site.Create(ctx, bucket.Object{
		Key: recordKey(c.Name, record.Generation), Body: record.write, ContentType: typeJSON, CacheControl: forever,
	})
	if err != nil {
		return err
	}
	c.newest, c.sum, c.touched = record, sum, touched
	if record.State != nil {
		c.setState(state)
	}
	if record.Change != nil {
		c.index = next
		c.behind = append(c.behind, generation{record.Generation, next})
	}
	return nil
}

var errTooMuch = fmt.Errorf("refused to commit an index of more than %d bytes, or a record of more than %d: divide the channel", maxIndex, maxRecord)

// fits returns the record's SHA-256, or an error if the record or its index is too large: if
// that were written, no generator could read it, or get past it.
func (r *Record) fits() (sum string, err error) {
	sum, size, err := r.measure()
	if err == nil && (size > maxRecord || r.Change != nil && r.Change.largest() > maxIndex) {
		err = errTooMuch
	}
	return sum, err
}

// describe sets the record's change to the one that the draft makes in the channel's
// index, and returns the resulting index.
func (r *Record) describe(ctx context.Context, c *Channel, d Draft) (*Index, error) {
	if len(d.Removed) == 0 && len(d.Added) == 0 && len(d.Shown) == 0 && d.Registry == nil && !c.RootChanges() && !c.RegistryChanges() && !r.acts() {
		return c.index, nil
	}
	h := Header{Generated: d.Time, ContextPath: d.ContextPath, Generation: r.Generation, Keep: d.Keep, Root: c.logsRoot(), Charts: true}
	h.Registry = c.nextRegistry(r.Generation, d.RegistryAll)
	if r.State != nil {
		h.State = r.State.Name
	}
	if err := r.complete(ctx, c, h.Registry, d); err != nil {
		return nil, err
	}
	header, err := h.line()
	if err != nil {
		return nil, err
	}
	r.Change = &Change{Header: header, Removed: d.Removed, Added: d.Added, Shown: d.Shown}
	next, err := c.index.Apply(r.Change)
	if err != nil {
		return nil, err
	}
	older := next.olderIndex()
	h.Older = older != nil
	if h.All, err = c.startsAll(ctx, next); err != nil {
		return nil, err
	}
	if next.header, err = h.line(); err != nil {
		return nil, err
	}
	r.Change.Header = next.header
	if older != nil {
		older.header, r.Change.Older = next.header, &Sum{}
		if r.Change.Older.SHA256, r.Change.Older.Size, err = older.sum(olderUp); err != nil {
			return nil, err
		}
	}
	r.Change.SHA256, r.Change.Size, err = next.sum("")
	return next, err
}

// probeNew probes the site before the first record of a channel is committed: if two
// writers could both create a record, the log would be worthless. A local folder keeps
// its promises, and a pretender writes nothing.
func (c *Channel) probeNew(ctx context.Context) error {
	if c.Generation() > 0 {
		return nil
	}
	switch c.site.(type) {
	case bucket.Folder, pretender:
		return nil
	}
	return bucket.ProbeWrites(ctx, c.site, c.Name)
}

// largest is the size of the larger one of the change's index files.
func (c *Change) largest() int64 {
	if c.Older == nil {
		return c.Size
	}
	return max(c.Size, c.Older.Size)
}

// Pretend moves this view of the channel on as Commit would, but writes nothing. It is
// for runs that only report what would happen.
func (c *Channel) Pretend(d Draft) error {
	dry := *c
	dry.site = pretender{c.site}
	if err := dry.Commit(context.Background(), d); err != nil {
		return err
	}
	dry.site = c.site
	*c = dry
	return nil
}

// pretender is a Store that accepts new objects and drops them.
type pretender struct{ bucket.Store }

func (pretender) Create(context.Context, bucket.Object) error { return nil }
