package publisher

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

// Project makes the site show the newest generation: for each kept generation that head
// does not show yet, it writes a snapshot, and an older index if there is one; then the
// files that follow from the newest one, and the index in the site's root, if that is to
// show the channel; then head. It may be repeated after any failure. When it returns nil,
// head shows this generation or a later one.
func (c *Channel) Project(ctx context.Context) error {
	for {
		newest := c.IndexGeneration()
		if err := c.project(ctx); err != nil {
			return err
		}
		if c.head.generation <= newest {
			return nil
		}
		// Another generator has moved head on. It may not write all that this one does.
		if err := c.Refresh(ctx); err != nil || len(c.behind) == 0 {
			return err
		}
	}
}

func (c *Channel) project(ctx context.Context) error {
	if err := c.restoreReturned(ctx); err != nil {
		return err
	}
	if err := c.putBeforeHead(ctx); err != nil {
		return err
	}
	if len(c.behind) > 0 {
		if c.Registry().Since > c.head.generation {
			c.putRegistryRoot(ctx)
		}
		next := c.behind[len(c.behind)-1]
		if c.BeforeHead != nil {
			if err := c.BeforeHead(ctx, cmp.Or(c.head.generation, c.newest.Base), next.number); err != nil {
				return err
			}
		}
		if err := c.moveHead(ctx, next); err != nil {
			return err
		}
	}
	c.behind, c.lost, c.touched, c.found = nil, false, touched{}, nil
	c.registry.texts = nil
	return nil
}

// putBeforeHead writes all that comes before head.
func (c *Channel) putBeforeHead(ctx context.Context) error {
	for tries, newest := 0, 0; tries < bucket.MaxRestores; tries++ {
		files, err := c.foreseen(ctx)
		if err != nil {
			return err
		}
		if err := c.putSnapshots(ctx); err != nil {
			return err
		}
		if _, overtaken, err := c.putDerived(ctx, files); err != nil {
			return err
		} else if !overtaken {
			_, err := c.putRoot(ctx)
			return err
		}
		if n := c.Generation(); n > newest {
			tries, newest = 0, n
		}
	}
	return fmt.Errorf("the indexes of its charts: %w", bucket.ErrContended)
}

// foreseen returns the derived files that are to be written, once it is known what lies in
// their places.
func (c *Channel) foreseen(ctx context.Context) ([]derived, error) {
	for {
		files, err := c.derived(ctx, c.index, c.state, c.touched)
		if err != nil {
			return nil, err
		}
		looked, err := c.look(ctx, files)
		if err != nil || !looked {
			return files, err
		}
		if err := c.Refresh(ctx); err != nil {
			return nil, err
		}
	}
}

// putSnapshots writes the snapshots of the generations that head does not show.
func (c *Channel) putSnapshots(ctx context.Context) error {
	if c.lost {
		if err := c.snapshotsBefore(ctx, c.behind[0].number); err != nil {
			return err
		}
	}
	for _, g := range c.behind {
		if err := c.putSnapshot(ctx, g); err != nil {
			return err
		}
	}
	return nil
}

// snapshotsBefore writes the snapshots of the generations before end, some of which may
// be missing.
func (c *Channel) snapshotsBefore(ctx context.Context, end int) error {
	for s, err := range c.replay(ctx, false) {
		if err != nil || s.record.Generation >= end {
			return err
		}
		if s.record.Change != nil {
			if err := c.putSnapshot(ctx, generation{s.record.Generation, s.index}); err != nil {
				return err
			}
		}
	}
	return nil
}

// putSnapshot writes the snapshot of a generation and its older index, if the generation
// is kept.
func (c *Channel) putSnapshot(ctx context.Context, g generation) error {
	if g.number < c.Floor() {
		return nil
	}
	for _, o := range g.index.snapshot(c.Name, g.number) {
		o.Deferred = true // head follows
		err := c.site.Create(ctx, o)
		if errors.Is(err, bucket.ErrConflict) {
			return c.foreignSnapshot(ctx, g.number, err)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// foreignSnapshot explains a conflict with a file in place of a snapshot.
func (c *Channel) foreignSnapshot(ctx context.Context, number int, conflict error) error {
	listed, err := c.listedNewest(ctx)
	if err != nil {
		return errors.Join(conflict, err)
	}
	if listed > c.Generation() {
		// It may be the snapshot of a lost record, whose number was used again.
		return fmt.Errorf("%w: the log says otherwise of generation %d, and has later records than this run knows, up to %08d; "+
			"unless these were just committed, a record was lost, and another written in its place: %s", conflict, number, listed, fixLog)
	}
	return fmt.Errorf("%w: it is not what the log says of generation %d; 'portolan rebuild --channel %s' restores it from the log", conflict, number, c.Name)
}

// Unshown is how many generations that changed the index Project has yet to show.
func (c *Channel) Unshown() int { return len(c.behind) }

// Behind says what is wrong with head, and what Project corrects. It is "" if head shows
// the newest generation that changed the index, or no generation has changed it yet.
func (c *Channel) Behind() string {
	what := "missing"
	switch {
	case len(c.behind) == 0:
		return ""
	case c.head.generation > 0:
		what = fmt.Sprintf("generation %d, though generation %d is committed", c.head.generation, c.IndexGeneration())
	case c.head.bare:
		what = "its older index is missing or damaged"
	case c.head.token != "":
		what = "damaged"
	}
	return headKey(c.Name) + ": " + what
}

// moveHead replaces head by generation g, unless head shows a later one.
func (c *Channel) moveHead(ctx context.Context, g generation) error {
	object := bucket.Object{Key: headKey(c.Name), Body: g.index.body(""), ContentType: typeYAML, CacheControl: revalidated}
	for c.head.generation < g.number {
		var err error
		if c.head.token == "" {
			err = c.site.Create(ctx, object)
		} else {
			err = c.site.Replace(ctx, object, c.head.token)
		}
		if err == nil {
			c.head = headState{generation: g.number} // its new token is unknown, and not needed
			return nil
		}
		if !errors.Is(err, bucket.ErrConflict) {
			return err
		}
		if err := c.rereadHead(ctx); err != nil {
			return err
		}
	}
	return nil
}

// rereadHead looks again at a head that another generator has moved.
func (c *Channel) rereadHead(ctx context.Context) error {
	file, err := readIndex(ctx, c.site, headKey(c.Name))
	if errors.Is(err, bucket.ErrNotFound) {
		c.head = headState{}
		return nil
	}
	if err != nil {
		return err
	}
	c.head = headState{token: file.entry.Token}
	if index, err := parseIndex(file.text); err == nil {
		c.head.generation, err = parseHeader(index.header)
		return err
	}
	return nil
}

// snapshot returns the files that keep the index as it was at a generation.
func (x *Index) snapshot(channel string, generation int) []bucket.Object {
	files := []bucket.Object{{Key: snapshotKey(channel, generation), Body: x.body(snapshotUp), ContentType: typeYAML, CacheControl: forever}}
	if older := x.olderIndex(); older != nil {
		files = append(files, bucket.Object{Key: olderKey(channel, generation), Body: older.body(olderUp), ContentType: typeYAML, CacheControl: forever})
	}
	return files
}

func (x *Index) body(up string) bucket.Body {
	return func(w io.Writer) error {
		_, err := x.write(w, up)
		return err
	}
}
